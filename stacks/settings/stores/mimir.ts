import { z } from "zod";
import { mimirProblems } from "../../../components/backends/mimir/mimir";
import type { Presets } from "../environment";
import { cidr, secretText, wholeNumber } from "../fields";
import type { Settings } from "../schema";
import type { FoundProblem } from "../settingRule";
import { withoutUndefined } from "../withoutUndefined";
import {
  checkRingStore,
  placed,
  ringStoreFields,
  ringStorePresets,
  shapeOf,
  statefulSchema,
  statelessSchema,
} from "./ringStore";

const flag = () => z.boolean({ error: "must be true or false" });

const kafkaSchema = z.strictObject({
  brokers: z
    .array(z.string().regex(/^[^\s:/]+:[0-9]{1,5}$/, { error: "must be HOST:PORT" }))
    .describe("HOST:PORT of each broker, or of some. They must take records of 16 MB (message.max.bytes)."),
  cidrs: z
    .array(cidr())
    .min(1, { error: "must have at least one range" })
    .describe("Addresses of all brokers: network policies let the pods reach them."),
  topic: z.string().min(1).optional().describe("The topic, made when it is not there. Default: mimir-ingest."),
  partitions: wholeNumber(1, 10_000)
    .optional()
    .describe("Partitions of a topic that is made; at least as many as ingesters per zone ever. Default: 100."),
  tls: flag().optional().describe("Whether the brokers speak TLS. Default: true."),
  username: z.string().min(1).optional().describe("User at the brokers. Default: none."),
  password: secretText().optional().describe("Its password."),
  saslMechanism: z
    .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
    .optional()
    .describe("How the user proves itself. Default: SCRAM-SHA-512."),
});

/** Grafana Mimir. */
export const mimirSchema = z.strictObject({
  kind: z.literal("mimir"),
  ...ringStoreFields,
  architecture: z
    .enum(["classic", "ingestStorage"])
    .describe(
      "classic: distributors write to ingesters. ingestStorage: they write to Kafka, from which ingesters read; for more than some 10 million series.",
    ),
  kafka: kafkaSchema.optional().describe("For ingestStorage: a Kafka that somebody else runs."),
  overridesExporter: statelessSchema.describe("They show the tenants' limits as metrics."),
  ruler: statefulSchema
    .optional()
    .describe(
      "Mimir's own evaluator of rules, which tenants upload; alerts go to alertmanager, without it to the platform's Alertmanager. Default: none; Prometheus and ThanosRuler evaluate.",
    ),
  alertmanager: statefulSchema
    .optional()
    .describe("Mimir's own Alertmanager, with a configuration for each tenant. Default: none."),
  blockUpload: flag().describe("Whether tenants may upload blocks of their own, to bring history along."),
});

export type MimirSettings = z.output<typeof mimirSchema>;

const own = { kind: "mimir", architecture: "classic", blockUpload: false };
const exporter = (replicas: number, cpu: string) => ({ replicas, resources: { cpu, memory: "128Mi" } });

export const mimirPresets: Presets = {
  local: { ...ringStorePresets.local, ...own, overridesExporter: exporter(1, "10m") },
  development: { ...ringStorePresets.development, ...own, overridesExporter: exporter(1, "50m") },
  production: { ...ringStorePresets.production, ...own, overridesExporter: exporter(2, "50m") },
};

/** Rules between the settings of Mimir and others. */
export function checkMimir(store: MimirSettings, settings: Settings, path: (string | number)[]): FoundProblem[] {
  const { architecture, bucket, kafka } = store;
  const problems = mimirProblems({
    ...shapeOf(store),
    architecture,
    bucket: { name: bucket.name, ...(bucket.prefix === undefined ? {} : { prefix: bucket.prefix }) },
    ...(kafka === undefined ? {} : { kafka: withoutUndefined(kafka) }),
  });
  return [
    ...placed(problems, path),
    ...checkRingStore(store, settings, path),
    ...(settings.environment === "production" ? optionalParts(store, path) : []),
    ...(settings.environment === "production" && kafka?.tls === false
      ? [
          {
            path: [...path, "kafka", "tls"],
            rule: "production speaks TLS to its brokers: every sample would be readable on the way",
            fix: "remove it",
          },
        ]
      : []),
  ];
}

function optionalParts(store: MimirSettings, path: (string | number)[]): FoundProblem[] {
  const least = { ruler: 2, alertmanager: 3, overridesExporter: 2 };
  return (["ruler", "alertmanager", "overridesExporter"] as const).flatMap((part) => {
    const replicas = store[part]?.replicas;
    return replicas === undefined || replicas >= least[part]
      ? []
      : [
          {
            path: [...path, part, "replicas"],
            rule: `production needs at least ${least[part]} of these, or one restart is an outage`,
            fix: `set it to ${least[part]}, or environment to development`,
          },
        ];
  });
}
