import { prometheusRules } from "../../components/prometheus/rules/prometheus";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => prometheusRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const labels = { job: "prometheus", namespace: "monitoring", pod: "prometheus-prometheus-0" };
const series = (metric: string, values: string, more = "", namespace = "monitoring"): Input => ({
  [`${metric}{job="prometheus", namespace="${namespace}", pod="prometheus-prometheus-0"${more}}`]: values,
});

describe("rules: Prometheus, ingestion", () => {
  const stores = (samples: string, targets = 5): Input => ({
    ...series("prometheus_tsdb_head_samples_appended_total", samples, ', type="float"'),
    ...series("prometheus_target_scrape_pool_targets", `${targets}x60`, ', scrape_job="a"'),
    ...series("prometheus_target_scrape_pool_targets", "0x60", ', scrape_job="b"'),
  });
  proveAlert(group("prometheus-ingestion"), "PrometheusNotIngestingSamples", {
    input: stores("0+6000x10 60000x60"),
    quiet: "23m",
    fires: {
      at: "24m",
      alerts: [
        {
          labels: { namespace: "monitoring", pod: "prometheus-prometheus-0" },
          summary: "prometheus-prometheus-0 stores no samples.",
          description:
            "prometheus-prometheus-0 has targets and has stored 0 samples per second for 10 minutes: only its twin, if there is one, has their data.",
        },
      ],
    },
    silent: [
      { why: "nothing to scrape", input: stores("60000x60", 0), until: "40m" },
      { why: "it restarts", input: stores("0+6000x10 _x5 0+6000x60"), until: "40m" },
      {
        why: "native histograms only",
        input: {
          ...stores("60000x60"),
          ...series("prometheus_tsdb_head_samples_appended_total", "0+10x60", ', type="histogram"'),
        },
      },
    ],
  });

  const refused = (kind: string, values: string) => series(`prometheus_target_scrapes_sample_${kind}_total`, values);
  proveAlert(group("prometheus-ingestion"), "PrometheusDuplicateTimestamps", {
    input: refused("duplicate_timestamp", "0+30x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 drops samples that have the same timestamp and another value.",
          description:
            "prometheus-prometheus-0 drops 0.50 samples per second: a target names one series twice, or two targets have the same labels. Which of the values is stored is chance.",
        },
      ],
    },
    silent: [
      {
        why: "for five minutes, while pods change",
        input: refused("duplicate_timestamp", "0x5 0+30x5 150x60"),
        until: "40m",
      },
    ],
  });

  proveAlert(group("prometheus-ingestion"), "PrometheusOutOfOrderTimestamps", {
    input: { ...refused("out_of_order", "0x60"), ...refused("out_of_bounds", "0+60x60") },
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 drops samples whose timestamps are older than what it has.",
          description:
            "prometheus-prometheus-0 drops 1.00 samples per second: a target sends timestamps of its own that go back or are far from now, or two targets have the same labels.",
        },
      ],
    },
    silent: [
      {
        why: "for five minutes, while pods change",
        input: { ...refused("out_of_order", "0x5 0+60x5 300x60"), ...refused("out_of_bounds", "0x90") },
        until: "40m",
      },
    ],
  });
});

