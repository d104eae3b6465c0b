import type { SeriesBudgets, SourceBudget } from "../../capacity/budgets";
import { ofNode } from "../../gpu/rules/fleetRecorded";
import { jobs } from "../jobs";
import { SHARD, withStatefulSet } from "./prometheus";
import type { AlertingRule, RuleContext, RuleGroup } from "./rule";

/** The names of what is recorded of series; `source` is a source of series, as the budgets name it. */
export const ofSeries = {
  /** Series in the memory of Prometheus, in all shards together, of the replica that has most. */
  head: "cluster:prometheus_head_series:sum",
  active: "cluster_source:active_series:sum",
  budget: "cluster_source:series_budget:max",
  /** Series that targets had not had in the scrape before. */
  added: "cluster_source:series_added:sum5m",
  /** Series of dcgm-exporter for each GPU. */
  perGpu: "cluster:dcgm_series_per_gpu:ratio",
} as const;

/** A vector that has the same labels as another one, each with that value: a constant, whichever clusters there are. */
const constant = (vector: string, value: number) => `clamp(${vector}, ${value}, ${value})`;

const ofSource = (series: string, name: string) => `${series}{source="${name}"}`;

/** Of each shard the replica that has most: two replicas hold the same. */
const ofShards = (vector: string) => `sum by (cluster) (max by (${SHARD}) (${withStatefulSet(vector)}))`;

const gpus = `sum by (cluster) (${ofNode.visible})`;

/**
 * Rules about how many series there are, compared with what the fleet at its largest is expected to bring. The figures are those
 * of the budgets: other figures are other rules.
 */
export const cardinalityRules = (context: RuleContext & { budgets: SeriesBudgets }): RuleGroup[] => [
  recorded(context),
  {
    name: "cardinality",
    scope: "global",
    rules: [
      ...headAlerts(context),
      ...sourceAlerts(context.budgets),
      ...(context.budgets.gpus === 0 ? [] : gpuAlerts(context.budgets)),
    ],
  },
];

function recorded({ namespace, budgets: { sources, gpus: expected } }: RuleContext & { budgets: SeriesBudgets }) {
  const group: RuleGroup = {
    name: "cardinality-recorded",
    scope: "global",
    rules: [
      { record: ofSeries.head, expr: ofShards(`prometheus_tsdb_head_series{${prometheusIn(namespace)}}`) },
      ...sources.flatMap(({ name, jobs: ofJobs }) => {
        const targets = `{job=~"${ofJobs.join("|")}"}`;
        const labels = { source: name };
        return [
          {
            record: ofSeries.active,
            // A scrape over its limit counts what it would have stored, but stores nothing.
            expr: `sum by (cluster) (scrape_samples_post_metric_relabeling${targets} and up == 1)`,
            labels,
          },
          {
            record: ofSeries.added,
            expr: `sum by (cluster) (sum_over_time(scrape_series_added${targets}[5m]))`,
            labels,
          },
        ];
      }),
      {
        record: ofSeries.budget,
        expr: sources.map(({ name, series }) => constant(ofSource(ofSeries.active, name), series)).join(" or "),
      },
    ],
  };
  if (expected === 0) return group;
  const dcgm = `sum by (cluster) (${ofSource(ofSeries.active, jobs.dcgmExporter)})`;
  return { ...group, rules: [...group.rules, { record: ofSeries.perGpu, expr: `${dcgm} / (${gpus} > 0)` }] };
}

const prometheusIn = (namespace: string) => `job="${jobs.prometheus}", namespace="${namespace}"`;

/** Clusters with more GPUs than the fleet of the settings: an alert of its own says so, and every budget is too small. */
const larger = ({ gpus: expected }: SeriesBudgets) =>
  expected === 0 ? "" : ` unless on (cluster) ${gpus} > ${expected}`;

