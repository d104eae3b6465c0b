import { z } from "zod";
import type { Presets } from "./environment";
import { wholeNumber } from "./fields";

const optional = (min: number, max: number, description: string) =>
  wholeNumber(min, max).optional().describe(description);

/** Which nodes there are at most: budgets of series are computed from it. */
export const fleetSchema = z
  .array(
    z.strictObject({
      gpuModel: z
        .string()
        .min(1)
        .optional()
        .describe("The model of its GPUs, by which messages name the nodes. Default: their place in the list."),
      nodes: wholeNumber(1, 100_000).describe("How many nodes there are at most."),
      gpusPerNode: wholeNumber(0, 64).describe("GPUs of each; 0 for nodes without."),
      migInstancesPerGpu: optional(0, 7, "MIG instances of each GPU. Default: 0."),
      cpusPerNode: optional(1, 2_048, "Logical CPUs of each. Default: 24 for each GPU, or 32 without GPUs."),
      podsPerNode: optional(1, 1_000, "Pods of each. Default: 20."),
      disksPerNode: optional(1, 256, "Local disks of each. Default: one, and another for each GPU."),
      rdmaDevicesPerNode: optional(
        0,
        256,
        "InfiniBand ports or EFA devices of each. Default: one for each GPU of nodes with eight or more.",
      ),
      networkDevicesPerNode: optional(
        1,
        256,
        "Network interfaces of each, without those of pods. Default: two, and one for each RDMA device.",
      ),
      inferenceReplicas: optional(0, 1_000_000, "Servers of models on all of these nodes. Default: 0."),
      gpusPerPod: optional(1, 64, "GPUs of a pod that has any. Default: 2."),
      placementsPerGpuPerDay: optional(0, 10_000, "How often a GPU gets another pod in a day. Default: 4."),
    }),
  )
  .describe(
    "All nodes of the cluster, and those outside of gpu.outside, at the most that there will be. Empty: not said, and there are no budgets of series.",
  );

export type FleetSettings = z.output<typeof fleetSchema>;

export const fleetPresets: Presets = {
  // What `npm run local` simulates, on a node of its own.
  local: [
    { gpuModel: "simulated", nodes: 4, gpusPerNode: 8 },
    { nodes: 1, gpusPerNode: 0 },
  ],
  development: [],
  production: [],
};
