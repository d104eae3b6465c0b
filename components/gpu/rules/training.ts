import { objectSeries, onPod, POD } from "../../prometheus/rules/objects";
import type { AlertingRule, RecordingRule, RuleGroup } from "../../prometheus/rules/rule";
import { xidCodes, xidPattern } from "../xid";
import type { GpuRuleContext } from "./context";
import { bridged, exporterUp, ON_GPU } from "./expressions";
import { WORKLOAD_OF_POD } from "./owners";
import { BY_WORKLOAD, INDEPENDENT, nodeWorkload, sumsOfWorkload } from "./workloadsRecorded";
import { freshEvents } from "./xidEvents";
import { BEFORE_EVENT } from "./xidWorkloads";

const onWorkload = `on (${BY_WORKLOAD})`;

/** What the GPUs of workloads do. All of it is bridged alike, or the parts would not add up to the whole. */
function states(context: GpuRuleContext) {
  const sums = (what: string, matchers = "") => sumsOfWorkload(bridged(`${nodeWorkload(what)}${matchers}`, context));
  const waiting = sums("gpu_waiting:count");
  return {
    allocated: sums("gpu_allocated:count"),
    waiting,
    doNothing: `(${waiting} + ${sums("gpu_idle:count")})`,
    // Servers do not wait for each other: what looks like it is many small kernels.
    waitingInJobs: sums("gpu_waiting:count", `{workload_kind!~"${INDEPENDENT}"}`),
  };
}

type States = ReturnType<typeof states>;

const hung = ({ profile }: GpuRuleContext, { allocated, waiting, doNothing, waitingInJobs }: States): AlertingRule => ({
  alert: "GpuJobHung",
  // None is at work. Not all wait: the rank that the others wait for may be idle. A single GPU waits for nobody.
  expr: `${waitingInJobs} >= 2 and ${waiting} >= 0.5 * ${allocated} and ${doNothing} == ${allocated}`,
  // Longer than most checkpoints and evaluations by one rank take [judgement].
  for: "15m",
  // An exporter that restarts is not the end of it.
  keepFiringFor: "10m",
  // Without hardware counters, work in tiny kernels looks alike.
  severity: profile === "profiling" ? "critical" : "warning",
  owner: "workload",
  action: "restart-workload",
  summary: "{{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} hangs.",
  description:
    "{{ $value }} GPUs of {{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} have been running a kernel that only waits for 15 minutes, and none of its GPUs computes: a collective operation that will not end. All of them are held for nothing.",
});

const RESOURCES = 'resource=~"nvidia_com_(gpu|mig_.+)"';

/** GPUs that pods in a phase ask for, by workload. */
const requested = (by: string, phase: string, pods: string) =>
  `sum by (${by}) (sum by (cluster, ${POD}, node) (max by (cluster, ${POD}, node, container, resource) (${pods}` +
  ` and ${onPod} ${objectSeries("kube_pod_status_phase", `phase="${phase}"`)} == 1))` +
  ` * ${onPod} group_left (workload, workload_kind) ${WORKLOAD_OF_POD}{workload_kind!~"${INDEPENDENT}"})`;

const requests = objectSeries("kube_pod_container_resource_requests", RESOURCES);
const BY_NODE_WORKLOAD = `cluster, node, ${BY_WORKLOAD.replace("cluster, ", "")}`;
const onNodeWorkload = `on (${BY_NODE_WORKLOAD})`;

/** Of nodes whose exporters have answered for a while. */
const requestedOfRunning = requested(
  BY_NODE_WORKLOAD,
  "Running",
  `${requests} and on (cluster, node) min_over_time(${exporterUp}[10m]) == 1`,
);
const seen = `sum by (${BY_NODE_WORKLOAD}) (${nodeWorkload("gpu_allocated:count")})`;

const MISSING = nodeWorkload("gpu_missing:sum");
const PENDING = "namespace_workload:gpu_not_running:sum";

/** Both have series only where something is missing. */
const missing: RecordingRule[] = [
  {
    // GPUs that a running pod has asked for, and that its node's exporter does not show with it; also where it shows none.
    record: MISSING,
    expr: `${requestedOfRunning} - ${onNodeWorkload} (${seen} or ${onNodeWorkload} 0 * ${requestedOfRunning}) > 0`,
  },
  // GPUs that pods have asked for which do not run yet.
  { record: PENDING, expr: `${requested(BY_WORKLOAD, "Pending", requests)} > 0` },
];