function headAlerts({ namespace, budgets }: RuleContext & { budgets: SeriesBudgets }): AlertingRule[] {
  const targets = (offset = "") =>
    ofShards(
      `sum by (cluster, namespace, pod) (prometheus_target_scrape_pool_targets{${prometheusIn(namespace)}}${offset})`,
    );
  const used = `100 * ${ofSeries.head} / ${budgets.headSeries}`;
  return [
    {
      alert: "PrometheusSeriesOverBudget",
      expr: `${used} > 100${larger(budgets)}`,
      // The head is cut every two hours; what ended in a rollout is gone after three.
      for: "3h",
      severity: "warning",
      summary: "Prometheus holds more series than its budget.",
      description: `Prometheus holds {{ printf "%.0f" $value }} % of the ${budgets.headSeries} series that its fleet should bring: its memory was sized for fewer.`,
    },
    {
      alert: "PrometheusSeriesGrowth",
      // judgement: with a fifth more each day, 70 % of the budget is two days before its end. One that doubles within an hour is
      // PrometheusHeadSeriesGrowth.
      expr: `(${ofSeries.head} > 1.2 * (${ofSeries.head} offset 1d) and ${used} > 70 <= 100) unless on (cluster) ${targets()} > 1.1 * ${targets(" offset 1d")}`,
      for: "3h",
      severity: "warning",
      summary: "Prometheus holds a fifth more series than a day ago.",
      description: `Prometheus holds {{ printf "%.0f" $value }} series, a fifth more than a day ago, from about the same targets; its budget is ${budgets.headSeries}.`,
    },
  ];
}

function sourceAlerts(budgets: SeriesBudgets): AlertingRule[] {
  // What dcgm-exporter brings is the number of GPUs and the series of each, which have alerts of their own.
  const others = budgets.gpus === 0 ? "" : `{source!="${jobs.dcgmExporter}"}`;
  const tooNew = ({ name, newInThreeHours }: SourceBudget) =>
    `sum_over_time(${ofSource(ofSeries.added, name)}[3h:5m]) > ${newInThreeHours}`;
  return [
    {
      alert: "SeriesSourceOverBudget",
      expr: `100 * ${ofSeries.active}${others} / ${ofSeries.budget} > 100${larger(budgets)}`,
      // A rollout has old and new pods side by side.
      for: "30m",
      severity: "warning",
      summary: "{{ $labels.source }} brings more series than its budget.",
      description:
        'The targets of {{ $labels.source }} bring {{ printf "%.0f" $value }} % of the series that they should with the fleet at its largest: either the fleet is described wrongly, or they say something new.',
    },
    {
      alert: "SeriesSourceChurn",
      // The steps of 5 minutes count each scrape once.
      expr: budgets.sources.map(tooNew).join(" or "),
      for: "30m",
      severity: "warning",
      summary: "{{ $labels.source }} keeps making new series.",
      description:
        'The targets of {{ $labels.source }} made {{ printf "%.0f" $value }} new series in three hours, more than three times all that they should have: Prometheus holds those that ended in memory, too.',
    },
  ];
}

function gpuAlerts({ gpus: expected, seriesPerGpu }: SeriesBudgets): AlertingRule[] {
  return [
    {
      alert: "GpuSeriesOverBudget",
      expr: `${ofSeries.perGpu} > ${seriesPerGpu}`,
      for: "30m",
      severity: "warning",
      owner: "platform",
      summary: "GPUs have more series than their budget.",
      description: `dcgm-exporter brings {{ printf "%.1f" $value }} series for each GPU; the budget is ${seriesPerGpu}.`,
    },
    {
      alert: "FleetLargerThanSettings",
      expr: `${gpus} > ${expected}`,
      // judgement: nodes that replace others are beside them for less than that.
      for: "1h",
      severity: "warning",
      owner: "platform",
      summary: "There are more GPUs than the settings say.",
      description: `{{ $value }} GPUs are watched; the settings have a fleet of ${expected} at most, from which all budgets of series follow. Those alerts are silent.`,
    },
  ];
}
