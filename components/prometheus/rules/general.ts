import type { RuleGroup } from "./rule";

/** The alert that always fires; whoever stops receiving it knows that the pipeline is broken. */
export const WATCHDOG = "Watchdog";

/** Rules about monitoring as a whole. */
export const generalRules: RuleGroup[] = [
  {
    name: "watchdog",
    scope: "shard",
    rules: [
      {
        alert: WATCHDOG,
        expr: "vector(1)",
        severity: "none",
        summary: "The alerting pipeline works.",
        description:
          "This alert always fires. It travels from Prometheus through Alertmanager to the heartbeat receiver, which must alarm when it stops.",
      },
    ],
  },
  {
    name: "targets",
    scope: "global",
    rules: [
      {
        alert: "TargetDown",
        // A tenth: one target of a large fleet is its own alert's matter, a tenth of a job is a fault of monitoring.
        expr: "100 * count by (cluster, namespace, job) (up == 0) / count by (cluster, namespace, job) (up) > 10",
        for: "10m",
        severity: "warning",
        summary: "More than a tenth of the targets of job {{ $labels.job }} cannot be scraped.",
        description:
          '{{ printf "%.0f" $value }} % of the targets of job {{ $labels.job }} in namespace {{ $labels.namespace }} have been down for 10 minutes: what they would report is unknown, and alerts on it cannot fire.',
      },
    ],
  },
];
