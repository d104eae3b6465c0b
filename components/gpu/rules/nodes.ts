import { nodeReady, objectSeries } from "../../prometheus/rules/objects";
import type { AlertingRule, RuleGroup } from "../../prometheus/rules/rule";
import type { GpuRuleContext } from "./context";
import { BY_DOMAIN, BY_GPU, BY_NODE, inService, ON_GPU, ON_NODE, OUT_OF_SERVICE, signal } from "./expressions";
import { GPU_INFO, ofNode } from "./fleetRecorded";
import { unmapped } from "./telemetry";
import { joining } from "./telemetryNodes";

const settled = (matchers = "") =>
  inService(`group by (${BY_NODE}) (${ofNode.capacity}${matchers} > 0) unless ${ON_NODE} ${joining}`);
const lost = (matchers = "") => `(${settled(matchers)} and ${ON_NODE} ${nodeReady} == 0)`;

const IN_DOMAIN = '{failure_domain!=""}';
const nodesLost = `count by (${BY_DOMAIN}) (${lost(IN_DOMAIN)})`;
/** Half of what fails together and more than one: a rack, a switch, a zone [judgement]. */
const domainLost = `${nodesLost} > 1 and ${nodesLost} / count by (${BY_DOMAIN}) (${settled(IN_DOMAIN)}) >= 0.5`;

/** Things of one kind that have several versions. */
const versions = (by: string, label: string) =>
  `count by (${by}) (group by (${by}, ${label}) (${GPU_INFO}{${label}!=""})) > 1`;

const used = (matchers: string) => signal("DCGM_FI_DEV_FB_USED", matchers);
const GIB_IN_MIB = 1024;

/** Of a divided card its instances count, because the card itself has the memory of all of them and no pod. */
const heldByNobody =
  `(${used('pod="", GPU_I_ID=""')} > ${GIB_IN_MIB} unless ${ON_GPU} ${used('GPU_I_ID!=""')}` +
  ` or ${used('pod="", GPU_I_ID!=""')} > ${GIB_IN_MIB})`;

const leakedMemory: AlertingRule = {
  alert: "GpuMemoryHeldWithoutPod",
  // An idle H100 has 480 MiB in use, which the driver keeps (bench/realGpu). Nodes outside Kubernetes have no pods.
  expr: `${inService(`${1024 ** 2} * max by (${BY_GPU}, GPU_I_ID) (${heldByNobody}) and ${ON_NODE} ${objectSeries("kube_node_info")}`)} unless ${ON_NODE} ${unmapped}`,
  // Longer than a diagnosis by DCGM of the first three levels.
  for: "30m",
  severity: "warning",
  owner: "platform",
  summary: "Memory of GPU {{ $labels.gpu }} of node {{ $labels.node }} is held by no pod.",
  description:
    "{{ $value | humanize1024 }}B of the memory of GPU {{ $labels.gpu }} of node {{ $labels.node }} have been in use for 30 minutes, and no pod has this GPU: a process was left behind, or runs outside Kubernetes. The next pod may run out of memory.",
};

/** Rules about nodes with GPUs: whether they can be used, and whether they are alike. */
export const gpuNodeRules = ({ podsKnown }: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-nodes-ready",
    scope: "global",
    rules: [
      {
        alert: "GpuDomainNotReady",
        expr: domainLost,
        for: "5m",
        severity: "critical",
        owner: "platform",
        summary: "Half of the GPU nodes of {{ $labels.failure_domain }} or more are not ready.",
        description:
          "{{ $value }} nodes with GPUs in failure domain {{ $labels.failure_domain }} are not ready: what they share fails, such as the rack's power, its cooling, its switch or a zone.",
      },
      {
        alert: "GpuNodeNotReady",
        // 5 minutes: then pods are evicted. One that nobody uses can wait; there is a warning for any node.
        expr: `sum by (${BY_NODE}) (${ofNode.requested}) > 0 and ${ON_NODE} ${lost()} unless on (${BY_DOMAIN}) (${domainLost})`,
        for: "5m",
        severity: "critical",
        owner: "platform",
        action: "reboot-node",
        summary: "Node {{ $labels.node }} is not ready, and work on its GPUs is lost.",
        description:
          "Node {{ $labels.node }} has not been ready for 5 minutes. Pods hold {{ $value }} of its GPUs or parts of them; they are evicted, and a job that they belong to stands still.",
      },
    ],
  },
  {
    name: "gpu-nodes",
    scope: "shard",
    rules: [
      ...(podsKnown ? [leakedMemory] : []),
      {
        alert: "GpuVbiosSkew",
        expr: inService(versions(`${BY_NODE}, modelName`, "vbios_version")),
        for: "1h",
        severity: "info",
        owner: "platform",
        summary: "GPUs of node {{ $labels.node }} have different VBIOS versions.",
        description:
          "The {{ $labels.modelName }} of node {{ $labels.node }} have {{ $value }} VBIOS versions: a card was replaced, or an update left some out. Limits of power and clocks may differ, and the slowest sets the pace.",
      },
      {
        alert: "GpuCordonedTooLong",
        expr: `max by (cluster, node) (${OUT_OF_SERVICE}) == 1`,
        // Repairs and driver upgrades take hours [judgement].
        for: "1d",
        severity: "info",
        owner: "platform",
        summary: "Node {{ $labels.node }} has been out of service for a day.",
        description:
          "Node {{ $labels.node }} has GPUs and has been cordoned, tainted or about to be deleted for a day (out of service: {{ $value }}). Nobody uses it, it is paid for, and alerts on its hardware are silent.",
      },
    ],
  },
  {
    name: "gpu-drivers",
    scope: "global",
    rules: [
      {
        alert: "GpuDriverSkew",
        expr: versions("cluster, modelName", "driver_version"),
        // A rollout through a fleet takes hours.
        for: "1d",
        severity: "info",
        owner: "platform",
        summary: "Nodes with {{ $labels.modelName }} have different drivers.",
        description:
          "For a day, {{ $labels.modelName }} have run with {{ $value }} driver versions. Jobs over nodes of both can fail or be slow in ways that depend on where they run.",
      },
    ],
  },
];
