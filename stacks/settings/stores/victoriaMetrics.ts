import { z } from "zod";
import type { Presets } from "../environment";
import { duration, quantity, secretText, wholeNumber } from "../fields";
import { resourcesSchema, storageSchema } from "../storage";
import { bucketSchema } from "./bucket";
import { deletionProtection } from "./deletionProtection";

const flag = () => z.boolean({ error: "must be true or false" });

const RETENTION = "must be whole days: 400d; VictoriaMetrics takes a number alone for months";
const CRON = "must be five fields of cron: minute, hour, day, month, weekday";

const backupSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("scheduled"),
    schedule: z
      .string({ error: CRON })
      .regex(/^\S+( \S+){4}$/, { error: CRON })
      .meta({ example: "17 3 * * *" })
      .describe("When, in cron's notation."),
    copies: flag().describe(
      "Whether each run also leaves a copy of its own inside the bucket, for the days before the last. Each costs as much as the data; a lifecycle rule of the bucket has to delete them.",
    ),
    resources: resourcesSchema,
  }),
  z.strictObject({ kind: z.literal("none") }).describe("What is deleted by mistake is gone, from every copy."),
]);

/** VictoriaMetrics, on disks of its own. */
export const victoriaMetricsSchema = z.strictObject({
  kind: z.literal("victoriaMetrics"),
  architecture: z
    .enum(["cluster", "single"])
    .describe("A cluster of storage nodes, or one server, which answers nobody while it restarts."),
  acceptSingleServer: flag().describe(
    "With architecture single in production: that nothing is answered while the server restarts or its node is gone is accepted. Samples wait in the agents meanwhile.",
  ),
  retention: z
    .string({ error: RETENTION })
    .regex(/^[1-9][0-9]*d$/, { error: RETENTION })
    .meta({ example: "400d" })
    .describe("How long samples are kept, in days."),
  dedupInterval: duration().describe(
    "Of each series, the last sample of such an interval is kept: one of the two that a pair of Prometheus servers writes. Must be the smallest interval of the platform's own scrapes, of which prometheus.scrapeInterval is also that of its rules. Monitors and rule groups of teams with an interval of their own are not looked at: of a shorter one, one sample of each dedupInterval is kept; a longer one is stored once for each replica.",
  ),
  allowMixedIntervals: flag().describe(
    "Whether something may be scraped less often than dedupInterval. Nothing of it is lost, but it is stored once for each replica of Prometheus.",
  ),
  deletionProtection: deletionProtection(),
  storage: z
    .strictObject({
      resources: resourcesSchema,
      data: storageSchema.describe("Where each keeps its samples."),
      minFreeDiskSpace: quantity()
        .optional()
        .describe("Free space below which no more samples are taken. Default: a tenth of the volume."),
    })
    .describe("Each storage node of the cluster, or the single server."),
  cluster: z
    .strictObject({
      replicationFactor: wholeNumber(1, 5).describe(
        "Copies of each sample on different storage nodes; one fewer may be away at any time.",
      ),
      storageNodes: wholeNumber(1, 200).describe(
        "Storage nodes. More can be added at any time, old data stays where it is. With fewer, what the dropped ones alone hold is missing from every answer; their volumes stay.",
      ),
      storageNodesLoweredTo: wholeNumber(1, 200)
        .optional()
        .describe(
          "The number of storage nodes down to which fewer are accepted (docs/stores.md). Without it the API server refuses fewer than there are.",
        ),
      inserters: z.strictObject({
        replicas: wholeNumber(1, 100).describe("vminsert: who writes to the storage nodes."),
        resources: resourcesSchema,
      }),
      selectors: z.strictObject({
        replicas: wholeNumber(1, 100).describe("vmselect: who asks the storage nodes."),
        resources: resourcesSchema,
        cache: storageSchema.describe("Where each keeps its cache of results; it may be lost."),
      }),
      gateways: z.strictObject({
        replicas: wholeNumber(1, 100).describe("vmauth: the one address of the cluster."),
        resources: resourcesSchema,
      }),
      denyPartialResponse: flag().describe(
        "Whether a query fails when more storage nodes are away than copies allow. False: the answer is marked as partial. Those of rules always fail.",
      ),
    })
    .describe("Only with architecture cluster."),
  agents: z
    .strictObject({
      replicas: wholeNumber(1, 100).describe("vmagent: whom Prometheus writes to."),
      drainedTo: wholeNumber(1, 100)
        .optional()
        .describe(
          "The number of agents down to which their queues are empty (docs/stores.md). Without it the API server refuses fewer than there are.",
        ),
      resources: resourcesSchema,
      queue: storageSchema.describe(
        "Where each holds samples while the store is away; four fifths are used, then the oldest are deleted, and Prometheus, which was told that they had arrived, does not send them again.",
      ),
    })
    .describe("Who holds samples until the store takes them."),
  queries: z.strictObject({
    timeout: duration().describe("How long a query may take."),
    maxSeries: wholeNumber(1_000, 100_000_000).describe("Series that a query may look at; one for more fails."),
  }),
  maxHourlySeries: wholeNumber(1_000, 2_000_000_000)
    .optional()
    .describe("Series of an hour, above which new ones are dropped. Default: they are only counted."),
  maxDailySeries: wholeNumber(1_000, 2_000_000_000)
    .optional()
    .describe("Series of a day, above which new ones are dropped. Default: they are only counted."),
  backup: backupSchema.describe(
    "Backups of every volume. Copies on other storage nodes are none: a mistake reaches all.",
  ),
  bucket: bucketSchema.optional().describe("Where backups go."),
  licence: secretText().optional().describe("Key of VictoriaMetrics Enterprise. Default: the open-source builds."),
  downsampling: z
    .array(z.string().min(1))
    .optional()
    .describe("OFFSET:INTERVAL, as 30d:5m: one sample per interval is left of what is older. Needs a licence."),
  retentionFilters: z
    .array(z.string().min(1))
    .optional()
    .describe('FILTER:RETENTION, as {team="research"}:30d. Needs a licence.'),
});

