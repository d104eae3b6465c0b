import { z } from "zod";
import type { Presets } from "./environment";
import { duration, wholeNumber } from "./fields";
import { resourcesSchema } from "./storage";

/** What is known of the cluster itself. */
export const clusterMetricsSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("install"),
    scrapeInterval: duration().describe("How often nodes, kube-state-metrics and CoreDNS are scraped."),
    apiServerInterval: duration().describe("How often the API server is scraped, whose answers are large."),
    verifyKubelets: z
      .boolean({ error: "must be true or false" })
      .describe(
        "Whether kubelets must have certificates of the cluster's own authority, as on EKS. False lets Prometheus' token go to whoever answers on a node's port.",
      ),
    kubeStateMetrics: z.strictObject({
      resources: resourcesSchema,
      samplesPerScrape: wholeNumber(1_000, 10_000_000).describe("A scrape with more samples fails as a whole."),
    }),
    nodeExporter: z.strictObject({
      resources: resourcesSchema,
      port: wholeNumber(1, 65_535).describe(
        "The port on every node; nothing else may use it, such as the node-exporter of another chart.",
      ),
    }),
  }),
  z
    .strictObject({ kind: z.literal("none") })
    .describe("Neither exporters nor rules for nodes, workloads and volumes: somebody else has them."),
]);

export type ClusterMetricsSettings = z.output<typeof clusterMetricsSchema>;

const nodeExporter = { resources: { cpu: "50m", memory: "128Mi" }, port: 9100 };

// Memory of kube-state-metrics: a judgement of 10 KiB a pod, for 2 000 and 20 000 pods with headroom.
export const clusterMetricsPresets: Presets = {
  local: {
    kind: "install",
    scrapeInterval: "15s",
    apiServerInterval: "30s",
    verifyKubelets: true,
    kubeStateMetrics: { resources: { cpu: "10m", memory: "128Mi" }, samplesPerScrape: 100_000 },
    nodeExporter: { ...nodeExporter, resources: { cpu: "10m", memory: "64Mi" } },
  },
  development: {
    kind: "install",
    scrapeInterval: "30s",
    apiServerInterval: "60s",
    verifyKubelets: true,
    kubeStateMetrics: { resources: { cpu: "50m", memory: "256Mi" }, samplesPerScrape: 200_000 },
    nodeExporter,
  },
  production: {
    kind: "install",
    scrapeInterval: "30s",
    apiServerInterval: "60s",
    verifyKubelets: true,
    kubeStateMetrics: { resources: { cpu: "100m", memory: "1Gi" }, samplesPerScrape: 500_000 },
    nodeExporter,
  },
};
