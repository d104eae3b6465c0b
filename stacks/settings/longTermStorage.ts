import { z } from "zod";
import type { Presets } from "./environment";
import { wholeNumber } from "./fields";
import { resourcesSchema } from "./storage";

/** The long-term store. `none`: what the Prometheus servers hold themselves, answered as one by Thanos queriers. */
export const longTermStorageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("none"),
    queriers: wholeNumber(1, 20).describe("Thanos queriers; each answers for the whole pair."),
    querierResources: resourcesSchema,
  }),
]);

export const longTermStoragePresets: Presets = {
  local: { kind: "none", queriers: 2, querierResources: { cpu: "10m", memory: "256Mi" } },
  development: { kind: "none", queriers: 1, querierResources: { cpu: "50m", memory: "512Mi" } },
  production: { kind: "none", queriers: 2, querierResources: { cpu: "250m", memory: "2Gi" } },
};
