import { workloadRules } from "../../components/prometheus/rules/workloads";
import { fromTeam, movedObject, node, object } from "./objectInput";
import { type Input, proveAlert } from "./promtool";

const rules = workloadRules().filter(({ name }) => name === "workload-pods");
const POD = 'namespace="ml", pod="train-0"';
const CONTAINER = `${POD}, container="main"`;
const labels = { namespace: "ml", pod: "train-0" };
const waiting = (reason: string, container = CONTAINER) =>
  object("kube_pod_container_status_waiting_reason", `${container}, reason="${reason}"`);
const init = (state: string, container = "init", more = "") =>
  object(`kube_pod_init_container_status_${state}`, `${POD}, container="${container}"${more}`);
const initWaiting = (reason: string) => init("waiting_reason", "init", `, reason="${reason}"`);
const phase = (values: Record<string, string>, pod = POD): Input =>
  Object.fromEntries(
    Object.entries(values).map(([name, at]) => [object("kube_pod_status_phase", `${pod}, phase="${name}"`), at]),
  );
const onNode = (name: string, pod = POD) =>
  object("kube_pod_info", `${pod}, node="${name}", created_by_kind="StatefulSet"`);
const gpus = (container = CONTAINER, resource = "nvidia_com_gpu") =>
  object("kube_pod_container_resource_requests", `${container}, node="n1", resource="${resource}", unit="integer"`);

