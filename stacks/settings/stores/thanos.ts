import { z } from "zod";
import type { Presets } from "../environment";
import { certificates, cidr, dnsLabel, duration, quantity, wholeNumber } from "../fields";
import { resourcesSchema, storageSchema } from "../storage";
import { bucketSchema } from "./bucket";
import { deletionProtection } from "./deletionProtection";

const HOST_AND_PORT = "must be a host and a port, and no https:// before it";

const remoteQuerierSchema = z.strictObject({
  name: dnsLabel().describe("What it is called here, such as the cluster's name."),
  address: z
    .string({ error: HOST_AND_PORT })
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}$/, { error: HOST_AND_PORT })
    .meta({ example: "thanos.eu.example.com:443" })
    .describe("Its gRPC address: that of the other cluster's thanos-query, made reachable with TLS before it."),
  tls: z
    .strictObject({
      caCertificate: certificates()
        .optional()
        .describe("Certificates by which it is trusted. Default: those that the image brings."),
      serverName: z
        .string({ error: "must be a host name" })
        .min(1, { error: "must be a host name" })
        .optional()
        .describe("The name that its certificate has. Default: the host of the address."),
    })
    .optional()
    .describe("How it is known to be the right one. Required; {} trusts what the image trusts."),
  cidrs: z
    .array(cidr())
    .min(1, { error: "must have at least one range" })
    .optional()
    .describe("Addresses that it may have. Default: every one, on its port."),
});

const cacheSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("memcached"),
    replicas: wholeNumber(1, 50).describe(
      "Replicas of each of the three caches; one that is gone costs its part of the hits.",
    ),
    index: quantity().describe("What each replica keeps of the blocks' indexes."),
    bucket: quantity().describe("What each replica keeps of chunks and of what is known of blocks."),
    responses: quantity().describe("What each replica keeps of results."),
  }),
  z.strictObject({
    kind: z.literal("inMemory"),
    size: quantity().describe("Each cache of each pod; a store gateway has two. Part of the pod's memory."),
  }),
]);

const receiveSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("install"),
    routers: wholeNumber(1, 50).optional().describe("Pods that take writes and forward them. Default: 2."),
    routerResources: resourcesSchema.optional().describe("Default: 250m and 512Mi."),
    zones: z
      .array(dnsLabel())
      .optional()
      .describe("Zones with ingestors; each has as many. Default: they are spread over the zones that there are."),
    ingestors: wholeNumber(1, 200)
      .optional()
      .describe(
        "Ingestors in each zone, or without zones in all. Default: 1, or without zones 3. More can be added at any time; fewer need ingestorsDrainedTo.",
      ),
    ingestorsDrainedTo: wholeNumber(1, 200)
      .optional()
      .describe(
        "The number down to which the bucket has what the ingestors above it held (docs/stores.md). Without it the API server refuses fewer than there are.",
      ),
    replicationFactor: wholeNumber(1, 5)
      .optional()
      .describe("Copies of each sample; a write needs more than half of them. Default: 3."),
    resources: resourcesSchema.optional().describe("Those of each ingestor. Default: 500m and 4Gi."),
    storage: storageSchema.describe("Where each ingestor keeps what is not uploaded yet, and the last two days."),
    deletionProtection: deletionProtection().default(true),
  }),
]);

