import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Lets node drains take one of the selected pods at a time. Only for two replicas or more: for a single one it would
 * either do nothing or block every drain.
 */
export function disruptionBudget(
  name: string,
  args: { namespace: pulumi.Input<string>; labels: Record<string, string>; matchLabels: Record<string, string> },
  opts: pulumi.CustomResourceOptions,
): k8s.policy.v1.PodDisruptionBudget {
  return new k8s.policy.v1.PodDisruptionBudget(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: args.labels },
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: args.matchLabels },
        // A crash-looping replica must not block the drain of its node.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
    opts,
  );
}
