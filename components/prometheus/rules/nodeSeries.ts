import { jobs } from "../jobs";

// Series of nodes have no namespace; those of a team's Service with the same name have one.
const ofNodes = (job: string) => `job="${job}", namespace=""`;

/** Selects what node-exporter says. */
export const nodeExporter = ofNodes(jobs.nodeExporter);

/** Selects what the kubelets say of themselves. */
export const kubelet = ofNodes(jobs.kubelet);

/** Selects what kube-state-metrics says about the node objects. */
export const nodeObjects = ofNodes(jobs.kubeStateMetrics);

export const byNode = "by (cluster, node)";
export const byDevice = "by (cluster, node, device)";

/**
 * Nodes of an expression without those that somebody takes out of service: cordoned, or being deleted. A node that is not
 * meant to work does not fail.
 */
export const inService = (expression: string) =>
  `${expression} unless on (cluster, node) (kube_node_spec_unschedulable{${nodeObjects}} == 1)` +
  ` unless on (cluster, node) kube_node_deletion_timestamp{${nodeObjects}}`;
