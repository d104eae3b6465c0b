import { inService } from "./nodeSeries";
import { copyLabel, nodeReady, objectSeries, objects, onPod, POD } from "./objects";
import type { RuleGroup } from "./rule";

/** How many times a number of pods changed: how a rollout is seen to go on. */
const changes = (metric: string, label: string, window: string) =>
  `max by (cluster, namespace, ${label}) (changes(${objectSeries(metric)}[${window}]))`;

/** The controller has not looked at the newest version of the object. */
const unseen = (kind: string) =>
  `${objects(`kube_${kind}_metadata_generation`, `namespace, ${kind}`)} != ${objects(`kube_${kind}_status_observed_generation`, `namespace, ${kind}`)}`;

// A new node with GPUs, a large image and a large model together take up to half an hour [judgement].
const SLOW_START = "30m";

const deployments = (metric: string, matchers = "") =>
  objects(`kube_deployment_${metric}`, "namespace, deployment", matchers);
const deploymentStuck = `${deployments("status_condition", 'condition="Progressing", status="false"')} == 1`;

const deploymentRules: RuleGroup["rules"] = [
  {
    alert: "KubeDeploymentReplicasMismatch",
    // Not while a rollout goes on, that is, while pods of an older version are being replaced; nor when it is stuck, which
    // has an alert of its own.
    expr:
      `${deployments("spec_replicas")} - ${deployments("status_replicas_available")} > 0` +
      ` unless (${deployments("status_replicas")} > ${deployments("status_replicas_updated")} and ${changes("kube_deployment_status_replicas_updated", "deployment", "30m")} > 0)` +
      ` unless ${deploymentStuck}`,
    for: SLOW_START,
    severity: "warning",
    summary: "Deployment {{ $labels.namespace }}/{{ $labels.deployment }} lacks pods.",
    description:
      "Deployment {{ $labels.deployment }} in namespace {{ $labels.namespace }} has had {{ $value }} available pods too few for 30 minutes.",
  },
  {
    alert: "KubeDeploymentGenerationMismatch",
    expr: unseen("deployment"),
    for: "15m",
    severity: "warning",
    summary: "A change of deployment {{ $labels.namespace }}/{{ $labels.deployment }} is not carried out.",
    description:
      "Generation {{ $value }} of deployment {{ $labels.deployment }} in namespace {{ $labels.namespace }} has not been looked at by its controller for 15 minutes.",
  },
  {
    alert: "KubeDeploymentRolloutStuck",
    // The controller says so when there was no progress for progressDeadlineSeconds, 10 minutes by default.
    expr: deploymentStuck,
    for: "15m",
    severity: "warning",
    summary: "The rollout of deployment {{ $labels.namespace }}/{{ $labels.deployment }} is stuck.",
    description:
      "The rollout of deployment {{ $labels.deployment }} in namespace {{ $labels.namespace }} has made no progress within its deadline, and for 15 minutes since. The old pods that are left serve alone.",
  },
];

const statefulSets = (metric: string) => objects(`kube_statefulset_${metric}`, "namespace, statefulset");
const statefulSetLacks = `${statefulSets("replicas")} - ${statefulSets("status_replicas_available")} > 0`;
const revision = (which: string) =>
  objects(`kube_statefulset_status_${which}_revision`, "namespace, statefulset, revision");
const statefulSetUpdating = `max by (cluster, namespace, statefulset) (${revision("current")} unless ${revision("update")})`;

