import { victoriaMetricsRules } from "../../components/prometheus/rules/stores/victoriaMetrics";
import type { Input } from "./promtool";
import { monitoring, proveAlone, series } from "./storeInput";

const rules = victoriaMetricsRules(monitoring);

describe("rules: vmagent", () => {
  const vmagent = { job: "vmagent", pod: "vmagent-0" };
  const { job: _, ...pod } = { ...monitoring, ...vmagent };
  const queue = { path: "/data/1", name: "1:secret-url" };
  const url = { url: "1:secret-url" };

  const pending = (values: string) => series("vm_persistentqueue_bytes_pending", { ...vmagent, ...queue }, values);
  proveAlone(rules, "VmagentQueueGrowing", {
    input: pending("209715200+1048576x90"),
    quiet: "30m",
    fires: {
      at: "56m",
      alerts: [
        {
          labels: { ...pod, ...queue },
          summary: "vmagent-0 is behind in writing.",
          description:
            "256MiB wait on the disk of vmagent-0, and there are more of them all the time: long-term queries lack the newest data.",
        },
      ],
    },
    silent: [
      { why: "it catches up", input: pending("419430400-1048576x90") },
      { why: "little", input: pending("0+1048576x60 60000000x30") },
    ],
  });

  const filling = (values: string, free: string): Input => ({
    ...pending(values),
    ...series("vm_persistentqueue_free_disk_space_bytes", { ...vmagent, ...queue }, free),
  });
  proveAlone(rules, "VmagentQueueFillsUp", {
    // 60 bytes in a minute, and three hours of them are left.
    input: filling("0+60x60", "10800x60"),
    quiet: "10m",
    fires: {
      at: "12m",
      alerts: [
        {
          labels: { ...pod, ...queue },
          summary: "vmagent-0 is about to lose data.",
          description:
            "The queue on the disk of vmagent-0 is full in 3h 0m 0s, if it goes on like that: then the oldest data is dropped.",
        },
      ],
    },
    silent: [
      { why: "a day", input: filling("0+60x60", "86400x60") },
      { why: "it catches up", input: filling("6000-60x60", "10800x60") },
    ],
  });

  const counted = (counter: string, of: Record<string, string>, values: string) =>
    series(`${counter}_total`, { ...vmagent, ...of }, values);
  proveAlone(rules, "VmagentQueueDropsData", {
    input: counted("vm_persistentqueue_bytes_dropped", queue, "0+1048576x40"),
    quiet: "5m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, ...queue },
          summary: "vmagent-0 drops data because its queue is full.",
          description: "vmagent-0 dropped 10MiB of the oldest data from its queue in 10 minutes: it is lost.",
        },
      ],
    },
    silent: [{ why: "none any more", input: counted("vm_persistentqueue_bytes_dropped", queue, "1048576x40") }],
  });

  proveAlone(rules, "VmagentDataRejected", {
    input: counted("vmagent_remotewrite_packets_dropped", url, "0+2x40"),
    quiet: "10m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, ...url },
          summary: "What vmagent-0 sends is refused for good.",
          description:
            "The store refused 20 blocks of vmagent-0 to 1:secret-url in 10 minutes as wrong: they are not tried again.",
        },
      ],
    },
    silent: [{ why: "one", input: counted("vmagent_remotewrite_packets_dropped", url, "0x5 1x40") }],
  });

  proveAlone(rules, "VmagentWriteErrors", {
    input: counted("vmagent_remotewrite_retries_count", url, "0+2x40"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, ...url },
          summary: "vmagent-0 fails to write.",
          description:
            "vmagent-0 had to try 20 requests to 1:secret-url again in 10 minutes: what cannot be written waits on its disk.",
        },
      ],
    },
    silent: [{ why: "a rollout", input: counted("vmagent_remotewrite_retries_count", url, "0x5 0+2x3 6x40") }],
  });

  const busy = (seconds: string): Input => ({
    ...counted("vmagent_remotewrite_send_duration_seconds", url, seconds),
    ...series("vmagent_remotewrite_queues", { ...vmagent, ...url }, "4x40"),
  });
  proveAlone(rules, "VmagentWriteSaturated", {
    input: busy("0+228x40"),
    quiet: "15m",
    fires: {
      at: "21m",
      alerts: [
        {
          labels: { ...pod, ...url },
          summary: "vmagent-0 cannot write faster.",
          description:
            "All senders of vmagent-0 to 1:secret-url are busy for 95 % of the time: with more samples it falls behind.",
        },
      ],
    },
    silent: [{ why: "half of the time", input: busy("0+120x40") }],
  });
});

describe("rules: vmalert", () => {
  const vmalert = { job: "vmalert", pod: "vmalert-a" };
  const { job: _, ...pod } = { ...monitoring, ...vmalert };
  const counted = (counter: string, of: Record<string, string>, values: string) =>
    series(`vmalert_${counter}_total`, { ...vmalert, ...of }, values);

  const errors = (values: string) => counted("recording_rules_errors", { group: "g", recording: "a:b:c" }, values);
  proveAlone(rules, "VmalertRulesFailing", {
    input: { ...errors("0+1x40"), ...counted("alerting_rules_errors", { group: "g", alertname: "A" }, "0x40") },
    quiet: "10m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, group: "g" },
          summary: "vmalert-a cannot evaluate rules.",
          description:
            "Rules of the group g failed 5 times in 5 minutes on vmalert-a: alerts of this group may not fire, and series that it records have gaps.",
        },
      ],
    },
    silent: [{ why: "once", input: errors("0x5 1x40") }],
  });

  const missed = (values: string) => counted("iteration_missed", { group: "g" }, values);
  proveAlone(rules, "VmalertIterationsMissed", {
    input: missed("0+1x40"),
    quiet: "15m",
    fires: {
      at: "17m",
      alerts: [
        {
          labels: { ...pod, group: "g" },
          summary: "vmalert-a leaves out evaluations of rules.",
          description:
            "vmalert-a left out 5 evaluations of the group g in 5 minutes, because it takes longer than its interval: its alerts are late.",
        },
      ],
    },
    silent: [{ why: "once", input: missed("0x5 1x40") }],
  });

  const unsent = (one: string, other: string): Input => ({
    ...counted("alerts_send_errors", { addr: "http://a:9093" }, one),
    ...counted("alerts_send_errors", { addr: "http://b:9093" }, other),
  });
  proveAlone(rules, "VmalertAlertsNotSent", {
    input: unsent("0+2x40", "0+4x40"),
    quiet: "10m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: pod,
          summary: "vmalert-a gets alerts through to no Alertmanager.",
          description:
            "At every Alertmanager at least 10 requests of vmalert-a failed in 5 minutes: its alerts reach nobody.",
        },
      ],
    },
    silent: [{ why: "the other one takes them", input: unsent("0+2x40", "0x40") }],
  });

  proveAlone(rules, "VmalertResultsDropped", {
    input: counted("remotewrite_dropped_rows", {}, "0+6x40"),
    quiet: "5m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...monitoring, ...vmalert },
          summary: "vmalert-a loses what it records.",
          description:
            "vmalert-a dropped 60 samples of its results in 10 minutes: recorded series have gaps, and pending alerts start again after a restart.",
        },
      ],
    },
    silent: [{ why: "none any more", input: counted("remotewrite_dropped_rows", {}, "7x40") }],
  });
});
