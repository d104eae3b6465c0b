import { jobs } from "../jobs";
import type { RuleContext, RuleGroup } from "./rule";

const REPLICA = "cluster, namespace, pod";

/** Rules about what Prometheus takes in and keeps, on its disk and elsewhere. */
export const prometheusStorageGroups = ({ namespace }: RuleContext): RuleGroup[] => {
  const prometheus = `job="${jobs.prometheus}", namespace="${namespace}"`;
  return [
    ingestion(prometheus),
    // The global evaluator keeps what it records in a store of the same kind.
    timeSeriesStore(`job=~"${jobs.prometheus}|${jobs.thanosRuler}", namespace="${namespace}"`),
    capacity(prometheus),
    remoteWrite(prometheus),
  ];
};

function ingestion(prometheus: string): RuleGroup {
  const refused = (kind: string) => `rate(prometheus_target_scrapes_sample_${kind}_total{${prometheus}}[5m])`;
  const targets = `sum by (${REPLICA}) (prometheus_target_scrape_pool_targets{${prometheus}})`;
  return {
    name: "prometheus-ingestion",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusNotIngestingSamples",
        expr: `sum by (${REPLICA}) (rate(prometheus_tsdb_head_samples_appended_total{${prometheus}}[5m])) == 0 and ${targets} > 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} stores no samples.",
        description:
          "{{ $labels.pod }} has targets and has stored {{ $value }} samples per second for 10 minutes: only its twin, if there is one, has their data.",
      },
      {
        alert: "PrometheusDuplicateTimestamps",
        expr: `${refused("duplicate_timestamp")} > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} drops samples that have the same timestamp and another value.",
        description:
          '{{ $labels.pod }} drops {{ printf "%.2f" $value }} samples per second: a target names one series twice, or two targets have the same labels. Which of the values is stored is chance.',
      },
      {
        alert: "PrometheusOutOfOrderTimestamps",
        expr: `${refused("out_of_order")} + ${refused("out_of_bounds")} > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} drops samples whose timestamps are older than what it has.",
        description:
          '{{ $labels.pod }} drops {{ printf "%.2f" $value }} samples per second: a target sends timestamps of its own that go back or are far from now, or two targets have the same labels.',
      },
    ],
  };
}

function timeSeriesStore(stores: string): RuleGroup {
  const increase = (counter: string, window: string) =>
    `increase(prometheus_tsdb_${counter}_total{${stores}}[${window}])`;
  const corruptions = "wal_corruptions";
  const truncations = ["head_truncations", "wal_truncations", "checkpoint_creations", "checkpoint_deletions"];
  return {
    name: "prometheus-tsdb",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusTSDBReloadsFailing",
        // Tried once a minute.
        expr: `${increase("reloads_failures", "30m")} > 0`,
        for: "1h",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot load its blocks from disk.",
        description:
          'Loading blocks failed {{ printf "%.0f" $value }} times in 30 minutes on {{ $labels.pod }}: old data is not deleted, and what is in a broken block is missing from answers.',
      },
      {
        alert: "PrometheusTSDBCompactionsFailing",
        // Tried again after a minute at most.
        expr: `${increase("compactions_failed", "30m")} > 0`,
        for: "1h",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot compact its data.",
        description:
          'Compaction failed {{ printf "%.0f" $value }} times in 30 minutes on {{ $labels.pod }}: memory and the write-ahead log grow until one of them is full.',
      },
      {
        alert: "PrometheusTSDBWALCorruptions",
        // Most corruptions are found while it starts, before the first scrape: no increase shows them.
        expr: `${increase(corruptions, "1h")} > 0 or (prometheus_tsdb_${corruptions}_total{${stores}} > 0 and time() - process_start_time_seconds{${stores}} < 3600)`,
        severity: "warning",
        summary: "{{ $labels.pod }} found its write-ahead log corrupt.",
        description:
          '{{ $labels.pod }} found {{ printf "%.0f" $value }} corruptions in its write-ahead log in the last hour, and dropped what follows them: samples of up to three hours are lost in this replica.',
      },
      {
        alert: "PrometheusTSDBWALTruncationsFailing",
        // Done every two hours: two failures are four hours without success.
        expr: truncations.map((counter) => `${increase(`${counter}_failed`, "6h")} > 1.5`).join(" or "),
        severity: "warning",
        summary: "{{ $labels.pod }} cannot shorten its write-ahead log.",
        description:
          'Truncation failed {{ printf "%.0f" $value }} times in 6 hours on {{ $labels.pod }}: the log fills the disk, and a restart takes ever longer.',
      },
      {
        alert: "PrometheusTSDBWALWritesFailing",
        // Critical for one replica too: as a rule the disk is full, and its twin's is about to be. Then no rule sees new data,
        // and the Watchdog, which needs none, goes on.
        expr: `${increase("wal_writes_failed", "5m")} > 0`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} cannot write to its disk.",
        description:
          '{{ printf "%.0f" $value }} writes to the write-ahead log failed in 5 minutes on {{ $labels.pod }}: the samples are lost there, and the disks of its twin are filled as far.',
      },
    ],
  };
}

function capacity(prometheus: string): RuleGroup {
  const series = `prometheus_tsdb_head_series{${prometheus}}`;
  const targets = (offset = "") =>
    `sum by (${REPLICA}) (prometheus_target_scrape_pool_targets{${prometheus}}${offset})`;
  return {
    name: "prometheus-capacity",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusMemoryNearLimit",
        // The Go memory limit is 90 % of the container's. Garbage fills what is left below it, so the process' whole memory
        // says little; what is still in use after a collection does. Above 70 % collections follow each other, and
        // compaction and a replay of the log, which take 1.4 times as much (measured with 427 000 series), do not fit.
        expr: `100 * go_gc_heap_live_bytes{${prometheus}, container="prometheus"} / go_gc_gomemlimit_bytes{${prometheus}, container="prometheus"} > 70`,
        for: "30m",
        severity: "warning",
        summary: "{{ $labels.pod }} is about to need more memory than it may have.",
        description:
          'Live data fills {{ printf "%.0f" $value }} % of the memory that {{ $labels.pod }} may use. The next compaction or restart can get it killed for memory, and its twin at the same time.',
      },
      {
        alert: "PrometheusHeadSeriesGrowth",
        // More nodes bring more series with them; this is growth without them. 100 000 series are about 200 MiB.
        expr: `(${series} > 1.5 * (${series} offset 1h) and ${series} - (${series} offset 1h) > 100000) unless on (${REPLICA}) ${targets()} > 1.2 * ${targets(" offset 1h")}`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} holds many more series than an hour ago.",
        description:
          '{{ $labels.pod }} holds {{ printf "%.0f" $value }} series, half as many again as an hour ago, from about the same targets: memory grows with them until it is killed.',
      },
      {
        alert: "PrometheusRetentionCutBySize",
        expr: `time() - prometheus_tsdb_lowest_timestamp_seconds{${prometheus}} < 0.8 * prometheus_tsdb_retention_limit_seconds{${prometheus}} and increase(prometheus_tsdb_size_retentions_total{${prometheus}}[6h]) > 0`,
        for: "1h",
        severity: "warning",
        summary: "{{ $labels.pod }} deletes data before its time.",
        description:
          "{{ $labels.pod }} holds {{ humanizeDuration $value }} of data, less than it should keep, because its blocks reach the limit by size.",
      },
    ],
  };
}

function remoteWrite(prometheus: string): RuleGroup {
  const queue = (suffix: string) => `prometheus_remote_storage_${suffix}{${prometheus}}`;
  const sent = queue("queue_highest_sent_timestamp_seconds");
  const age = `time() - process_start_time_seconds{${prometheus}, container="prometheus"}`;
  // Until the first success nothing has been sent since the start.
  const lag = `(${queue("queue_highest_timestamp_seconds")} - (${sent} > 0) or (${sent} == 0) + on (${REPLICA}) group_left () (${age}))`;
  return {
    name: "prometheus-remote-write",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusRemoteStorageFailures",
        // Counted are only those that are not tried again.
        expr: `100 * rate(${queue("samples_failed_total")}[5m]) / rate(${queue("samples_total")}[5m]) > 1`,
        for: "15m",
        severity: "critical",
        summary: "{{ $labels.remote_name }} refuses samples of {{ $labels.pod }}.",
        description:
          '{{ printf "%.1f" $value }} % of the samples that {{ $labels.pod }} sends to {{ $labels.url }} are refused for good: they will be missing in the long-term store.',
      },
      {
        alert: "PrometheusRemoteWriteBehind",
        expr: `${lag} > 300 <= 3600`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} is behind in writing to {{ $labels.remote_name }}.",
        description:
          "{{ $labels.url }} is {{ humanizeDuration $value }} behind {{ $labels.pod }}: long-term queries lack the newest data.",
      },
      {
        alert: "PrometheusRemoteWriteFarBehind",
        // What is not sent is in the write-ahead log, which reaches back two to three hours.
        expr: `${lag} > 3600`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} is about to lose data for {{ $labels.remote_name }}.",
        description:
          "{{ $labels.url }} is {{ humanizeDuration $value }} behind {{ $labels.pod }}. What is older than two to three hours, or has not been sent before a restart, never arrives there.",
      },
      {
        alert: "PrometheusRemoteWriteDesiredShards",
        expr: `${queue("shards_desired")} > ${queue("shards_max")}`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot write to {{ $labels.remote_name }} as fast as it should.",
        description:
          'Writing to {{ $labels.url }} would need {{ printf "%.0f" $value }} senders in {{ $labels.pod }}, more than it may have: it falls behind.',
      },
    ],
  };
}
