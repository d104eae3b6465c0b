package main

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
)

const (
	objectsJob  = "kube-state-metrics"
	nodeJob     = "node-exporter"
	objectsPath = "/objects"
	gpuResource = "nvidia_com_gpu"
)

// objectsOf is what kube-state-metrics and node-exporter say about a node and its pods, as far as rules about GPUs ask.
func objectsOf(n *node, placement int64, wanted func(string) bool) []series {
	var result []series
	add := func(name string, value float64, pairs ...string) {
		if !wanted(name) {
			return
		}
		all := append([]string{labels.MetricName, name, "job", objectsJob, "instance", "10.0.0.9:8080"}, pairs...)
		result = append(result, series{labels: labels.FromStrings(all...), constant: value})
	}
	addNode := func(name string, value float64) {
		if wanted(name) {
			named := labels.FromStrings(labels.MetricName, name, "job", nodeJob, "instance", n.name, "node", n.name)
			result = append(result, series{labels: named, constant: value})
		}
	}
	gpus := float64(len(n.gpus))
	add("kube_node_info", 1, "node", n.name, "kernel_version", "6.8.0", "kubelet_version", "v1.34.4")
	add("kube_node_created", boot, "node", n.name)
	add("kube_node_spec_unschedulable", 0, "node", n.name)
	for _, name := range []string{"kube_node_status_capacity", "kube_node_status_allocatable"} {
		add(name, gpus, "node", n.name, "resource", gpuResource, "unit", "integer")
		add(name, 192, "node", n.name, "resource", "cpu", "unit", "core")
		add(name, 2<<40, "node", n.name, "resource", "memory", "unit", "byte")
	}
	for status, value := range map[string]float64{"true": 1, "false": 0, "unknown": 0} {
		add("kube_node_status_condition", value, "node", n.name, "condition", "Ready", "status", status)
	}
	addNode("node_boot_time_seconds", boot)
	addNode("node_timex_offset_seconds", 0.00002)
	addNode("node_timex_sync_status", 1)
	addNode("node_timex_maxerror_seconds", 0.0004)
	pods(n, placement, add)
	return result
}

func pods(n *node, placement int64, add func(string, float64, ...string)) {
	held := map[string]int{}
	for position := range n.gpus {
		pod := n.holderOf(position, placement)
		if pod == nil {
			return
		}
		held[pod.pod]++
		if held[pod.pod] > 1 {
			continue
		}
		// A pod holds all GPUs of the node or one.
		gpus := float64(len(n.gpus))
		if n.kind == serving {
			gpus = 1
		}
		of := []string{"namespace", pod.namespace, "pod", pod.pod}
		with := func(pairs ...string) []string { return append(append([]string{}, of...), pairs...) }
		uid := fmt.Sprintf("uid-%d-%d-%d", n.index, position, placement)
		add("kube_pod_info", 1, with("node", n.name, "created_by_kind", pod.ownerKind, "created_by_name", pod.owner, "uid", uid)...)
		add("kube_pod_owner", 1, with("owner_kind", pod.ownerKind, "owner_name", pod.owner, "owner_is_controller", "true", "uid", uid)...)
		add("kube_pod_status_phase", 1, with("phase", "Running", "uid", uid)...)
		add("kube_pod_status_phase", 0, with("phase", "Pending", "uid", uid)...)
		add("kube_pod_container_resource_requests", gpus,
			with("container", pod.container, "node", n.name, "resource", gpuResource, "unit", "integer", "uid", uid)...)
		// Both nodes of a pair have pods of the same owner.
		if position > 0 || n.index%2 == 1 {
			continue
		}
		if pod.ownerKind == "Job" {
			add("kube_job_owner", 1, "namespace", pod.namespace, "job_name", pod.owner,
				"owner_kind", pod.grandOwnerKind, "owner_name", pod.grandOwner, "owner_is_controller", "true")
		} else {
			add("kube_replicaset_owner", 1, "namespace", pod.namespace, "replicaset", pod.owner,
				"owner_kind", pod.grandOwnerKind, "owner_name", pod.grandOwner, "owner_is_controller", "true")
		}
	}
}
