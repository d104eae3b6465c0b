import { jobs } from "../../jobs";
import type { RuleContext, RuleGroup } from "../rule";
import { ofJobs, PROCESS } from "./selectors";

/** Rules about what is written to a store besides those about Prometheus' queues: loss that cannot be made up, and rulers. */
export const remoteWriteRules = ({ namespace }: RuleContext): RuleGroup[] => {
  const prometheus = ofJobs(jobs.prometheus, namespace);
  return [lost(prometheus), rulers(ofJobs(jobs.thanosRuler, namespace))];
};

const queue = (metric: string, selector: string) => `prometheus_remote_storage_${metric}{${selector}}`;

/** How far a queue is behind, in seconds; nothing before its first success. */
const behind = (selector: string) =>
  `${queue("queue_highest_timestamp_seconds", selector)} - (${queue("queue_highest_sent_timestamp_seconds", selector)} > 0)`;

function lost(prometheus: string): RuleGroup {
  const queues = `${PROCESS}, remote_name, url`;
  const before = (selector: string) =>
    `${queue("queue_highest_timestamp_seconds", selector)} offset 15m - (${queue("queue_highest_sent_timestamp_seconds", selector)} offset 15m > 0)`;
  const started = `max by (${PROCESS}) (changes(process_start_time_seconds{${prometheus}, container="prometheus"}[15m])) > 0`;
  return {
    name: "remote-write-loss",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusRemoteWriteLost",
        // Prometheus sends what it scrapes after its start, and nothing of its log from before. Within 15 minutes of a
        // restart the subquery sees how far the queue was behind 15 minutes earlier: the largest of these is at most that
        // much before the restart. Two minutes are an ordinary pause.
        expr: `max_over_time((max by (${queues}) (${before(prometheus)}) and on (${PROCESS}) ${started})[1h:1m]) > 120`,
        // The next working day finds it: blocks of that time are still on the disk for the local retention.
        keepFiringFor: "12h",
        severity: "warning",
        summary: "{{ $labels.remote_name }} lacks samples that {{ $labels.pod }} had not sent before it restarted.",
        description:
          "{{ $labels.pod }} was at least {{ humanizeDuration $value }} behind in writing to {{ $labels.url }} when it restarted: these samples are not sent any more. They are in its blocks, from where they can be imported.",
      },
      {
        alert: "PrometheusRemoteWriteDropping",
        // Without what relabelling leaves out on purpose.
        expr: `increase(${queue("samples_dropped_total", `${prometheus}, reason!="dropped_series"`)}[10m]) > 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} drops samples instead of sending them to {{ $labels.remote_name }}.",
        description:
          '{{ $labels.pod }} dropped {{ printf "%.0f" $value }} samples for {{ $labels.url }} in 10 minutes, because of {{ $labels.reason }}: they will be missing in the long-term store.',
      },
    ],
  };
}

function rulers(ruler: string): RuleGroup {
  return {
    name: "remote-write-rulers",
    scope: "shard",
    rules: [
      {
        alert: "ThanosRuleRemoteWriteBehind",
        // What a ruler has not written yet nobody can query: it has no store of its own then.
        expr: `${behind(ruler)} > 300`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} is behind in writing what it records.",
        description:
          "{{ $labels.url }} is {{ humanizeDuration $value }} behind {{ $labels.pod }}: alerts and dashboards that use recorded series over several shards see old values or none.",
      },
    ],
  };
}
