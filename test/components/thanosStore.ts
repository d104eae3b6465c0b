import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { createProvider, type StoreContract, storeOf } from "../../components";
import { imagesOf } from "../../stacks/images";
import { createThanos } from "../../stacks/parts/stores/thanos";
import { type ThanosSettings, thanosPresets, thanosSchema } from "../../stacks/settings/stores/thanos";
import { type Graph, graphOf } from "../harness";
import { s3Bucket, settingsAround } from "./victoriaMetricsStore";

/** What production has where its stack file says `kind: thanos`, and what it says besides. */
export const thanosSettings = (over: object = {}): ThanosSettings =>
  thanosSchema.parse({ ...(thanosPresets.production as object), bucket: s3Bucket, ...over });

/** Ingestors in three zones. */
export const receiveInZones = {
  kind: "install",
  zones: ["us-east-1a", "us-east-1b", "us-east-1c"],
  storage: { kind: "volume", size: "100Gi" },
};

/** The store of production under mocks, and what it offers. */
export async function productionThanos(
  over: object = {},
  preview = false,
): Promise<{ graph: Graph; contract: StoreContract }> {
  const contracts: StoreContract[] = [];
  const settings = settingsAround();
  const program = () => {
    const store = createThanos(
      {
        settings,
        images: imagesOf(settings.images),
        namespace: pulumi.output(settings.namespace),
        nodesNamespace: pulumi.output("nodes"),
        clusterScopedPrefix: settings.namespace,
        provider: createProvider("kubernetes", { kubeconfigPath: "none", context: "none" }),
        operator: [],
      },
      thanosSettings(over),
    );
    contracts.push(storeOf(store));
    return { queryUrl: store.queryUrl, localQueryUrl: store.localQueryUrl, receiveUrl: store.receiveUrl };
  };
  const graph = await graphOf(program, { preview });
  const [contract] = contracts;
  if (contract === undefined) throw new Error("the store was not made");
  return { graph, contract };
}

/** Two other clusters, one of them with certificates of its own. */
export const remoteQueriers = [
  { name: "eu", address: "thanos.eu.example.com:443", tls: {}, cidrs: ["198.51.100.0/24"] },
  {
    name: "asia",
    address: "10.1.2.3:10901",
    tls: {
      caCertificate: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
      serverName: "thanos-query.asia",
    },
  },
];

/** The files of a ConfigMap. */
export const configOf = (graph: Graph, name: string) =>
  (graph.manifest("ConfigMap", name) as { data?: object }).data as Record<string, string>;

/** One of them, parsed. */
export const fileOf = (graph: Graph, name: string, file: string) => parse(configOf(graph, name)[file] ?? "") as unknown;
