import { jobs } from "../jobs";

/**
 * The state of objects, from kube-state-metrics, as single series. What a team scrapes from a Service of the same name has the
 * label `service`.
 */
export const objectSeries = (metric: string, matchers = "") =>
  `${metric}{job="${jobs.kubeStateMetrics}", service=""${matchers === "" ? "" : `, ${matchers}`}}`;

/**
 * The same by these labels of the objects, so that a restart of kube-state-metrics, which changes its `instance`, ends no alert,
 * and two of them at once count nothing twice. It costs: what is only asked for its presence, behind `and on` or `unless on`,
 * stays as single series, and conditions come first. Ten thousand pods took half the time then.
 */
export const objects = (metric: string, labels: string, matchers = "", condition = "") =>
  `max by (cluster, ${labels}) (${objectSeries(metric, matchers)}${condition === "" ? "" : ` ${condition}`})`;

/** Copies the value of a label to another one. */
export const copyLabel = (expr: string, from: string, to: string) =>
  `label_replace(${expr}, "${to}", "$1", "${from}", "(.+)")`;

/** The labels of a pod besides `cluster`. */
export const POD = "namespace, pod";
export const onPod = `on (cluster, ${POD})`;

/** Resources by which pods ask for GPUs: whole ones, shares and instances. NVIDIA's network cards have others. */
export const GPU_RESOURCES = 'resource=~"nvidia_com_(gpu|gpu_shared|mig_.+)"';

/** Pods that ask for GPUs, by a resource or by a claim for a device. */
export const gpuPods = `(${objectSeries("kube_pod_container_resource_requests", GPU_RESOURCES)} > 0 or ${objectSeries("kube_pod_resourceclaim_info")})`;

/** Whether nodes are ready, 0 or 1. */
export const nodeReady = objectSeries("kube_node_status_condition", 'condition="Ready", status="true"');

/** Pods on nodes that are not ready: what is wrong with them is the nodes' matter. */
export const podsOnLostNodes = `(${objectSeries("kube_pod_info")} and on (cluster, node) ${nodeReady} == 0)`;

/** Claims for volumes that have none yet. */
export const pendingClaims = objects(
  "kube_persistentvolumeclaim_status_phase",
  "namespace, persistentvolumeclaim",
  'phase="Pending"',
  "== 1",
);

/** Which pods use which claims. */
export const claimsOfPods = objectSeries("kube_pod_spec_volumes_persistentvolumeclaims_info");

/**
 * Pods for which the scheduler finds no node, without those that wait as they should: for GPUs, in the queue of a batch
 * scheduler (they are gated), or as a part of a Job.
 */
export const podsWithoutNode =
  `(${objects("kube_pod_status_unschedulable", POD, "", "== 1")}` +
  ` unless ${onPod} ${gpuPods}` +
  ` unless ${onPod} ${objectSeries("kube_pod_status_reason", 'reason="SchedulingGated"')} == 1` +
  ` unless ${onPod} ${objectSeries("kube_pod_info", 'created_by_kind="Job"')})`;
