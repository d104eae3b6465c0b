import { z } from "zod";
import { cortexProblems } from "../../../components/backends/cortex/cortex";
import type { Presets } from "../environment";
import type { Settings } from "../schema";
import type { FoundProblem } from "../settingRule";
import { checkRingStore, placed, ringStoreFields, ringStorePresets, shapeOf } from "./ringStore";

/** Cortex. */
export const cortexSchema = z.strictObject({ kind: z.literal("cortex"), ...ringStoreFields });

export type CortexSettings = z.output<typeof cortexSchema>;

export const cortexPresets: Presets = {
  local: { ...ringStorePresets.local, kind: "cortex" },
  development: { ...ringStorePresets.development, kind: "cortex" },
  production: { ...ringStorePresets.production, kind: "cortex" },
};

/** Rules between the settings of Cortex and others. */
export function checkCortex(store: CortexSettings, settings: Settings, path: (string | number)[]): FoundProblem[] {
  const { name, prefix } = store.bucket;
  const problems = cortexProblems({
    ...shapeOf(store),
    bucket: { name, ...(prefix === undefined ? {} : { prefix }) },
  });
  return [...placed(problems, path), ...checkRingStore(store, settings, path)];
}
