import { jobs } from "../../jobs";
import type { RuleContext, RuleGroup } from "../rule";
import { ofJobs, PROCESS } from "./selectors";

const HOUR = 3600;

/** What writes to VictoriaMetrics, and what evaluates rules on it. */
export const victoriaMetricsAgentGroups = ({ namespace }: RuleContext): RuleGroup[] => [
  agents(ofJobs(jobs.vmagent, namespace)),
  rulers(ofJobs(jobs.vmalert, namespace)),
];

function agents(vmagent: string): RuleGroup {
  const queue = `${PROCESS}, path, name`;
  const pending = `sum by (${queue}) (vm_persistentqueue_bytes_pending{${vmagent}})`;
  const growth = `sum by (${queue}) (deriv(vm_persistentqueue_bytes_pending{${vmagent}}[30m]))`;
  const free = `sum by (${queue}) (vm_persistentqueue_free_disk_space_bytes{${vmagent}})`;
  const increase = (counter: string, labels: string) =>
    `sum by (${PROCESS}, ${labels}) (increase(${counter}_total{${vmagent}}[10m]))`;
  return {
    name: "victoria-metrics-agents",
    scope: "shard",
    rules: [
      {
        alert: "VmagentQueueGrowing",
        // The disk takes what the store does not: 100 MB are minutes at 100 000 samples per second [judgement].
        expr: `${pending} > 100e6 and ${growth} > 0`,
        for: "30m",
        severity: "warning",
        summary: "{{ $labels.pod }} is behind in writing.",
        description:
          "{{ humanize1024 $value }}B wait on the disk of {{ $labels.pod }}, and there are more of them all the time: long-term queries lack the newest data.",
      },
      {
        alert: "VmagentQueueFillsUp",
        // The free space of the queue, which has a limit of its own, at the pace of the last half hour.
        expr: `${free} / (${growth} > 0) < ${4 * HOUR}`,
        for: "10m",
        severity: "critical",
        summary: "{{ $labels.pod }} is about to lose data.",
        description:
          "The queue on the disk of {{ $labels.pod }} is full in {{ humanizeDuration $value }}, if it goes on like that: then the oldest data is dropped.",
      },
      {
        alert: "VmagentQueueDropsData",
        expr: `${increase("vm_persistentqueue_bytes_dropped", "path, name")} > 0`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} drops data because its queue is full.",
        description:
          "{{ $labels.pod }} dropped {{ humanize1024 $value }}B of the oldest data from its queue in 10 minutes: it is lost.",
      },
      {
        alert: "VmagentDataRejected",
        expr: `${increase("vmagent_remotewrite_packets_dropped", "url")} > 0`,
        for: "10m",
        severity: "critical",
        summary: "What {{ $labels.pod }} sends is refused for good.",
        description:
          'The store refused {{ printf "%.0f" $value }} blocks of {{ $labels.pod }} to {{ $labels.url }} in 10 minutes as wrong: they are not tried again.',
      },
      {
        alert: "VmagentWriteErrors",
        expr: `${increase("vmagent_remotewrite_retries_count", "url")} > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails to write.",
        description:
          '{{ $labels.pod }} had to try {{ printf "%.0f" $value }} requests to {{ $labels.url }} again in 10 minutes: what cannot be written waits on its disk.',
      },
      {
        alert: "VmagentWriteSaturated",
        // A sender that is busy all the time counts one second per second.
        expr: `100 * sum by (${PROCESS}, url) (rate(vmagent_remotewrite_send_duration_seconds_total{${vmagent}}[5m])) / max by (${PROCESS}, url) (vmagent_remotewrite_queues{${vmagent}}) > 90`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot write faster.",
        description:
          'All senders of {{ $labels.pod }} to {{ $labels.url }} are busy for {{ printf "%.0f" $value }} % of the time: with more samples it falls behind.',
      },
    ],
  };
}

function rulers(vmalert: string): RuleGroup {
  const errors = (of: string) =>
    `sum by (${PROCESS}, group) (increase(vmalert_${of}_rules_errors_total{${vmalert}}[5m]))`;
  return {
    name: "victoria-metrics-rulers",
    scope: "shard",
    rules: [
      {
        alert: "VmalertRulesFailing",
        expr: `${errors("alerting")} > 0 or ${errors("recording")} > 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot evaluate rules.",
        description:
          'Rules of the group {{ $labels.group }} failed {{ printf "%.0f" $value }} times in 5 minutes on {{ $labels.pod }}: alerts of this group may not fire, and series that it records have gaps.',
      },
      {
        alert: "VmalertIterationsMissed",
        expr: `sum by (${PROCESS}, group) (increase(vmalert_iteration_missed_total{${vmalert}}[5m])) > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} leaves out evaluations of rules.",
        description:
          '{{ $labels.pod }} left out {{ printf "%.0f" $value }} evaluations of the group {{ $labels.group }} in 5 minutes, because it takes longer than its interval: its alerts are late.',
      },
      {
        alert: "VmalertAlertsNotSent",
        // As long as one Alertmanager takes them, alerts arrive.
        expr: `min by (${PROCESS}) (sum by (${PROCESS}, addr) (increase(vmalert_alerts_send_errors_total{${vmalert}}[5m]))) > 0`,
        for: "10m",
        severity: "critical",
        summary: "{{ $labels.pod }} gets alerts through to no Alertmanager.",
        description:
          'At every Alertmanager at least {{ printf "%.0f" $value }} requests of {{ $labels.pod }} failed in 5 minutes: its alerts reach nobody.',
      },
      {
        alert: "VmalertResultsDropped",
        expr: `increase(vmalert_remotewrite_dropped_rows_total{${vmalert}}[10m]) > 0`,
        for: "5m",
        severity: "warning",
        summary: "{{ $labels.pod }} loses what it records.",
        description:
          '{{ $labels.pod }} dropped {{ printf "%.0f" $value }} samples of its results in 10 minutes: recorded series have gaps, and pending alerts start again after a restart.',
      },
    ],
  };
}