/** Thanos over object storage. */
export const thanosSchema = z.strictObject({
  kind: z.literal("thanos"),
  bucket: bucketSchema.describe("Where blocks are kept."),
  retention: z
    .strictObject({
      raw: duration().describe("Samples as they were scraped: as far back as a graph can be looked at closely."),
      fiveMinutes: duration().describe("One sample in 5 minutes."),
      oneHour: duration().describe("One sample in an hour."),
    })
    .describe("How long samples are kept in the bucket. Downsampled ones make long queries fast; they save no space."),
  queriers: wholeNumber(1, 50).describe("Thanos queriers; each answers for everything."),
  querierResources: resourcesSchema,
  queryFrontend: z
    .strictObject({ replicas: wholeNumber(1, 50).describe("Pods before the queriers."), resources: resourcesSchema })
    .describe("Splits long queries by days, asks again after an error, and keeps results."),
  storeGateway: z
    .strictObject({
      shards: wholeNumber(1, 100).describe(
        "Parts into which the blocks are divided. It can change at any time: the new pods are ready before the old ones go. With more than one, queries that downsampled blocks would answer read the finer ones of the same time too: try more memory first.",
      ),
      replicas: wholeNumber(1, 20).describe("Pods of each part, of which a query asks one."),
      resources: resourcesSchema,
      storage: storageSchema.describe("Where each keeps headers of the blocks' indexes, which it can fetch again."),
      limits: z
        .strictObject({
          series: wholeNumber(1_000, 100_000_000).describe("Series that one request may bring; one with more fails."),
          samples: wholeNumber(1_000_000, 100_000_000_000).describe("Samples that one request may bring."),
          download: quantity().describe("What one request may read from bucket and caches."),
        })
        .describe("No query can take the gateways down."),
    })
    .describe("Reads the bucket for queries."),
  compactor: z
    .strictObject({
      concurrency: wholeNumber(1, 64).describe("Groups of blocks that it works on at once; each uses about one core."),
      resources: resourcesSchema,
      storage: storageSchema.describe(
        "Where it works: up to twice the blocks of two weeks, for each unit of concurrency. 100Gi for a bucket of medium size.",
      ),
    })
    .describe("Merges the replicas, downsamples and deletes. There is exactly one."),
  cache: cacheSchema.describe("What is kept of blocks and results."),
  receive: receiveSchema.describe("Takes remote writes of clusters that push."),
  remoteQueriers: z
    .array(remoteQuerierSchema)
    .describe("Queriers of other clusters, for queries over all of them. Rules ask this cluster only."),
});

export type ThanosSettings = z.output<typeof thanosSchema>;

// 500 000 series are a metric of 100 000 GPUs with five values of a label; requests above it are mistakes [judgement].
const limits = { series: 500_000, samples: 500_000_000, download: "4Gi" };

// Retention: that of the raw samples covers a month's comparison, the others a year's and more [judgement].
const retention = { raw: "30d", fiveMinutes: "180d", oneHour: "2y" };

// Memory and disk: a judgement for one cluster of some hundred GPUs. Raise the caches first when queries over days are slow.
export const thanosPresets: Presets = {
  local: {
    kind: "thanos",
    retention: { raw: "2d", fiveMinutes: "10d", oneHour: "10d" },
    queriers: 1,
    querierResources: { cpu: "10m", memory: "256Mi" },
    queryFrontend: { replicas: 1, resources: { cpu: "10m", memory: "128Mi" } },
    storeGateway: {
      shards: 1,
      replicas: 1,
      resources: { cpu: "10m", memory: "256Mi" },
      storage: { kind: "ephemeral", sizeLimit: "512Mi" },
      limits,
    },
    compactor: {
      concurrency: 1,
      resources: { cpu: "10m", memory: "256Mi" },
      storage: { kind: "ephemeral", sizeLimit: "1Gi" },
    },
    cache: { kind: "inMemory", size: "16Mi" },
    receive: { kind: "none" },
    remoteQueriers: [],
  },
  development: {
    kind: "thanos",
    retention,
    queriers: 1,
    querierResources: { cpu: "50m", memory: "512Mi" },
    queryFrontend: { replicas: 1, resources: { cpu: "20m", memory: "256Mi" } },
    storeGateway: {
      shards: 1,
      replicas: 1,
      resources: { cpu: "50m", memory: "1Gi" },
      storage: { kind: "volume", size: "10Gi" },
      limits,
    },
    compactor: {
      concurrency: 1,
      resources: { cpu: "100m", memory: "1Gi" },
      storage: { kind: "volume", size: "50Gi" },
    },
    cache: { kind: "inMemory", size: "128Mi" },
    receive: { kind: "none" },
    remoteQueriers: [],
  },
  production: {
    kind: "thanos",
    retention,
    queriers: 2,
    querierResources: { cpu: "500m", memory: "4Gi" },
    queryFrontend: { replicas: 2, resources: { cpu: "250m", memory: "1Gi" } },
    storeGateway: {
      shards: 1,
      replicas: 2,
      resources: { cpu: "500m", memory: "4Gi" },
      storage: { kind: "volume", size: "20Gi" },
      limits,
    },
    compactor: {
      concurrency: 1,
      resources: { cpu: "1", memory: "4Gi" },
      storage: { kind: "volume", size: "100Gi" },
    },
    cache: { kind: "memcached", replicas: 2, index: "1Gi", bucket: "2Gi", responses: "512Mi" },
    receive: { kind: "none" },
    remoteQueriers: [],
  },
};
