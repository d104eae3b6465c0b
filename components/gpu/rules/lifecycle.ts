import { GPU_RESOURCES, objectSeries } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { exporterUp, OUT_OF_SERVICE } from "./expressions";

/** Taints by which people and controllers take a node out of service. */
const TAINTS =
  "node.kubernetes.io/unschedulable|node.kubernetes.io/out-of-service|karpenter.sh/disrupted|node.cloudprovider.kubernetes.io/shutdown|ToBeDeletedByClusterAutoscaler|DeletionCandidateOfClusterAutoscaler|gpu-observability/maintenance|nvidia.com/gpu-driver-upgrade.*";

/** Nodes with GPUs, as Kubernetes and as the exporters know them. */
export const gpuNodes = `(group by (cluster, node) (${objectSeries("kube_node_status_capacity", GPU_RESOURCES)} > 0) or group by (cluster, node) (${exporterUp}))`;

const known = objectSeries("kube_node_info");

/**
 * What was said of nodes of which kube-state-metrics says nothing since it restarts, for a quarter of an hour [judgement]. A
 * longer outage is no reason to be silent.
 */
const before = `(last_over_time(${OUT_OF_SERVICE}[15m]) and on (cluster, node) last_over_time(${known}[15m]) unless on (cluster, node) ${known})`;

/**
 * Whether somebody has taken a node with GPUs out of service: cordoned, drained, being upgraded or deleted. Alerts on its
 * hardware are silent then; if this series is missing, they fire.
 */
export const lifecycleRules = (): RuleGroup[] => [
  {
    name: "gpu-lifecycle",
    scope: "shard",
    rules: [
      {
        record: OUT_OF_SERVICE,
        expr:
          `(${gpuNodes} and on (cluster, node) (${objectSeries("kube_node_spec_unschedulable")} == 1` +
          ` or ${objectSeries("kube_node_spec_taint", `key=~"${TAINTS}"`)} == 1` +
          ` or ${objectSeries("kube_node_deletion_timestamp")} > 0))` +
          ` or on (cluster, node) ${before}` +
          ` or on (cluster, node) 0 * ${gpuNodes}`,
      },
    ],
  },
];