describe("rules: Prometheus, its store on disk", () => {
  const tsdb = (counter: string, values: string, namespace?: string) =>
    series(`prometheus_tsdb_${counter}_total`, values, "", namespace);

  proveAlert(group("prometheus-tsdb"), "PrometheusTSDBReloadsFailing", {
    input: tsdb("reloads_failures", "0+1x180"),
    quiet: "60m",
    fires: {
      at: "61m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 cannot load its blocks from disk.",
          description:
            "Loading blocks failed 30 times in 30 minutes on prometheus-prometheus-0: old data is not deleted, and what is in a broken block is missing from answers.",
        },
      ],
    },
    silent: [
      { why: "for twenty minutes", input: tsdb("reloads_failures", "0x10 0+1x20 20x180"), until: "120m" },
      { why: "another namespace's Prometheus", input: tsdb("reloads_failures", "0+1x180", "team") },
    ],
  });

  proveAlert(group("prometheus-tsdb"), "PrometheusTSDBCompactionsFailing", {
    input: {
      ...tsdb("compactions_failed", "0+1x180"),
      'prometheus_tsdb_compactions_failed_total{job="thanos-ruler", namespace="monitoring", pod="thanos-ruler-0"}':
        "0+1x180",
    },
    quiet: "60m",
    fires: {
      at: "61m",
      alerts: [labels, { job: "thanos-ruler", namespace: "monitoring", pod: "thanos-ruler-0" }].map((of) => ({
        labels: of,
        summary: `${of.pod} cannot compact its data.`,
        description: `Compaction failed 30 times in 30 minutes on ${of.pod}: memory and the write-ahead log grow until one of them is full.`,
      })),
    },
    silent: [
      { why: "the disk was full for a while", input: tsdb("compactions_failed", "0x10 0+1x20 20x180"), until: "120m" },
    ],
  });

  const corrupt = (values: string, started: string): Input => ({
    ...tsdb("wal_corruptions", values),
    ...series("process_start_time_seconds", started),
  });
  proveAlert(group("prometheus-tsdb"), "PrometheusTSDBWALCorruptions", {
    // Found while it runs.
    input: corrupt("0x99 1x180", "0x300"),
    quiet: "99m",
    fires: {
      at: "105m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 found its write-ahead log corrupt.",
          description:
            "prometheus-prometheus-0 found 1 corruptions in its write-ahead log in the last hour, and dropped what follows them: samples of up to three hours are lost in this replica.",
        },
      ],
    },
    silent: [
      { why: "a restart without any", input: corrupt("0x180", "0x9 600x180"), until: "100m" },
      { why: "found at a start long ago", input: corrupt("_x70 1x180", "_x70 0x180"), until: "180m" },
    ],
  });
  proveAlert(group("prometheus-tsdb"), "PrometheusTSDBWALCorruptions", {
    // Found at a start.
    input: corrupt("_x10 2x180", "_x10 600x180"),
    fires: {
      at: "69m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 found its write-ahead log corrupt.",
          description:
            "prometheus-prometheus-0 found 2 corruptions in its write-ahead log in the last hour, and dropped what follows them: samples of up to three hours are lost in this replica.",
        },
      ],
    },
    silent: [{ why: "a start without any", input: corrupt("_x10 0x180", "_x10 600x180") }],
  });

  const truncates = (counter: string, values: string) => tsdb(`${counter}_failed`, values);
  for (const counter of ["head_truncations", "wal_truncations", "checkpoint_creations", "checkpoint_deletions"]) {
    proveAlert(group("prometheus-tsdb"), "PrometheusTSDBWALTruncationsFailing", {
      input: truncates(counter, "0x60 1x120 2x300"),
      quiet: "180m",
      fires: {
        at: "185m",
        alerts: [
          {
            labels,
            summary: "prometheus-prometheus-0 cannot shorten its write-ahead log.",
            description:
              "Truncation failed 2 times in 6 hours on prometheus-prometheus-0: the log fills the disk, and a restart takes ever longer.",
          },
        ],
      },
      silent: [{ why: "once", input: truncates(counter, "0x60 1x400"), until: "400m" }],
    });
  }

  proveAlert(group("prometheus-tsdb"), "PrometheusTSDBWALWritesFailing", {
    input: tsdb("wal_writes_failed", "0+10x60"),
    quiet: "5m",
    fires: {
      at: "6m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 cannot write to its disk.",
          description:
            "50 writes to the write-ahead log failed in 5 minutes on prometheus-prometheus-0: the samples are lost there, and the disks of its twin are filled as far.",
        },
      ],
    },
    silent: [
      { why: "one write", input: tsdb("wal_writes_failed", "0x10 1x60"), until: "30m" },
      { why: "before a restart", input: tsdb("wal_writes_failed", "50x10 0x60"), until: "30m" },
    ],
  });
});
