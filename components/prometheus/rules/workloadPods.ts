import { jobs } from "../jobs";
import {
  claimsOfPods,
  GPU_RESOURCES,
  nodeReady,
  objectSeries,
  objects,
  onPod,
  POD,
  pendingClaims,
  podsOnLostNodes,
  podsWithoutNode,
} from "./objects";
import type { RuleGroup } from "./rule";

const CONTAINER = `${POD}, container`;
const onContainer = `on (cluster, ${CONTAINER})`;

/**
 * Containers in the pauses between their restarts. Looking back 10 minutes: the pauses get shorter again only after 10 minutes
 * without a crash, and a server may die each time while it loads its model.
 */
const crashing = ["container", "init_container"]
  .map((kind) => {
    const waiting = objectSeries(`kube_pod_${kind}_status_waiting_reason`, 'reason="CrashLoopBackOff"');
    return `max by (cluster, ${CONTAINER}) (max_over_time(${waiting}[10m]))`;
  })
  .join(" or ");

/**
 * Containers that cannot start, by reason. What is normal on the way, and what has an alert of its own, are not reasons. The two
 * reasons of a failed pull take turns, and so have one name.
 */
const notStarting = ["container", "init_container"]
  .map((kind) => {
    const waiting = objectSeries(
      `kube_pod_${kind}_status_waiting_reason`,
      'reason!~"|ContainerCreating|PodInitializing|CrashLoopBackOff"',
    );
    return `max by (cluster, ${CONTAINER}, reason) (label_replace(${waiting}, "reason", "ImagePullBackOff", "reason", "ErrImagePull"))`;
  })
  .join(" or ");

const pending = `${objectSeries("kube_pod_status_phase", 'phase="Pending"')} == 1`;

/** Initial containers of such pods that run: those with a state that is neither waiting nor the end. */
const initializing =
  `(${objectSeries("kube_pod_init_container_status_restarts_total")} and ${onPod} ${pending}` +
  ` unless ${onContainer} ${objectSeries("kube_pod_init_container_status_waiting_reason")}` +
  ` unless ${onContainer} ${objectSeries("kube_pod_init_container_status_terminated_reason")})`;

/** Containers that were killed for their memory and not started again; when is not said. */
const endedByMemory = (range: string) =>
  `max by (cluster, ${CONTAINER}) (max_over_time(${objectSeries("kube_pod_container_status_terminated_reason", 'reason="OOMKilled"')}${range}))`;

const terminating = objects("kube_pod_deletion_timestamp", POD);

const cpuPeriods = (which: string) =>
  `sum by (cluster, ${CONTAINER}) (increase(container_cpu_cfs_${which}_total{job="${jobs.cadvisor}", service="", container!=""}[10m]))`;

