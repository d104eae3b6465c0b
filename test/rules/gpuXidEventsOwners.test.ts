import { OUT_OF_SERVICE } from "../../components/gpu/rules/expressions";
import { lifecycleRules } from "../../components/gpu/rules/lifecycle";
import { ALLOCATION, ownerRules, WORKLOAD_OF_POD } from "../../components/gpu/rules/owners";
import { asOne, exporterUp } from "./gpuCardFixtures";
import { held, knownNode, kube } from "./gpuFaultInput";
import { type Input, proveRecord } from "./promtool";

const owners = asOne(ownerRules());
const lifecycle = asOne(lifecycleRules());

/** A pod that asks for GPUs, and what owns it. */
const pod = (name: string, kind = "", owner = ""): Input => ({
  [kube("kube_pod_info", `namespace="ml", pod="${name}"`)]: "1x60",
  [kube(
    "kube_pod_container_resource_requests",
    `namespace="ml", pod="${name}", container="main", resource="nvidia_com_gpu"`,
  )]: "8x60",
  [kube(
    "kube_pod_owner",
    `namespace="ml", pod="${name}", owner_kind="${kind}", owner_name="${owner}", owner_is_controller="${kind === "" ? "" : "true"}"`,
  )]: "1x60",
});

const owned = (metric: string, label: string, name: string, kind: string, owner: string): Input => ({
  [kube(
    metric,
    `namespace="ml", ${label}="${name}", owner_kind="${kind}", owner_name="${owner}", owner_is_controller="${owner === "" ? "" : "true"}"`,
  )]: "1x60",
});

const workload = (name: string, kind: string, owner: string) =>
  `{cluster="c1", namespace="ml", pod="${name}", workload="${owner}", workload_kind="${kind}"}`;

describe("rules: GPUs, whose pods", () => {
  proveRecord(owners, WORKLOAD_OF_POD, {
    input: {
      ...pod("serve-1", "ReplicaSet", "serve-x"),
      ...owned("kube_replicaset_owner", "replicaset", "serve-x", "Deployment", "serve"),
      ...pod("alone-1", "ReplicaSet", "alone"),
      ...owned("kube_replicaset_owner", "replicaset", "alone", "", ""),
      ...pod("train-0", "Job", "train"),
      ...owned("kube_job_owner", "job_name", "train", "", ""),
      ...pod("set-0", "Job", "set-workers"),
      ...owned("kube_job_owner", "job_name", "set-workers", "JobSet", "set"),
      ...pod("db-0", "StatefulSet", "db"),
      ...pod("ray-0", "RayCluster", "ray"),
      ...pod("torch-0", "PyTorchJob", "torch"),
      ...pod("shell"),
      // Without GPUs.
      [kube(
        "kube_pod_owner",
        'namespace="ml", pod="web", owner_kind="StatefulSet", owner_name="web", owner_is_controller="true"',
      )]: "1x60",
      [kube("kube_pod_info", 'namespace="ml", pod="web"')]: "1x60",
      // By a claim for a device.
      [kube("kube_pod_info", 'namespace="ml", pod="claims"')]: "1x60",
      [kube("kube_pod_resourceclaim_info", 'namespace="ml", pod="claims", resource_claim_name="one"')]: "1x60",
    },
    at: "10m",
    samples: {
      [workload("serve-1", "Deployment", "serve")]: 1,
      [workload("alone-1", "ReplicaSet", "alone")]: 1,
      [workload("train-0", "Job", "train")]: 1,
      [workload("set-0", "JobSet", "set")]: 1,
      [workload("db-0", "StatefulSet", "db")]: 1,
      [workload("ray-0", "RayCluster", "ray")]: 1,
      [workload("torch-0", "PyTorchJob", "torch")]: 1,
      [workload("shell", "Pod", "shell")]: 1,
      [workload("claims", "Pod", "claims")]: 1,
    },
  });

  const on = (name: string, kind: string, owner: string, gpu = 0, instance = "") =>
    `{cluster="c1", region="r1", failure_domain="rack1", node="n1", UUID="GPU-n1-${gpu}", gpu="${gpu}", modelName="NVIDIA H100 80GB HBM3"${instance && `, GPU_I_ID="${instance}"`}, namespace="ml", pod="${name}", workload="${owner}", workload_kind="${kind}"}`;
  proveRecord(owners, ALLOCATION, {
    input: {
      ...pod("db-0", "StatefulSet", "db"),
      ...pod("db-1", "StatefulSet", "db"),
      ...held("db-0", "100x60"),
      // Two instances of one card.
      ...held("db-1", "100x60", { gpu: 1 }, "1"),
      ...held("db-0", "100x60", { gpu: 1 }, "2"),
    },
    at: "10m",
    samples: {
      [on("db-0", "StatefulSet", "db")]: 1,
      [on("db-1", "StatefulSet", "db", 1, "1")]: 1,
      [on("db-0", "StatefulSet", "db", 1, "2")]: 1,
    },
  });
  proveRecord(owners, ALLOCATION, {
    // Nothing is known of objects: the pod stands for its workload.
    input: held("db-0", "100x60"),
    at: "10m",
    samples: { [on("db-0", "Pod", "db-0")]: 1 },
  });
});

