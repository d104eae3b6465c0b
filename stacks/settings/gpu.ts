import { z } from "zod";
import { failureDomainLabels, GPU_SAMPLE_LIMIT } from "../../components/gpu/gpuTarget";
import { profiles } from "../../components/gpu/signals";
import type { Presets } from "./environment";
import { cidr, dnsLabel, duration, wholeNumber } from "./fields";
import { resourcesSchema } from "./storage";

const flag = () => z.boolean({ error: "must be true or false" });

const labelName = () =>
  z.string().regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, {
    error: "must be the name of a Kubernetes label",
  });

/** What every way of watching GPUs has. */
const common = {
  profile: z
    .enum(profiles)
    .describe(
      "How much is collected: essential, health, or profiling, which needs the capability SYS_ADMIN and lets nobody else use the hardware counters, such as Nsight.",
    ),
  scrapeInterval: duration().describe("How often GPUs are read and scraped: one figure, or samples would repeat."),
  sharedGpus: flag().describe(
    "Whether several pods may hold one GPU, by time-slicing, MPS or a shared claim. DCGM measures the GPU and not its pods: series and alerts then name no pod. MIG needs no setting.",
  ),
  failureDomainLabels: z
    .array(labelName())
    .describe(
      "Node labels that say what fails together, the most precise first; the first that a node has becomes failure_domain.",
    ),
  samplesPerScrape: wholeNumber(500, 100_000).describe(
    "A scrape with more samples fails as a whole and blinds the node.",
  ),
};

const outside = z
  .array(
    z.strictObject({
      name: dnsLabel().describe("What the group of nodes is called."),
      cidrs: z
        .array(cidr())
        .min(1, { error: "must have at least one range" })
        .describe("Their addresses: network policies let Prometheus reach them."),
      region: z.string().min(1).optional().describe("The label region. Default: none."),
      targets: z
        .array(
          z.strictObject({
            node: z.string().min(1).describe("The node's name, by which rules join."),
            address: z
              .string()
              .regex(/^[^/\s]+:[0-9]+$/, { error: "must be HOST:PORT" })
              .describe("HOST:PORT of its dcgm-exporter."),
            failureDomain: z.string().min(1).optional().describe("Its rack or NVLink domain. Default: none."),
          }),
        )
        .min(1, { error: "must have at least one node" }),
    }),
  )
  .describe(
    "GPU nodes outside Kubernetes, such as Slurm's, with dcgm-exporters of their own, which must be reachable; docs/counters has counter files for them.",
  );

/** Whether and how GPUs are watched. */
export const gpuSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("install"),
    ...common,
    dynamicResourceAllocation: flag().describe(
      "Whether GPUs are claimed through DRA; the exporter then reads ResourceSlices.",
    ),
    runtimeClassName: dnsLabel()
      .optional()
      .describe("A RuntimeClass that gives pods the driver. Default: none, for nodes whose runtime does."),
    resources: resourcesSchema,
    outside,
  }),
  z.strictObject({ kind: z.literal("none") }).describe("No exporters and no rules about GPUs: somebody else has them."),
]);

export type GpuSettings = z.output<typeof gpuSchema>;

const installed = {
  kind: "install" as const,
  profile: "health" as const,
  scrapeInterval: "30s",
  sharedGpus: false,
  failureDomainLabels: [...failureDomainLabels],
  samplesPerScrape: GPU_SAMPLE_LIMIT,
  dynamicResourceAllocation: false,
  resources: { cpu: "100m", memory: "512Mi" },
  outside: [],
} satisfies z.input<typeof gpuSchema>;

export const gpuPresets: Presets = {
  local: { ...installed, profile: "profiling", scrapeInterval: "10s" },
  development: installed,
  production: installed,
};
