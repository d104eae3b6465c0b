import { z } from "zod";
import type { Presets } from "../environment";
import { wholeNumber } from "../fields";
import type { Settings } from "../schema";
import type { FoundProblem } from "../settingRule";
import { resourcesSchema } from "../storage";

/** What the Prometheus servers hold themselves, answered as one by Thanos queriers. */
export const noneSchema = z.strictObject({
  kind: z.literal("none"),
  queriers: wholeNumber(1, 20).describe("Thanos queriers; each answers for the whole pair."),
  querierResources: resourcesSchema,
});

export type NoneSettings = z.output<typeof noneSchema>;

export const nonePresets: Presets = {
  local: { kind: "none", queriers: 2, querierResources: { cpu: "10m", memory: "256Mi" } },
  development: { kind: "none", queriers: 1, querierResources: { cpu: "50m", memory: "512Mi" } },
  production: { kind: "none", queriers: 2, querierResources: { cpu: "250m", memory: "2Gi" } },
};

/** What does not fit together in the settings of a store at `path`. */
export function checkNone(store: NoneSettings, { environment }: Settings, path: (string | number)[]): FoundProblem[] {
  return environment === "production" && store.queriers < 2
    ? [
        {
          path: [...path, "queriers"],
          rule: "production needs at least 2 queriers, or one restart takes every dashboard down",
          fix: `set ${path.join(".")}.queriers to 2, or environment to development`,
        },
      ]
    : [];
}
