import { z } from "zod";
import type { Environment, Presets } from "./environment";
import { cortexPresets, cortexSchema } from "./stores/cortex";
import { mimirPresets, mimirSchema } from "./stores/mimir";
import { nonePresets, noneSchema } from "./stores/none";
import { thanosPresets, thanosSchema } from "./stores/thanos";
import { victoriaMetricsPresets, victoriaMetricsSchema } from "./stores/victoriaMetrics";

/** Every kind of long-term store. */
export const storeSchema = z.discriminatedUnion("kind", [
  noneSchema,
  thanosSchema,
  victoriaMetricsSchema,
  mimirSchema,
  cortexSchema,
]);

export type StoreSettings = z.output<typeof storeSchema>;

/** The settings of every store that there is. */
export const storesOf = (settings: { longTermStorage: StoreSettings; alsoWriteTo?: StoreSettings | undefined }) =>
  [settings.longTermStorage, settings.alsoWriteTo].filter((store) => store !== undefined);

/** Whether a store reads what Prometheus' sidecars have. The others are written to. */
export const readsSidecars = ({ kind }: StoreSettings): boolean => kind === "none" || kind === "thanos";

const storePresets: Record<StoreSettings["kind"], Presets> = {
  none: nonePresets,
  thanos: thanosPresets,
  victoriaMetrics: victoriaMetricsPresets,
  mimir: mimirPresets,
  cortex: cortexPresets,
};

/** What the store that the raw settings name has where they say nothing. */
export function presetsOfStore(raw: unknown, environment: Environment, otherwise?: StoreSettings["kind"]): unknown {
  const named = typeof raw === "object" && raw !== null ? Reflect.get(raw, "kind") : undefined;
  const kind = named ?? otherwise;
  return typeof kind === "string" && Object.hasOwn(storePresets, kind)
    ? storePresets[kind as StoreSettings["kind"]][environment]
    : undefined;
}
