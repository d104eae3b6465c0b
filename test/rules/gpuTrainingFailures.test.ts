import { trainingRules } from "../../components/gpu/rules/training";
import { podOf, profiling, withRecorded } from "./gpuWorkloadsInput";
import { movedObject, object } from "./objectInput";
import { type AlertProof, type Input, proveAlert } from "./promtool";

const train = { cluster: "c1", namespace: "ml", workload: "train", workload_kind: "Job" };

/** A container of a rank, and how often it has been started again. */
const rank = (pod: string, restarts: string, series = object): Input => ({
  ...podOf({ pod, node: "n1" }),
  [series("kube_pod_container_status_restarts_total", `cluster="c1", namespace="ml", pod="${pod}", container="main"`)]:
    restarts,
});

/** Pods of a rank one after another, each ten minutes, with how they end. */
const oneAfterAnother = (count: number, phase: "Failed" | "Succeeded", kind = "Job"): Input =>
  Object.assign(
    {},
    ...Array.from({ length: count }, (_, index) =>
      podOf({
        pod: `train-${index}`,
        node: "n1",
        kind,
        values: `_x${index * 10} 1x30`,
        phases: { Running: `_x${index * 10} 1x9 0x20`, [phase]: `_x${index * 10} 0x9 1x20` },
        created: `_x${index * 10} ${index * 600}x30`,
      }),
    ),
  );

describe("rules: GPU jobs that fail", () => {
  // Also where nobody knows which pod holds a GPU.
  const groups = withRecorded(profiling, trainingRules({ ...profiling, podsKnown: false }));
  const prove = (alert: string, proof: AlertProof) => proveAlert(groups, alert, proof);

  const again = {
    labels: train,
    summary: "Job ml/train starts again and again.",
    description:
      "Job train in namespace ml, which holds GPUs, was started again 4 times within an hour. Each time it loses what it did since its last checkpoint.",
  };
  // Two ranks that restart together are one job that restarts.
  prove("GpuJobRestartStorm", {
    input: {
      ...rank("train-0", "0x10 1x10 2x10 3x10 4x100"),
      ...rank("train-1", "0x10 1x10 2x10 3x10 4x100"),
    },
    quiet: "42m",
    fires: { at: "46m", alerts: [again] },
    silent: [
      { why: "three times", input: rank("train-0", "0x10 1x10 2x10 3x100"), until: "120m" },
      { why: "four times in two hours", input: rank("train-0", "0x30 1x30 2x30 3x30 4x100"), until: "180m" },
      {
        why: "kube-state-metrics moves",
        input: {
          ...rank("train-0", "9x20 stale"),
          ...rank("train-0", "_x21 9x100", movedObject),
        },
      },
      {
        why: "a pod without GPUs",
        input: {
          [object(
            "kube_pod_container_status_restarts_total",
            'cluster="c1", namespace="ml", pod="web", container="main"',
          )]: "0+1x100",
        },
      },
      {
        why: "many ranks, each once",
        input: Object.assign({}, ...[0, 1, 2, 3, 4].map((n) => rank(`train-${n}`, `0x${n * 5 + 1} 1x100`))),
      },
    ],
  });
  // Its pods are made anew.
  prove("GpuJobRestartStorm", {
    input: oneAfterAnother(6, "Failed"),
    quiet: "39m",
    fires: { at: "44m", alerts: [again] },
    silent: [
      { why: "tasks one after another, which succeed", input: oneAfterAnother(6, "Succeeded"), until: "90m" },
      { why: "a server that is scaled", input: oneAfterAnother(6, "Failed", "StatefulSet"), until: "90m" },
      { why: "three times", input: oneAfterAnother(4, "Failed"), until: "90m" },
      {
        why: "many ranks at once",
        input: Object.assign({}, ...Array.from({ length: 9 }, (_, n) => podOf({ pod: `train-${n}`, node: "n1" }))),
      },
    ],
  });

  prove("GpuWorkloadPodsFailed", {
    input: {
      ...podOf({ pod: "train-0", phases: { Running: "1x20 0x200", Failed: "0x20 1x200" } }),
      ...podOf({ pod: "train-1", phases: { Running: "1x20 0x200", Failed: "0x20 1x200" } }),
      ...podOf({ pod: "train-2" }),
    },
    // No more.
    quiet: "85m",
    fires: {
      at: "75m",
      alerts: [
        {
          labels: train,
          summary: "Pods of Job ml/train failed.",
          description: "2 pods with GPUs of Job train in namespace ml failed within the last hour.",
        },
      ],
    },
    silent: [
      {
        why: "they succeed",
        input: podOf({ pod: "train-0", phases: { Running: "1x20 0x200", Succeeded: "0x20 1x200" } }),
      },
      { why: "they run", input: podOf({ pod: "train-0", phases: { Running: "1x200", Failed: "0x200" } }) },
      {
        why: "a pod without GPUs",
        input: {
          [object("kube_pod_info", 'cluster="c1", namespace="ml", pod="web"')]: "1x200",
          [object("kube_pod_status_phase", 'cluster="c1", namespace="ml", pod="web", phase="Failed"')]: "0x20 1x200",
        },
      },
    ],
  });
});