export const podGroups: RuleGroup[] = [
  {
    name: "workload-pods",
    scope: "shard",
    rules: [
      {
        alert: "KubePodCrashLooping",
        expr: crashing,
        // Longer than the look back, so that two crashes that are over do not count as a loop.
        for: "20m",
        severity: "warning",
        summary: "Container {{ $labels.container }} of pod {{ $labels.namespace }}/{{ $labels.pod }} keeps crashing.",
        description:
          "Container {{ $labels.container }} of pod {{ $labels.pod }} in namespace {{ $labels.namespace }} ends again and again soon after its start (CrashLoopBackOff). A pod that holds GPUs holds them all the while.",
      },
      {
        alert: "KubeContainerWaiting",
        expr: notStarting,
        for: "15m",
        severity: "warning",
        summary:
          "Container {{ $labels.container }} of pod {{ $labels.namespace }}/{{ $labels.pod }} cannot start: {{ $labels.reason }}.",
        description:
          "Container {{ $labels.container }} of pod {{ $labels.pod }} in namespace {{ $labels.namespace }} has been waiting for 15 minutes with reason {{ $labels.reason }}, which time alone rarely mends.",
      },
      {
        alert: "KubePodNotReady",
        // Not while initial containers run: they may load data, or wait for other pods of a training job.
        expr:
          `max by (cluster, ${POD}, node) (${objectSeries("kube_pod_info", 'node!=""')} and ${onPod} ${pending}` +
          ` unless ${onPod} ${initializing}` +
          ` unless ${onPod} (${notStarting} or ${crashing})` +
          ` unless ${onPod} ${terminating}` +
          ` unless on (cluster, node) ${nodeReady} == 0)`,
        // An image with a GPU framework and a model can take a quarter of an hour to pull [judgement].
        for: "30m",
        severity: "warning",
        summary: "Pod {{ $labels.namespace }}/{{ $labels.pod }} does not start on node {{ $labels.node }}.",
        description:
          "Pod {{ $labels.pod }} in namespace {{ $labels.namespace }} has had node {{ $labels.node }} for 30 minutes, and its containers are still not created. What it has asked for, GPUs included, is held for it and idle.",
      },
      {
        alert: "KubePodUnschedulable",
        // A pod whose claim has no volume is the matter of KubePersistentVolumeClaimPending.
        expr: `${podsWithoutNode} unless ${onPod} (${claimsOfPods} and on (cluster, namespace, persistentvolumeclaim) ${pendingClaims})`,
        // New nodes without GPUs take a few minutes.
        for: "15m",
        severity: "warning",
        summary: "No node is found for pod {{ $labels.namespace }}/{{ $labels.pod }}.",
        description:
          "Pod {{ $labels.pod }} in namespace {{ $labels.namespace }}, which asks for no GPU, has had no node for 15 minutes: none has room or suits it, and none is added.",
      },
      {
        alert: "KubePodStuckTerminating",
        // The timestamp is the end of the pod's own grace period. A quarter of an hour more is for volumes to be
        // unmounted and for whoever has a finalizer on it [judgement].
        expr: `(time() - ${terminating}) / 60 > 15 unless ${onPod} ${podsOnLostNodes}`,
        severity: "warning",
        summary: "Pod {{ $labels.namespace }}/{{ $labels.pod }} does not end.",
        description:
          'Pod {{ $labels.pod }} in namespace {{ $labels.namespace }} should have been gone {{ printf "%.0f" $value }} minutes ago. Until it is, its GPUs go to nobody else, and a drain of its node waits.',
      },
      {
        alert: "KubeContainerOOMKilled",
        // An hour: for somebody to see it. The second part is about containers that are not started again; their state stays.
        expr:
          `(${objects("kube_pod_container_status_last_terminated_reason", CONTAINER, 'reason="OOMKilled"')} == 1 and time() - ${objects("kube_pod_container_status_last_terminated_timestamp", CONTAINER)} < 3600)` +
          ` or (${endedByMemory("[5m]")} unless ${endedByMemory("[15m] offset 1h")})`,
        severity: "warning",
        summary:
          "Container {{ $labels.container }} of pod {{ $labels.namespace }}/{{ $labels.pod }} was killed for its memory.",
        description:
          "Container {{ $labels.container }} of pod {{ $labels.pod }} in namespace {{ $labels.namespace }} used more host memory than its limit, or its node ran out, and was killed within the last hour (OOMKilled). A training job loses what it did since its last checkpoint.",
      },
      {
        alert: "CPUThrottlingHigh",
        // Only containers with GPUs: what feeds a GPU waits for the CPU while the GPU idles. A quarter is a judgement.
        expr: `100 * ${cpuPeriods("throttled_periods")} / ${cpuPeriods("periods")} > 25 and ${onContainer} ${objectSeries("kube_pod_container_resource_requests", GPU_RESOURCES)} > 0`,
        for: "15m",
        severity: "warning",
        summary:
          "Container {{ $labels.container }} of pod {{ $labels.namespace }}/{{ $labels.pod }} has GPUs and too little CPU.",
        description:
          'Container {{ $labels.container }} of pod {{ $labels.pod }} in namespace {{ $labels.namespace }}, which has GPUs, is held back by its CPU limit in {{ printf "%.0f" $value }} % of the time slices: its GPUs wait for it.',
      },
    ],
  },
];
