import { kubeStateMetricsRules } from "../../components/prometheus/rules/kubeStateMetrics";
import { fromTeam, object } from "./objectInput";
import { type Input, proveAlert } from "./promtool";

const rules = kubeStateMetricsRules({ namespace: "monitoring" });

describe("rules: kube-state-metrics", () => {
  const nodes = (at: string) => ({ [object("kube_node_info", 'node="n1"')]: at });
  const pods = (at: string) => ({ [object("kube_pod_info", 'namespace="ml", pod="p", node="n1"')]: at });

  proveAlert(rules, "KubeStateMetricsAbsent", {
    // It is up and knows the nodes; a team's own does not replace it.
    input: {
      ...nodes("1x60"),
      ...fromTeam(pods("1x60")),
      'up{job="kube-state-metrics", instance="10.0.0.7:8080"}': "1x60",
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: { job: "kube-state-metrics" },
          summary: "Nothing is known about the objects of the cluster.",
          description:
            "There have been no series about nodes or pods from job kube-state-metrics for 15 minutes: alerts on workloads and nodes cannot fire, nor can those on GPUs that look at who holds them.",
        },
      ],
    },
    silent: [
      {
        why: "a move to another node, the end of the series told",
        input: { ...nodes("1x10 stale _x13 1x60"), ...pods("1x10 stale _x13 1x60") },
        until: "60m",
      },
    ],
  });

  const requests = (call: string, resource: string, values: Record<string, string>, namespace = "monitoring"): Input =>
    Object.fromEntries(
      Object.entries(values).map(([result, at]) => [
        `kube_state_metrics_${call}_total{job="kube-state-metrics", namespace="${namespace}", pod="ksm-x", instance="10.0.0.7:8081", resource="${resource}", result="${result}"}`,
        at,
      ]),
    );
  const watchErrors = (resource: string, share: number) => ({
    labels: { resource },
    summary: `What is known about ${resource} objects is old or nothing.`,
    description: `kube-state-metrics cannot follow ${resource}: ${share} % of its requests fail. Alerts on such objects see an old state, or none.`,
  });
  proveAlert(rules, "KubeStateMetricsWatchErrors", {
    input: {
      ...requests("watch", "*v1.Pod", { error: "0+3x60", success: "0+2x60" }),
      ...requests("list", "*v1.Pod", { error: "0+9x60" }),
      ...requests("list", "*v1.Node", { error: "0+3x60", success: "0+2x60" }),
      // A team's own succeeds.
      ...requests("watch", "*v1.Pod", { success: "0+99x60" }, "team"),
      ...requests("list", "*v1.Node", { success: "0+99x60" }, "team"),
    },
    quiet: "15m",
    fires: { at: "16m", alerts: [watchErrors("*v1.Pod", 60), watchErrors("*v1.Node", 60)] },
    silent: [
      {
        why: "an API server that is away for two minutes",
        input: requests("watch", "*v1.Pod", { error: "0x4 5 10x60", success: "0x6 1x8 2x8 3x60" }),
      },
      {
        why: "a server that cannot stream lists: each try fails once and then succeeds",
        input: requests("watch", "*v1.Pod", { error: "0+1x60", success: "0+1x60" }),
      },
      {
        why: "a server that is often too slow for a list",
        input: requests("list", "*v1.Pod", { error: "0+1x60", success: "0+1x60" }),
      },
      {
        why: "another namespace's Service of the same name",
        input: {
          ...requests("watch", "*v1.Pod", { error: "0+9x60" }, "team"),
          ...requests("watch", "*v1.Pod", { success: "0+1x60" }),
          ...requests("list", "*v1.Pod", { error: "0+9x60" }, "team"),
          ...requests("list", "*v1.Pod", { success: "0+1x60" }),
        },
      },
    ],
  });
});
