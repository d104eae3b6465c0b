import type { SeriesBudgets } from "../../components/capacity/budgets";
import { cardinalityRules } from "../../components/prometheus/rules/cardinality";
import { type Input, proveAlert, proveRecord } from "./promtool";

const budgets: SeriesBudgets = {
  headSeries: 500_000,
  gpus: 16,
  seriesPerGpu: 54,
  sources: [
    { name: "dcgm-exporter", jobs: ["dcgm-exporter"], series: 864, newInThreeHours: 2_700 },
    { name: "node-exporter", jobs: ["node-exporter"], series: 3_000, newInThreeHours: 9_000 },
    { name: "inference", jobs: ["vllm", "nim"], series: 1_000, newInThreeHours: 3_200 },
  ],
};
const groups = cardinalityRules({ namespace: "monitoring", budgets });
const recorded = groups.filter(({ name }) => name === "cardinality-recorded");

const visible = (values: string, node = "a"): Input => ({
  [`node:gpu_visible:count{cluster="c", node="${node}", modelName="NVIDIA H100 80GB HBM3"}`]: values,
});
/** What a replica of Prometheus says of itself. */
const ofPrometheus = (
  metric: string,
  values: string,
  pod = "prometheus-prometheus-0",
  namespace = "monitoring",
): Input => ({
  [`${metric}{cluster="c", job="prometheus", namespace="${namespace}", pod="${pod}"}`]: values,
});
const head = (values: string, pod?: string, namespace?: string) =>
  ofPrometheus("prometheus_tsdb_head_series", values, pod, namespace);
const target = (job: string, instance: string, values: string, up = "1x2000"): Input => ({
  [`scrape_samples_post_metric_relabeling{cluster="c", job="${job}", instance="${instance}"}`]: values,
  [`up{cluster="c", job="${job}", instance="${instance}"}`]: up,
});
const added = (job: string, values: string): Input => ({
  [`scrape_series_added{cluster="c", job="${job}", instance="a"}`]: values,
});

describe("rules: cardinality, what is recorded", () => {
  proveRecord(recorded, "cluster:prometheus_head_series:sum", {
    input: {
      ...head("100x10"),
      ...head("120x10", "prometheus-prometheus-1"),
      ...head("50x10", "prometheus-prometheus-shard-1-0"),
      ...head("7000x10", "prometheus-prometheus-0", "research"),
    },
    at: "5m",
    samples: { '{cluster="c"}': 170 },
  });
  proveRecord(recorded, "cluster_source:active_series:sum", {
    input: {
      ...target("node-exporter", "a", "900x10"),
      ...target("node-exporter", "b", "800x10"),
      ...target("node-exporter", "refused", "90000x10", "0x10"),
      ...target("vllm", "c", "99x10"),
      ...target("nim", "d", "90x10"),
      ...target("trainer", "e", "5000x10"),
    },
    at: "5m",
    samples: { '{cluster="c", source="node-exporter"}': 1_700, '{cluster="c", source="inference"}': 189 },
  });
  proveRecord(recorded, "cluster_source:series_budget:max", {
    input: { ...target("node-exporter", "a", "900x10"), ...target("vllm", "c", "99x10") },
    at: "5m",
    samples: { '{cluster="c", source="node-exporter"}': 3_000, '{cluster="c", source="inference"}': 1_000 },
  });
  proveRecord(recorded, "cluster_source:series_added:sum5m", {
    input: { ...added("vllm", "10x10"), ...added("nim", "1x10"), ...added("trainer", "1000x10") },
    at: "8m",
    samples: { '{cluster="c", source="inference"}': 55 },
  });
  proveRecord(recorded, "cluster:dcgm_series_per_gpu:ratio", {
    input: {
      ...target("dcgm-exporter", "a", "288x10"),
      ...target("dcgm-exporter", "b", "352x10"),
      ...visible("8x10"),
      ...visible("8x10", "b"),
    },
    at: "5m",
    samples: { '{cluster="c"}': 40 },
  });
});

