import { victoriaMetricsRules } from "../../components/prometheus/rules/stores/victoriaMetrics";
import type { Input } from "./promtool";
import { monitoring, proveAlone, series } from "./storeInput";

const rules = victoriaMetricsRules(monitoring);

describe("rules: VictoriaMetrics, where the data is", () => {
  const storage = { job: "vmstorage", pod: "vmstorage-0" };
  const path = { path: "/storage" };
  const { job: _, ...pod } = { ...monitoring, ...storage };

  const readOnly = (values: string, of: Record<string, string> = storage) =>
    series("vm_storage_is_read_only", { ...of, ...path }, values);
  proveAlone(rules, "VictoriaMetricsReadOnly", {
    input: readOnly("0x5 1x30"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...monitoring, ...storage, ...path },
          summary: "vmstorage-0 takes no samples because its disk is full.",
          description:
            "The disk of vmstorage-0 is at the limit below which it stores nothing (vm_storage_is_read_only is 1): alone it refuses writes, in a cluster the other nodes take its part and fill up too.",
        },
      ],
    },
    silent: [
      { why: "a merge gives space back", input: readOnly("0x5 1x3 0x30") },
      { why: "a team's own", input: readOnly("1x30", { ...storage, namespace: "team" }) },
    ],
  });

  const disk = (free: string, total: string): Input => ({
    ...series("vm_free_disk_space_bytes", { ...storage, ...path }, free),
    ...series("vm_free_disk_space_limit_bytes", { ...storage, ...path }, "10x400"),
    ...series("vm_total_disk_space_bytes", { ...storage, ...path }, total),
  });
  proveAlone(rules, "VictoriaMetricsDiskFillingUp", {
    // A tenth of what is free each hour.
    input: disk("1000-1.5x400", "4000x400"),
    quiet: "60m",
    fires: {
      at: "62m",
      alerts: [
        {
          labels: { ...monitoring, ...storage, ...path },
          summary: "The disk of vmstorage-0 is full within four days.",
          description:
            "If it goes on like today, vmstorage-0 reaches within four days the limit of free space below which it stores nothing.",
        },
      ],
    },
    silent: [
      { why: "a merge", input: disk("1000x200 998.5-1.5x39 941.5+1.5x39 1000x120", "4000x400"), until: "380m" },
      { why: "it has just begun, and is empty", input: disk("3900-1.5x400", "4000x400"), until: "200m" },
      { why: "weeks", input: disk("1000-0.1x400", "4000x400"), until: "200m" },
    ],
  });

  const inserts = (slow: string): Input => ({
    ...series("vm_slow_row_inserts_total", storage, slow),
    ...series("vm_rows_added_to_storage_total", storage, "0+600x60"),
  });
  proveAlone(rules, "VictoriaMetricsSlowInserts", {
    input: inserts("0+60x60"),
    quiet: "30m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels: { ...monitoring, ...storage },
          summary: "vmstorage-0 has too little memory for its active series.",
          description:
            "10 % of the samples of vmstorage-0 are of series that it does not find in memory: there are too many active series or too many new ones, and writing becomes slow.",
        },
      ],
    },
    silent: [
      { why: "after a restart", input: inserts("0+300x10 3000x60") },
      { why: "one in a hundred", input: inserts("0+6x60") },
    ],
  });

  const limit = (prefix: string, job: string, current: string, most: string): Input => ({
    ...series(`${prefix}_series_limit_current_series`, { ...storage, job }, current),
    ...series(`${prefix}_series_limit_max_series`, { ...storage, job }, most),
  });
  proveAlone(rules, "VictoriaMetricsSeriesLimitNear", {
    input: {
      ...limit("vm_daily", "vmstorage", "95x30", "100x30"),
      ...limit("vm_hourly", "vmstorage", "50x30", "100x30"),
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: { ...monitoring, ...storage, limit: "vm_daily_series_limit" },
          summary: "vmstorage-0 has almost as many series as it may have.",
          description:
            "vmstorage-0 is at 95 % of vm_daily_series_limit: at 100 % samples of new series are dropped, those of new nodes and pods.",
        },
      ],
    },
    silent: [{ why: "only watched", input: limit("vm_hourly", "vmstorage", "95x30", "-1x30") }],
  });

  const dropped = (prefix: string, job: string, values: string) =>
    series(`${prefix}_series_limit_rows_dropped_total`, { ...storage, job }, values);
  proveAlone(rules, "VictoriaMetricsSeriesLimitReached", {
    input: { ...dropped("vmagent_hourly", "vmagent", "0+60x30"), ...dropped("vm_daily", "vmstorage", "0x30") },
    quiet: "5m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, limit: "vmagent_hourly_series_limit" },
          summary: "vmstorage-0 drops samples of new series.",
          description:
            "vmstorage-0 dropped 600 samples in 10 minutes because of vmagent_hourly_series_limit: series that are new to it are lost, those of new nodes and pods.",
        },
      ],
    },
    silent: [{ why: "none any more", input: dropped("vm_hourly", "vmstorage", "700x30") }],
  });

  const ignored = (reason: string, values: string) => series("vm_rows_ignored_total", { ...storage, reason }, values);
  proveAlone(rules, "VictoriaMetricsRowsIgnored", {
    input: ignored("small_timestamp", "0+30x40"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, reason: "small_timestamp" },
          summary: "vmstorage-0 ignores samples.",
          description:
            "vmstorage-0 ignores 0.50 samples per second because of small_timestamp: they are lost, and no sender is told.",
        },
      ],
    },
    silent: [
      { why: "at a limit by series, which has its own alert", input: ignored("hourly_limit_exceeded", "0+30x40") },
      { why: "for a moment", input: ignored("small_timestamp", "0x5 0+30x3 90x40") },
    ],
  });

  const backup = { job: "kube-state-metrics", cronjob: "vmstorage-backup" };
  proveAlone(rules, "VictoriaMetricsBackupOld", {
    input: {
      ...series("kube_cronjob_status_last_successful_time", backup, "600x1900"),
      ...series("kube_cronjob_created", backup, "0x1900"),
    },
    quiet: "1824m",
    fires: {
      at: "1826m",
      alerts: [
        {
          labels: { ...monitoring, cronjob: "vmstorage-backup" },
          summary: "The last backup by vmstorage-backup is old.",
          description:
            "vmstorage-backup has not made a backup for 1d 6h 16m 0s: if the volume is lost, so is everything since then.",
        },
      ],
    },
    silent: [
      {
        why: "each day",
        input: series("kube_cronjob_status_last_successful_time", backup, "600x1440 87000x500"),
        until: "1900m",
      },
      { why: "it is new", input: series("kube_cronjob_created", backup, "60000x1900"), until: "1900m" },
    ],
  });
});
