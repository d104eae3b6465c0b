import { z } from "zod";
import type { Presets } from "./environment";
import { duration, quantity, wholeNumber } from "./fields";
import { resourcesSchema, storageSchema } from "./storage";

export const prometheusSchema = z.strictObject({
  replicas: wholeNumber(1, 5).describe("Identical Prometheus servers per shard. Two make the HA pair."),
  shards: wholeNumber(1, 64).describe(
    "Into how many groups the targets are split; pods = shards × replicas. Fewer shards than before leave the data of the dropped ones unqueried.",
  ),
  scrapeInterval: duration().describe("How often targets are scraped, and rules evaluated."),
  localRetention: z.strictObject({
    time: duration().describe("How long each replica keeps samples on its own disk."),
    size: quantity()
      .optional()
      .describe("At most this much disk; the oldest blocks go first. Default: 85 % of the volume or size limit."),
  }),
  storage: storageSchema.describe("Where each server keeps its data."),
  resources: resourcesSchema,
  sidecarMemory: quantity().describe(
    "Memory request and limit of each Thanos sidecar; large queries pass through it, and a killed one is missing from the answers.",
  ),
  limits: z.strictObject({
    samplesPerScrape: wholeNumber(100, 10_000_000).describe(
      "A scrape with more samples fails as a whole: one broken exporter cannot take Prometheus down. The platform's own monitors have limits of their own; a team's may not ask for more than this.",
    ),
    targetsPerJob: wholeNumber(1, 100_000).describe(
      "A job with more targets has none of them scraped: all are shown as failing.",
    ),
    labelsPerSample: wholeNumber(5, 500).describe("A scrape with a sample of more labels fails as a whole."),
    labelValueLength: wholeNumber(32, 65_536).describe("A scrape with a longer label value fails as a whole."),
  }),
  logLevel: z.enum(["debug", "info", "warn", "error"]).describe("What Prometheus logs."),
});

export type PrometheusSettings = z.output<typeof prometheusSchema>;

const limits = { samplesPerScrape: 20_000, targetsPerJob: 1_000, labelsPerSample: 60, labelValueLength: 2_048 };

// Memory: a judgement for the platform's own series and a few GPU nodes. Size it for the fleet from
// prometheus_tsdb_head_series: the rule of thumb is 4 to 8 KiB a series, and a quarter more with each store that is written to,
// for its own copy of their labels (Prometheus' documentation of remote write).
export const prometheusPresets: Presets = {
  local: {
    replicas: 2,
    shards: 1,
    scrapeInterval: "10s",
    localRetention: { time: "6h" },
    storage: { kind: "ephemeral", sizeLimit: "1Gi" },
    resources: { cpu: "50m", memory: "512Mi" },
    sidecarMemory: "128Mi",
    limits,
    logLevel: "info",
  },
  development: {
    replicas: 1,
    shards: 1,
    scrapeInterval: "30s",
    localRetention: { time: "24h" },
    storage: { kind: "volume", size: "20Gi" },
    resources: { cpu: "250m", memory: "2Gi" },
    sidecarMemory: "512Mi",
    limits,
    logLevel: "info",
  },
  production: {
    replicas: 2,
    shards: 1,
    scrapeInterval: "30s",
    localRetention: { time: "24h" },
    storage: { kind: "volume", size: "100Gi" },
    resources: { cpu: "1", memory: "8Gi" },
    sidecarMemory: "2Gi",
    limits,
    logLevel: "info",
  },
};
