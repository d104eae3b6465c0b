import { jobs } from "../jobs";

/**
 * The state of objects, from kube-state-metrics, with these labels of theirs. Aggregated, so that a restart of
 * kube-state-metrics, which changes its `instance`, ends no alert, and two of them at once count nothing twice. Its series
 * have the labels of objects only; what a team scrapes from a Service of the same name has the label `service`.
 */
export const objects = (metric: string, labels: string, matchers = "") =>
  `max by (cluster, ${labels}) (${objectSeries(metric, matchers)})`;

/** The same as single series, for functions over time. */
export const objectSeries = (metric: string, matchers = "") =>
  `${metric}{job="${jobs.kubeStateMetrics}", service=""${matchers === "" ? "" : `, ${matchers}`}}`;

/** Copies the value of a label to another one. */
export const copyLabel = (expr: string, from: string, to: string) =>
  `label_replace(${expr}, "${to}", "$1", "${from}", "(.+)")`;

/** The labels of a pod besides `cluster`. */
export const POD = "namespace, pod";
export const onPod = `on (cluster, ${POD})`;

/** Resources by which pods ask for GPUs: whole ones, slices and shares. */
export const GPU_RESOURCES = 'resource=~"nvidia_com_.+"';

/** Pods that ask for GPUs, by a resource or by a claim for a device. */
export const gpuPods = `(${objects("kube_pod_container_resource_requests", POD, GPU_RESOURCES)} > 0 or ${objects("kube_pod_resourceclaim_info", POD)})`;

/** Pods on nodes that are not ready: what is wrong with them is the nodes' matter. */
export const podsOnLostNodes = `(${objects("kube_pod_info", `${POD}, node`)} and on (cluster, node) ${objects("kube_node_status_condition", "node", 'condition="Ready", status="true"')} == 0)`;

/** Claims for volumes that have none yet. */
export const pendingClaims = `(${objects("kube_persistentvolumeclaim_status_phase", "namespace, persistentvolumeclaim", 'phase="Pending"')} == 1)`;

/** Which pods use which claims. */
export const claimsOfPods = objects(
  "kube_pod_spec_volumes_persistentvolumeclaims_info",
  `${POD}, persistentvolumeclaim`,
);

/**
 * Pods for which the scheduler finds no node, without those that wait as they should: for GPUs, in the queue of a batch
 * scheduler (they are gated), or as a part of a Job.
 */
export const podsWithoutNode =
  `(${objects("kube_pod_status_unschedulable", POD)} == 1` +
  ` unless ${gpuPods}` +
  ` unless ${objects("kube_pod_status_reason", POD, 'reason="SchedulingGated"')} == 1` +
  ` unless ${objects("kube_pod_info", POD, 'created_by_kind="Job"')})`;
