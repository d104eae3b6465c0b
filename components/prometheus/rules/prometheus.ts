import { jobs } from "../jobs";
import { prometheusScrapeGroups } from "./prometheusScrapes";
import { prometheusStorageGroups } from "./prometheusStorage";
import type { RuleContext, RuleGroup } from "./rule";

const REPLICA = "cluster, namespace, pod";

/** What the replicas of one shard have in common. */
export const SHARD = "cluster, namespace, statefulset";

/** The StatefulSet of each replica as a label: one per shard. */
export const withStatefulSet = (vector: string) =>
  `label_replace(${vector}, "statefulset", "$1", "pod", "(.+)-[0-9]+")`;

/** Rules about Prometheus itself, and about what evaluates rules beside it. */
export const prometheusRules = (context: RuleContext): RuleGroup[] => {
  const prometheus = `job="${jobs.prometheus}", namespace="${context.namespace}"`;
  return [
    alertDelivery(context.namespace, prometheus),
    configuration(prometheus),
    configReloader(context.namespace),
    discovery(prometheus),
    ruleEvaluation(context.namespace),
    queries(prometheus),
    replicas(context.namespace),
    pair(prometheus),
    ...prometheusScrapeGroups(context),
    ...prometheusStorageGroups(context),
  ];
};

function alertDelivery(namespace: string, prometheus: string): RuleGroup {
  // `sent` does not count what failed.
  const errors = `rate(prometheus_notifications_errors_total{${prometheus}}[5m])`;
  const sent = `rate(prometheus_notifications_sent_total{${prometheus}}[5m])`;
  const failedPercent = `100 * ${errors} / (${errors} + ${sent})`;
  const discovered = `prometheus_notifications_alertmanagers_discovered{${prometheus}}`;
  return {
    name: "prometheus-alert-delivery",
    // A shard that cannot send alerts cannot send these either: the global evaluator has a connection of its own.
    scope: "global",
    rules: [
      {
        alert: "PrometheusNotificationQueueRunningFull",
        // A queue is empty within a second as a rule; a fifth of it waiting for minutes is a delay that grows.
        expr: `100 * avg_over_time(prometheus_notifications_queue_length{${prometheus}}[5m]) / on (${REPLICA}) group_left () prometheus_notifications_queue_capacity{${prometheus}} > 20`,
        for: "10m",
        severity: "warning",
        summary: "Alerts of {{ $labels.pod }} queue up for an Alertmanager.",
        description:
          'The queue of {{ $labels.pod }} for {{ $labels.alertmanager }} is {{ printf "%.0f" $value }} % full: alerts arrive late, and when it is full the oldest are dropped.',
      },
      {
        alert: "PrometheusErrorSendingAlertsToSomeAlertmanagers",
        // An Alertmanager on a node that dies stays discovered for about six minutes.
        expr: `${failedPercent} > 1`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails to send alerts to an Alertmanager.",
        description:
          '{{ printf "%.1f" $value }} % of the alerts that {{ $labels.pod }} sends to {{ $labels.alertmanager }} fail. They arrive as long as another member takes them.',
      },
      {
        alert: "PrometheusErrorSendingAlertsToAnyAlertmanager",
        // Alerts are sent again every minute, so a small share of failures only delays them: a quarter, from each replica to
        // each member, does not.
        expr: `min by (${SHARD}) (${withStatefulSet(failedPercent)}) > 25`,
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.statefulset }} gets its alerts through to any Alertmanager.",
        description:
          'Whichever replica of {{ $labels.statefulset }} sends, and to whichever Alertmanager: at least {{ printf "%.0f" $value }} % of the alerts fail. Nobody is notified in time, or at all.',
      },
      {
        alert: "PrometheusNotConnectedToAlertmanagers",
        expr: `max by (${SHARD}) (${withStatefulSet(discovered)}) < 1`,
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.statefulset }} knows an Alertmanager.",
        description:
          "The replicas of {{ $labels.statefulset }} have discovered {{ $value }} Alertmanagers for 10 minutes: no alert of theirs reaches anybody.",
      },
      {
        alert: "PrometheusAlertmanagersMissing",
        expr: `${discovered} < on (cluster, namespace) group_left () count by (cluster, namespace) (alertmanager_build_info{job="${jobs.alertmanager}", namespace="${namespace}"})`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} does not send alerts to every Alertmanager.",
        description:
          "{{ $labels.pod }} sends alerts to {{ $value }} Alertmanagers, and more than that run: a member that is not sent an alert cannot stand in for the others.",
      },
    ],
  };
}

