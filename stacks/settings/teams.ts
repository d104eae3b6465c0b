import { z } from "zod";
import { dnsLabel, wholeNumber } from "./fields";

const samples = () =>
  wholeNumber(100, 10_000_000)
    .optional()
    .describe("Samples that one scrape of its monitors may bring. Default: prometheus.limits.samplesPerScrape.");

/** Whether namespaces of others bring monitors and rules of their own. */
export const teamsSchema = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("namespaceLabel"),
      seriesPerNamespace: wholeNumber(100, 100_000_000).describe(
        "Active series that a namespace may have before the alert TeamSeriesOverBudget fires.",
      ),
      namespaces: z
        .array(
          z.strictObject({
            name: dnsLabel().describe("An existing namespace."),
            series: wholeNumber(100, 100_000_000).optional().describe("Its budget. Default: teams.seriesPerNamespace."),
            samplesPerScrape: samples(),
            objects: wholeNumber(1, 10_000)
              .optional()
              .describe(
                "How many ServiceMonitors, PodMonitors, Probes and PrometheusRules it may have, of each. Default: 50.",
              ),
          }),
        )
        .describe("Namespaces with limits of their own; only these have a limit for the number of objects."),
    })
    .describe("Those that carry the label gpu-observability/monitoring=enabled. Needs Kubernetes 1.30 or newer."),
  z.strictObject({ kind: z.literal("none") }).describe("Only the platform's own namespace is looked at."),
]);

export type TeamsSettings = z.output<typeof teamsSchema>;

// A judgement: half of what a Prometheus of 2 GiB holds, with 4 to 8 KiB a series.
export const teamsPreset = { kind: "namespaceLabel", seriesPerNamespace: 100_000, namespaces: [] };
