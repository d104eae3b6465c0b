import type { RuleGroup } from "../rule";
import type { RingStore } from "./ringStore";
import { age, asStep, ofJobs, PROCESS, percent } from "./selectors";

/** What a distributor and the ingesters behind it take in and keep. */
export const ringStoreWriteGroups = (store: RingStore): RuleGroup[] => [
  distributors(store),
  pairs(store),
  limits(store),
  ingesters(store),
];

function distributors({ title, job, namespace }: RingStore): RuleGroup {
  const pushes = (more = "") =>
    `sum by (cluster, namespace) (rate(cortex_request_duration_seconds_count{${ofJobs(`${job}-distributor`, namespace)}, route=~"api_v1_push|api_prom_push|otlp_v1_metrics|api_v1_otlp_v1_metrics"${more}}[5m]))`;
  const discarded = ofJobs(`${job}-(distributor|ingester(-zone-.+)?)`, namespace);
  return {
    name: `${job}-writes`,
    scope: "global",
    rules: [
      {
        alert: `${title}WriteErrors`,
        // Senders try these again, for hours: PrometheusRemoteWriteFarBehind wakes somebody before they give up.
        expr: `${percent(pushes(', status_code=~"5.."'), pushes())} > 5`,
        for: "10m",
        severity: "warning",
        summary: `${title} fails to take what is written.`,
        description: `{{ printf "%.0f" $value }} % of the writes to ${title} in {{ $labels.namespace }} end in a server error: senders must try again, and fall behind.`,
      },
      {
        alert: `${title}SamplesDiscarded`,
        expr: `sum by (cluster, namespace, user, reason) (rate(cortex_discarded_samples_total{${discarded}}[10m])) > 0`,
        for: "15m",
        severity: "warning",
        summary: `${title} discards samples of tenant {{ $labels.user }}.`,
        description: `${title} discards {{ printf "%.1f" $value }} samples per second of tenant {{ $labels.user }}, because of {{ $labels.reason }}: they are lost unless the sender tries again.`,
      },
    ],
  };
}

function pairs({ title, job, namespace }: RingStore): RuleGroup {
  const distributor = ofJobs(`${job}-distributor`, namespace);
  const group = "cluster, namespace, user, ha_group";
  // Each distributor counts for itself.
  const changes = `max by (${group}) (sum by (${group}, pod) (increase(cortex_ha_tracker_elected_replica_changes_total{${distributor}}[1h])))`;
  const elected = `max by (${group}) (cortex_ha_tracker_elected_replica_timestamp_seconds{${distributor}})`;
  return {
    name: `${job}-ha-tracker`,
    scope: "global",
    rules: [
      {
        alert: `${title}HaReplicaChangesOften`,
        // An upgrade of the pair changes it twice. Each change is a gap of up to the failover time.
        expr: `${changes} > 4`,
        for: "5m",
        severity: "warning",
        summary: "The replica of {{ $labels.ha_group }} whose samples count changes often.",
        description: `${title} changed {{ printf "%.0f" $value }} times in an hour from one replica of {{ $labels.ha_group }} to another: each time up to the failover time is missing.`,
      },
      {
        alert: `${title}HaGroupSilent`,
        // The time is renewed about every 10 seconds while a replica writes. A group that is gone for good is forgotten after
        // half an hour, and so is the alert.
        expr: `time() - ${elected} > 300`,
        for: "5m",
        severity: "warning",
        summary: "No replica of {{ $labels.ha_group }} writes.",
        description: `No replica of {{ $labels.ha_group }} has written to ${title} for {{ humanizeDuration $value }}: its targets are missing in the long-term store from then on.`,
      },
    ],
  };
}

function limits({ title, job, namespace }: RingStore): RuleGroup {
  const ingester = ofJobs(`${job}-ingester(-zone-.+)?`, namespace);
  return {
    name: `${job}-limits`,
    scope: "shard",
    rules: [
      {
        alert: `${title}IngesterSeriesNearLimit`,
        expr: `${percent(`cortex_ingester_memory_series{${ingester}}`, `on (${PROCESS}) (cortex_ingester_instance_limits{${ingester}, limit="max_series"} > 0)`)} > 80`,
        for: "30m",
        severity: "warning",
        summary: "{{ $labels.pod }} holds almost as many series as it may.",
        description:
          '{{ $labels.pod }} holds {{ printf "%.0f" $value }} % of the series for which it was made: at 100 % it refuses new series of every tenant.',
      },
    ],
  };
}

function ingesters({ title, job, namespace }: RingStore): RuleGroup {
  const ingester = ofJobs(`${job}-ingester(-zone-.+)?`, namespace);
  const increase = (counter: string, window: string) =>
    `sum by (${PROCESS}) (increase(cortex_ingester_${counter}_total{${ingester}}[${window}]))`;
  const failures = {
    "log, which was corrupt,": "wal_corruptions",
    "memory, which is not freed,": "head_truncations_failed",
    "checkpoint of the log": "checkpoint_creations_failed",
    "cutting of blocks": "compactions_failed",
  };
  return {
    name: `${job}-ingesters`,
    scope: "global",
    rules: [
      {
        alert: `${title}IngesterWalWritesFailing`,
        // As a rule the disk is full, and those of the other zones are filled as far.
        expr: `${increase("tsdb_wal_writes_failed", "5m")} > 0`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} cannot write to its disk.",
        description:
          '{{ printf "%.0f" $value }} writes to the log failed in 5 minutes on {{ $labels.pod }}: what it holds is lost with its next restart, and the disks of the other zones are filled as far.',
      },
      {
        alert: `${title}IngesterTsdbFailing`,
        // Truncation and blocks come every two hours at the latest.
        expr: `(${Object.entries(failures)
          .map(([step, counter]) => asStep(step, increase(`tsdb_${counter}`, "3h")))
          .join(" or ")}) > 0`,
        for: "15m",
        severity: "warning",
        summary: "The store of {{ $labels.pod }} on its disk fails.",
        description:
          'In the last three hours the {{ $labels.step }} failed {{ printf "%.0f" $value }} times on {{ $labels.pod }}: its memory and disk fill up, and a restart takes longer or loses samples of this copy.',
      },
      {
        alert: `${title}IngesterUploadsFailing`,
        expr: `${increase("shipper_upload_failures", "30m")} > 0`,
        for: "30m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot upload its blocks.",
        description:
          '{{ printf "%.0f" $value }} uploads of blocks to the bucket failed in 30 minutes on {{ $labels.pod }}: they stay on its disk, where they are deleted only after the upload.',
      },
      {
        alert: `${title}IngestersNotUploading`,
        // Blocks are cut every two hours; a restart begins to count again.
        expr:
          `max by (cluster, namespace) (${increase("shipper_uploads", "6h")}) == 0` +
          ` and min by (cluster, namespace) (${age(ingester)}) > 6 * 3600 and sum by (cluster, namespace) (cortex_ingester_memory_series{${ingester}}) > 0`,
        for: "15m",
        severity: "critical",
        summary: "No ingester has uploaded anything for six hours.",
        description: `The ingesters of ${title} in {{ $labels.namespace }} uploaded {{ $value }} blocks in six hours, and there should be three from each: queries stop asking them before the bucket has the data, and their disks fill.`,
      },
    ],
  };
}
