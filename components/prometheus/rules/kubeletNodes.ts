import { jobs } from "../jobs";
import { byNode, inService, nodeObjects } from "./nodeSeries";
import type { AlertingRule, RuleGroup } from "./rule";

/** Old enough for a GPU node to have joined: booted, with its network and its daemons. */
const SETTLED = 900;
const age = `time() - max ${byNode} (kube_node_created{${nodeObjects}})`;
const settled = inService(`${age} > ${SETTLED}`);

/** "false" is the kubelet's own word; "unknown" is the control plane's about one that is silent. */
const readiness = (status: "false" | "unknown") =>
  `max ${byNode} (kube_node_status_condition{${nodeObjects}, condition="Ready", status="${status}"}) == 1`;
const notReady = `max ${byNode} (kube_node_status_condition{${nodeObjects}, condition="Ready", status="true"}) == 0`;
const settledNotReady = `count by (cluster) (${settled} and on (cluster, node) ${notReady})`;

const pressure = `max by (cluster, node, condition) (kube_node_status_condition{${nodeObjects}, condition=~"MemoryPressure|DiskPressure|PIDPressure", status="true"}) == 1`;

/**
 * Nodes that work and are not scraped. Where more than a tenth of the job's targets are down, TargetDown says so once. Nodes
 * of Fargate run no DaemonSets, and their kubelets are nobody's to scrape.
 */
function missing(alert: string, job: string, meaning: string): AlertingRule {
  const up = `up{job="${job}", namespace=""}`;
  const ready = `max ${byNode} (kube_node_status_condition{${nodeObjects}, node!~"fargate-.+", condition="Ready", status="true"}) == 1`;
  return {
    alert,
    expr:
      inService(`${ready} and on (cluster, node) ${age} > ${SETTLED}`) +
      ` unless on (cluster, node) ${up} == 1` +
      ` unless on (cluster) count by (cluster) (${up} == 0) / count by (cluster) (${up}) > 0.1`,
    for: "15m",
    severity: "warning",
    summary: `Node {{ $labels.node }} is not scraped by job ${job}.`,
    description: `Node {{ $labels.node }} is ready, but Prometheus has not read its ${job} for 15 minutes. ${meaning}`,
  };
}

export const kubeletNodeGroups: RuleGroup[] = [
  {
    name: "kubelet-nodes",
    // All of it is said by kube-state-metrics, one target.
    scope: "shard",
    rules: [
      {
        alert: "KubeNodesNotReady",
        // One node of a small cluster is the other alerts' matter. 5 minutes: then pods are evicted.
        expr: `${settledNotReady} / count by (cluster) (${settled}) > 0.1 and ${settledNotReady} > 1`,
        for: "5m",
        severity: "critical",
        summary: "Many nodes of the cluster are not ready.",
        description:
          "{{ $value | humanizePercentage }} of the nodes that should work are not ready, and more than one: what they share fails, such as the network, its plugin or the way to the API server. Their pods are evicted, and the rest may not hold them.",
      },
      {
        alert: "KubeNodeNotReady",
        // A node that joins is not ready for some minutes, and one that reboots neither.
        expr: inService(readiness("false")),
        for: "15m",
        severity: "warning",
        summary: "Node {{ $labels.node }} is not ready.",
        description:
          "The kubelet of node {{ $labels.node }} has said for 15 minutes that it cannot run pods. The node is paid for and used by nobody.",
      },
      {
        alert: "KubeNodeUnreachable",
        expr: inService(readiness("unknown")),
        for: "15m",
        severity: "warning",
        summary: "Node {{ $labels.node }} does not report to the control plane.",
        description:
          "Nothing has been heard from the kubelet of node {{ $labels.node }} for 15 minutes. Its pods are being replaced elsewhere, and may still run there.",
      },
      {
        alert: "KubeNodePressure",
        expr: inService(pressure),
        for: "10m",
        severity: "warning",
        summary: "Node {{ $labels.node }} is short of a resource ({{ $labels.condition }}).",
        description:
          "Node {{ $labels.node }} has had the condition {{ $labels.condition }} for 10 minutes: its kubelet evicts pods and takes no new ones.",
      },
      {
        alert: "KubeNodeReadinessFlapping",
        // Three times there and back. Two reboots in an hour are four changes.
        expr: inService(
          `sum ${byNode} (changes(kube_node_status_condition{${nodeObjects}, condition="Ready", status="true"}[1h])) > 5`,
        ),
        severity: "warning",
        summary: "Node {{ $labels.node }} is ready and not ready in turns.",
        description:
          "The readiness of node {{ $labels.node }} changed {{ $value }} times within an hour. Pods are evicted each time it is lost long enough, and scheduled there again.",
      },
    ],
  },
  {
    name: "kubelet-missing",
    // Every shard knows all nodes, but has the targets of some.
    scope: "global",
    rules: [
      missing(
        "KubeletMissing",
        jobs.kubelet,
        "What the kubelet and its pods use and do is unknown, and alerts on it cannot fire.",
      ),
      missing(
        "NodeExporterMissing",
        jobs.nodeExporter,
        "Its disks, memory, network and clock are unknown, and alerts on them cannot fire.",
      ),
    ],
  },
];
