import { GPU_RESOURCES, nodeReady, objectSeries, objects, onPod } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { BY_NODE, exporterUp, inService, ON_NODE } from "./expressions";
import { ofNode } from "./fleetRecorded";

/** Whole GPUs. */
export const WHOLE = 'resource="nvidia_com_gpu"';

/** Nodes by where they are, one series for each. Targets know that, also of exporters that do not answer. */
const place = `(topk by (cluster, node) (1, group by (${BY_NODE}) (${exporterUp})) or ${ON_NODE} group by (cluster, node) (${objectSeries("kube_node_info")}))`;

const placed = (expr: string) => `${expr} * ${ON_NODE} group_left (region, failure_domain) ${place}`;

/** What pods have asked for that are on a node and not over: bound pods hold their GPUs from the beginning. */
const held =
  `${objectSeries("kube_pod_container_resource_requests", `${GPU_RESOURCES}, node!=""`)}` +
  ` and ${onPod} ${objectSeries("kube_pod_status_phase", 'phase=~"Pending|Running"')} == 1`;

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
        expr: `${placed(
          `sum by (cluster, node, resource) (max by (cluster, namespace, pod, container, node, resource) (${held}))`,
        )} or on (cluster, node, resource) 0 * ${ofNode.capacity}`,
      },
      {
        record: ofNode.free,
        expr: inService(`clamp_min(${ofNode.allocatable} - ${ofNode.requested}, 0) and ${ON_NODE} ${nodeReady} == 1`),
      },
    ],
  },
];
