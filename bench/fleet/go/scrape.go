package main

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// series is one series of a target: its labels as they are exposed, and its value.
type series struct {
	labels labels.Labels
	// Of a GPU; nil if the value stays.
	metric   *Metric
	gpu      *gpu
	constant float64
}

func (s *series) value(time float64, loads []float64) float64 {
	if s.metric == nil {
		return s.constant
	}
	return s.metric.value(s.gpu, time, loads[s.gpu.index])
}

// exporterLabels are the labels by which Prometheus knows the target of a node before it relabels them: those of its discovery,
// and those that prometheus-operator makes of a ServiceMonitor.
func exporterLabels(n *node) map[string]string {
	return map[string]string{
		"__metrics_path__":                                           "/nodes/" + n.name,
		"__meta_kubernetes_pod_node_name":                            n.name,
		"__meta_kubernetes_node_label_topology_kubernetes_io_region": "us-east-1",
		"__meta_kubernetes_node_label_topology_kubernetes_io_zone":   fmt.Sprintf("us-east-1%c", 'a'+n.index%3),
		"__meta_kubernetes_node_label_nvidia_com_gpu_clique":         fmt.Sprintf("rack-%03d.0", n.index/8),
		"instance":  fmt.Sprintf("10.%d.%d.7:9400", n.index/256, n.index%256),
		"namespace": "gpu-operator",
		"pod":       fmt.Sprintf("nvidia-dcgm-exporter-%05x", n.index*2654435761&0xfffff),
		"container": "nvidia-dcgm-exporter",
		"service":   "nvidia-dcgm-exporter",
		"endpoint":  "gpu-metrics",
	}
}

// targetLabels are those that stay.
func targetLabels(job string, discovered map[string]string, configs []*relabel.Config) labels.Labels {
	builder := labels.NewBuilder(labels.FromMap(discovered))
	builder.Set(labels.MetricName, "")
	builder.Set("job", job)
	relabel.ProcessBuilder(builder, configs...)
	builder.Range(func(label labels.Label) {
		if len(label.Name) > 2 && label.Name[:2] == "__" {
			builder.Del(label.Name)
		}
	})
	return builder.Labels()
}

// exported is what the exporter of a node exposes while it is at a placement.
func exported(exporter *Exporter, n *node, placement int64, wanted func(string) bool) []series {
	var result []series
	for m := range exporter.Metrics {
		metric := &exporter.Metrics[m]
		if !wanted(metric.Name) {
			continue
		}
		for g := range n.gpus {
			device := &n.gpus[g]
			for _, variant := range metric.Variants {
				builder := labels.NewScratchBuilder(16)
				builder.Add(labels.MetricName, metric.Name)
				builder.Add("gpu", fmt.Sprint(device.index))
				builder.Add("UUID", device.uuid)
				builder.Add("pci_bus_id", device.bus)
				builder.Add("device", fmt.Sprintf("nvidia%d", device.index))
				builder.Add("modelName", device.model)
				builder.Add("Hostname", n.name)
				if pod := n.holderOf(device.index, placement); pod != nil {
					builder.Add("container", pod.container)
					builder.Add("namespace", pod.namespace)
					builder.Add("pod", pod.pod)
				}
				for name, value := range exporter.Labels {
					builder.Add(name, value)
				}
				for name, value := range variant {
					builder.Add(name, value)
				}
				builder.Sort()
				result = append(result, series{labels: builder.Labels(), metric: metric, gpu: device})
			}
		}
	}
	return result
}

// Of each scrape, as Prometheus writes them with the feature extra-scrape-metrics.
func aboutScrape(samples, limit int, wanted func(string) bool) []series {
	values := map[string]float64{
		"up":                                    1,
		"scrape_duration_seconds":               0.02,
		"scrape_samples_scraped":                float64(samples),
		"scrape_samples_post_metric_relabeling": float64(samples),
		"scrape_series_added":                   0,
		"scrape_timeout_seconds":                10,
		"scrape_sample_limit":                   float64(limit),
		"scrape_body_size_bytes":                float64(300 * samples),
	}
	var result []series
	for name, value := range values {
		if wanted(name) {
			result = append(result, series{labels: labels.FromStrings(labels.MetricName, name), constant: value})
		}
	}
	return result
}
