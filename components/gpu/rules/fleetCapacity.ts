import { GPU_RESOURCES, nodeReady, objectSeries, objects, onPod } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { BY_NODE, exporterUp, inService, ON_NODE } from "./expressions";
import { ofNode } from "./fleetRecorded";

/** Whole GPUs. */
export const WHOLE = 'resource="nvidia_com_gpu"';

/**
 * The values of nodes with the labels that say where each is. Targets of the GPU exporter know that, also if they do not answer;
 * nodes that only `others` has keep their values. A node that gets other labels, or has a namesake outside Kubernetes, is a target
 * twice for a while: one of the places is taken, best one whose exporter answers.
 */
export const placedAmong = (expr: string, others: string) =>
  `${expr} * ${ON_NODE} group_left (region, failure_domain) (topk by (cluster, node) (1, max by (${BY_NODE}) (${exporterUp})) >= bool 0 or ${ON_NODE} group by (cluster, node) (${others}))`;

/** The same for the nodes of Kubernetes. */
export const placed = (expr: string) => placedAmong(expr, objectSeries("kube_node_info"));

/** What containers of pods in these phases have asked for on each node, once for each container. */
export const heldBy = (phases: string) =>
  `max by (cluster, namespace, pod, container, node, resource) (${objectSeries("kube_pod_container_resource_requests", `${GPU_RESOURCES}, node!=""`)}` +
  ` and ${onPod} ${objectSeries("kube_pod_status_phase", `phase=~"${phases}"`)} == 1)`;

/**
 * What Kubernetes says of the GPUs of each node. Global, as every shard knows all nodes but not where they are, and would
 * record them all.
 */
export const fleetCapacityRules = (): RuleGroup[] => [
  {
    name: "gpu-fleet-capacity",
    scope: "global",
    rules: [
      { record: ofNode.capacity, expr: placed(objects("kube_node_status_capacity", "node, resource", GPU_RESOURCES)) },
      {
        record: ofNode.allocatable,
        expr: placed(objects("kube_node_status_allocatable", "node, resource", GPU_RESOURCES)),
      },
      {
        record: ofNode.requested,
        // Bound pods hold their GPUs before they run.
        expr: `${placed(`sum by (cluster, node, resource) (${heldBy("Pending|Running")})`)} or on (cluster, node, resource) 0 * ${ofNode.capacity}`,
      },
      {
        record: ofNode.free,
        expr: inService(`clamp_min(${ofNode.allocatable} - ${ofNode.requested}, 0) and ${ON_NODE} ${nodeReady} == 1`),
      },
    ],
  },
];