describe("rules: GPUs, nodes out of service", () => {
  const gpus = (node: string): Input => ({
    ...knownNode(node),
    [kube("kube_node_status_capacity", `node="${node}", resource="nvidia_com_gpu"`)]: "8x60",
  });
  const taint = (node: string, key: string): Input => ({
    [kube("kube_node_spec_taint", `node="${node}", key="${key}", effect="NoSchedule"`)]: "1x60",
  });
  const isOut = (node: string) => `{cluster="c1", node="${node}"}`;
  proveRecord(lifecycle, OUT_OF_SERVICE, {
    input: {
      ...gpus("works"),
      [kube("kube_node_spec_unschedulable", 'node="works"')]: "0x60",
      // The taint that nodes with GPUs have.
      ...taint("works", "nvidia.com/gpu"),
      ...gpus("cordoned"),
      [kube("kube_node_spec_unschedulable", 'node="cordoned"')]: "1x60",
      ...gpus("disrupted"),
      ...taint("disrupted", "karpenter.sh/disrupted"),
      ...gpus("upgraded"),
      ...taint("upgraded", "nvidia.com/gpu-driver-upgrade-required"),
      ...gpus("deleted"),
      [kube("kube_node_deletion_timestamp", 'node="deleted"')]: "1700000000x60",
      // Known by its exporter only.
      ...exporterUp("bare"),
      // Without GPUs.
      ...knownNode("cpu"),
      [kube("kube_node_spec_unschedulable", 'node="cpu"')]: "1x60",
    },
    at: "10m",
    samples: {
      [isOut("works")]: 0,
      [isOut("cordoned")]: 1,
      [isOut("disrupted")]: 1,
      [isOut("upgraded")]: 1,
      [isOut("deleted")]: 1,
      [isOut("bare")]: 0,
    },
  });

  /** A node that is cordoned when kube-state-metrics goes away for so many minutes. */
  const away = (minutes: number, node: string): Input => ({
    [kube("kube_node_info", `node="${node}"`)]: `1x9 stale _x${minutes - 1} 1x60`,
    [kube("kube_node_status_capacity", `node="${node}", resource="nvidia_com_gpu"`)]: `8x9 stale _x${minutes - 1} 8x60`,
    [kube("kube_node_spec_unschedulable", `node="${node}"`)]: `1x9 stale _x${minutes - 1} 0x60`,
    ...exporterUp(node),
  });
  const outAt = (at: string, input: Input, samples: Record<string, number>) =>
    proveRecord(lifecycle, OUT_OF_SERVICE, { input, at, samples });
  outAt("12m", { ...away(5, "a"), ...exporterUp("bare") }, { [isOut("a")]: 1, [isOut("bare")]: 0 });
  // It was put back meanwhile.
  outAt("16m", away(5, "a"), { [isOut("a")]: 0 });
  outAt("30m", away(40, "a"), { [isOut("a")]: 0 });
  // It was deleted.
  const deleted = { ...away(300, "a"), ...exporterUp("a", "rack1", "1x9 stale") };
  outAt("20m", deleted, { [isOut("a")]: 1 });
  outAt("30m", deleted, {});
});
