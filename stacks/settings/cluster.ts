import { z } from "zod";
import { dnsLabel } from "./fields";

/** The Kubernetes cluster to deploy to. */
export const clusterSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("kubeconfig"),
    name: dnsLabel().describe(
      "Unique name of the cluster. It becomes the external label `cluster` of every series, so two clusters must never share it; a change makes all new series differ from the old, and long-term stores begin at another prefix of their bucket (bucket.prefix).",
    ),
    path: z.string().min(1).optional().describe("The kubeconfig file. Default: KUBECONFIG, else ~/.kube/config."),
    context: z.string().min(1).optional().describe("The context in it. Default: its current context."),
  }),
]);

export type ClusterSettings = z.output<typeof clusterSchema>;
