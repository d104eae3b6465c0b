import { z } from "zod";
import { engineJob, engineNames } from "../../components/gpu/workloads/engines";
import { latencies } from "../../components/gpu/workloads/latencies";
import { dnsLabel, duration, wholeNumber } from "./fields";

const none = (what: string) => z.strictObject({ kind: z.literal("none") }).describe(`${what} not watched.`);

const share = () =>
  z.number({ error: "must be a share from 0.94 to below 1" }).min(0.94).lt(1).meta({ example: "0.99" });

const sloSchema = z.strictObject({
  model: z.string().min(1).optional().describe("Models by name, as a regular expression. Default: all."),
  namespace: z.string().min(1).optional().describe("Namespaces, as a regular expression. Default: all."),
  kind: z.enum([...latencies, "availability"]).describe("What must be good."),
  thresholdSeconds: z
    .number({ error: "must be a number of seconds" })
    .positive()
    .optional()
    .describe(
      "Seconds; must be an edge of a bucket of the histogram, or nothing could be computed. Not for availability.",
    ),
  page: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe(
      "Whether a fast burn of the budget wakes somebody. Default: true; false for the times of the default objectives.",
    ),
  objective: share().describe("The share that must be good over 30 days."),
});

/** Who else than GPUs is watched: servers of models, queues, the network between nodes. */
export const workloadsSchema = z.strictObject({
  inference: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("scrape"),
        namespaces: z
          .array(dnsLabel())
          .min(1, { error: "must name at least one namespace" })
          .describe("Where pods with the label gpu-observability/engine are looked for."),
        engines: z
          .array(z.enum(engineNames.map(engineJob) as [string, ...string[]]))
          .min(1, { error: "must name at least one engine" })
          .describe("Values of that label."),
        ports: z
          .array(wholeNumber(1, 65_535))
          .optional()
          .describe("Ports of metrics, which network policies open. Default: those of the engines: 8000, 8002, 8080."),
        scrapeInterval: duration().optional().describe("How often. Default: prometheus.scrapeInterval."),
        slos: z.array(sloSchema).optional().describe("What models should do. Default: see docs/inference.md."),
      }),
      none("Servers of models are"),
    ])
    .describe("Servers of models: vLLM, NIM, Triton, Ray Serve."),
  kueue: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("scrape"),
        namespace: dnsLabel().describe("Where Kueue runs."),
        caSecret: dnsLabel()
          .optional()
          .describe(
            "A Secret in the platform's namespace with the authority of Kueue's certificate as ca.crt. Default: its certificate is not verified.",
          ),
        scrapeInterval: duration().optional().describe("How often. Default: prometheus.scrapeInterval."),
      }),
      none("Queues are"),
    ])
    .describe("Kueue."),
  efa: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("scrape"),
        namespace: dnsLabel().describe("Where the exporter runs."),
        podSelector: z
          .string()
          .regex(/^[^=\s]+=[^=\s]+$/, { error: "must be a label: app=efa-node-exporter" })
          .describe("A label of its pods."),
        port: wholeNumber(1, 65_535).describe("Its port; on the node's own network it must not be node-exporter's."),
        scrapeInterval: duration().optional().describe("How often. Default: prometheus.scrapeInterval."),
      }),
      none("EFA's own counters are"),
    ])
    .describe("An EFA exporter that runs already."),
});

export type WorkloadsSettings = z.output<typeof workloadsSchema>;

export const workloadsPreset = {
  inference: { kind: "none" },
  kueue: { kind: "none" },
  efa: { kind: "none" },
};
