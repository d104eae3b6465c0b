import { z } from "zod";
import type { Presets } from "./environment";
import { hours, wholeNumber } from "./fields";
import { resourcesSchema, storageSchema } from "./storage";

export const alertmanagerSchema = z.strictObject({
  replicas: wholeNumber(1, 9).describe("Members of the gossip cluster. Three survive the loss of one with a spare."),
  retention: hours().describe("How long silences and the log of sent notifications are kept."),
  storage: storageSchema.describe("Where each member keeps its data."),
  resources: resourcesSchema,
});

export type AlertmanagerSettings = z.output<typeof alertmanagerSchema>;

export const alertmanagerPresets: Presets = {
  local: {
    replicas: 3,
    retention: "120h",
    storage: { kind: "ephemeral", sizeLimit: "100Mi" },
    resources: { cpu: "10m", memory: "128Mi" },
  },
  development: {
    replicas: 1,
    retention: "120h",
    storage: { kind: "volume", size: "1Gi" },
    resources: { cpu: "25m", memory: "128Mi" },
  },
  production: {
    replicas: 3,
    retention: "120h",
    storage: { kind: "volume", size: "2Gi" },
    resources: { cpu: "50m", memory: "256Mi" },
  },
};
