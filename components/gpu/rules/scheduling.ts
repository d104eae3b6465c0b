import { GPU_RESOURCES, objectSeries, onPod, POD } from "../../prometheus/rules/objects";
import type { RecordingRule, RuleGroup } from "../../prometheus/rules/rule";
import { ofNode } from "./fleetRecorded";
import { at, ofCluster } from "./fleetTotals";
import { WORKLOAD_OF_POD } from "./owners";

/** The names of what is recorded of workloads with pods for which no node is found, by resource. */
export const pending = {
  /** Pods. */
  pods: "namespace_workload:gpu_pending_pods:count",
  /** What they ask for together. */
  sum: "namespace_workload:gpu_pending:sum",
  /** What the smallest of them asks for. */
  smallest: "namespace_workload:gpu_pending:min",
} as const;

/** Not those that a queue keeps back (they are gated): nobody looks for a node for them. */
const unscheduled =
  `(${objectSeries("kube_pod_status_unschedulable")} == 1` +
  ` unless ${onPod} ${objectSeries("kube_pod_status_reason", 'reason="SchedulingGated"')} == 1)`;

const asked = `sum by (cluster, ${POD}, resource) (max by (cluster, ${POD}, container, resource) (${objectSeries("kube_pod_container_resource_requests", GPU_RESOURCES)} and ${onPod} ${unscheduled}))`;
/** How many devices a claim is for is not known. */
const claimed = `label_replace(group by (cluster, ${POD}) (${objectSeries("kube_pod_resourceclaim_info")} and ${onPod} ${unscheduled}), "resource", "resourceclaim", "", "")`;
const owner = `group by (cluster, ${POD}, workload) (${WORKLOAD_OF_POD})`;

const recorded = (record: string, operator: string): RecordingRule => ({
  record,
  expr: `${operator} by (cluster, namespace, workload, resource) ((${asked} or ${claimed}) * ${onPod} group_left (workload) ${owner})`,
});

const onResource = "on (cluster, resource)";
const onWorkload = "on (cluster, namespace, workload, resource)";
const largest = ofCluster.largestFree;
const free = at("cluster", ofNode.free);

/** Workloads of which a pod would find enough on one node, and all of them in the cluster. */
const wouldFit = `(${pending.smallest} <= ${onResource} group_left () ${largest} and ${onWorkload} ${pending.sum} <= ${onResource} group_left () ${free})`;

/** Workloads for which the cluster has enough, but no node has; although one could if it were empty. */
const scattered =
  `(${pending.smallest} > ${onResource} group_left () ${largest} and ${onWorkload} ${pending.sum} <= ${onResource} group_left () ${free}` +
  ` and ${onWorkload} ${pending.smallest} <= ${onResource} group_left () max by (cluster, resource) (${ofNode.capacity}))`;

/** Rules about pods that wait for GPUs. */
export const schedulingRules = (): RuleGroup[] => [
  {
    name: "gpu-scheduling",
    scope: "global",
    rules: [
      recorded(pending.pods, "count"),
      recorded(pending.sum, "sum"),
      recorded(pending.smallest, "min"),
      {
        alert: "GpuPodsPending",
        // Info: on a fleet that is well used somebody always waits.
        expr: `${pending.pods} unless ${onWorkload} ${wouldFit}`,
        for: "30m",
        severity: "info",
        owner: "workload",
        summary: "Workload {{ $labels.namespace }}/{{ $labels.workload }} waits for GPUs.",
        description:
          "{{ $value }} pods of workload {{ $labels.workload }} in namespace {{ $labels.namespace }} have found no node for 30 minutes: no node has as much of {{ $labels.resource }} free as they ask for.",
      },
      {
        alert: "GpuFreeButPodsPending",
        expr: `${pending.pods} and ${onWorkload} ${wouldFit}`,
        for: "1h",
        severity: "warning",
        owner: "platform",
        summary: "Workload {{ $labels.namespace }}/{{ $labels.workload }} waits, although there are GPUs for it.",
        description:
          "{{ $value }} pods of workload {{ $labels.workload }} in namespace {{ $labels.namespace }} have found no node for an hour, although as much of {{ $labels.resource }} is free as they ask for: CPUs, memory, a taint, a selector or a volume keeps them away.",
      },
      {
        alert: "GpuCapacityFragmented",
        expr: `${free} and ${onResource} ${scattered}`,
        for: "30m",
        severity: "info",
        owner: "platform",
        summary: "GPUs are free, but too scattered for the pods that wait.",
        description:
          "{{ $value }} of {{ $labels.resource }} are free in the cluster, enough for a workload that waits, but no node has as many as one of its pods asks for. Small pods are spread over nodes that large ones need whole.",
      },
    ],
  },
];
