import { parse } from "yaml";
import { createThanos } from "../../stacks/parts/stores/thanos";
import { type ThanosSettings, thanosPresets, thanosSchema } from "../../stacks/settings/stores/thanos";
import type { Graph } from "../harness";
import { s3Bucket, storeGraph } from "./storeGraph";

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
export const productionThanos = (over: object = {}, preview = false) =>
  storeGraph(
    (context) => createThanos(context, thanosSettings(over)),
    ({ queryUrl, localQueryUrl, receiveUrl }) => ({ queryUrl, localQueryUrl, receiveUrl }),
    preview,
  );

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
