import { storageRules } from "../../components/gpu/rules/storage";
import { onlyRules } from "./gpuInferenceInput";
import { type Input, proveAlert, proveRecord } from "./promtool";

const context = { namespace: "monitoring", profile: "health" as const, scrapeSeconds: 30 };
const groups = storageRules({ ...context, podsKnown: true });
const STALLS = "namespace_workload:gpu_pod_io_waiting:ratio_rate10m";

/** A pod that waits for so many seconds of each minute; of its containers, too. */
const pod = (name: string, seconds: number, { gpu = true } = {}): Input => {
  const series = (container: string) =>
    `container_pressure_io_waiting_seconds_total{job="cadvisor", cluster="c1", node="n1", namespace="ml", pod="${name}", container="${container}"}`;
  return {
    [series("")]: `0+${seconds}x60`,
    [series("main")]: "0+60x60",
    ...(gpu
      ? {
          [`namespace_workload_pod:gpu_owner:relabel{cluster="c1", namespace="ml", pod="${name}", workload="train", workload_kind="JobSet"}`]:
            "1x60",
        }
      : {}),
  };
};
const used = (values: string): Input => ({
  'namespace_workload:gpu_util:avg{cluster="c1", namespace="ml", workload="train", workload_kind="JobSet"}': values,
});

describe("rules: storage of GPU workloads", () => {
  proveRecord(groups, STALLS, {
    input: { ...pod("a", 45), ...pod("b", 15), ...pod("web", 60, { gpu: false }) },
    at: "30m",
    samples: { '{cluster="c1", namespace="ml", workload="train", workload_kind="JobSet"}': 0.5 },
  });

  proveAlert(onlyRules(groups, STALLS, "GpuWorkloadWaitsForStorage"), "GpuWorkloadWaitsForStorage", {
    input: { ...pod("a", 48), ...pod("b", 36), ...used("20x60") },
    quiet: "20m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { cluster: "c1", namespace: "ml", workload: "train", workload_kind: "JobSet" },
          summary: "The GPUs of train in ml wait for storage.",
          description:
            "Processes of train in namespace ml have waited for reads and writes for 70% of the last 15 minutes, and its GPUs hardly did anything: data is read or checkpoints are written too slowly.",
        },
      ],
    },
    silent: [
      { why: "reading beside the work", input: { ...pod("a", 48), ...used("80x60") } },
      { why: "a GPU that nobody uses", input: { ...pod("a", 1), ...used("0x60") } },
      { why: "one rank that saves for all", input: { ...pod("a", 48), ...pod("b", 0), ...used("20x60") } },
      { why: "a checkpoint of some minutes", input: { ...pod("a", 48), ...used("80x10 0x9 80x40") } },
      { why: "a pod without GPUs", input: { ...pod("web", 60, { gpu: false }), ...used("0x60") } },
    ],
  });
});
