import { workloadRules } from "../../components/prometheus/rules/workloads";
import { node, object, objectOf } from "./objectInput";
import { type Input, proveAlert } from "./promtool";

const rules = workloadRules().filter(({ name }) => name === "workload-controllers");

describe("rules: DaemonSets", () => {
  const daemonSet = objectOf("daemonset", 'namespace="gpu", daemonset="device-plugin"');
  const labels = { namespace: "gpu", daemonset: "device-plugin" };
  const daemon = (on: string, { created = "0x120", ready = "0x120", owner = "DaemonSet" } = {}): Input => {
    const pod = `namespace="gpu", pod="device-plugin-${on}"`;
    return {
      [object("kube_pod_info", `${pod}, node="${on}", created_by_kind="${owner}", created_by_name="device-plugin"`)]:
        "1x120",
      [object("kube_pod_created", pod)]: created,
      [object("kube_pod_status_ready", `${pod}, condition="true"`)]: ready,
      [object("kube_pod_status_ready", `${pod}, condition="false"`)]: ready === "0x120" ? "1x120" : "0x120",
    };
  };

  proveAlert(rules, "KubeDaemonSetRolloutStuck", {
    input: {
      ...node("n1"),
      ...daemon("n1"),
      ...node("n2"),
      ...daemon("n2"),
      ...node("n3"),
      ...daemon("n3", { ready: "1x120" }),
    },
    quiet: "30m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels,
          summary: "DaemonSet gpu/device-plugin does not run on nodes where it should.",
          description:
            "2 pods of DaemonSet device-plugin in namespace gpu have not been ready for 15 minutes, though their nodes are. If it is the device plugin, these nodes offer no GPUs; a rollout stops at them.",
        },
      ],
    },
    silent: [
      { why: "a node that is lost", input: { ...node("n1", { ready: false }), ...daemon("n1") } },
      { why: "a node that is cordoned", input: { ...node("n1", { cordoned: true }), ...daemon("n1") } },
      { why: "a node that is new", input: { ...node("n1"), ...daemon("n1", { created: "1500x120" }) } },
      { why: "a pod of a ReplicaSet", input: { ...node("n1"), ...daemon("n1", { owner: "ReplicaSet" }) } },
      {
        why: "a pod that is being deleted, which has its own alert",
        input: {
          ...node("n1"),
          ...daemon("n1"),
          [object("kube_pod_deletion_timestamp", 'namespace="gpu", pod="device-plugin-n1"')]: "0x120",
        },
      },
    ],
  });

  proveAlert(rules, "KubeDaemonSetNotScheduled", {
    input: daemonSet({ status_desired_number_scheduled: "5x60", status_current_number_scheduled: "4x60" }),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "DaemonSet gpu/device-plugin has no pod for some nodes.",
          description:
            "DaemonSet device-plugin in namespace gpu should be on 1 nodes for which no pod could be created.",
        },
      ],
    },
    silent: [
      {
        why: "nodes that are added one after the other",
        input: daemonSet({
          status_desired_number_scheduled: "4x9 5x9 6x60",
          status_current_number_scheduled: "3x5 4x8 5x8 6x60",
        }),
      },
    ],
  });

  const taint = (name: string, key: string) =>
    object("kube_node_spec_taint", `node="${name}", key="${key}", value="", effect="NoSchedule"`);
  proveAlert(rules, "KubeDaemonSetMisScheduled", {
    input: {
      ...node("n1"),
      [taint("n1", "karpenter.sh/disrupted")]: "1x120",
      ...daemonSet({ status_number_misscheduled: "2x120" }),
      // No node leaves the other cluster.
      [object("kube_node_spec_taint", 'cluster="other", node="n1", key="nvidia.com/gpu", effect="NoSchedule"')]:
        "1x120",
      ...node("n1", { cluster: "other" }),
      ...objectOf(
        "daemonset",
        'cluster="other", namespace="gpu", daemonset="device-plugin"',
      )({ status_number_misscheduled: "1x120" }),
    },
    quiet: "59m",
    fires: {
      at: "60m",
      alerts: [labels, { ...labels, cluster: "other" }].map((of) => ({
        labels: of,
        summary: "DaemonSet gpu/device-plugin runs where it should not.",
        description:
          "DaemonSet device-plugin in namespace gpu has pods on 1 nodes whose taints it does not tolerate or which it does not select. If such a pod ends, it does not come back.",
      })),
    },
    silent: [
      {
        why: "a node that is drained",
        input: {
          ...node("n1"),
          [taint("n1", "ToBeDeletedByClusterAutoscaler")]: "1x120",
          ...daemonSet({ status_number_misscheduled: "1x120" }),
        },
      },
      {
        why: "a label that was wrong for a while",
        input: { ...node("n1"), ...daemonSet({ status_number_misscheduled: "3x59 0x60" }) },
      },
    ],
  });
});