function configuration(prometheus: string): RuleGroup {
  return {
    name: "prometheus-configuration",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusBadConfig",
        expr: `prometheus_config_last_reload_successful{${prometheus}} == 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot load its configuration.",
        description:
          "{{ $labels.pod }} has refused its configuration or rules for 10 minutes and runs on with the old ones: new targets and rules are missing, and after a restart it would not start.",
      },
    ],
  };
}

function configReloader(namespace: string): RuleGroup {
  const ofJob = (job: string) => `{job="${job}", namespace="${namespace}"} == 0`;
  const refused = [
    `prometheus_config_last_reload_successful${ofJob(jobs.prometheus)}`,
    `alertmanager_config_last_reload_successful${ofJob(jobs.alertmanager)}`,
    `thanos_rule_config_last_reload_successful${ofJob(jobs.thanosRuler)}`,
  ].join(" or ");
  const reloaders = `job=~"${jobs.prometheus}|${jobs.alertmanager}|${jobs.thanosRuler}", namespace="${namespace}"`;
  return {
    name: "config-reloader",
    // The reloader and the server beside it are two targets.
    scope: "global",
    rules: [
      {
        alert: "ConfigReloaderSidecarErrors",
        // A configuration that the server refuses has an alert of its own.
        expr: `reloader_last_reload_successful{${reloaders}} == 0 unless on (${REPLICA}) (${refused})`,
        for: "10m",
        severity: "warning",
        summary: "The configuration reloader of {{ $labels.pod }} fails.",
        description:
          "The reloader in {{ $labels.pod }} has not been able to hand over the configuration for 10 minutes: changes of rules, targets or routes do not arrive there.",
      },
    ],
  };
}

function discovery(prometheus: string): RuleGroup {
  return {
    name: "prometheus-discovery",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusSDRefreshFailure",
        expr: `increase(prometheus_sd_refresh_failures_total{${prometheus}}[10m]) > 0`,
        for: "20m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot refresh the targets of {{ $labels.config }}.",
        description:
          'Discovery by {{ $labels.mechanism }} for {{ $labels.config }} failed {{ printf "%.0f" $value }} times in 10 minutes on {{ $labels.pod }}: new targets are not scraped, and those that are gone count as down.',
      },
      {
        alert: "PrometheusKubernetesListWatchFailures",
        // Watches end now and then, and the API server is replaced during an upgrade; a client that keeps failing counts
        // about 30 failures in 15 minutes.
        expr: `increase(prometheus_sd_kubernetes_failures_total{${prometheus}}[15m]) > 5`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot list or watch what it discovers targets from.",
        description:
          'Requests of {{ $labels.pod }} to the API server failed {{ printf "%.0f" $value }} times in 15 minutes: new pods and Services are not scraped.',
      },
    ],
  };
}

function ruleEvaluation(namespace: string): RuleGroup {
  // Whatever evaluates rules: with one shard Prometheus alone, with more of them the global evaluator too.
  const evaluators = `job=~"${jobs.prometheus}|${jobs.thanosRuler}", namespace="${namespace}"`;
  const missed = (window: string) =>
    `increase(prometheus_rule_group_iterations_missed_total{${evaluators}}[${window}])`;
  return {
    name: "prometheus-rule-evaluation",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusRuleFailures",
        expr: `increase(prometheus_rule_evaluation_failures_total{${evaluators}}[5m]) > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot evaluate rules.",
        description:
          'Rules of the group {{ $labels.rule_group }} failed {{ printf "%.0f" $value }} times in 5 minutes on {{ $labels.pod }}: alerts of this group may not fire, and series that it records have gaps.',
      },
      {
        alert: "PrometheusMissingRuleEvaluations",
        expr: `${missed("5m")} > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} leaves out evaluations of rules.",
        description:
          '{{ $labels.pod }} left out {{ printf "%.0f" $value }} evaluations of the group {{ $labels.rule_group }} in 5 minutes, because it takes longer than its interval: its alerts are late.',
      },
      {
        alert: "PrometheusRuleGroupSlow",
        // The rest of the interval is what is left for growth and for a slow moment.
        expr: `100 * avg_over_time(prometheus_rule_group_last_duration_seconds{${evaluators}}[10m]) / prometheus_rule_group_interval_seconds{${evaluators}} > 70 unless ${missed("10m")} > 0`,
        for: "15m",
        severity: "warning",
        summary: "Rules on {{ $labels.pod }} take almost as long as their interval.",
        description:
          'An evaluation of the group {{ $labels.rule_group }} on {{ $labels.pod }} takes {{ printf "%.0f" $value }} % of its interval; above 100 % evaluations are left out and alerts come late.',
      },
    ],
  };
}

function queries(prometheus: string): RuleGroup {
  const wait = (suffix: string) =>
    `rate(prometheus_remote_read_handler_gate_wait_duration_seconds_${suffix}{${prometheus}}[10m])`;
  return {
    name: "prometheus-queries",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusHighQueryLoad",
        expr: `100 * avg_over_time(prometheus_engine_queries{${prometheus}}[5m]) / prometheus_engine_queries_concurrent_max{${prometheus}} > 80`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} runs almost as many queries as it can.",
        description:
          '{{ $labels.pod }} has been running {{ printf "%.0f" $value }} % of the queries that it runs at once; further ones wait, those of its rules too.',
      },
      {
        alert: "PrometheusRemoteReadSaturated",
        // Queriers read through the sidecar, ten requests at a time; waiting for a place should take no time.
        expr: `${wait("sum")} / ${wait("count")} > 1`,
        for: "15m",
        severity: "warning",
        summary: "Reads of queriers wait in {{ $labels.pod }}.",
        description:
          'A read by a querier waits {{ printf "%.1f" $value }} s in {{ $labels.pod }} before it begins, because ten others run: dashboards are slow, and queries time out.',
      },
    ],
  };
}

function replicas(namespace: string): RuleGroup {
  const statefulSets = `job="${jobs.kubeStateMetrics}", namespace="${namespace}", statefulset=~"prometheus-${jobs.prometheus}(-shard-[0-9]+)?"`;
  const wanted = `max by (${SHARD}) (kube_statefulset_replicas{${statefulSets}})`;
  const ready = `max by (${SHARD}) (kube_statefulset_status_replicas_ready{${statefulSets}})`;
  return {
    name: "prometheus-replicas",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusReplicaMissing",
        // Replaying the log after a restart may take 15 minutes.
        expr: `${wanted} - ${ready} > 0 and ${ready} > 0`,
        for: "30m",
        severity: "warning",
        summary: "{{ $labels.statefulset }} runs without its spare replica.",
        description:
          "{{ $value }} replicas of {{ $labels.statefulset }} have not been ready for 30 minutes: the next failure or node upgrade leaves a gap in the data of its targets.",
      },
      {
        alert: "PrometheusShardDown",
        expr: `${ready} == 0 and ${wanted} > 0`,
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.statefulset }} is ready.",
        description:
          "{{ $labels.statefulset }} has had {{ $value }} ready replicas for 10 minutes: nothing of the targets that belong to it is stored, and no alert on them can fire.",
      },
    ],
  };
}

function pair(prometheus: string): RuleGroup {
  const stored = withStatefulSet(
    `sum by (${REPLICA}) (rate(prometheus_tsdb_head_samples_appended_total{${prometheus}}[15m]))`,
  );
  return {
    name: "prometheus-pair",
    scope: "global",
    rules: [
      {
        alert: "PrometheusReplicasDisagree",
        // Replicas scrape the same targets. A tenth: a job that only one of them reaches.
        expr: `100 * (1 - min by (${SHARD}) (${stored}) / max by (${SHARD}) (${stored})) > 10`,
        for: "30m",
        severity: "warning",
        summary: "The replicas of {{ $labels.statefulset }} do not store the same.",
        description:
          'One replica of {{ $labels.statefulset }} stores {{ printf "%.0f" $value }} % fewer samples than another: it does not reach some of the targets, and without the other one they would be missing.',
      },
    ],
  };
}
