import { jobs } from "../jobs";
import { objectSeries } from "./objects";
import type { RuleContext, RuleGroup } from "./rule";

/**
 * Rules about kube-state-metrics itself: without it, or while it knows old things only, alerts on nodes, workloads and the
 * GPUs that they hold are blind.
 */
export const kubeStateMetricsRules = ({ namespace }: RuleContext): RuleGroup[] => {
  // Of its telemetry port, which other than the objects' has the target's own labels.
  const failing = (call: string) => {
    const rate = (matcher: string) =>
      `sum by (cluster, resource) (rate(kube_state_metrics_${call}_total{job="${jobs.kubeStateMetrics}", namespace="${namespace}"${matcher}}[10m]))`;
    return `100 * ${rate(', result="error"')} / ${rate("")} > 50`;
  };
  return [
    {
      name: "kube-state-metrics",
      scope: "shard",
      rules: [
        {
          alert: "KubeStateMetricsAbsent",
          // Not by `up`: whatever the reason is, without nodes or pods it is of no use. Every cluster has some of both.
          expr: `absent(${objectSeries("kube_node_info")}) or absent(${objectSeries("kube_pod_info")})`,
          // Its node may be replaced, and it is a single pod.
          for: "15m",
          severity: "critical",
          summary: "Nothing is known about the objects of the cluster.",
          description:
            "There have been no series about nodes or pods from job {{ $labels.job }} for 15 minutes: alerts on workloads and nodes cannot fire, nor can those on GPUs that look at who holds them.",
        },
        {
          alert: "KubeStateMetricsWatchErrors",
          // A watch that works is renewed every 5 to 10 minutes; one that fails is tried about every half minute. An API
          // server that is away for a minute leaves errors for 10 minutes, less than what follows. Lists are used where
          // the server cannot stream them.
          expr: `${failing("watch")} or ${failing("list")}`,
          for: "15m",
          severity: "warning",
          summary: "What is known about {{ $labels.resource }} objects is old or nothing.",
          description:
            'kube-state-metrics cannot follow {{ $labels.resource }}: {{ printf "%.0f" $value }} % of its requests fail. Alerts on such objects see an old state, or none.',
        },
      ],
    },
  ];
};
