import { z } from "zod";
import { cpu, quantity } from "./fields";

/** Where a replica keeps its data. */
export const storageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("volume"),
    size: quantity().describe("Size of each replica's volume. To grow it later: docs/stores.md; it can never shrink."),
    storageClass: z
      .string()
      .min(1)
      .optional()
      .describe("Default: the cluster's default storage class. A change needs new volumes."),
  }),
  z.strictObject({
    kind: z.literal("ephemeral"),
    sizeLimit: quantity().describe("The pod is evicted above this size. Its data is gone with the pod."),
  }),
]);

export type StorageSettings = z.output<typeof storageSchema>;

/** The memory limit equals the request, so that a replica is never the first that the kernel kills; CPU has no limit. */
export const resourcesSchema = z.strictObject({
  cpu: cpu().describe("CPU request of each replica."),
  memory: quantity().describe("Memory request and limit of each replica."),
});