export type VictoriaMetricsSettings = z.output<typeof victoriaMetricsSchema>;

const ephemeral = (sizeLimit: string) => ({ kind: "ephemeral", sizeLimit });
const volume = (size: string) => ({ kind: "volume", size });

const common = {
  kind: "victoriaMetrics",
  acceptSingleServer: false,
  queries: { timeout: "2m", maxSeries: 1_000_000 },
};

const small = { cpu: "10m", memory: "128Mi" };

// Production is sized for a million active series at 30s, at 1 byte of disk a sample and some KiB of memory a series [judgement]:
// 1e6 × 2 copies × 2 880 a day × 400 days ÷ 3 nodes is 770 GB each, which leaves the 20 % that the vendor wants for merges.
export const victoriaMetricsPresets: Presets = {
  local: {
    ...common,
    deletionProtection: false,
    architecture: "single",
    retention: "1d",
    dedupInterval: "10s",
    allowMixedIntervals: true,
    storage: { resources: { cpu: "50m", memory: "512Mi" }, data: ephemeral("2Gi") },
    cluster: {
      replicationFactor: 1,
      storageNodes: 1,
      inserters: { replicas: 1, resources: small },
      selectors: { replicas: 1, resources: small, cache: ephemeral("1Gi") },
      gateways: { replicas: 1, resources: small },
      denyPartialResponse: false,
    },
    agents: { replicas: 1, resources: small, queue: ephemeral("1Gi") },
    backup: { kind: "none" },
  },
  development: {
    ...common,
    deletionProtection: false,
    architecture: "single",
    retention: "30d",
    dedupInterval: "30s",
    allowMixedIntervals: true,
    storage: { resources: { cpu: "250m", memory: "2Gi" }, data: volume("50Gi") },
    cluster: {
      replicationFactor: 1,
      storageNodes: 1,
      inserters: { replicas: 1, resources: { cpu: "50m", memory: "256Mi" } },
      selectors: { replicas: 1, resources: { cpu: "100m", memory: "1Gi" }, cache: ephemeral("2Gi") },
      gateways: { replicas: 1, resources: { cpu: "50m", memory: "256Mi" } },
      denyPartialResponse: false,
    },
    agents: { replicas: 1, resources: { cpu: "50m", memory: "256Mi" }, queue: volume("5Gi") },
    backup: { kind: "none" },
  },
  production: {
    ...common,
    deletionProtection: true,
    architecture: "cluster",
    retention: "400d",
    dedupInterval: "30s",
    allowMixedIntervals: false,
    storage: { resources: { cpu: "1", memory: "8Gi" }, data: volume("1Ti") },
    cluster: {
      replicationFactor: 2,
      storageNodes: 3,
      inserters: { replicas: 2, resources: { cpu: "500m", memory: "1Gi" } },
      selectors: { replicas: 2, resources: { cpu: "1", memory: "4Gi" }, cache: volume("10Gi") },
      gateways: { replicas: 2, resources: { cpu: "250m", memory: "512Mi" } },
      denyPartialResponse: false,
    },
    agents: { replicas: 2, resources: { cpu: "500m", memory: "1Gi" }, queue: volume("50Gi") },
    backup: {
      kind: "scheduled",
      schedule: "17 3 * * *",
      copies: false,
      resources: { cpu: "250m", memory: "1Gi" },
    },
  },
};
