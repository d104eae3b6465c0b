import { jobs } from "../jobs";
import { writersOf } from "./evaluator";
import type { RuleContext, RuleGroup } from "./rule";

const POD = "cluster, namespace, pod";

/**
 * Rules about Thanos' ruler, the global evaluator. Each looks at one ruler, so that a shard can evaluate it: the ruler that
 * is in trouble could neither evaluate nor send it. Failures of single rules are among those of Prometheus.
 */
export const thanosRulerGroups = ({ namespace }: RuleContext): RuleGroup[] => {
  const ruler = `job="${jobs.thanosRuler}", namespace="${namespace}"`;
  return [evaluation(namespace, ruler), delivery(ruler), surroundings(ruler)];
};

function evaluation(namespace: string, ruler: string): RuleGroup {
  const evaluations = (suffix: string) =>
    `sum by (${POD}) (rate(prometheus_rule_evaluation${suffix}_total{${ruler}}[5m]))`;
  const statefulSet = `job="${jobs.kubeStateMetrics}", namespace="${namespace}", statefulset=~"thanos-ruler-(${jobs.thanosRuler}|${writersOf(jobs.thanosRuler)})"`;
  const replicas = (metric: string) =>
    `max by (cluster, namespace, statefulset) (kube_statefulset_${metric}{${statefulSet}})`;
  return {
    name: "thanos-ruler-evaluation",
    scope: "shard",
    rules: [
      {
        alert: "ThanosRulerDown",
        expr: `${replicas("status_replicas_ready")} == 0 and ${replicas("replicas")} > 0`,
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.statefulset }} is ready.",
        description:
          "{{ $labels.statefulset }} has had {{ $value }} ready replicas for 10 minutes: rules over several shards are not evaluated, and none of their alerts can fire.",
      },
      {
        alert: "ThanosNoRuleEvaluations",
        expr: `${evaluations("s")} == 0 and sum by (${POD}) (thanos_rule_loaded_rules{${ruler}}) > 0`,
        for: "10m",
        severity: "critical",
        summary: "{{ $labels.pod }} evaluates no rules.",
        description:
          "{{ $labels.pod }} has rules and has evaluated {{ $value }} of them per second for 10 minutes: alerts over several shards do not fire there.",
      },
      {
        alert: "ThanosRuleHighRuleEvaluationFailures",
        // One bad rule is a warning (PrometheusRuleFailures); a quarter of all is the way to the queriers.
        expr: `100 * ${evaluations("_failures")} / ${evaluations("s")} > 25`,
        for: "10m",
        severity: "critical",
        summary: "{{ $labels.pod }} cannot evaluate its rules.",
        description:
          '{{ printf "%.0f" $value }} % of the evaluations on {{ $labels.pod }} fail: alerts over several shards do not fire, and nobody sees that they do not.',
      },
      {
        alert: "ThanosRuleHighRuleEvaluationWarnings",
        expr: `sum by (${POD}) (increase(thanos_rule_evaluation_with_warnings_total{${ruler}}[5m])) > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} evaluates rules over incomplete data.",
        description:
          '{{ printf "%.0f" $value }} evaluations on {{ $labels.pod }} in 5 minutes came with a warning: a store did not answer, and sums and counts over it are too small.',
      },
    ],
  };
}

function delivery(ruler: string): RuleGroup {
  const increase = (counter: string) => `increase(thanos_alert_${counter}_total{${ruler}}[5m])`;
  return {
    name: "thanos-ruler-delivery",
    scope: "shard",
    rules: [
      {
        alert: "ThanosRuleQueueIsDroppingAlerts",
        expr: `${increase("queue_alerts_dropped")} > 0`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} drops alerts because its queue is full.",
        description:
          '{{ printf "%.0f" $value }} alerts were dropped from the queue of {{ $labels.pod }} in 5 minutes: it cannot send them as fast as they come, and some reach nobody.',
      },
      {
        alert: "ThanosRuleSenderIsFailingAlerts",
        // Dropped is what no Alertmanager took.
        expr: `${increase("sender_alerts_dropped")} > 0`,
        for: "10m",
        severity: "critical",
        summary: "{{ $labels.pod }} gets alerts through to no Alertmanager.",
        description:
          'No Alertmanager took {{ printf "%.0f" $value }} alerts that {{ $labels.pod }} sent in 5 minutes: alerts over several shards reach nobody.',
      },
    ],
  };
}

function surroundings(ruler: string): RuleGroup {
  const failedLookups = (of: string) => {
    const rate = (what: string) => `rate(thanos_rule_${of}_dns_${what}_total{${ruler}}[5m])`;
    // The last answer stays in use, so that a failure now and then costs nothing.
    return `100 * ${rate("failures")} / ${rate("lookups")} > 10`;
  };
  return {
    name: "thanos-ruler-surroundings",
    scope: "shard",
    rules: [
      {
        alert: "ThanosRuleConfigReloadFailure",
        expr: `thanos_rule_config_last_reload_successful{${ruler}} == 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot load its rules.",
        description:
          "{{ $labels.pod }} has refused its rules for 10 minutes and runs on with the old ones: new rules over several shards are missing.",
      },
      {
        alert: "ThanosRuleQueryHighDNSFailures",
        expr: failedLookups("query_apis"),
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot look up the queriers.",
        description:
          '{{ printf "%.0f" $value }} % of the DNS lookups of queriers fail on {{ $labels.pod }}: it goes on with the addresses that it knew, and without rules once these are gone.',
      },
      {
        alert: "ThanosRuleAlertmanagerHighDNSFailures",
        expr: failedLookups("alertmanagers"),
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot look up the Alertmanagers.",
        description:
          '{{ printf "%.0f" $value }} % of the DNS lookups of Alertmanagers fail on {{ $labels.pod }}: it goes on with the addresses that it knew, and without notifications once these are gone.',
      },
    ],
  };
}
