import { thanosStoreRules } from "../../components/prometheus/rules/stores/thanosStore";
import type { Input } from "./promtool";
import { monitoring, ofWorkload, proveAlone, series, workload } from "./storeInput";

const rules = thanosStoreRules(monitoring);

describe("rules: Thanos, receivers", () => {
  const router = { job: "thanos-receive-router", pod: "router-a" };
  const ingestor = (zone: string) => ({ job: `thanos-receive-${zone}`, pod: `thanos-receive-${zone}-0` });

  proveAlone(rules, "ThanosReceiveDown", {
    input: workload("deployment", "thanos-receive-router", "2x30", "0x30"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: ofWorkload("deployment", "thanos-receive-router"),
          summary: "No replica of thanos-receive-router is ready.",
          description:
            "thanos-receive-router has had 0 ready replicas for 10 minutes: nothing that is written is taken, and senders lose it once their own buffers are full.",
        },
      ],
    },
    silent: [
      { why: "one of two answers", input: workload("deployment", "thanos-receive-router", "2x30", "1x30") },
      { why: "one zone of three", input: workload("statefulset", "thanos-receive-us-east-1a", "1x30", "0x30") },
    ],
  });

  const zones = (...ready: string[]): Input => ({
    ...Object.assign(
      {},
      ...ready.map((values, index) => workload("statefulset", `thanos-receive-${index}`, "1x30", values)),
    ),
    ...workload("deployment", "thanos-receive-router", "2x30", "0x30"),
  });
  proveAlone(rules, "ThanosReceiveZonesDown", {
    input: zones("0x30", "1x30", "0x30"),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels: monitoring,
          summary: "Ingestors of several zones are down.",
          description:
            "2 zones have had no ready ingestor for 5 minutes: no majority of the copies can be written, and senders are refused.",
        },
      ],
    },
    silent: [
      { why: "one zone", input: zones("0x30", "1x30", "1x30") },
      { why: "a rollout, zone by zone", input: zones("0x4 1x30", "1x6 0x4 1x30", "1x12 0x4 1x30") },
    ],
  });

  const replications = (failed: string): Input => ({
    ...series("thanos_receive_replications_total", { ...router, result: "success" }, "0+60x30"),
    ...series("thanos_receive_replications_total", { ...router, result: "error" }, failed),
  });
  proveAlone(rules, "ThanosReceiveReplicationFailing", {
    input: replications("0+20x30"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...monitoring, pod: "router-a" },
          summary: "router-a cannot hand over what is written.",
          description:
            "For 25 % of the requests to router-a a majority of the ingestors did not answer: senders must try again, and fall behind.",
        },
      ],
    },
    silent: [{ why: "one in thirty", input: replications("0+2x30") }],
  });

  const requests = (failed: string, code: string): Input => ({
    ...series("http_requests_total", { ...router, handler: "receive", code: "200" }, "0+60x30"),
    ...series("http_requests_total", { ...router, handler: "receive", code }, failed),
  });
  proveAlone(rules, "ThanosReceiveRequestsFailing", {
    input: requests("0+20x30", "503"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...monitoring, pod: "router-a" },
          summary: "router-a fails to take what is written.",
          description: "25 % of the writes to router-a end in a server error: senders must try again, and fall behind.",
        },
      ],
    },
    silent: [
      { why: "a tenant above its limits", input: requests("0+20x30", "429") },
      { why: "one in thirty", input: requests("0+2x30", "503") },
    ],
  });

  proveAlone(rules, "ThanosReceiveConfigReloadFailure", {
    input: series("thanos_receive_config_last_reload_successful", router, "0x30"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { ...monitoring, ...router },
          summary: "router-a cannot load its hashring.",
          description:
            "router-a has refused its hashring for 10 minutes and runs on with the old one: it sends series to other ingestors than its siblings do.",
        },
      ],
    },
    silent: [{ why: "a moment", input: series("thanos_receive_config_last_reload_successful", router, "0x5 1x30") }],
  });

  const hashes = (one: string, other: string): Input => ({
    ...series("thanos_receive_config_hash", router, one),
    ...series("thanos_receive_config_hash", { ...router, pod: "router-b" }, other),
  });
  proveAlone(rules, "ThanosReceiveConfigInconsistent", {
    input: hashes("17x30", "23x30"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: monitoring,
          summary: "Receivers in monitoring have different hashrings.",
          description:
            "There have been 2 different hashrings at once for 15 minutes: series are written twice or to ingestors that refuse them.",
        },
      ],
    },
    silent: [{ why: "a change arrives", input: hashes("17x5 23x30", "17x7 23x30") }],
  });

  const limited = (values: string) =>
    series("thanos_receive_head_series_limited_requests_total", { ...router, tenant: "research" }, values);
  proveAlone(rules, "ThanosReceiveSeriesLimited", {
    input: limited("0+3x40"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...monitoring, pod: "router-a", tenant: "research" },
          summary: "Tenant research has more series than it may have.",
          description:
            "router-a refused 30 requests of tenant research in 10 minutes, because it is at its limit of series: it is not stored while that lasts.",
        },
      ],
    },
    silent: [{ why: "for a moment", input: limited("0x5 0+3x3 9x40"), until: "30m" }],
  });

  const uploads = (one: string, other: string, started: string): Input => ({
    ...series("thanos_shipper_uploads_total", ingestor("a"), one),
    ...series("thanos_shipper_uploads_total", ingestor("b"), other),
    ...series("process_start_time_seconds", ingestor("a"), started),
    ...series("process_start_time_seconds", ingestor("b"), started),
  });
  proveAlone(rules, "ThanosReceiveNotUploading", {
    input: uploads("3x400", "3x400", "0x400"),
    quiet: "375m",
    fires: {
      at: "376m",
      alerts: [
        {
          labels: monitoring,
          summary: "No ingestor has uploaded anything for six hours.",
          description:
            "The ingestors in monitoring uploaded 0 blocks in six hours, and there should be three from each: what they delete by age before that is lost.",
        },
      ],
    },
    silent: [
      { why: "another zone uploads", input: uploads("3x400", "0x200 1x200", "0x400") },
      { why: "a restart five hours ago", input: uploads("0x400", "0x400", "6000x400") },
    ],
  });
});
