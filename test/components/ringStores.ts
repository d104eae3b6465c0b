import { parse } from "yaml";
import { createCortex } from "../../stacks/parts/stores/cortex";
import { createMimir } from "../../stacks/parts/stores/mimir";
import { cortexPresets, cortexSchema } from "../../stacks/settings/stores/cortex";
import { mimirPresets, mimirSchema } from "../../stacks/settings/stores/mimir";
import { Secret } from "../../tools/engine/values";
import type { Graph } from "../harness";
import { s3Bucket, storeGraph } from "./storeGraph";

export type RingStoreKind = "mimir" | "cortex";

/** What every stack of these tests says. */
export const stackStore = {
  bucket: s3Bucket,
  zones: ["eu-1a", "eu-1b", "eu-1c"],
  tenants: [
    { name: "platform", seriesLimit: 2_000_000 },
    { name: "research", retention: "30d", samplesPerSecond: 500 },
  ],
};

const stores = {
  mimir: (over: object) => mimirSchema.parse({ ...(mimirPresets.production as object), ...stackStore, ...over }),
  cortex: (over: object) => cortexSchema.parse({ ...(cortexPresets.production as object), ...stackStore, ...over }),
};

/** What production has where its stack file names this kind, and what it says besides. */
export const storeSettings = <Kind extends RingStoreKind>(kind: Kind, over: object = {}) =>
  stores[kind](over) as ReturnType<(typeof stores)[Kind]>;

/** The store of production under mocks, and what it offers. */
export const productionStore = (kind: RingStoreKind, over: object = {}) =>
  storeGraph(
    (context) =>
      kind === "mimir"
        ? createMimir(context, storeSettings("mimir", over))
        : createCortex(context, storeSettings("cortex", over)),
    ({ queryUrl, writeUrl }) => ({ queryUrl, writeUrl }),
  );

/** Plain inputs of a resource, secrets too. */
const inputsOf = (graph: Graph, type: string, name: string): unknown =>
  JSON.parse(
    JSON.stringify(graph.one(type, name).inputs, (_key, value) => (value instanceof Secret ? value.value : value)),
  );

/** The store's configuration file, or another one beside it, whether it is in a ConfigMap or, with its keys, in a Secret. */
export function configurationText(graph: Graph, kind: RingStoreKind, file = `${kind}.yaml`): string {
  const name = `${kind}-configuration`;
  const secret = graph.names("kubernetes:core/v1:Secret").includes(name);
  const inputs = inputsOf(graph, `kubernetes:core/v1:${secret ? "Secret" : "ConfigMap"}`, name) as {
    data?: Record<string, string>;
    stringData?: Record<string, string>;
  };
  return (inputs.stringData ?? inputs.data)?.[file] ?? "";
}

/** A nested value by its path, `undefined` where there is none. */
export const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((inner, key) => Object(inner)[key], value);

/** Values of the configuration file by their paths. */
export function configured(graph: Graph, kind: RingStoreKind, paths: readonly string[]): Record<string, unknown> {
  const file = parse(configurationText(graph, kind));
  return Object.fromEntries(paths.map((path) => [path, at(file, path)]));
}
