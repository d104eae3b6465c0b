import { platformRuleAreas } from "../../components/prometheus/rules";
import type { Input } from "./promtool";
import { monitoring, proveAlone, series } from "./storeInput";

for (const { title, job } of [
  { title: "Mimir", job: "mimir" },
  { title: "Cortex", job: "cortex" },
]) {
  const rules = platformRuleAreas({ stores: [job] })[job] ?? [];
  const distributor = { job: `${job}-distributor`, pod: "d-0" };

  describe(`rules: ${title}, what is written`, () => {
    const pushes = (failed: string, code: string): Input => ({
      ...series(
        "cortex_request_duration_seconds_count",
        { ...distributor, route: "api_v1_push", status_code: "200" },
        "0+60x30",
      ),
      ...series(
        "cortex_request_duration_seconds_count",
        { ...distributor, route: "api_v1_push", status_code: code },
        failed,
      ),
    });
    proveAlone(rules, `${title}WriteErrors`, {
      input: pushes("0+20x30", "500"),
      quiet: "10m",
      fires: {
        at: "11m",
        alerts: [
          {
            labels: monitoring,
            summary: `${title} fails to take what is written.`,
            description: `25 % of the writes to ${title} in monitoring end in a server error: senders must try again, and fall behind.`,
          },
        ],
      },
      silent: [
        { why: "the other one of a pair, whose samples do not count", input: pushes("0+60x30", "202") },
        { why: "one in thirty", input: pushes("0+2x30", "500") },
      ],
    });

    const discarded = (values: string, of = `${job}-ingester-zone-a`) =>
      series(
        "cortex_discarded_samples_total",
        { job: of, pod: "i-0", user: "platform", reason: "per_user_series_limit" },
        values,
      );
    proveAlone(rules, `${title}SamplesDiscarded`, {
      input: discarded("0+60x40"),
      quiet: "15m",
      fires: {
        at: "16m",
        alerts: [
          {
            labels: { ...monitoring, user: "platform", reason: "per_user_series_limit" },
            summary: `${title} discards samples of tenant platform.`,
            description: `${title} discards 1.0 samples per second of tenant platform, because of per_user_series_limit: they are lost unless the sender tries again.`,
          },
        ],
      },
      silent: [
        { why: "for a moment", input: discarded("0x5 0+60x3 180x40") },
        { why: "another store's", input: discarded("0+60x40", "other-ingester-zone-a") },
      ],
    });
  });

  describe(`rules: ${title}, pairs`, () => {
    const group = { user: "platform", ha_group: "c1/prometheus-prometheus" };
    const changes = (one: string, other = "0x90"): Input => ({
      ...series("cortex_ha_tracker_elected_replica_changes_total", { ...distributor, ...group }, one),
      ...series("cortex_ha_tracker_elected_replica_changes_total", { ...distributor, ...group, pod: "d-1" }, other),
    });
    proveAlone(rules, `${title}HaReplicaChangesOften`, {
      input: changes("0x9 1x9 2x9 3x9 4x9 5x9 6x90", "0x9 1x9 2x9 3x9 4x9 5x9 6x90"),
      quiet: "54m",
      fires: {
        at: "62m",
        alerts: [
          {
            labels: { ...monitoring, ...group },
            summary: "The replica of c1/prometheus-prometheus whose samples count changes often.",
            description: `${title} changed 6 times in an hour from one replica of c1/prometheus-prometheus to another: each time up to the failover time is missing.`,
          },
        ],
      },
      silent: [{ why: "an upgrade, seen by two distributors", input: changes("0x9 1x9 2x90", "0x9 1x9 2x90") }],
    });

    const elected = (values: string) =>
      series("cortex_ha_tracker_elected_replica_timestamp_seconds", { ...distributor, ...group }, values);
    proveAlone(rules, `${title}HaGroupSilent`, {
      input: elected("0+60x10 600x30"),
      quiet: "20m",
      fires: {
        at: "21m",
        alerts: [
          {
            labels: { ...monitoring, ...group },
            summary: "No replica of c1/prometheus-prometheus writes.",
            description: `No replica of c1/prometheus-prometheus has written to ${title} for 11m 0s: its targets are missing in the long-term store from then on.`,
          },
        ],
      },
      silent: [
        { why: "the other one takes over", input: elected("0+60x10 600x3 840+60x30") },
        { why: "it is gone for good, and forgotten", input: elected("0+60x10 600x6 _x40") },
      ],
    });
  });

  describe(`rules: ${title}, ingesters`, () => {
    const ingester = { job: `${job}-ingester-zone-a`, pod: "i-0" };
    const { job: _, ...pod } = { ...monitoring, ...ingester };

    const held = (values: string, limit: string): Input => ({
      ...series("cortex_ingester_memory_series", ingester, values),
      ...series("cortex_ingester_instance_limits", { ...ingester, limit: "max_series" }, limit),
    });
    proveAlone(rules, `${title}IngesterSeriesNearLimit`, {
      input: held("90x60", "100x60"),
      quiet: "29m",
      fires: {
        at: "30m",
        alerts: [
          {
            labels: pod,
            summary: "i-0 holds almost as many series as it may.",
            description:
              "i-0 holds 90 % of the series for which it was made: at 100 % it refuses new series of every tenant.",
          },
        ],
      },
      silent: [
        { why: "half", input: held("50x60", "100x60") },
        { why: "no limit", input: held("90x60", "0x60") },
      ],
    });

    const counted = (counter: string, values: string) => series(`cortex_ingester_${counter}_total`, ingester, values);
    proveAlone(rules, `${title}IngesterWalWritesFailing`, {
      input: counted("tsdb_wal_writes_failed", "0+5x30"),
      quiet: "5m",
      fires: {
        at: "6m",
        alerts: [
          {
            labels: pod,
            summary: "i-0 cannot write to its disk.",
            description:
              "25 writes to the log failed in 5 minutes on i-0: what it holds is lost with its next restart, and the disks of the other zones are filled as far.",
          },
        ],
      },
      silent: [{ why: "once", input: counted("tsdb_wal_writes_failed", "0x5 1x30") }],
    });

    proveAlone(rules, `${title}IngesterTsdbFailing`, {
      input: {
        ...counted("tsdb_compactions_failed", "0x10 1x10 2x60"),
        ...counted("tsdb_head_truncations_failed", "0x80"),
      },
      quiet: "25m",
      fires: {
        at: "26m",
        alerts: [
          {
            labels: { ...pod, step: "cutting of blocks" },
            summary: "The store of i-0 on its disk fails.",
            description:
              "In the last three hours the cutting of blocks failed 2 times on i-0: its memory and disk fill up, and a restart takes longer or loses samples of this copy.",
          },
        ],
      },
      silent: [{ why: "nothing fails", input: counted("tsdb_wal_corruptions", "0x80") }],
    });

    proveAlone(rules, `${title}IngesterUploadsFailing`, {
      input: counted("shipper_upload_failures", "0+1x90"),
      quiet: "30m",
      fires: {
        at: "60m",
        alerts: [
          {
            labels: pod,
            summary: "i-0 cannot upload its blocks.",
            description:
              "30 uploads of blocks to the bucket failed in 30 minutes on i-0: they stay on its disk, where they are deleted only after the upload.",
          },
        ],
      },
      silent: [{ why: "once", input: counted("shipper_upload_failures", "0x5 1x90") }],
    });

    const uploads = (one: string, other: string, held: string, started = "0x400"): Input =>
      Object.assign(
        {},
        ...[one, other].map((values, index) => {
          const of = { ...ingester, pod: `i-${index}` };
          return {
            ...series("cortex_ingester_shipper_uploads_total", of, values),
            ...series("cortex_ingester_memory_series", of, held),
            ...series("process_start_time_seconds", of, started),
          };
        }),
      );
    proveAlone(rules, `${title}IngestersNotUploading`, {
      input: uploads("3x400", "3x400", "1000x400"),
      quiet: "375m",
      fires: {
        at: "376m",
        alerts: [
          {
            labels: monitoring,
            summary: "No ingester has uploaded anything for six hours.",
            description: `The ingesters of ${title} in monitoring uploaded 0 blocks in six hours, and there should be three from each: queries stop asking them before the bucket has the data, and their disks fill.`,
          },
        ],
      },
      silent: [
        { why: "another one uploads", input: uploads("3x400", "3x200 4x200", "1000x400") },
        { why: "nothing is written", input: uploads("0x400", "0x400", "0x400") },
        { why: "a restart five hours ago", input: uploads("0x400", "0x400", "1000x400", "6000x400") },
      ],
    });
  });
}