const statefulSetRules: RuleGroup["rules"] = [
  {
    alert: "KubeStatefulSetReplicasMismatch",
    expr: `${statefulSetLacks} unless ${statefulSetUpdating}`,
    for: SLOW_START,
    severity: "warning",
    summary: "StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} lacks pods.",
    description:
      "StatefulSet {{ $labels.statefulset }} in namespace {{ $labels.namespace }} has had {{ $value }} available pods too few for 30 minutes.",
  },
  {
    alert: "KubeStatefulSetGenerationMismatch",
    expr: unseen("statefulset"),
    for: "15m",
    severity: "warning",
    summary: "A change of StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} is not carried out.",
    description:
      "Generation {{ $value }} of StatefulSet {{ $labels.statefulset }} in namespace {{ $labels.namespace }} has not been looked at by its controller for 15 minutes.",
  },
  {
    alert: "KubeStatefulSetUpdateNotRolledOut",
    // An update waits for a pod that is not available. If all are, it rests on purpose: it has a partition, or replaces
    // pods only when they are deleted.
    expr: `${statefulSetLacks} and ${statefulSetUpdating} and ${changes("kube_statefulset_status_replicas_updated", "statefulset", "10m")} == 0`,
    for: "20m",
    severity: "warning",
    summary: "The update of StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} is stuck.",
    description:
      "The update of StatefulSet {{ $labels.statefulset }} in namespace {{ $labels.namespace }} has replaced no pod for 30 minutes, and {{ $value }} of its pods are not available.",
  },
];

const daemonSets = (metric: string) => objects(`kube_daemonset_status_${metric}`, "namespace, daemonset");

/** Nodes that are about to be removed. */
const leavingNodes = `count by (cluster) (${objects("kube_node_spec_taint", "node", 'key=~"karpenter.sh/(disrupted|disruption)|ToBeDeletedByClusterAutoscaler"')})`;

/**
 * Pods of DaemonSets that are older than a quarter of an hour and not ready, though their nodes are. By pod, since a large
 * fleet always has some new nodes, and by the nodes' state, since one lost node would otherwise alarm for every DaemonSet; nodes
 * that are out of service do not count either.
 */
const idleDaemons =
  `max by (cluster, ${POD}, node, created_by_name) (${objectSeries("kube_pod_info", 'created_by_kind="DaemonSet"')}` +
  ` and ${onPod} ${objectSeries("kube_pod_status_ready", 'condition="true"')} == 0` +
  ` and ${onPod} ${objectSeries("kube_pod_created")} < time() - 900` +
  ` unless ${onPod} ${objectSeries("kube_pod_deletion_timestamp")}` +
  ` and on (cluster, node) ${nodeReady} == 1)`;

const daemonSetRules: RuleGroup["rules"] = [
  {
    alert: "KubeDaemonSetRolloutStuck",
    expr: `count by (cluster, namespace, daemonset) (${copyLabel(inService(idleDaemons), "created_by_name", "daemonset")})`,
    for: "15m",
    severity: "warning",
    summary: "DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} does not run on nodes where it should.",
    description:
      "{{ $value }} pods of DaemonSet {{ $labels.daemonset }} in namespace {{ $labels.namespace }} have not been ready for 15 minutes, though their nodes are. If it is the device plugin, these nodes offer no GPUs; a rollout stops at them.",
  },
  {
    alert: "KubeDaemonSetNotScheduled",
    expr: `${daemonSets("desired_number_scheduled")} - ${daemonSets("current_number_scheduled")} > 0`,
    for: "15m",
    severity: "warning",
    summary: "DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} has no pod for some nodes.",
    description:
      "DaemonSet {{ $labels.daemonset }} in namespace {{ $labels.namespace }} should be on {{ $value }} nodes for which no pod could be created.",
  },
  {
    alert: "KubeDaemonSetMisScheduled",
    // A node that is drained for its removal may be so for as long as the jobs on it run.
    expr: `${daemonSets("number_misscheduled")} - on (cluster) group_left () (${leavingNodes} or 0 * count by (cluster) (${objects("kube_node_info", "node")})) > 0`,
    for: "1h",
    severity: "info",
    summary: "DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} runs where it should not.",
    description:
      "DaemonSet {{ $labels.daemonset }} in namespace {{ $labels.namespace }} has pods on {{ $value }} nodes whose taints it does not tolerate or which it does not select. If such a pod ends, it does not come back.",
  },
];

export const controllerGroups: RuleGroup[] = [
  {
    name: "workload-controllers",
    scope: "shard",
    rules: [...deploymentRules, ...statefulSetRules, ...daemonSetRules],
  },
];
