import type { RuleGroup } from "../../prometheus/rules/rule";
import { byFact, type PcieLink } from "../models";
import type { SignalName } from "../signals";
import type { GpuRuleContext } from "./context";
import { BY_GPU, gap, inService, lastOfGpu, ON_GPU, signal } from "./expressions";
import { PEERS } from "./thermal";

const replays = `60 * max by (${BY_GPU}) (rate(${signal("DCGM_FI_DEV_PCIE_REPLAY_COUNTER")}[15m]))`;

/** Else each failed scrape starts the `for` of the alert anew. */
const last = (context: GpuRuleContext, metric: SignalName, matchers = "") => lastOfGpu(metric, gap(context), matchers);

// Idle GPUs of some models lower the generation, some their lanes too.
const working = (context: GpuRuleContext) =>
  context.profile === "profiling"
    ? `${last(context, "DCGM_FI_PROF_GR_ENGINE_ACTIVE")} > 0.2`
    : `${last(context, "DCGM_FI_DEV_GPU_UTIL")} > 20`;

/** Less than the model has in every server, or than another one of the same model in the same node, which has the same slot. */
function less(context: GpuRuleContext, metric: SignalName, property: keyof PcieLink): string {
  const atWork = (matchers = "") => `(${last(context, metric, matchers)} and ${ON_GPU} ${working(context)})`;
  const thanModels = byFact("pcie").map(({ value, matcher }) => `${atWork(matcher)} < ${value[property]}`);
  const thanPeers = `${atWork()} < on (${PEERS}) group_left () max by (${PEERS}) (${atWork()})`;
  return `label_replace(${[...thanModels, thanPeers].join(" or ")}, "property", "${property}", "", "")`;
}

export const pcieRules = (context: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-pcie",
    scope: "shard",
    rules: [
      {
        alert: "GpuPcieReplays",
        // 8 each minute: DCGM's own limit (dcgm_gpu_hardware_limits.h).
        expr: inService(`${replays} > 8`),
        for: "15m",
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary: "The PCIe link of GPU {{ $labels.gpu }} of node {{ $labels.node }} has errors.",
        description:
          'The PCIe link of GPU {{ $labels.gpu }} ({{ $labels.UUID }}) of node {{ $labels.node }} sends {{ printf "%.0f" $value }} times each minute again what did not arrive, more than the 8 that NVIDIA allows. The GPU may fall off the bus.',
      },
      {
        alert: "GpuPcieLinkDegraded",
        expr: inService(
          `${less(context, "DCGM_FI_DEV_PCIE_LINK_WIDTH", "lanes")} or ${less(context, "DCGM_FI_DEV_PCIE_LINK_GEN", "generation")}`,
        ),
        for: "15m",
        // Judgement: work pauses for checkpoints, and exporters restart.
        keepFiringFor: "15m",
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary: "The PCIe link of GPU {{ $labels.gpu }} of node {{ $labels.node }} is slower than it should be.",
        description:
          "The PCIe link of GPU {{ $labels.gpu }} ({{ $labels.UUID }}, {{ $labels.modelName }}) of node {{ $labels.node }} works with {{ $labels.property }} {{ $value }} under load, less than its model or its peers in the node. Loading of data and models, and RDMA, are slower by as much.",
      },
    ],
  },
];
