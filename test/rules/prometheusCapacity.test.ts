import { prometheusRules } from "../../components/prometheus/rules/prometheus";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => prometheusRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const labels = { job: "prometheus", namespace: "monitoring", pod: "prometheus-prometheus-0" };
const series = (metric: string, values: string, more = "", namespace = "monitoring"): Input => ({
  [`${metric}{job="prometheus", namespace="${namespace}", pod="prometheus-prometheus-0"${more}}`]: values,
});

describe("rules: Prometheus, capacity", () => {
  const memory = (live: string, container = "prometheus"): Input => ({
    ...series("go_gc_heap_live_bytes", live, `, container="${container}"`),
    ...series("go_gc_gomemlimit_bytes", "2000000000x60", `, container="${container}"`),
  });
  proveAlert(group("prometheus-capacity"), "PrometheusMemoryNearLimit", {
    input: memory("1500000000x60"),
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { ...labels, container: "prometheus" },
          summary: "prometheus-prometheus-0 is about to need more memory than it may have.",
          description:
            "Live data fills 75 % of the memory that prometheus-prometheus-0 may use. The next compaction or restart can get it killed for memory, and its twin at the same time.",
        },
      ],
    },
    silent: [
      { why: "two thirds", input: memory("1350000000x60") },
      { why: "a compaction every two hours", input: memory("1000000000x20 1700000000x15 1000000000x60"), until: "60m" },
      { why: "the reloader beside it", input: memory("1500000000x60", "config-reloader") },
    ],
  });

  const head = (values: string, targets = "100x200"): Input => ({
    ...series("prometheus_tsdb_head_series", values),
    ...series("prometheus_target_scrape_pool_targets", targets, ', scrape_job="a"'),
  });
  proveAlert(group("prometheus-capacity"), "PrometheusHeadSeriesGrowth", {
    input: head("200000x70 320000x100"),
    quiet: "85m",
    fires: {
      at: "86m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 holds many more series than an hour ago.",
          description:
            "prometheus-prometheus-0 holds 320000 series, half as many again as an hour ago, from about the same targets: memory grows with them until it is killed.",
        },
      ],
    },
    silent: [
      { why: "more nodes", input: head("300000x70 500000x100", "100x70 160x100"), until: "150m" },
      { why: "a third more", input: head("300000x70 420000x100"), until: "150m" },
      { why: "a small cluster", input: head("120000x70 210000x100"), until: "150m" },
      { why: "a new server", input: head("0+100000x3 300000x200"), until: "150m" },
    ],
  });

  const keeps = (hours: number, deleted: string, wanted = 24): Input => ({
    // The time of the test begins at 0, so that what is kept begins before it.
    ...series("prometheus_tsdb_lowest_timestamp_seconds", `${-hours * 3600}+60x400`),
    ...series("prometheus_tsdb_retention_limit_seconds", `${wanted * 3600}x400`),
    ...series("prometheus_tsdb_size_retentions_total", deleted),
  });
  proveAlert(group("prometheus-capacity"), "PrometheusRetentionCutBySize", {
    input: keeps(12, "0x120 1x120 2x120"),
    quiet: "180m",
    fires: {
      at: "181m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 deletes data before its time.",
          description:
            "prometheus-prometheus-0 holds 12h 0m 0s of data, less than it should keep, because its blocks reach the limit by size.",
        },
      ],
    },
    silent: [
      { why: "a new server", input: keeps(12, "0x400"), until: "240m" },
      { why: "most of the time is there", input: keeps(20, "0x120 1x120 2x120"), until: "240m" },
      { why: "kept by size alone", input: keeps(12, "0x120 1x120 2x120", 0), until: "240m" },
    ],
  });
});