describe("rules: cardinality, Prometheus", () => {
  proveAlert(groups, "PrometheusSeriesOverBudget", {
    input: { ...head("550000x300"), ...visible("16x300") },
    quiet: "179m",
    fires: {
      at: "180m",
      alerts: [
        {
          labels: { cluster: "c" },
          summary: "Prometheus holds more series than its budget.",
          description:
            "Prometheus holds 110 % of the 500000 series that its fleet should bring: its memory was sized for fewer.",
        },
      ],
    },
    silent: [
      { why: "exactly its budget", input: { ...head("500000x300"), ...visible("16x300") } },
      {
        why: "two replicas with half each",
        input: { ...head("300000x300"), ...head("300000x300", "prometheus-prometheus-1") },
      },
      { why: "the end of a rollout", input: head("400000x60 600000x150 400000x200"), until: "400m" },
      { why: "more GPUs than the settings say", input: { ...head("550000x300"), ...visible("24x300") } },
      { why: "a team's Prometheus", input: head("900000x300", "prometheus-prometheus-0", "research") },
    ],
  });
  proveAlert(groups, "PrometheusSeriesOverBudget", {
    // The GPUs' recorded series is missing: it fires all the same.
    input: { ...head("300000x300"), ...head("300000x300", "prometheus-prometheus-shard-1-0") },
    fires: {
      at: "180m",
      alerts: [
        {
          labels: { cluster: "c" },
          summary: "Prometheus holds more series than its budget.",
          description:
            "Prometheus holds 120 % of the 500000 series that its fleet should bring: its memory was sized for fewer.",
        },
      ],
    },
    silent: [{ why: "no Prometheus", input: visible("16x300") }],
  });

  const grown = (before: number, after: number, targets = "10x1800"): Input => ({
    ...head(`${before}x1440 ${after}x360`),
    ...ofPrometheus("prometheus_target_scrape_pool_targets", targets),
  });
  proveAlert(groups, "PrometheusSeriesGrowth", {
    input: grown(300_000, 400_000),
    quiet: "1620m",
    fires: {
      at: "1621m",
      alerts: [
        {
          labels: { cluster: "c" },
          summary: "Prometheus holds a fifth more series than a day ago.",
          description:
            "Prometheus holds 400000 series, a fifth more than a day ago, from about the same targets; its budget is 500000.",
        },
      ],
    },
    silent: [
      { why: "19 % more", input: grown(320_000, 380_000) },
      { why: "far from the budget", input: grown(200_000, 340_000) },
      { why: "over the budget, which is another alert", input: grown(400_000, 510_000) },
      { why: "more nodes", input: grown(300_000, 400_000, "10x1440 12x360") },
      { why: "a new server", input: head("400000x600") },
    ],
  });
});

describe("rules: cardinality, sources", () => {
  const inference = (samples: string, up?: string) => target("vllm", "a", samples, up);
  proveAlert(groups, "SeriesSourceOverBudget", {
    input: { ...inference("1200x100"), ...target("node-exporter", "a", "2000x100"), ...visible("16x100") },
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { cluster: "c", source: "inference" },
          summary: "inference brings more series than its budget.",
          description:
            "The targets of inference bring 120 % of the series that they should with the fleet at its largest: either the fleet is described wrongly, or they say something new.",
        },
      ],
    },
    silent: [
      { why: "exactly its budget", input: inference("1000x100") },
      { why: "a rollout", input: { ...inference("900x100"), ...target("vllm", "b", "900x15", "1x15 0x80") } },
      { why: "a scrape over its limit stores nothing", input: inference("9000x100", "0x100") },
      { why: "the fleet is larger than it says", input: { ...inference("1200x100"), ...visible("17x100") } },
      {
        why: "GPUs have alerts of their own",
        input: { ...target("dcgm-exporter", "a", "900x100"), ...visible("16x100") },
      },
      { why: "somebody else's job", input: target("trainer", "a", "100000x100") },
    ],
  });

  proveAlert(groups, "SeriesSourceChurn", {
    input: { ...added("vllm", "20x300"), ...added("node-exporter", "40x300") },
    quiet: "188m",
    fires: {
      at: "210m",
      alerts: [
        {
          labels: { cluster: "c", source: "inference" },
          summary: "inference keeps making new series.",
          description:
            "The targets of inference made 3600 new series in three hours, more than three times all that they should have: Prometheus holds those that ended in memory, too.",
        },
      ],
    },
    silent: [
      { why: "what is expected", input: added("vllm", "17x300"), until: "300m" },
      {
        why: "a rollout and a restart of Prometheus",
        input: added("vllm", "0x20 1000 0x20 1000 0x300"),
        until: "300m",
      },
      { why: "somebody else's job", input: added("trainer", "5000x300"), until: "300m" },
    ],
  });
});

describe("rules: cardinality, GPUs", () => {
  const gpuSeries = (samples: string, gpus: string): Input => ({
    ...target("dcgm-exporter", "a", samples),
    ...visible(gpus),
  });
  proveAlert(groups, "GpuSeriesOverBudget", {
    input: gpuSeries("440x100", "8x100"),
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { cluster: "c" },
          summary: "GPUs have more series than their budget.",
          description: "dcgm-exporter brings 55.0 series for each GPU; the budget is 54.",
        },
      ],
    },
    silent: [
      { why: "exactly the budget", input: gpuSeries("432x100", "8x100") },
      { why: "more GPUs than the fleet has", input: gpuSeries("1000x100", "24x100") },
      { why: "exporters that start again", input: gpuSeries("300x20 _x5 300x100", "8x20 2x5 8x100"), until: "100m" },
      { why: "no GPU is seen", input: gpuSeries("100x100", "0x100") },
    ],
  });
  proveAlert(groups, "FleetLargerThanSettings", {
    input: { ...visible("8x100"), ...visible("8x100", "b"), ...visible("8x100", "c") },
    quiet: "59m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { cluster: "c" },
          summary: "There are more GPUs than the settings say.",
          description:
            "24 GPUs are watched; the settings have a fleet of 16 at most, from which all budgets of series follow. Those alerts are silent.",
        },
      ],
    },
    silent: [
      { why: "as many as it says", input: { ...visible("8x100"), ...visible("8x100", "b") } },
      {
        why: "a node that replaces another",
        input: { ...visible("8x100"), ...visible("8x100", "b"), ...visible("_x10 8x40", "c") },
      },
    ],
  });
});
