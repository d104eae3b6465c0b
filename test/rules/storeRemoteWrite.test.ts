import { remoteWriteRules } from "../../components/prometheus/rules/stores/remoteWrite";
import type { Input } from "./promtool";
import { monitoring, proveAlone, series } from "./storeInput";

const rules = remoteWriteRules(monitoring);

describe("rules: remote write, loss", () => {
  const prometheus = { job: "prometheus", pod: "prometheus-prometheus-0" };
  const { job: _, ...pod } = { ...monitoring, ...prometheus };
  const queue = { remote_name: "long-term", url: "http://store/push" };

  // What it has is always of this minute; what it has sent is the other input.
  const restarts = (sent: string, started: string): Input => ({
    ...series("prometheus_remote_storage_queue_highest_timestamp_seconds", { ...prometheus, ...queue }, "1e6+60x160"),
    ...series("prometheus_remote_storage_queue_highest_sent_timestamp_seconds", { ...prometheus, ...queue }, sent),
    ...series("process_start_time_seconds", { ...prometheus, container: "prometheus" }, started),
  });
  proveAlone(rules, "PrometheusRemoteWriteLost", {
    // Nothing is sent from minute 20 on; the restart is at minute 40, and from then on all is well.
    input: restarts("1e6+60x20 1001200x19 1002460+60x119", "1e6x40 1002460x120"),
    quiet: "40m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { ...pod, ...queue },
          summary: "long-term lacks samples that prometheus-prometheus-0 had not sent before it restarted.",
          description:
            "prometheus-prometheus-0 was at least 19m 0s behind in writing to http://store/push when it restarted: these samples are not sent any more. They are in its blocks, from where they can be imported.",
        },
      ],
    },
    silent: [
      { why: "an ordinary restart", input: restarts("1e6+60x160", "1e6x40 1002460x120"), until: "120m" },
      {
        why: "it had caught up half an hour before",
        input: restarts("1e6x30 1001860+60x129", "1e6x80 1004860x80"),
        until: "140m",
      },
      {
        why: "behind, and no restart",
        input: restarts("1e6+60x20 1001200x139", "1e6x160"),
        until: "140m",
      },
    ],
  });

  const dropped = (reason: string, values: string) =>
    series("prometheus_remote_storage_samples_dropped_total", { ...prometheus, ...queue, reason }, values);
  proveAlone(rules, "PrometheusRemoteWriteDropping", {
    input: dropped("too_old", "0+60x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...monitoring, ...prometheus, ...queue, reason: "too_old" },
          summary: "prometheus-prometheus-0 drops samples instead of sending them to long-term.",
          description:
            "prometheus-prometheus-0 dropped 600 samples for http://store/push in 10 minutes, because of too_old: they will be missing in the long-term store.",
        },
      ],
    },
    silent: [
      { why: "relabelling leaves them out", input: dropped("dropped_series", "0+60x60") },
      { why: "nothing any more", input: dropped("too_old", "0x5 60x60"), until: "40m" },
    ],
  });

  const ruler = { job: "thanos-ruler", pod: "thanos-ruler-0", ...queue };
  const recording = (sent: string): Input => ({
    ...series("prometheus_remote_storage_queue_highest_timestamp_seconds", ruler, "1e6+60x60"),
    ...series("prometheus_remote_storage_queue_highest_sent_timestamp_seconds", ruler, sent),
  });
  proveAlone(rules, "ThanosRuleRemoteWriteBehind", {
    input: recording("1e6x60"),
    quiet: "20m",
    fires: {
      at: "21m",
      alerts: [
        {
          labels: { ...monitoring, ...ruler },
          summary: "thanos-ruler-0 is behind in writing what it records.",
          description:
            "http://store/push is 21m 0s behind thanos-ruler-0: alerts and dashboards that use recorded series over several shards see old values or none.",
        },
      ],
    },
    silent: [
      { why: "ten minutes", input: recording("1e6x10 1000660+60x50") },
      { why: "it writes", input: recording("999980+60x60") },
    ],
  });
});
