import { z } from "zod";
import type { Presets } from "./environment";
import { wholeNumber } from "./fields";
import { resourcesSchema, storageSchema } from "./storage";

/** Who evaluates rules that need every shard. */
export const rulerSchema = z.strictObject({
  replicas: wholeNumber(1, 5).describe("Identical Thanos rulers."),
  resources: resourcesSchema,
  storage: storageSchema.describe("Where each keeps what its rules recorded."),
});

export const rulerPresets: Presets = {
  local: {
    replicas: 2,
    resources: { cpu: "10m", memory: "256Mi" },
    storage: { kind: "ephemeral", sizeLimit: "512Mi" },
  },
  development: {
    replicas: 1,
    resources: { cpu: "50m", memory: "512Mi" },
    storage: { kind: "volume", size: "5Gi" },
  },
  production: {
    replicas: 2,
    resources: { cpu: "250m", memory: "1Gi" },
    storage: { kind: "volume", size: "10Gi" },
  },
};
