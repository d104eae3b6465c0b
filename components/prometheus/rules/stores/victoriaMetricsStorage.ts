import { jobs } from "../../jobs";
import { objects } from "../objects";
import type { RuleContext, RuleGroup } from "../rule";
import { ofJobs, PROCESS, percent } from "./selectors";

/** Where the data is: disks, indexes, limits and backups. */
export const victoriaMetricsStorageGroups = ({ namespace }: RuleContext): RuleGroup[] => {
  const storage = ofJobs([jobs.victoriaMetrics, jobs.vmstorage].join("|"), namespace);
  return [disks(storage), intake(storage, namespace), backups(namespace)];
};

function disks(storage: string): RuleGroup {
  const free = (window = "") => `vm_free_disk_space_bytes{${storage}}${window}`;
  return {
    name: "victoria-metrics-disks",
    scope: "shard",
    rules: [
      {
        alert: "VictoriaMetricsReadOnly",
        expr: `vm_storage_is_read_only{${storage}} == 1`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} takes no samples because its disk is full.",
        description:
          "The disk of {{ $labels.pod }} is at the limit below which it stores nothing (vm_storage_is_read_only is {{ $value }}): alone it refuses writes, in a cluster the other nodes take its part and fill up too.",
      },
      {
        alert: "VictoriaMetricsDiskFillingUp",
        // Merging takes space and gives it back, within hours: a day shows the trend. Four days are a long weekend.
        expr: `predict_linear(${free("[1d]")}, 4 * 86400) < vm_free_disk_space_limit_bytes{${storage}} and ${free()} < 0.5 * vm_total_disk_space_bytes{${storage}}`,
        for: "1h",
        severity: "warning",
        summary: "The disk of {{ $labels.pod }} is full within four days.",
        description:
          "If it goes on like today, {{ $labels.pod }} reaches within four days the limit of free space below which it stores nothing.",
      },
    ],
  };
}

function intake(storage: string, namespace: string): RuleGroup {
  const limiting = ofJobs([jobs.victoriaMetrics, jobs.vmstorage, jobs.vmagent].join("|"), namespace);
  const refusing = ofJobs([jobs.victoriaMetrics, jobs.vmstorage, jobs.vminsert].join("|"), namespace);
  const windows = ["hourly", "daily"];
  const prefixes = ["vm", "vmagent"];
  const limits = windows.flatMap((window) => prefixes.map((prefix) => `${prefix}_${window}_series_limit`));
  const anyOf = (of: (limit: string) => string) =>
    `(${limits.map((limit) => `label_replace(${of(limit)}, "limit", "${limit}", "", "")`).join(" or ")})`;
  const slow = `rate(vm_slow_row_inserts_total{${storage}}[10m])`;
  const added = `rate(vm_rows_added_to_storage_total{${storage}}[10m])`;
  return {
    name: "victoria-metrics-intake",
    scope: "shard",
    rules: [
      {
        alert: "VictoriaMetricsSlowInserts",
        // Of a series that is not in the cache the index on disk is asked. The vendor's own threshold.
        expr: `${percent(slow, added)} > 5`,
        for: "30m",
        severity: "warning",
        summary: "{{ $labels.pod }} has too little memory for its active series.",
        description:
          '{{ printf "%.0f" $value }} % of the samples of {{ $labels.pod }} are of series that it does not find in memory: there are too many active series or too many new ones, and writing becomes slow.',
      },
      {
        alert: "VictoriaMetricsSeriesLimitNear",
        expr: `${anyOf((limit) => `100 * ${limit}_current_series{${limiting}} / (${limit}_max_series{${limiting}} > 0)`)} > 90`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} has almost as many series as it may have.",
        description:
          '{{ $labels.pod }} is at {{ printf "%.0f" $value }} % of {{ $labels.limit }}: at 100 % samples of new series are dropped, those of new nodes and pods.',
      },
      {
        alert: "VictoriaMetricsSeriesLimitReached",
        expr: `${anyOf((limit) => `sum by (${PROCESS}) (increase(${limit}_rows_dropped_total{${limiting}}[10m]))`)} > 0`,
        for: "5m",
        severity: "warning",
        summary: "{{ $labels.pod }} drops samples of new series.",
        description:
          '{{ $labels.pod }} dropped {{ printf "%.0f" $value }} samples in 10 minutes because of {{ $labels.limit }}: series that are new to it are lost, those of new nodes and pods.',
      },
      {
        alert: "VictoriaMetricsRowsIgnored",
        // Limits by number of series have an alert of their own.
        expr: `sum by (${PROCESS}, reason) (rate(vm_rows_ignored_total{${refusing}, reason!~"(hourly|daily)_limit_exceeded"}[10m])) > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} ignores samples.",
        description:
          '{{ $labels.pod }} ignores {{ printf "%.2f" $value }} samples per second because of {{ $labels.reason }}: they are lost, and no sender is told.',
      },
    ],
  };
}

function backups(namespace: string): RuleGroup {
  const job = `namespace="${namespace}", cronjob=~"(${[jobs.victoriaMetrics, jobs.vmstorage].join("|")})-backup(-.+)?"`;
  const succeeded = objects("kube_cronjob_status_last_successful_time", "namespace, cronjob", job);
  const created = objects("kube_cronjob_created", "namespace, cronjob", job);
  return {
    name: "victoria-metrics-backups",
    scope: "shard",
    rules: [
      {
        alert: "VictoriaMetricsBackupOld",
        // A day and the time that a backup may take [judgement]. One that never succeeded counts from its creation.
        expr: `time() - (${succeeded} or ${created}) > 30 * 3600`,
        for: "15m",
        severity: "warning",
        summary: "The last backup by {{ $labels.cronjob }} is old.",
        description:
          "{{ $labels.cronjob }} has not made a backup for {{ humanizeDuration $value }}: if the volume is lost, so is everything since then.",
      },
    ],
  };
}
