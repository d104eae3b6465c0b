import { schedulingRules } from "../../components/gpu/rules/scheduling";
import { allocatable, capacity, kubeNode, pod, withRecorded } from "./gpuFleetInput";
import { object } from "./nodeFixtures";
import { type AlertProof, type Input, proveAlert, proveRecord } from "./promtool";

const rules = schedulingRules();
const prove = (alert: string, proof: AlertProof) => proveAlert(withRecorded(rules, alert), alert, proof);

/** A node with 8 GPUs, of which pods hold some. */
const node = (name: string, used: number, state: Parameters<typeof kubeNode>[1] = {}): Input => ({
  ...kubeNode(name, state),
  ...capacity("8x200", name),
  ...allocatable("8x200", name),
  ...(used === 0 ? {} : pod(`on-${name}`, { node: name, gpus: used, values: "x200" })),
});

/** Pods of a Job for which the scheduler finds no node. */
const waiting = (
  job: string,
  pods: number,
  asked: number,
  { values = "1x200", resource = "nvidia_com_gpu" } = {},
): Input =>
  Object.assign(
    {},
    ...Array.from({ length: pods }, (_, index) => {
      const name = `namespace="ml", pod="${job}-${index}"`;
      return {
        ...pod(`${job}-${index}`, { node: "", gpus: asked, phase: "Pending", resource, values: "x200" }),
        [object("kube_pod_owner", `${name}, owner_is_controller="true", owner_kind="Job", owner_name="${job}"`, "")]:
          "1x200",
        [object("kube_pod_status_unschedulable", name, "")]: values,
      };
    }),
  );

const gated = (job: string): Input => ({
  [object("kube_pod_status_reason", `namespace="ml", pod="${job}-0", reason="SchedulingGated"`, "")]: "1x200",
});

const claiming: Input = {
  [object("kube_pod_info", 'namespace="ml", pod="claims"', "")]: "1x200",
  [object("kube_pod_resourceclaim_info", 'namespace="ml", pod="claims", resource_claim_name="gpu"', "")]: "1x200",
  [object("kube_pod_status_unschedulable", 'namespace="ml", pod="claims"', "")]: "1x200",
};

const labels = (workload: string, resource = "nvidia_com_gpu") => ({
  cluster: "c1",
  namespace: "ml",
  workload,
  resource,
});
const sample = (workload: string, resource?: string) =>
  `{${Object.entries(labels(workload, resource))
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`;

describe("rules: GPU scheduling", () => {
  const both = {
    ...waiting("a", 3, 2),
    ...waiting("b", 1, 8),
    ...waiting("slices", 1, 1, { resource: "nvidia_com_mig_1g_10gb" }),
    ...waiting("found", 1, 4, { values: "0x200" }),
    ...waiting("queued", 1, 4),
    ...gated("queued"),
    ...waiting("cpu", 1, 4, { resource: "cpu" }),
    ...claiming,
  };
  const recorded = {
    "namespace_workload:gpu_pending_pods:count": [3, 1],
    "namespace_workload:gpu_pending:sum": [6, 8],
    "namespace_workload:gpu_pending:min": [2, 8],
  };
  for (const [record, [ofA, ofB]] of Object.entries(recorded)) {
    proveRecord(withRecorded(rules, record), record, {
      input: both,
      at: "10m",
      samples: {
        [sample("a")]: ofA ?? 0,
        [sample("b")]: ofB ?? 0,
        [sample("slices", "nvidia_com_mig_1g_10gb")]: 1,
        [sample("claims", "resourceclaim")]: 1,
      },
    });
  }

  const waits = (workload: string, pods: number, resource = "nvidia_com_gpu") => ({
    labels: labels(workload, resource),
    summary: `Workload ml/${workload} waits for GPUs.`,
    description: `${pods} pods of workload ${workload} in namespace ml have found no node for 30 minutes: no node has as much of ${resource} free as they ask for.`,
  });
  prove("GpuPodsPending", {
    input: { ...node("n1", 8), ...node("n2", 5), ...waiting("train", 2, 4), ...claiming },
    quiet: "29m",
    fires: { at: "31m", alerts: [waits("train", 2), waits("claims", 1, "resourceclaim")] },
    silent: [
      {
        why: "nodes are added within 20 minutes",
        input: { ...node("n1", 8), ...waiting("train", 2, 4, { values: "1x20 0x100" }) },
      },
      { why: "it is kept back by a queue", input: { ...node("n1", 8), ...waiting("train", 1, 4), ...gated("train") } },
      { why: "there is room, which is another alert", input: { ...node("n1", 4), ...waiting("train", 1, 4) } },
    ],
  });

  const couldRun = {
    labels: labels("train"),
    summary: "Workload ml/train waits, although there are GPUs for it.",
    description:
      "2 pods of workload train in namespace ml have found no node for an hour, although as much of nvidia_com_gpu is free as they ask for: CPUs, memory, a taint, a selector or a volume keeps them away.",
  };
  prove("GpuFreeButPodsPending", {
    input: { ...node("n1", 4), ...node("n2", 4), ...waiting("train", 2, 4) },
    quiet: "59m",
    fires: { at: "61m", alerts: [couldRun] },
    silent: [
      {
        why: "a gang for which only a part is free",
        input: { ...node("n1", 4), ...node("n2", 5), ...waiting("train", 2, 4) },
      },
      { why: "no node has as many", input: { ...node("n1", 4), ...node("n2", 4), ...waiting("train", 1, 5) } },
      {
        why: "the rest is on nodes that are cordoned or not ready",
        input: {
          ...node("n1", 0, { cordoned: "1x200" }),
          ...node("n2", 0, { ready: "0x200" }),
          ...node("n3", 8),
          ...waiting("train", 2, 4),
        },
      },
      {
        why: "it asks for instances",
        input: { ...node("n1", 0), ...waiting("train", 2, 1, { resource: "nvidia_com_mig_1g_10gb" }) },
      },
    ],
  });

  prove("GpuCapacityFragmented", {
    input: { ...node("n1", 4), ...node("n2", 3), ...waiting("train", 1, 8) },
    quiet: "29m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels: { cluster: "c1", resource: "nvidia_com_gpu" },
          summary: "GPUs are free, but too scattered for the pods that wait.",
          description:
            "9 of nvidia_com_gpu are free in the cluster, enough for a workload that waits, but no node has as many as one of its pods asks for. Small pods are spread over nodes that large ones need whole.",
        },
      ],
    },
    silent: [
      { why: "too few are free", input: { ...node("n1", 4), ...node("n2", 5), ...waiting("train", 1, 8) } },
      { why: "nobody waits for so many", input: { ...node("n1", 4), ...node("n2", 4), ...waiting("train", 1, 4) } },
      {
        why: "no node could ever have as many",
        input: { ...node("n1", 4), ...node("n2", 0), ...waiting("train", 1, 9) },
      },
      {
        why: "they are on nodes out of service",
        input: { ...node("n1", 4), ...node("n2", 0, { cordoned: "1x200" }), ...waiting("train", 1, 8) },
      },
    ],
  });
});
