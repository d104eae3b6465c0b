import { z } from "zod";
import { alertingPresets, alertingSchema } from "./alerting";
import { alertmanagerPresets, alertmanagerSchema } from "./alertmanager";
import { cardinalityPreset, cardinalitySchema } from "./cardinality";
import { clusterSchema } from "./cluster";
import { clusterMetricsPresets, clusterMetricsSchema } from "./clusterMetrics";
import { type Environment, environmentSchema } from "./environment";
import { dnsLabel, secretPaths } from "./fields";
import { fleetPresets, fleetSchema } from "./fleet";
import { gpuPresets, gpuSchema } from "./gpu";
import { imagesPreset, imagesSchema } from "./images";
import { presetsOfStore, storeSchema } from "./longTermStorage";
import { networkPresets, networkSchema } from "./network";
import { patchesSchema } from "./patches";
import { prometheusPresets, prometheusSchema } from "./prometheus";
import { prometheusOperatorPreset, prometheusOperatorSchema } from "./prometheusOperator";
import { rulerPresets, rulerSchema } from "./ruler";
import { withRules } from "./rules";
import { teamsPreset, teamsSchema } from "./teams";
import { workloadsPreset, workloadsSchema } from "./workloads";

const fields = z.strictObject({
  environment: environmentSchema.describe("Chooses the defaults of all keys below; each can be set on its own."),
  cluster: clusterSchema.describe("The Kubernetes cluster to deploy to."),
  namespace: dnsLabel().describe("Where everything is deployed. A change replaces everything."),
  createNamespace: z
    .boolean({ error: "must be true or false" })
    .describe(
      "Whether the namespaces NAMESPACE and NAMESPACE-nodes are made, with the pod security profiles restricted and privileged, and deleted with the stack. False: both exist already and stay; they carry the label gpu-observability/monitoring=platform-NAMESPACE, and monitors and rules that others keep there are picked up as the platform's own.",
    ),
  spread: z
    .enum(["required", "preferred"])
    .describe("Whether replicas must be on different nodes and spread over the zones, or only if there is room."),
  prometheusOperator: prometheusOperatorSchema.describe("Who runs the prometheus-operator."),
  prometheus: prometheusSchema,
  alertmanager: alertmanagerSchema,
  alerting: alertingSchema,
  ruler: rulerSchema.describe(
    "Who evaluates rules that need every shard, and those of teams: Thanos rulers. Only with prometheus.shards above 1; with one shard, Prometheus does.",
  ),
  clusterMetrics: clusterMetricsSchema.describe(
    "What is known of the cluster itself: nodes, workloads, volumes, API server.",
  ),
  fleet: fleetSchema,
  cardinality: cardinalitySchema.describe("Budgets of series, and what is dropped besides."),
  gpu: gpuSchema.describe("Whether and how GPUs are watched."),
  workloads: workloadsSchema.describe("What uses GPUs, where it runs already."),
  teams: teamsSchema.describe("Monitors and rules that other namespaces bring."),
  network: networkSchema.describe("Who may talk to whom."),
  images: imagesSchema.describe("Where container images come from."),
  patches: patchesSchema,
  longTermStorage: storeSchema.describe(
    "The long-term store. none: what the Prometheus servers hold themselves, answered as one by Thanos queriers.",
  ),
  alsoWriteTo: storeSchema
    .optional()
    .describe("A second store that gets everything too, to move from one to another. Default: there is none."),
  readFrom: z
    .enum(["longTermStorage", "alsoWriteTo"])
    .describe("Which of the two stores is asked: by rulers, Grafana and the output queryUrl."),
});

/** The settings of one stack, complete: presets filled in, every rule kept. */
export type Settings = z.output<typeof fields>;

/** The schema of {@link Settings}, with the rules between fields. */
export const settingsSchema = withRules(fields);

/** Where secrets stand, such as `alerting.receivers[].url`. */
export const settingsSecretPaths = secretPaths(fields);

/** What an environment has where its stack file, `raw`, says nothing. */
export function presets(environment: Environment, raw: Record<string, unknown>): Record<string, unknown> {
  return {
    namespace: "monitoring",
    createNamespace: true,
    spread: environment === "production" ? "required" : "preferred",
    prometheusOperator: prometheusOperatorPreset,
    prometheus: prometheusPresets[environment],
    alertmanager: alertmanagerPresets[environment],
    alerting: alertingPresets[environment],
    ruler: rulerPresets[environment],
    clusterMetrics: clusterMetricsPresets[environment],
    fleet: fleetPresets[environment],
    cardinality: cardinalityPreset,
    gpu: gpuPresets[environment],
    workloads: workloadsPreset,
    teams: teamsPreset,
    network: networkPresets[environment],
    images: imagesPreset,
    patches: [],
    longTermStorage: presetsOfStore(raw.longTermStorage, environment, "none"),
    alsoWriteTo: presetsOfStore(raw.alsoWriteTo, environment),
    readFrom: "longTermStorage",
  };
}