describe("rules: Prometheus, remote write", () => {
  const remote = { ...labels, remote_name: "store", url: "http://store" };
  const queue = (metric: string, values: string, namespace?: string) =>
    series(`prometheus_remote_storage_${metric}`, values, ', remote_name="store", url="http://store"', namespace);

  const refused = (failed: string, namespace?: string): Input => ({
    ...queue("samples_failed_total", failed, namespace),
    ...queue("samples_total", "0+1000x60", namespace),
  });
  proveAlert(group("prometheus-remote-write"), "PrometheusRemoteStorageFailures", {
    input: refused("0+12x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: remote,
          summary: "store refuses samples of prometheus-prometheus-0.",
          description:
            "1.2 % of the samples that prometheus-prometheus-0 sends to http://store are refused for good: they will be missing in the long-term store.",
        },
      ],
    },
    silent: [
      { why: "nine in a thousand", input: refused("0+9x60") },
      { why: "for five minutes", input: refused("0x5 0+500x5 2500x60"), until: "40m" },
      { why: "another namespace's Prometheus", input: refused("0+12x60", "team") },
    ],
  });

  const written = (read: string, sent: string, started = "0x200"): Input => ({
    ...queue("queue_highest_timestamp_seconds", read),
    ...queue("queue_highest_sent_timestamp_seconds", sent),
    ...series("process_start_time_seconds", started, ', container="prometheus"'),
    'process_start_time_seconds{job="prometheus", namespace="monitoring", pod="prometheus-prometheus-0", container="config-reloader"}':
      "0x200",
  });
  const behind = (time: string) => ({
    labels: remote,
    summary: "prometheus-prometheus-0 is behind in writing to store.",
    description: `http://store is ${time} behind prometheus-prometheus-0: long-term queries lack the newest data.`,
  });
  proveAlert(group("prometheus-remote-write"), "PrometheusRemoteWriteBehind", {
    input: written("6000+60x200", "3000+60x200"),
    quiet: "14m",
    fires: { at: "15m", alerts: [behind("50m 0s")] },
    silent: [
      { why: "four minutes", input: written("6000+60x200", "5760+60x200") },
      { why: "an hour and more, which is another alert", input: written("6000+60x200", "1000+60x200") },
      { why: "it has just started and has not sent yet", input: written("0+60x200", "0x10 600+60x200"), until: "40m" },
    ],
  });
  proveAlert(group("prometheus-remote-write"), "PrometheusRemoteWriteBehind", {
    // Nothing since the start: the time of the newest sample says nothing then.
    input: written("1000000+60x200", "0x200"),
    quiet: "20m",
    fires: { at: "21m", alerts: [behind("21m 0s")] },
    silent: [
      { why: "nothing is written", input: series("process_start_time_seconds", "0x60", ', container="prometheus"') },
    ],
  });

  const farBehind = (time: string) => ({
    labels: remote,
    summary: "prometheus-prometheus-0 is about to lose data for store.",
    description: `http://store is ${time} behind prometheus-prometheus-0. What is older than two to three hours, or has not been sent before a restart, never arrives there.`,
  });
  proveAlert(group("prometheus-remote-write"), "PrometheusRemoteWriteFarBehind", {
    input: written("9000+60x200", "4500+60x200"),
    quiet: "4m",
    fires: { at: "5m", alerts: [farBehind("1h 15m 0s")] },
    silent: [{ why: "fifty minutes", input: written("9000+60x200", "6000+60x200") }],
  });
  proveAlert(group("prometheus-remote-write"), "PrometheusRemoteWriteFarBehind", {
    input: written("1000000+60x200", "0x200"),
    quiet: "65m",
    fires: { at: "66m", alerts: [farBehind("1h 6m 0s")] },
    silent: [{ why: "the first success", input: written("1000000+60x200", "0x30 1001860+60x200"), until: "90m" }],
  });

  proveAlert(group("prometheus-remote-write"), "PrometheusRemoteWriteDesiredShards", {
    input: { ...queue("shards_desired", "80x60"), ...queue("shards_max", "50x60") },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: remote,
          summary: "prometheus-prometheus-0 cannot write to store as fast as it should.",
          description:
            "Writing to http://store would need 80 senders in prometheus-prometheus-0, more than it may have: it falls behind.",
        },
      ],
    },
    silent: [
      {
        why: "as many as it may have",
        input: { ...queue("shards_desired", "50x60"), ...queue("shards_max", "50x60") },
      },
      {
        why: "it catches up after a restart of the store",
        input: { ...queue("shards_desired", "5x10 80x10 5x60"), ...queue("shards_max", "50x60") },
        until: "40m",
      },
    ],
  });
});
