import { prometheusRules } from "../../components/prometheus/rules/prometheus";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => prometheusRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const replica = (index: number) => `job="prometheus", namespace="monitoring", pod="prometheus-prometheus-${index}"`;
const labels = { job: "prometheus", namespace: "monitoring", pod: "prometheus-prometheus-0" };
const shard = { namespace: "monitoring", statefulset: "prometheus-prometheus" };

describe("rules: Prometheus, evaluation of rules and queries", () => {
  const ofGroup = (metric: string, values: string, job = "prometheus", namespace = "monitoring"): Input => ({
    [`${metric}{job="${job}", namespace="${namespace}", pod="${job}-0", rule_group="gpu.yaml;gpu"}`]: values,
  });
  const failures = "prometheus_rule_evaluation_failures_total";
  const missed = "prometheus_rule_group_iterations_missed_total";
  const evaluator = (job: string) => ({ job, namespace: "monitoring", pod: `${job}-0`, rule_group: "gpu.yaml;gpu" });

  proveAlert(group("prometheus-rule-evaluation"), "PrometheusRuleFailures", {
    input: { ...ofGroup(failures, "0+2x60"), ...ofGroup(failures, "0+2x60", "thanos-ruler") },
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: ["prometheus", "thanos-ruler"].map((job) => ({
        labels: evaluator(job),
        summary: `${job}-0 cannot evaluate rules.`,
        description: `Rules of the group gpu.yaml;gpu failed 10 times in 5 minutes on ${job}-0: alerts of this group may not fire, and series that it records have gaps.`,
      })),
    },
    silent: [
      { why: "a store was away for ten minutes", input: ofGroup(failures, "0x5 0+2x10 20x60"), until: "40m" },
      { why: "another namespace's Prometheus", input: ofGroup(failures, "0+2x60", "prometheus", "team") },
    ],
  });

  proveAlert(group("prometheus-rule-evaluation"), "PrometheusMissingRuleEvaluations", {
    input: ofGroup(missed, "0+1x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: evaluator("prometheus"),
          summary: "prometheus-0 leaves out evaluations of rules.",
          description:
            "prometheus-0 left out 5 evaluations of the group gpu.yaml;gpu in 5 minutes, because it takes longer than its interval: its alerts are late.",
        },
      ],
    },
    silent: [{ why: "one, during a compaction", input: ofGroup(missed, "0x10 1x60"), until: "40m" }],
  });

  const takes = (duration: string, misses = "0x60"): Input => ({
    ...ofGroup("prometheus_rule_group_last_duration_seconds", duration),
    ...ofGroup("prometheus_rule_group_interval_seconds", "30x60"),
    ...ofGroup(missed, misses),
  });
  proveAlert(group("prometheus-rule-evaluation"), "PrometheusRuleGroupSlow", {
    input: takes("24x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: evaluator("prometheus"),
          summary: "Rules on prometheus-0 take almost as long as their interval.",
          description:
            "An evaluation of the group gpu.yaml;gpu on prometheus-0 takes 80 % of its interval; above 100 % evaluations are left out and alerts come late.",
        },
      ],
    },
    silent: [
      { why: "two thirds", input: takes("20x60") },
      { why: "slow for a moment", input: takes("2x10 29x5 2x60"), until: "30m" },
      { why: "evaluations are left out already", input: takes("40x60", "0+1x60"), until: "30m" },
    ],
  });

  const runs = (queries: string): Input => ({
    [`prometheus_engine_queries{${replica(0)}}`]: queries,
    [`prometheus_engine_queries_concurrent_max{${replica(0)}}`]: "20x60",
  });
  proveAlert(group("prometheus-queries"), "PrometheusHighQueryLoad", {
    input: runs("18x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 runs almost as many queries as it can.",
          description:
            "prometheus-prometheus-0 has been running 90 % of the queries that it runs at once; further ones wait, those of its rules too.",
        },
      ],
    },
    silent: [
      { why: "four in five", input: runs("16x60") },
      { why: "a dashboard that is opened now and then", input: runs("0x3 20x2 0x3 20x2 0x3 20x2 0x3 20x2 0x60") },
    ],
  });

  const waits = (seconds: string, reads = "0+10x60"): Input => ({
    [`prometheus_remote_read_handler_gate_wait_duration_seconds_sum{${replica(0)}}`]: seconds,
    [`prometheus_remote_read_handler_gate_wait_duration_seconds_count{${replica(0)}}`]: reads,
  });
  proveAlert(group("prometheus-queries"), "PrometheusRemoteReadSaturated", {
    input: waits("0+13x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "Reads of queriers wait in prometheus-prometheus-0.",
          description:
            "A read by a querier waits 1.3 s in prometheus-prometheus-0 before it begins, because ten others run: dashboards are slow, and queries time out.",
        },
      ],
    },
    silent: [
      { why: "0.8 s", input: waits("0+8x60") },
      { why: "nobody reads", input: waits("5x60", "5x60") },
    ],
  });
});

