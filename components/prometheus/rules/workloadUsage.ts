import { jobs } from "../jobs";
import { copyLabel, objectSeries, objects, POD } from "./objects";
import type { RuleGroup } from "./rule";

/** The workload of each pod, as the labels `workload_type` and `workload`. */
export const WORKLOAD_OF_POD = "namespace_workload_pod:kube_pod_info:max";

const ownerAsWorkload = (expr: string, owner: string) =>
  copyLabel(copyLabel(expr, `${owner}_kind`, "workload_type"), `${owner}_name`, "workload");
const itself = (expr: string, label: string, type: string) =>
  copyLabel(`label_replace(${expr}, "workload_type", "${type}", "", "")`, label, "workload");

const pods = (kind: string) => objectSeries("kube_pod_info", `created_by_kind${kind}`);

/** Pods of an object that may itself have an owner, which is then their workload: ReplicaSets of Deployments, Jobs of CronJobs. */
function throughOwner(type: string, ownerMetric: string, label: string): string {
  const labels = `namespace, ${label}`;
  const owned = objects(ownerMetric, `${labels}, owner_kind, owner_name`, 'owner_is_controller="true"');
  const free = objects(ownerMetric, labels, 'owner_kind=""');
  const of = copyLabel(
    objects("kube_pod_info", `${POD}, created_by_name`, `created_by_kind="${type}"`),
    "created_by_name",
    label,
  );
  return `${of} * on (cluster, ${labels}) group_left (workload_type, workload) (${ownerAsWorkload(owned, "owner")} or ${itself(free, label, type)})`;
}

const workloadOfPod = [
  ownerAsWorkload(pods('!~"|ReplicaSet|Job"'), "created_by"),
  itself(pods('=""'), "pod", "Pod"),
  throughOwner("ReplicaSet", "kube_replicaset_owner", "replicaset"),
  throughOwner("Job", "kube_job_owner", "job_name"),
].join(" or ");

const WORKLOAD = "namespace, workload_type, workload";

/** Sums values of pods by workload. */
const byWorkload = (values: string, labels = WORKLOAD) =>
  `sum by (cluster, ${labels}) (${values} * on (cluster, ${POD}) group_left (workload_type, workload) max by (cluster, ${WORKLOAD}, pod) (${WORKLOAD_OF_POD}))`;

/** What cAdvisor measures of whole pods. */
const ofPods = (metric: string) => `${metric}{job="${jobs.cadvisor}", service="", container="", pod!=""}`;
const cpu = `rate(${ofPods("container_cpu_usage_seconds_total")}[5m])`;
const memory = ofPods("container_memory_working_set_bytes");

/** What pods have reserved on nodes: not in the queue, and not after their end, when the objects are still there. */
const requests =
  `(sum by (cluster, ${POD}, resource) (${objects("kube_pod_container_resource_requests", `${POD}, container, resource`, 'node!="", resource=~"cpu|memory|nvidia_com_.+"')})` +
  ` and on (cluster, ${POD}) ${objects("kube_pod_status_phase", POD, 'phase=~"Pending|Running"')} == 1)`;

export const usageGroups: RuleGroup[] = [
  {
    name: "workload-requests",
    scope: "shard",
    rules: [
      { record: WORKLOAD_OF_POD, expr: `max by (cluster, ${WORKLOAD}, pod) (${workloadOfPod})` },
      {
        record: "namespace_resource:kube_pod_container_resource_requests:sum",
        expr: `sum by (cluster, namespace, resource) (${requests})`,
      },
      {
        record: "namespace_workload_resource:kube_pod_container_resource_requests:sum",
        expr: byWorkload(requests, `${WORKLOAD}, resource`),
      },
    ],
  },
  {
    name: "workload-usage",
    scope: "global",
    rules: [
      {
        record: "namespace:container_cpu_usage_seconds_total:sum_rate5m",
        expr: `sum by (cluster, namespace) (${cpu})`,
      },
      {
        record: "namespace:container_memory_working_set_bytes:sum",
        expr: `sum by (cluster, namespace) (${memory})`,
      },
      {
        record: "namespace_workload:container_cpu_usage_seconds_total:sum_rate5m",
        expr: byWorkload(`sum by (cluster, ${POD}) (${cpu})`),
      },
      {
        record: "namespace_workload:container_memory_working_set_bytes:sum",
        expr: byWorkload(`sum by (cluster, ${POD}) (${memory})`),
      },
    ],
  },
];
