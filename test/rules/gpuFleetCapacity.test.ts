import { fleetCapacityRules } from "../../components/gpu/rules/fleetCapacity";
import { allocatable, capacity, kubeNode, pod, sampleOf, up, withRecorded } from "./gpuFleetInput";
import { type Input, proveRecord } from "./promtool";

const rules = fleetCapacityRules();
const prove = (record: string, proof: Parameters<typeof proveRecord>[2]) =>
  proveRecord(withRecorded(rules, record), record, proof);

describe("rules: the GPU fleet, by what Kubernetes says", () => {
  const whole = { resource: "nvidia_com_gpu" };
  const mig = { resource: "nvidia_com_mig_1g_10gb" };
  const inKubernetesOnly = '{cluster="c1", node="n2", resource="nvidia_com_gpu"}';
  const moved = (input: Input): Input =>
    Object.fromEntries(
      Object.entries(input).map(([series, values]) => [series.replace("10.0.0.9", "10.0.0.10"), values]),
    );
  const nodes: Input = {
    ...kubeNode("n1"),
    ...up("0x40"),
    ...capacity("8x40"),
    ...allocatable("7x40"),
    ...capacity("14x40", "n1", "nvidia_com_mig_1g_10gb"),
    ...allocatable("14x40", "n1", "nvidia_com_mig_1g_10gb"),
    // Of network cards and of VMs.
    ...capacity("63x40", "n1", "nvidia_com_hostdev"),
    ...allocatable("63x40", "n1", "nvidia_com_hostdev"),
    // Nobody scrapes it.
    ...kubeNode("n2"),
    ...capacity("4x40", "n2"),
    ...allocatable("4x40", "n2"),
  };
  const pods: Input = {
    ...pod("a", { gpus: 2 }),
    ...moved(pod("a", { gpus: 2 })),
    ...pod("b", { gpus: 1, phase: "Pending" }),
    ...pod("over", { gpus: 4, phase: "Succeeded" }),
    ...pod("waits", { gpus: 4, phase: "Pending", node: "" }),
    ...pod("slice", { gpus: 1, resource: "nvidia_com_mig_1g_10gb" }),
    ...pod("nic", { gpus: 1, resource: "nvidia_com_hostdev" }),
  };

  prove("node:gpu_capacity:sum", {
    input: { ...nodes, ...moved(capacity("8x40")) },
    at: "10m",
    samples: { [sampleOf({}, whole)]: 8, [sampleOf({}, mig)]: 14, [inKubernetesOnly]: 4 },
  });
  prove("node:gpu_capacity:sum", {
    // A node that got other labels.
    input: { ...kubeNode(), ...up("1x40"), ...up("0x40", { domain: "rack-2" }), ...capacity("8x40") },
    at: "10m",
    samples: { [sampleOf({}, whole)]: 8 },
  });
  prove("node:gpu_allocatable:sum", {
    input: nodes,
    at: "10m",
    samples: { [sampleOf({}, whole)]: 7, [sampleOf({}, mig)]: 14, [inKubernetesOnly]: 4 },
  });
  prove("node:gpu_requested:sum", {
    input: { ...nodes, ...pods },
    at: "10m",
    samples: { [sampleOf({}, whole)]: 3, [sampleOf({}, mig)]: 1, [inKubernetesOnly]: 0 },
  });
  prove("node:gpu_free:sum", {
    input: {
      ...nodes,
      ...pods,
      ...kubeNode("n3", { ready: "0x40" }),
      ...capacity("8x40", "n3"),
      ...allocatable("8x40", "n3"),
      ...kubeNode("n4", { cordoned: "1x40" }),
      ...capacity("8x40", "n4"),
      ...allocatable("8x40", "n4"),
    },
    at: "10m",
    samples: { [sampleOf({}, whole)]: 4, [sampleOf({}, mig)]: 13, [inKubernetesOnly]: 4 },
  });
});