const rankMissing = ({ allocated, doNothing }: States): AlertingRule => ({
  alert: "GpuJobRankMissing",
  // Only if next to nothing is computed meanwhile: independent tasks, and elastic jobs, go on without the others.
  expr:
    `sum by (${BY_WORKLOAD}) (${MISSING} or max by (${BY_WORKLOAD}) (${PENDING}))` +
    ` and ${onWorkload} ${doNothing} >= 0.9 * ${allocated}`,
  // New nodes and their images take a quarter of an hour [judgement].
  for: "20m",
  severity: "warning",
  owner: "workload",
  action: "restart-workload",
  summary:
    "{{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} waits for GPUs that it does not have.",
  description:
    "{{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} lacks {{ $value }} of the GPUs that its pods ask for: pods of it do not run, or GPUs are gone. It holds the others for 20 minutes and computes nothing.",
});

/** Faults of hardware that end what runs on the GPU. */
const FATAL = xidPattern(xidCodes({ fatal: true }));

const hitByHardware: AlertingRule = {
  alert: "GpuWorkloadHitByHardware",
  // `and`, for a GPU may report several XIDs and have several instances.
  expr:
    `count by (${BY_WORKLOAD}) (group by (${BY_WORKLOAD}, node, UUID) (` +
    `${BEFORE_EVENT} and ${ON_GPU} ${freshEvents(FATAL)}))`,
  // As long as what follows from it goes on: a job hangs, is restarted, waits for GPUs.
  keepFiringFor: "1h",
  severity: "info",
  owner: "workload",
  action: "restart-workload",
  summary: "A GPU failed under {{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }}.",
  description:
    "{{ $value }} GPUs that {{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} held reported a hardware fault. What it computed there is lost; the platform's team has an alert of its own about the GPU.",
};

const restarts = objectSeries("kube_pod_container_status_restarts_total");
const PODS = "namespace_workload:gpu_pods:count";

const active = `${objectSeries("kube_pod_status_phase", 'phase=~"Pending|Running"')} == 1`;
/** Over the last hour, also of pods that are gone. */
const lately = (expr: string) => `last_over_time(${expr}[1h])`;
const succeeded = lately(objectSeries("kube_pod_status_phase", 'phase="Succeeded"'));
const created = lately(objectSeries("kube_pod_created"));

/** How often a workload's pods were made anew within an hour; what ends as it should does not count. */
const madeAnew =
  `count by (${BY_WORKLOAD}) (${lately(`${WORKLOAD_OF_POD}{workload_kind!~"${INDEPENDENT}"}`)}` +
  ` and ${onPod} (${created} > time() - 3600) unless ${onPod} (${succeeded} == 1))` +
  ` / ${onWorkload} max_over_time(${PODS}[1h]) - 1`;

const restartedInPlace = `max by (${BY_WORKLOAD}) (max by (cluster, ${POD}) (increase(${restarts}[1h])) * ${onPod} group_left (workload, workload_kind) ${WORKLOAD_OF_POD})`;

const failed = objectSeries("kube_pod_status_phase", 'phase="Failed"');
const newlyFailed = `(${failed} == 1 unless ${onPod} ${failed} offset 1h == 1)`;

const failures: (AlertingRule | RecordingRule)[] = [
  {
    record: PODS,
    expr: `count by (${BY_WORKLOAD}) (${WORKLOAD_OF_POD} and ${onPod} ${active})`,
  },
  {
    alert: "GpuJobRestartStorm",
    // 3.5: increase() makes a little more of three.
    expr: `${restartedInPlace} > 3.5 or ${madeAnew} > 3.5`,
    severity: "warning",
    owner: "workload",
    summary: "{{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} starts again and again.",
    description:
      '{{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }}, which holds GPUs, was started again {{ printf "%.0f" $value }} times within an hour. Each time it loses what it did since its last checkpoint.',
  },
  {
    alert: "GpuWorkloadPodsFailed",
    expr: `count by (${BY_WORKLOAD}) (${WORKLOAD_OF_POD} and ${onPod} ${newlyFailed})`,
    severity: "info",
    owner: "workload",
    summary: "Pods of {{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} failed.",
    description:
      "{{ $value }} pods with GPUs of {{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} failed within the last hour.",
  },
];

function jobs(context: GpuRuleContext): AlertingRule[] {
  const gpus = states(context);
  return [hitByHardware, hung(context, gpus), rankMissing(gpus)];
}

/** Jobs that stand still, lack ranks, or start again and again. */
export const trainingRules = (context: GpuRuleContext): RuleGroup[] => [
  ...(context.podsKnown
    ? [
        { name: "gpu-jobs-on-nodes", scope: "shard" as const, rules: missing },
        { name: "gpu-jobs", scope: "global" as const, rules: jobs(context) },
      ]
    : []),
  { name: "gpu-job-failures", scope: "shard", rules: failures },
];
