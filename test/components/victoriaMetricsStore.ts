import { createVictoriaMetrics } from "../../stacks/parts/stores/victoriaMetrics";
import {
  type VictoriaMetricsSettings,
  victoriaMetricsPresets,
  victoriaMetricsSchema,
} from "../../stacks/settings/stores/victoriaMetrics";
import { manifestsOf } from "../../tools/plan/manifests";
import type { Graph } from "../harness";
import { s3Bucket, storeGraph } from "./storeGraph";

/** What production has where its stack file says `kind: victoriaMetrics`, and what it says besides. */
export const storeSettings = (over: object = {}): VictoriaMetricsSettings =>
  victoriaMetricsSchema.parse({ ...(victoriaMetricsPresets.production as object), bucket: s3Bucket, ...over });

/** The store of production under mocks, and what it offers. */
export const productionStore = (over: object = {}) =>
  storeGraph(
    (context) => createVictoriaMetrics(context, storeSettings(over)),
    ({ queryUrl, writeUrl }, { rules }) => ({ queryUrl, writeUrl, ...(rules && { rulesUrl: rules.url }) }),
  );

interface Container {
  name: string;
  image: string;
  args: string[];
  securityContext: object;
  env: { name: string; value?: string }[];
}

export interface Pod {
  automountServiceAccountToken: boolean;
  securityContext: object;
  affinity?: object;
  containers: Container[];
  initContainers?: Container[];
}

/** The pods of a workload. */
export function podOf(graph: Graph, kind: string, name: string): Pod {
  const { spec } = graph.manifest(kind, name) as unknown as {
    spec: { template: { spec: Pod }; jobTemplate?: { spec: { template: { spec: Pod } } } };
  };
  return (spec.jobTemplate?.spec ?? spec).template.spec;
}

/** Arguments of a workload's first container. */
export const argumentsOf = (graph: Graph, kind: string, name: string): string[] =>
  podOf(graph, kind, name).containers[0]?.args ?? [];

/** Kinds and names of all Kubernetes objects. */
export const objectsOf = ({ resources }: Graph) =>
  manifestsOf(resources)
    .map(({ object }) => `${object.kind} ${object.metadata.name}`)
    .sort();

/** What every server is, by kind and name. */
export const withEverything = (name: string, workload: string, ...others: string[]) =>
  ["ServiceAccount", "Service", "ServiceMonitor", workload, ...others].map((kind) => `${kind} ${name}`);

/** The values of a flag, of each time that it is there. */
export const flag = (args: readonly string[], name: string) =>
  args.filter((arg) => arg.startsWith(`-${name}=`)).map((arg) => arg.slice(name.length + 2));