describe("rules: Prometheus, replicas", () => {
  const statefulSet = (
    wanted: number,
    ready: string,
    name = "prometheus-prometheus",
    namespace = "monitoring",
  ): Input =>
    Object.fromEntries(
      ["replicas", "status_replicas_ready"].map((metric) => [
        `kube_statefulset_${metric}{job="kube-state-metrics", instance="ksm", namespace="${namespace}", statefulset="${name}"}`,
        metric === "replicas" ? `${wanted}x60` : ready,
      ]),
    );
  const second = "prometheus-prometheus-shard-1";

  proveAlert(group("prometheus-replicas"), "PrometheusReplicaMissing", {
    input: { ...statefulSet(2, "2x60"), ...statefulSet(2, "1x60", second) },
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { ...shard, statefulset: second },
          summary: "prometheus-prometheus-shard-1 runs without its spare replica.",
          description:
            "1 replicas of prometheus-prometheus-shard-1 have not been ready for 30 minutes: the next failure or node upgrade leaves a gap in the data of its targets.",
        },
      ],
    },
    silent: [
      { why: "a node upgrade, one replica after the other", input: statefulSet(2, "2x5 1x14 2x1 1x14 2x60") },
      { why: "none is left, which is worse", input: statefulSet(2, "0x60") },
      { why: "another namespace", input: statefulSet(2, "1x60", "prometheus-prometheus", "team") },
      { why: "another Prometheus in the namespace", input: statefulSet(2, "1x60", "prometheus-team") },
    ],
  });

  proveAlert(group("prometheus-replicas"), "PrometheusShardDown", {
    input: { ...statefulSet(2, "2x60"), ...statefulSet(2, "0x60", second) },
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { ...shard, statefulset: second },
          summary: "No replica of prometheus-prometheus-shard-1 is ready.",
          description:
            "prometheus-prometheus-shard-1 has had 0 ready replicas for 10 minutes: nothing of the targets that belong to it is stored, and no alert on them can fire.",
        },
      ],
    },
    silent: [
      { why: "one is left", input: statefulSet(2, "1x60") },
      { why: "scaled to zero", input: statefulSet(0, "0x60") },
      { why: "another Prometheus in the namespace", input: statefulSet(2, "0x60", "prometheus-team") },
      { why: "another namespace", input: statefulSet(2, "0x60", "prometheus-prometheus", "team") },
    ],
  });

  const stores = (...perMinute: string[]): Input =>
    Object.fromEntries(
      perMinute.flatMap((values, index) => [
        [`prometheus_tsdb_head_samples_appended_total{${replica(index)}, type="float"}`, values],
        [
          `prometheus_tsdb_head_samples_appended_total{${replica(index)}, type="histogram"}`,
          values.replace(/\+\d+/g, "+0"),
        ],
      ]),
    );
  proveAlert(group("prometheus-pair"), "PrometheusReplicasDisagree", {
    input: stores("0+6000x90", "0+5220x90"),
    quiet: "30m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels: shard,
          summary: "The replicas of prometheus-prometheus do not store the same.",
          description:
            "One replica of prometheus-prometheus stores 13 % fewer samples than another: it does not reach some of the targets, and without the other one they would be missing.",
        },
      ],
    },
    silent: [
      { why: "8 %", input: stores("0+6000x90", "0+5520x90"), until: "60m" },
      { why: "one restarts", input: stores("0+6000x90", "0+6000x20 _x5 0+6000x60"), until: "60m" },
      { why: "one is gone", input: stores("0+6000x90", "0+6000x20 stale"), until: "60m" },
      {
        why: "another shard has fewer targets",
        input: {
          ...stores("0+6000x90", "0+6000x90"),
          'prometheus_tsdb_head_samples_appended_total{job="prometheus", namespace="monitoring", pod="prometheus-prometheus-shard-1-0"}':
            "0+3000x90",
        },
        until: "60m",
      },
    ],
  });
});
