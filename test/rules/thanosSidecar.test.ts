import { thanosRules } from "../../components/prometheus/rules/thanos";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => thanosRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const series = (metric: string, labels: Record<string, string>, values: string): Input => ({
  [`${metric}{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`]: values,
});

describe("rules: Thanos, sidecars", () => {
  const sidecar = { job: "prometheus-sidecar", namespace: "monitoring", pod: "prometheus-prometheus-0" };
  const prometheus = { ...sidecar, job: "prometheus" };
  const { job: _, ...pod } = sidecar;

  const connected = (values: string, ready: string): Input => ({
    ...series("thanos_sidecar_prometheus_up", sidecar, values),
    ...series("prometheus_ready", prometheus, ready),
  });
  proveAlert(group("thanos-sidecar"), "ThanosSidecarNoConnectionToStartedPrometheus", {
    input: connected("0x60", "1x60"),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels: sidecar,
          summary: "The Thanos sidecar of prometheus-prometheus-0 does not reach its Prometheus.",
          description:
            "prometheus-prometheus-0 is ready, and its sidecar has not reached it for 5 minutes (thanos_sidecar_prometheus_up is 0): answers of queriers lack this replica.",
        },
      ],
    },
    silent: [
      { why: "Prometheus replays its log", input: connected("0x60", "0x60") },
      { why: "a moment", input: connected("1x5 0x4 1x60", "1x60") },
      {
        why: "another namespace's sidecar",
        input: {
          ...series("thanos_sidecar_prometheus_up", { ...sidecar, namespace: "team" }, "0x60"),
          ...series("prometheus_ready", { ...prometheus, namespace: "team" }, "1x60"),
        },
      },
    ],
  });

  const bucket = (values: string, of: Record<string, string> = sidecar) =>
    series("thanos_objstore_bucket_operation_failures_total", { ...of, bucket: "b", operation: "upload" }, values);
  proveAlert(group("thanos-sidecar-upload"), "ThanosSidecarBucketOperationsFailed", {
    input: bucket("0+1x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, operation: "upload" },
          summary: "Thanos in prometheus-prometheus-0 cannot use the bucket.",
          description:
            "Operation upload on the bucket failed 10 times in 10 minutes for Thanos in prometheus-prometheus-0: blocks stay on the local disk.",
        },
      ],
    },
    silent: [
      { why: "once", input: bucket("0x5 1x60"), until: "40m" },
      {
        why: "a store gateway, which has an alert of its own",
        input: bucket("0+1x60", { ...sidecar, job: "thanos-store" }),
      },
    ],
  });

  const ruler = { ...sidecar, job: "thanos-ruler", pod: "thanos-ruler-thanos-ruler-0" };
  proveAlert(group("thanos-sidecar-upload"), "ThanosSidecarBucketOperationsFailed", {
    input: bucket("0+1x60", ruler),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { namespace: ruler.namespace, pod: ruler.pod, operation: "upload" },
          summary: "Thanos in thanos-ruler-thanos-ruler-0 cannot use the bucket.",
          description:
            "Operation upload on the bucket failed 10 times in 10 minutes for Thanos in thanos-ruler-thanos-ruler-0: blocks stay on the local disk.",
        },
      ],
    },
    silent: [{ why: "once", input: bucket("0x5 1x60", ruler), until: "40m" }],
  });

  const uploads = (values: string[], started: string): Input =>
    Object.assign(
      {},
      ...values.map((value, index) => {
        const of = { ...sidecar, pod: `prometheus-prometheus-${index}` };
        return {
          ...series("thanos_shipper_uploads_total", of, value),
          ...series("process_start_time_seconds", of, started),
        };
      }),
    );
  proveAlert(group("thanos-sidecar-upload"), "ThanosSidecarNotUploading", {
    input: uploads(["3x500", "3x500"], "0x500"),
    quiet: "375m",
    fires: {
      at: "376m",
      alerts: [
        {
          labels: { namespace: "monitoring", statefulset: "prometheus-prometheus" },
          summary: "No Thanos sidecar of prometheus-prometheus has uploaded anything for six hours.",
          description:
            "The sidecars of prometheus-prometheus uploaded 0 blocks in six hours, and there should be three from each: what Prometheus deletes by age before that is missing in the bucket for good.",
        },
      ],
    },
    silent: [
      { why: "the twin uploads", input: uploads(["3x500", "0x119 1x119 2x119 3x200"], "0x500"), until: "400m" },
      { why: "a restart five hours ago", input: uploads(["0x500", "0x500"], "6000x500"), until: "440m" },
    ],
  });
});
