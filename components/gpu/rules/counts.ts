import { GPU_RESOURCES, nodeReady, objects } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { fallenOffBus, xidPattern } from "../xid";
import type { GpuRuleContext } from "./context";
import { BY_NODE, bridged, exporterUp, inService, ON_NODE } from "./expressions";
import { placed, WHOLE } from "./fleetCapacity";
import { ofNode } from "./fleetRecorded";
import { latched } from "./xidEvents";

const offered = objects("kube_node_status_capacity", "node", WHOLE);
// An exporter that leaves each GPU out of some scrapes has lost none.
const seen = `sum by (cluster, node) (${ofNode.seen})`;

const expected = `sum by (cluster, node) (${ofNode.expected})`;

/**
 * GPUs that Kubernetes knows and the exporter does not see, while it answers. Where GPUs are shared or divided alike, Kubernetes
 * has two units or more for each. So they are taken for cards if they are fewer than that, or as many as have been seen.
 */
export const LOST_GPUS = `(${placed(
  `(${offered} - ${ON_NODE} ${seen} > 0 and ${ON_NODE} (${offered} < ${ON_NODE} 2 * ${seen} or ${offered} <= ${ON_NODE} ${expected})` +
    ` or ${offered} > 0 unless ${ON_NODE} ${seen})`,
)} and ${ON_NODE} ${exporterUp} == 1)`;

const belowHistory =
  `(${ofNode.expected} - ${ON_NODE} group_left () (${seen} or ${ON_NODE} 0 * ${expected}) > 0)` +
  ` and ${ON_NODE} ${exporterUp} == 1`;

// That the card fell off the bus is said by its XID.
const explained = `${ON_NODE} ${latched(xidPattern(fallenOffBus))}`;

/** Rules about how many GPUs a node has, by Kubernetes, by the exporter and by what it had before. */
export const countRules = (context: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-counts",
    scope: "shard",
    rules: [
      {
        alert: "GpuCountMismatch",
        expr: `${inService(LOST_GPUS)} unless ${explained}`,
        // Judgement: after the 10 minutes in which a GPU was not seen. A new node may be known before its GPUs are seen.
        for: "5m",
        severity: "critical",
        owner: "platform",
        action: "reboot-node",
        summary: "Node {{ $labels.node }} has lost GPUs.",
        description:
          "Kubernetes offers {{ $value }} GPUs of node {{ $labels.node }} that its dcgm-exporter does not see. Work on them has failed or hangs, and new pods may still be given them.",
      },
      {
        alert: "GpuCountBelowHistory",
        expr: `${inService(belowHistory)} unless ${ON_NODE} ${LOST_GPUS} unless ${explained}`,
        for: "5m",
        severity: "warning",
        owner: "platform",
        action: "reboot-node",
        summary: "Node {{ $labels.node }} has fewer GPUs than it had.",
        description:
          "{{ $value }} GPUs of node {{ $labels.node }} that were seen since it was last in maintenance are not seen any more, and nothing else says that they are missing.",
      },
      {
        alert: "GpuNotOffered",
        // A resource of which there is 0: the kubelet had a device plugin, and lost it. Without a plugin there is no resource.
        expr: inService(
          `sum by (${BY_NODE}) (${ofNode.visible}) and ${ON_NODE} sum by (cluster, node) (${objects("kube_node_status_capacity", "node, resource", GPU_RESOURCES)}) == 0` +
            ` and ${ON_NODE} ${nodeReady} == 1`,
        ),
        for: "15m",
        severity: "warning",
        owner: "platform",
        summary: "Node {{ $labels.node }} has GPUs and offers none.",
        description:
          "The exporter sees {{ $value }} GPUs on node {{ $labels.node }}, and the kubelet offers none of them: its device plugin is gone. No new pod gets a GPU there.",
      },
    ],
  },
  {
    name: "gpu-counts-allocatable",
    scope: "global",
    rules: [
      {
        alert: "GpuUnallocatable",
        expr: inService(
          `${bridged(ofNode.capacity, context)} - ${bridged(ofNode.allocatable, context)} > 0` +
            ` and ${ON_NODE} ${bridged(nodeReady, context)} == 1`,
        ),
        for: "15m",
        // Judgement: kube-state-metrics may restart.
        keepFiringFor: "10m",
        severity: "warning",
        owner: "platform",
        summary: "GPUs of node {{ $labels.node }} may not be given to pods.",
        description:
          "The device plugin of node {{ $labels.node }} has called {{ $value }} of {{ $labels.resource }} unhealthy for 15 minutes: they are paid for, and no pod gets them.",
      },
    ],
  },
];
