import * as pulumi from "@pulumi/pulumi";
import { createProvider, type StoreContract, storeOf } from "../../components";
import { imagesOf } from "../../stacks/images";
import { createVictoriaMetrics } from "../../stacks/parts/stores/victoriaMetrics";
import { parseSettings } from "../../stacks/settings";
import {
  type VictoriaMetricsSettings,
  victoriaMetricsPresets,
  victoriaMetricsSchema,
} from "../../stacks/settings/stores/victoriaMetrics";
import { manifestsOf } from "../../tools/plan/manifests";
import { type Graph, graphOf } from "../harness";
import { stackSettings } from "./platformProgram";

/** An S3 server with keys and certificates of its own. */
export const s3Bucket = {
  name: "metrics",
  endpoint: "s3.example.com:9000",
  credentials: { kind: "keys", accessKeyId: "the-id", secretAccessKey: "the-key-4711" },
  caCertificate: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
};

/** What production has where its stack file says `kind: victoriaMetrics`, and what it says besides. */
export const storeSettings = (over: object = {}): VictoriaMetricsSettings =>
  victoriaMetricsSchema.parse({ ...(victoriaMetricsPresets.production as object), bucket: s3Bucket, ...over });

/** The settings of production around the store. */
export function settingsAround(over: object = {}) {
  const parsed = parseSettings({ ...stackSettings("prod"), ...over });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings;
}

/** The store of production under mocks, and what it offers. */
export async function productionStore(over: object = {}): Promise<{ graph: Graph; contract: StoreContract }> {
  const contracts: StoreContract[] = [];
  const settings = settingsAround();
  const graph = await graphOf(() => {
    const store = createVictoriaMetrics(
      {
        settings,
        images: imagesOf(settings.images),
        namespace: pulumi.output(settings.namespace),
        nodesNamespace: pulumi.output("nodes"),
        clusterScopedPrefix: settings.namespace,
        provider: createProvider("kubernetes", { kubeconfigPath: "none", context: "none" }),
        operator: [],
      },
      storeSettings(over),
    );
    const offered = storeOf(store);
    contracts.push(offered);
    return {
      queryUrl: store.queryUrl,
      writeUrl: store.writeUrl,
      ...(offered.rules && { rulesUrl: offered.rules.url }),
    };
  });
  const [contract] = contracts;
  if (contract === undefined) throw new Error("the store was not made");
  return { graph, contract };
}

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
