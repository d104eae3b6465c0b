import { nodeReady, objectSeries } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { BY_NODE, exporterUp, inService, ON_NODE } from "./expressions";
import { heldBy } from "./fleetCapacity";
import { ofNode } from "./fleetRecorded";

/** The names of what is recorded of nodes that nobody watches. */
export const BLIND_NODES = "cluster:gpu_nodes_blind:count";
export const BLIND_RATIO = "cluster:gpu_nodes_blind:ratio";

/** Old enough for a node to have its driver and its exporter, in seconds [judgement]. */
export const SETTLED = 900;

/** Nodes that have joined lately; those outside Kubernetes never count as such. */
export const joining = `(time() - ${objectSeries("kube_node_created")} < ${SETTLED})`;

/** Nodes whose GPUs should be seen: those that are not ready are other alerts' matter. */
const working = inService(
  `(group by (cluster, node) (${ofNode.capacity} > 0) or group by (cluster, node) (${exporterUp}))` +
    ` unless ${ON_NODE} ${nodeReady} == 0 unless ${ON_NODE} ${joining}`,
);

const allFrozen = `(${ofNode.frozen} >= sum by (${BY_NODE}) (${ofNode.visible}))`;

// Each node for itself over 10 minutes: while exporters are replaced one after another, some are always away.
const blind = `(${working}) unless ${ON_NODE} (max_over_time(${exporterUp}[10m]) == 1 unless ${ON_NODE} ${allFrozen})`;

const fleetBlind = `(${BLIND_RATIO} > 0.05 and ${BLIND_NODES} > 1)`;

/** Alerts about single nodes are silent while one about many of them says it. */
export const unlessFleetBlind = (expr: string) => `${expr} unless on (cluster) ${fleetBlind}`;

/**
 * Cards that the device plugin has called sick, of nodes whose exporter does not answer while pods hold GPUs there: one card
 * that is lost may silence all of its node, and with it the alerts that would tell of it.
 */
const darkWithWork =
  `sum by (${BY_NODE}) (${ofNode.capacity} - ${ofNode.allocatable} > 0)` +
  ` and ${ON_NODE} max by (cluster, node) (${exporterUp}) == 0` +
  ` and ${ON_NODE} ${heldBy("Running")} > 0 and ${ON_NODE} (${working})`;

/** Nodes with GPUs that are not watched. Global: every shard knows all nodes, and scrapes some. */
export const unwatchedNodes = (): RuleGroup => ({
  name: "gpu-nodes-unwatched",
  scope: "global",
  rules: [
    { record: BLIND_NODES, expr: `count by (cluster) (${blind}) or 0 * count by (cluster) (${working})` },
    { record: BLIND_RATIO, expr: `${BLIND_NODES} / count by (cluster) (${working})` },
    {
      alert: "GpuFleetBlind",
      // A twentieth of the fleet [judgement]; one node of a small cluster is its own alert's matter.
      expr: fleetBlind,
      for: "5m",
      severity: "critical",
      owner: "platform",
      summary: "The GPUs of many nodes are not watched.",
      description:
        "Nothing is known about the GPUs of {{ $value | humanizePercentage }} of the nodes that have some and are ready: their exporters have not answered for 10 minutes, do not exist or repeat old values. Alerts on this hardware cannot fire.",
    },
    {
      alert: "GpuNodeDarkWithWork",
      expr: unlessFleetBlind(darkWithWork),
      // For five minutes the kubelet takes all GPUs of a device plugin that has gone for sick; then the node has none.
      for: "6m",
      // Until failed pods run again, or GpuFleetBlind fires.
      keepFiringFor: "5m",
      severity: "critical",
      owner: "platform",
      action: "drain-node",
      summary: "Node {{ $labels.node }} went dark with a sick GPU while pods use it.",
      description:
        "The dcgm-exporter of node {{ $labels.node }} has not answered for minutes, its device plugin calls {{ $value }} GPUs or parts of them unhealthy, and running pods hold GPUs there: a GPU is lost, and work on it hangs or has failed.",
    },
    {
      alert: "GpuExporterDown",
      expr: unlessFleetBlind(
        `max by (${BY_NODE}) (${exporterUp}) == 0 and ${ON_NODE} (${working}) unless ${ON_NODE} (${darkWithWork})`,
      ),
      for: "10m",
      severity: "warning",
      owner: "platform",
      summary: "The dcgm-exporter of node {{ $labels.node }} does not answer.",
      description:
        "The dcgm-exporter of node {{ $labels.node }} has not answered for 10 minutes (up is {{ $value }}), while the node is ready: whether its GPUs work is unknown, and alerts on them cannot fire.",
    },
    {
      alert: "GpuExporterMissing",
      expr: unlessFleetBlind(
        `sum by (${BY_NODE}) (${ofNode.capacity}) and ${ON_NODE} (${working} unless ${ON_NODE} ${exporterUp})`,
      ),
      for: "15m",
      severity: "warning",
      owner: "platform",
      summary: "Node {{ $labels.node }} has GPUs and no dcgm-exporter.",
      description:
        "Node {{ $labels.node }} offers {{ $value }} GPUs or parts of them, and Prometheus has had no dcgm-exporter to scrape there for 15 minutes: whether they work is unknown, and alerts on them cannot fire.",
    },
  ],
});
