package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// Spec is what bench/fleet/spec.ts says about the fleet and about how Prometheus scrapes it.
type Spec struct {
	Nodes            int     `json:"nodes"`
	GPUsPerNode      int     `json:"gpusPerNode"`
	IntervalSeconds  int64   `json:"intervalSeconds"`
	PlacementsPerDay int64   `json:"placementsPerDay"`
	Models           []Model `json:"models"`
	// Exporter is how the GPUs are exported and scraped.
	Exporter Exporter `json:"exporter"`
	// Objects says whether kube-state-metrics and node-exporter are scraped too.
	Objects bool `json:"objects"`
	// Only has the metrics that are wanted; without it, all are.
	Only []string `json:"only"`
	// Rules are recorded in this order.
	Rules []Rule `json:"rules"`
}

// Model is a model of GPU, and which part of the nodes have it, in eighths.
type Model struct {
	Name    string `json:"name"`
	Eighths int    `json:"eighths"`
}

// Exporter is one way to export GPUs.
type Exporter struct {
	Job               string            `json:"job"`
	HonorLabels       bool              `json:"honorLabels"`
	Relabelings       []Relabeling      `json:"relabelings"`
	MetricRelabelings []Relabeling      `json:"metricRelabelings"`
	Labels            map[string]string `json:"labels"`
	Metrics           []Metric          `json:"metrics"`
}

// Metric is what one metric shows at no load and at full load; of a counter, by how much it rises in a second.
type Metric struct {
	Name     string              `json:"name"`
	Counter  bool                `json:"counter"`
	Idle     float64             `json:"idle"`
	Busy     float64             `json:"busy"`
	Sick     float64             `json:"sick"`
	Steady   bool                `json:"steady"`
	Decimals int                 `json:"decimals"`
	Variants []map[string]string `json:"variants"`
}

// Relabeling is a step of relabelling; what is left out has Prometheus' default.
type Relabeling struct {
	SourceLabels []string `json:"source_labels"`
	Regex        *string  `json:"regex"`
	TargetLabel  string   `json:"target_label"`
	Replacement  *string  `json:"replacement"`
	Action       string   `json:"action"`
}

// Rule is a recording rule.
type Rule struct {
	Record string            `json:"record"`
	Expr   string            `json:"expr"`
	Labels map[string]string `json:"labels"`
}

func readSpec(file string) (*Spec, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	spec := &Spec{}
	if err := json.Unmarshal(content, spec); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return spec, nil
}

func (spec *Spec) wanted() func(metric string) bool {
	if len(spec.Only) == 0 {
		return func(string) bool { return true }
	}
	names := map[string]bool{}
	for _, name := range spec.Only {
		names[name] = true
	}
	return func(metric string) bool { return names[metric] }
}

// steps are relabelling as Prometheus has it.
func steps(list []Relabeling) ([]*relabel.Config, error) {
	configs := make([]*relabel.Config, 0, len(list))
	for _, step := range list {
		config := relabel.DefaultRelabelConfig
		config.NameValidationScheme = model.UTF8Validation
		config.TargetLabel = step.TargetLabel
		for _, label := range step.SourceLabels {
			config.SourceLabels = append(config.SourceLabels, model.LabelName(label))
		}
		if step.Action != "" {
			config.Action = relabel.Action(step.Action)
		}
		if step.Replacement != nil {
			config.Replacement = *step.Replacement
		}
		if step.Regex != nil {
			regex, err := relabel.NewRegexp(*step.Regex)
			if err != nil {
				return nil, err
			}
			config.Regex = regex
		}
		configs = append(configs, &config)
	}
	return configs, nil
}

// stored is what Prometheus makes of a scraped series: labels that the target has too keep the scraped value, or are renamed;
// then the series is relabelled. False if it is dropped.
func stored(scraped, target labels.Labels, honor bool, configs []*relabel.Config) (labels.Labels, bool) {
	builder := labels.NewBuilder(scraped)
	target.Range(func(label labels.Label) {
		value := scraped.Get(label.Name)
		if value == "" {
			builder.Set(label.Name, label.Value)
		} else if !honor {
			builder.Set("exported_"+label.Name, value)
			builder.Set(label.Name, label.Value)
		}
	})
	if !relabel.ProcessBuilder(builder, configs...) {
		return labels.EmptyLabels(), false
	}
	return builder.Labels(), true
}
