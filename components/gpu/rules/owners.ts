import { copyLabel, GPU_RESOURCES, objectSeries, objects } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { BY_GPU, signal } from "./expressions";

/** The name of the series that says to which workload a pod with GPUs belongs. */
export const WORKLOAD_OF_POD = "namespace_workload_pod:gpu_owner:relabel";

/** The name of the series that says which pod, of which workload, holds a GPU or an instance of one. */
export const ALLOCATION = "node_gpu_pod:gpu_allocation:group";

const gpuPods = `(${objectSeries("kube_pod_container_resource_requests", GPU_RESOURCES)} or ${objectSeries("kube_pod_resourceclaim_info")})`;

/** Owners of pods, of those that have GPUs. */
const owners = (matchers: string) =>
  `(${objects("kube_pod_owner", "namespace, pod, owner_kind, owner_name", `owner_is_controller="true", ${matchers}`)} and on (cluster, namespace, pod) ${gpuPods})`;

/** What owns the owner: the Deployment of a ReplicaSet, the JobSet or CronJob of a Job. */
const grandOwners = (metric: string, label: string) =>
  objects(metric, `namespace, ${label}, owner_kind, owner_name`, 'owner_is_controller="true"');

const asWorkload = (expr: string) =>
  `max by (cluster, namespace, pod, workload, workload_kind) (${copyLabel(copyLabel(expr, "owner_name", "workload"), "owner_kind", "workload_kind")})`;

function throughOwner(kind: string, metric: string, label: string): string {
  const pods = copyLabel(owners(`owner_kind="${kind}"`), "owner_name", label);
  const withoutOwner = `max by (cluster, namespace, pod, ${label}) (${pods})`;
  return asWorkload(
    `${withoutOwner} * on (cluster, namespace, ${label}) group_left (owner_kind, owner_name) ${grandOwners(metric, label)}`,
  );
}

const alone = `max by (cluster, namespace, pod, workload, workload_kind) (label_replace(${copyLabel(`(${objects("kube_pod_info", "namespace, pod")} and on (cluster, namespace, pod) ${gpuPods})`, "pod", "workload")}, "workload_kind", "Pod", "", ""))`;

// Memory in use is there with every profile, of GPUs and of instances.
const held = `group by (${BY_GPU}, GPU_I_ID, namespace, pod) (${signal("DCGM_FI_DEV_FB_USED", 'pod!=""')})`;

/** Each later way only for pods that no earlier one knows. */
const firstOf = (ways: readonly string[]) => ways.join(" or on (cluster, namespace, pod) ");

/**
 * To which workload a pod belongs, and which GPUs it holds. What owns the Job or ReplicaSet of a pod is the workload: a
 * Deployment, a JobSet. Operators that own their pods themselves (Ray, PyTorchJob, MPIJob) are named by their own objects. A
 * LeaderWorkerSet shows as the StatefulSets that it makes, one for each group.
 */
export const ownerRules = (): RuleGroup[] => [
  {
    name: "gpu-owners",
    scope: "shard",
    rules: [
      {
        record: WORKLOAD_OF_POD,
        expr: `${firstOf([
          throughOwner("ReplicaSet", "kube_replicaset_owner", "replicaset"),
          throughOwner("Job", "kube_job_owner", "job_name"),
          asWorkload(owners('owner_kind!=""')),
          alone,
        ])}`,
      },
      {
        // A pod's name stands for the workload while nothing is known of objects.
        record: ALLOCATION,
        expr: `${held} * on (cluster, namespace, pod) group_left (workload, workload_kind) ${WORKLOAD_OF_POD} or on (cluster, namespace, pod) label_replace(${copyLabel(held, "pod", "workload")}, "workload_kind", "Pod", "", "")`,
      },
    ],
  },
];
