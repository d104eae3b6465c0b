import { z } from "zod";

/** Who runs the prometheus-operator. */
export const prometheusOperatorSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("install") }).describe("Deploy it; its CRDs come from the project in crds/."),
  z
    .strictObject({ kind: z.literal("preinstalled") })
    .describe(
      "The cluster has an operator with its CRDs already (kube-prometheus-stack, say): use that one. It must serve NAMESPACE, NAMESPACE-nodes and the namespaces of teams; its images are its own matter.",
    ),
]);

export const prometheusOperatorPreset = { kind: "install" };
