import { jobs } from "../jobs";
import { copyLabel, objectSeries, objects, onPod, POD } from "./objects";
import type { RuleGroup } from "./rule";

/** The workload of each pod, as the labels `workload_type` and `workload`. */
export const WORKLOAD_OF_POD = "namespace_workload_pod:kube_pod_info:max";

const ownerAsWorkload = (expr: string, owner: string) =>
  copyLabel(copyLabel(expr, `${owner}_kind`, "workload_type"), `${owner}_name`, "workload");
const itself = (expr: string, label: string, type: string) =>
  copyLabel(`label_replace(${expr}, "workload_type", "${type}", "", "")`, label, "workload");

const pods = (kind: string) => objectSeries("kube_pod_info", `created_by_kind${kind}`);
const onPodWithWorkload = `${onPod} group_left (workload_type, workload)`;

/** Pods of an object that may itself have an owner, which is then their workload: ReplicaSets of Deployments, Jobs of CronJobs. */
function throughOwner(type: string, ownerMetric: string, label: string): string {
  const labels = `namespace, ${label}`;
  const owned = objects(ownerMetric, `${labels}, owner_kind, owner_name`, 'owner_is_controller="true"');
  const free = objects(ownerMetric, labels, 'owner_kind=""');
  const of = copyLabel(pods(`="${type}"`), "created_by_name", label);
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
  `sum by (cluster, ${labels}) (${values} * ${onPodWithWorkload} max by (cluster, ${WORKLOAD}, pod) (${WORKLOAD_OF_POD}))`;

/** What cAdvisor measures of whole pods. */
const ofPods = (metric: string) => `${metric}{job="${jobs.cadvisor}", service="", container="", pod!=""}`;
const cpu = `rate(${ofPods("container_cpu_usage_seconds_total")}[5m])`;
const memory = ofPods("container_memory_working_set_bytes");

const REQUESTS = "namespace_workload_resource:kube_pod_container_resource_requests:sum";

/** What containers have reserved on nodes: not in the queue, and not after their end, when the objects are still there. */
const reserved =
  `(${objectSeries("kube_pod_container_resource_requests", 'node!="", resource=~"cpu|memory|nvidia_com_.+"')}` +
  ` and ${onPod} ${objectSeries("kube_pod_status_phase", 'phase=~"Pending|Running"')} == 1)`;

export const usageGroups: RuleGroup[] = [
  {
    name: "workload-requests",
    scope: "shard",
    rules: [
      { record: WORKLOAD_OF_POD, expr: `max by (cluster, ${WORKLOAD}, pod) (${workloadOfPod})` },
      {
        record: REQUESTS,
        // By instance first: two of kube-state-metrics at once must not count twice.
        expr: `max by (cluster, ${WORKLOAD}, resource) (sum by (cluster, instance, ${WORKLOAD}, resource) (${reserved} * ${onPodWithWorkload} ${WORKLOAD_OF_POD}))`,
      },
      {
        record: "namespace_resource:kube_pod_container_resource_requests:sum",
        expr: `sum by (cluster, namespace, resource) (${REQUESTS})`,
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
