import { workloadRules } from "../../components/prometheus/rules/workloads";
import { fromTeam, movedObject, object } from "./objectInput";
import { type Input, proveRecord } from "./promtool";

const rules = workloadRules().filter(({ name }) => /^workload-(requests|usage)$/.test(name));
const WORKLOAD_OF_POD = "namespace_workload_pod:kube_pod_info:max";

const pod = (name: string, kind: string, owner: string, series = object): Input => ({
  [series(
    "kube_pod_info",
    `namespace="ml", pod="${name}", node="n1", created_by_kind="${kind}", created_by_name="${owner}"`,
  )]: "1x30",
});
const owner = (metric: string, label: string, name: string, kind: string, of: string): Input => ({
  [object(
    metric,
    `namespace="ml", ${label}="${name}", owner_kind="${kind}", owner_name="${of}", owner_is_controller="${kind === "" ? "" : "true"}"`,
  )]: "1x30",
});

const pods = {
  ...pod("api-1-x", "ReplicaSet", "api-1"),
  // kube-state-metrics has moved, and both series are still there.
  ...pod("api-1-x", "ReplicaSet", "api-1", movedObject),
  ...pod("api-1-y", "ReplicaSet", "api-1"),
  ...owner("kube_replicaset_owner", "replicaset", "api-1", "Deployment", "api"),
  ...pod("train-0", "Job", "train"),
  ...owner("kube_job_owner", "job_name", "train", "", ""),
};

const container = (name: string, from: string, resource: string, value: number, node = "n1"): Input => ({
  [object(
    "kube_pod_container_resource_requests",
    `namespace="ml", pod="${name}", container="${from}", node="${node}", resource="${resource}", unit="any"`,
  )]: `${value}x30`,
});
const phase = (name: string, phases: string): Input =>
  Object.fromEntries(
    ["Pending", "Running", "Succeeded"].map((is) => [
      object("kube_pod_status_phase", `namespace="ml", pod="${name}", phase="${is}"`),
      `${is === phases ? 1 : 0}x30`,
    ]),
  );
const requests = {
  ...pods,
  ...container("api-1-x", "main", "cpu", 2),
  ...container("api-1-x", "side", "cpu", 0.5),
  ...container("api-1-y", "main", "cpu", 2),
  ...container("api-1-y", "main", "ephemeral_storage", 1000),
  ...container("train-0", "main", "nvidia_com_gpu", 8),
  ...phase("api-1-x", "Running"),
  ...phase("api-1-y", "Pending"),
  ...phase("train-0", "Running"),
  // In the queue, and after the end.
  ...pod("train-1", "Job", "train"),
  ...pod("train-2", "Job", "train"),
  ...container("train-1", "main", "nvidia_com_gpu", 8, ""),
  ...phase("train-1", "Pending"),
  ...container("train-2", "main", "nvidia_com_gpu", 8),
  ...phase("train-2", "Succeeded"),
};

/** What cAdvisor says of a pod on a node: of the whole, and of its container. */
const measured = (metric: string, node: string, name: string, values: string): Input => {
  const series = (container: string) =>
    `${metric}{job="cadvisor", instance="${node}", node="${node}", namespace="ml", pod="${name}", container="${container}"}`;
  return { [series("")]: values, [series("main")]: values };
};
const usage = (metric: string, values: (share: number) => string): Input => ({
  ...pods,
  ...measured(metric, "n1", "api-1-x", values(1)),
  ...measured(metric, "n2", "api-1-y", values(2)),
  ...measured(metric, "n2", "train-0", values(4)),
  ...fromTeam(measured(metric, "n3", "api-1-y", values(8))),
  // The node as a whole.
  [`${metric}{job="cadvisor", instance="n1", node="n1", container=""}`]: values(16),
});
const cpu = usage("container_cpu_usage_seconds_total", (share) => `0+${60 * share}x30`);
const memory = usage("container_memory_working_set_bytes", (share) => `${100 * share}x30`);
const samples = (api: number, train: number) => ({
  '{namespace="ml", workload_type="Deployment", workload="api"}': api,
  '{namespace="ml", workload_type="Job", workload="train"}': train,
});

describe("rules: use of workloads", () => {
  proveRecord(rules, WORKLOAD_OF_POD, {
    input: {
      ...pods,
      ...pod("once-1-x", "ReplicaSet", "once-1"),
      ...owner("kube_replicaset_owner", "replicaset", "once-1", "", ""),
      ...pod("nightly-1-x", "Job", "nightly-1"),
      ...owner("kube_job_owner", "job_name", "nightly-1", "CronJob", "nightly"),
      // Of the names of the ReplicaSet and the Job.
      ...pod("api-1-0", "StatefulSet", "api-1"),
      ...pod("train-x", "StatefulSet", "train"),
      ...pod("ray-head", "RayCluster", "ray"),
      ...pod("debug", "", ""),
      ...fromTeam(pod("other", "StatefulSet", "other")),
    },
    at: "10m",
    samples: Object.fromEntries(
      [
        ["api-1-x", "Deployment", "api"],
        ["api-1-y", "Deployment", "api"],
        ["train-0", "Job", "train"],
        ["once-1-x", "ReplicaSet", "once-1"],
        ["nightly-1-x", "CronJob", "nightly"],
        ["api-1-0", "StatefulSet", "api-1"],
        ["train-x", "StatefulSet", "train"],
        ["ray-head", "RayCluster", "ray"],
        ["debug", "Pod", "debug"],
      ].map(([name, type, workload]) => [
        `{namespace="ml", pod="${name}", workload_type="${type}", workload="${workload}"}`,
        1,
      ]),
    ),
  });

  proveRecord(rules, "namespace_resource:kube_pod_container_resource_requests:sum", {
    input: requests,
    at: "10m",
    samples: { '{namespace="ml", resource="cpu"}': 4.5, '{namespace="ml", resource="nvidia_com_gpu"}': 8 },
  });

  proveRecord(rules, "namespace_workload_resource:kube_pod_container_resource_requests:sum", {
    input: requests,
    at: "10m",
    samples: {
      '{namespace="ml", resource="cpu", workload_type="Deployment", workload="api"}': 4.5,
      '{namespace="ml", resource="nvidia_com_gpu", workload_type="Job", workload="train"}': 8,
    },
  });

  proveRecord(rules, "namespace:container_cpu_usage_seconds_total:sum_rate5m", {
    input: cpu,
    at: "10m",
    samples: { '{namespace="ml"}': 7 },
  });

  proveRecord(rules, "namespace_workload:container_cpu_usage_seconds_total:sum_rate5m", {
    input: cpu,
    at: "10m",
    samples: samples(3, 4),
  });

  proveRecord(rules, "namespace:container_memory_working_set_bytes:sum", {
    input: memory,
    at: "10m",
    samples: { '{namespace="ml"}': 700 },
  });

  proveRecord(rules, "namespace_workload:container_memory_working_set_bytes:sum", {
    input: memory,
    at: "10m",
    samples: samples(300, 400),
  });
});
