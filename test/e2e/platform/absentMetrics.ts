/** Metrics that rules ask for and that the throwaway cluster need not have, with the reason. */
export const absentHere: readonly { names: RegExp; why: string }[] = [
  {
    names: /^(aggregator_unavailable_apiservice_total|apiserver_(flowcontrol_rejected|request_terminations).*)$/,
    why: "there is a series only after the first such failure",
  },
  { names: /^kubelet_runtime_operations_errors_total$/, why: "there is a series only after the first failure" },
  { names: /^alertmanager_notifications_(failed_)?total$/, why: "no receiver is configured yet" },
  { names: /^apiserver_admission_webhook_/, why: "the cluster has no admission webhook" },
  { names: /^container_cpu_cfs_/, why: "only containers with a CPU limit have a quota" },
  { names: /^coredns_proxy_/, why: "the cluster's DNS has no upstream" },
  { names: /^kube_(cron)?job_/, why: "nothing runs as a Job" },
  { names: /^kube_horizontalpodautoscaler_/, why: "nothing is scaled automatically" },
  { names: /^kube_node_(deletion_timestamp|spec_taint)$/, why: "the one node is neither tainted nor being deleted" },
  {
    names: /^(kube_persistentvolume|kube_pod_spec_volumes_persistentvolumeclaims_|kubelet_volume_stats_)/,
    why: "without a storage class there are no volumes",
  },
  {
    names:
      /^kube_pod_(container_status_(last_)?terminated_|init_container_status_|deletion_timestamp|status_(reason|unschedulable))/,
    why: "pods have it only while they wait, fail or end, and none does",
  },
  { names: /^kube_pod_resourceclaim_info$/, why: "no pod claims a device" },
  { names: /^kube_pod_container_status_waiting_reason$/, why: "a container has it only while it waits" },
  { names: /^kube_resourcequota$/, why: "no namespace has a quota" },
  { names: /^kube_state_metrics_list_total$/, why: "this API server streams what there is instead of listing it" },
  {
    names: /^kubelet_(certificate_manager_|server_expiration_renew_errors)/,
    why: "the node's certificates are not rotated",
  },
  { names: /^node_edac_/, why: "a virtual machine has no memory controller to ask" },
  { names: /^node_ethtool_.+_allowance_exceeded$/, why: "only the network cards of EC2 count it" },
  { names: /^node_md_/, why: "the machine has no RAID" },
  { names: /^prometheus_remote_storage_/, why: "nothing is written elsewhere" },
  { names: /^thanos_(alert|rule)_/, why: "with one shard there are no rulers" },
  { names: /^thanos_(objstore|shipper)_/, why: "there is no bucket" },
  {
    names: /^DCGM_FI_DEV_NVLINK_(COUNT|CRC|RECOVERY|REPLAY)_/,
    why: "an H100 has NVLink's counters of its own generation",
  },
  { names: /^DCGM_FI_DEV_NVSWITCH_/, why: "the simulated fleet has no switches" },
  { names: /^(node_amazonefa_|node:efa_)/, why: "no EFA exporter runs" },
  { names: /^(node_infiniband_|node:infiniband_|node_port:infiniband_)/, why: "the node has no InfiniBand" },
  { names: /^((cluster_queue:)?kueue_|cluster_queue:)/, why: "Kueue is not installed" },
  {
    names: /^(vllm:|nv_inference_|ray_serve_|model:vllm_|model_slo:|namespace_workload:inference_)/,
    why: "no server of models runs",
  },
  {
    names: /^(node:gpu_(allocatable|capacity|free|requested)|cluster:gpu_(free|largest_free)):/,
    why: "Kubernetes knows no GPUs: the fleet is simulated",
  },
  {
    names:
      /^(namespace_workload:gpu_(not_running|pending|pending_pods|pods|pod_io_waiting):|node_workload:gpu_missing:)/,
    why: "no pod asks Kubernetes for GPUs: the fleet is simulated",
  },
  { names: /^namespace_workload_pod:gpu_owner:relabel$/, why: "no pod asks Kubernetes for GPUs" },
  {
    names: /^(node_gpu_workload|namespace_workload_model):gpu_sm_clock_mhz:/,
    why: "only jobs of a known kind have ranks, and the pods of the simulated fleet are unknown to Kubernetes",
  },
  {
    names:
      /^(failure_domain:gpu_fault_nodes:|node:gpu_(fabric_failed|fault_former|fault_since|frozen):|node_gpu:gpu_(reset|faulty_energy)|node_gpu_xid:|node_gpu_workload_xid:)/,
    why: "there is a series only where a GPU is at fault",
  },
];