describe("rules: pods of workloads", () => {
  // A server that runs for 8 minutes and crashes; kube-state-metrics moves in between.
  const crashes = "1 stale _x6 ";
  proveAlert(rules, "KubePodCrashLooping", {
    input: {
      [waiting("CrashLoopBackOff")]: crashes.repeat(2),
      [movedObject("kube_pod_container_status_waiting_reason", `${CONTAINER}, reason="CrashLoopBackOff"`)]:
        `_x16 ${crashes.repeat(5)}`,
      [initWaiting("CrashLoopBackOff")]: "1x60",
    },
    quiet: "19m",
    fires: {
      at: "20m",
      alerts: ["main", "init"].map((container) => ({
        labels: { ...labels, container },
        summary: `Container ${container} of pod ml/train-0 keeps crashing.`,
        description: `Container ${container} of pod train-0 in namespace ml ends again and again soon after its start (CrashLoopBackOff). A pod that holds GPUs holds them all the while.`,
      })),
    },
    silent: [
      {
        why: "two crashes that are over",
        input: { [waiting("CrashLoopBackOff")]: "1 stale _x5 1 stale _x60" },
        until: "60m",
      },
      { why: "a container that waits for another reason", input: { [waiting("ContainerCreating")]: "1x60" } },
      { why: "an initial container that waits for another one", input: { [initWaiting("PodInitializing")]: "1x60" } },
      { why: "a team's own kube-state-metrics", input: fromTeam({ [waiting("CrashLoopBackOff")]: "1x60" }) },
    ],
  });

  proveAlert(rules, "KubeContainerWaiting", {
    // The reasons of a failed pull take turns.
    input: {
      [waiting("ErrImagePull")]: "1 stale ".repeat(20),
      [waiting("ImagePullBackOff")]: `_ ${"1 stale ".repeat(20)}`,
      [initWaiting("CreateContainerConfigError")]: "1x60",
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: { ...labels, container: "main", reason: "ImagePullBackOff" },
          summary: "Container main of pod ml/train-0 cannot start: ImagePullBackOff.",
          description:
            "Container main of pod train-0 in namespace ml has been waiting for 15 minutes with reason ImagePullBackOff, which time alone rarely mends.",
        },
        {
          labels: { ...labels, container: "init", reason: "CreateContainerConfigError" },
          summary: "Container init of pod ml/train-0 cannot start: CreateContainerConfigError.",
          description:
            "Container init of pod train-0 in namespace ml has been waiting for 15 minutes with reason CreateContainerConfigError, which time alone rarely mends.",
        },
      ],
    },
    silent: [
      { why: "a container on its way", input: { [waiting("ContainerCreating")]: "1x60" } },
      { why: "a container that waits for an initial one", input: { [waiting("PodInitializing")]: "1x60" } },
      { why: "a crash loop, which has its own alert", input: { [waiting("CrashLoopBackOff")]: "1x60" } },
      { why: "an initial container that waits for another one", input: { [initWaiting("PodInitializing")]: "1x60" } },
      { why: "a registry that was away for a while", input: { [waiting("ImagePullBackOff")]: "1x14 stale _x40" } },
    ],
  });

  const pending = {
    ...node("n1"),
    [onNode("n1")]: "1x90",
    ...phase({ Pending: "1x90", Running: "0x90" }),
  };
  proveAlert(rules, "KubePodNotReady", {
    input: {
      ...pending,
      [waiting("PodInitializing")]: "1x90",
      [init("restarts_total", "done")]: "0x90",
      [init("terminated_reason", "done", ', reason="Completed"')]: "1x90",
      [init("restarts_total")]: "0x90",
      [initWaiting("PodInitializing")]: "1x90",
    },
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { ...labels, node: "n1" },
          summary: "Pod ml/train-0 does not start on node n1.",
          description:
            "Pod train-0 in namespace ml has had node n1 for 30 minutes, and its containers are still not created. What it has asked for, GPUs included, is held for it and idle.",
        },
      ],
    },
    silent: [
      { why: "a pod in the queue", input: { ...phase({ Pending: "1x90" }), [onNode("")]: "1x90" } },
      { why: "an initial container that loads a model", input: { ...pending, [init("restarts_total")]: "0x90" } },
      { why: "a failed pull, which has its own alert", input: { ...pending, [waiting("ErrImagePull")]: "1x90" } },
      { why: "a crash loop, which has its own alert", input: { ...pending, [waiting("CrashLoopBackOff")]: "1x90" } },
      {
        why: "an image of an initial container that is missing",
        input: { ...pending, [initWaiting("ErrImagePull")]: "1x90" },
      },
      { why: "an initial container that crashes", input: { ...pending, [initWaiting("CrashLoopBackOff")]: "1x90" } },
      {
        why: "a pod that is being deleted",
        input: { ...pending, [object("kube_pod_deletion_timestamp", POD)]: "30x90" },
      },
      { why: "a node that is lost", input: { ...pending, ...node("n1", { ready: false }) } },
      { why: "a slow pull", input: { ...pending, ...phase({ Pending: "1x29 0x60", Running: "0x29 1x60" }) } },
      { why: "a pod that runs", input: { ...pending, ...phase({ Pending: "0x90", Running: "1x90" }) } },
    ],
  });

  const unschedulable = { [object("kube_pod_status_unschedulable", POD)]: "1x90" };
  const usesClaim = object("kube_pod_spec_volumes_persistentvolumeclaims_info", `${POD}, persistentvolumeclaim="data"`);
  const claim = (is: string) =>
    object("kube_persistentvolumeclaim_status_phase", `namespace="ml", persistentvolumeclaim="data", phase="${is}"`);
  const otherCluster = (series: string) => series.replace("{", '{cluster="other", ');
  proveAlert(rules, "KubePodUnschedulable", {
    // A pod of the same name in another cluster asks for GPUs; this one asks for none, and its claim has a volume.
    input: {
      ...unschedulable,
      [otherCluster(gpus())]: "8x90",
      [gpus()]: "0x90",
      [gpus(CONTAINER, "cpu")]: "2x90",
      [onNode("")]: "1x90",
      [object("kube_pod_status_reason", `${POD}, reason="PreemptionByScheduler"`)]: "1x90",
      [usesClaim]: "1x90",
      [claim("Pending")]: "0x90",
      [claim("Bound")]: "1x90",
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "No node is found for pod ml/train-0.",
          description:
            "Pod train-0 in namespace ml, which asks for no GPU, has had no node for 15 minutes: none has room or suits it, and none is added.",
        },
      ],
    },
    silent: [
      { why: "a pod that waits for a GPU", input: { ...unschedulable, [gpus()]: "1x90" } },
      {
        why: "a pod that waits for a slice of a GPU",
        input: { ...unschedulable, [gpus(CONTAINER, "nvidia_com_mig_1g_10gb")]: "1x90" },
      },
      {
        why: "a pod that waits for a device by a claim",
        input: { ...unschedulable, [object("kube_pod_resourceclaim_info", POD)]: "1x90" },
      },
      {
        why: "a pod in the queue of a batch scheduler",
        input: { ...unschedulable, [object("kube_pod_status_reason", `${POD}, reason="SchedulingGated"`)]: "1x90" },
      },
      {
        why: "a pod of a Job",
        input: { ...unschedulable, [object("kube_pod_info", `${POD}, node="", created_by_kind="Job"`)]: "1x90" },
      },
      {
        why: "a claim without a volume, which has its own alert",
        input: { ...unschedulable, [usesClaim]: "1x90", [claim("Pending")]: "1x90" },
      },
      {
        why: "a node that comes within 15 minutes",
        input: { [object("kube_pod_status_unschedulable", POD)]: "1x14 stale _x60" },
      },
    ],
  });

  const deleted = object("kube_pod_deletion_timestamp", POD);
  proveAlert(rules, "KubePodStuckTerminating", {
    input: { ...node("n1"), [onNode("n1")]: "1x90", [deleted]: "0x90" },
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "Pod ml/train-0 does not end.",
          description:
            "Pod train-0 in namespace ml should have been gone 16 minutes ago. Until it is, its GPUs go to nobody else, and a drain of its node waits.",
        },
      ],
    },
    silent: [
      { why: "a grace period of an hour, for a last checkpoint", input: { [deleted]: "3600x70 stale" }, until: "70m" },
      {
        why: "a node that is lost",
        input: { ...node("n1", { ready: false }), [onNode("n1")]: "1x90", [deleted]: "0x90" },
      },
      { why: "an end after a quarter of an hour", input: { [deleted]: "0x14 stale" } },
    ],
  });

  const last = (what: string, container: string) =>
    object(`kube_pod_container_status_last_terminated_${what}`, `${POD}, container="${container}"`);
  const lastReason = (container: string, reason: string) =>
    object("kube_pod_container_status_last_terminated_reason", `${POD}, container="${container}", reason="${reason}"`);
  const ended = (reason: string) =>
    object(
      "kube_pod_container_status_terminated_reason",
      `namespace="ml", pod="job-1", container="main", reason="${reason}"`,
    );
  proveAlert(rules, "KubeContainerOOMKilled", {
    input: {
      [lastReason("main", "OOMKilled")]: "1x120",
      [last("timestamp", "main")]: "0x120",
      [ended("OOMKilled")]: "1x120",
    },
    // An hour later it is history.
    quiet: "76m",
    fires: {
      at: "59m",
      alerts: ["train-0", "job-1"].map((pod) => ({
        labels: { namespace: "ml", pod, container: "main" },
        summary: `Container main of pod ml/${pod} was killed for its memory.`,
        description: `Container main of pod ${pod} in namespace ml used more host memory than its limit, or its node ran out, and was killed within the last hour (OOMKilled). A training job loses what it did since its last checkpoint.`,
      })),
    },
    silent: [
      {
        why: "one that was killed long ago, beside one that just ended for another reason",
        input: {
          [lastReason("main", "OOMKilled")]: "1x90",
          [last("timestamp", "main")]: "-3600x90",
          [lastReason("side", "Error")]: "1x90",
          [last("timestamp", "side")]: "0x90",
        },
      },
      { why: "one that ended by itself", input: { [ended("Error")]: "1x90" } },
    ],
  });

  const cpu = (throttled: number, container = CONTAINER): Input => {
    const series = (which: string) =>
      `container_cpu_cfs_${which}_total{job="cadvisor", instance="n1", node="n1", ${container}}`;
    return { [series("periods")]: "0+600x90", [series("throttled_periods")]: `0+${throttled}x90` };
  };
  proveAlert(rules, "CPUThrottlingHigh", {
    input: { ...cpu(180), [gpus()]: "1x90" },
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...labels, container: "main" },
          summary: "Container main of pod ml/train-0 has GPUs and too little CPU.",
          description:
            "Container main of pod train-0 in namespace ml, which has GPUs, is held back by its CPU limit in 30 % of the time slices: its GPUs wait for it.",
        },
      ],
    },
    silent: [
      { why: "a quarter of the time", input: { ...cpu(150), [gpus()]: "8x90" } },
      { why: "a container without GPUs", input: { ...cpu(500), [gpus()]: "0x90", [gpus(CONTAINER, "cpu")]: "2x90" } },
      {
        why: "a container beside the one with GPUs",
        input: { ...cpu(500, `${POD}, container="side"`), [gpus()]: "8x90" },
      },
      { why: "a team's own cAdvisor", input: { ...fromTeam(cpu(500)), [gpus()]: "8x90" } },
    ],
  });
});
