import { z } from "zod";
import { wholeNumber } from "./fields";

const dropSchema = z.strictObject({
  job: z.string().min(1).describe("The label `job` of who says them."),
  names: z
    .string()
    .regex(/^(?!.*\(\?)[A-Za-z0-9_:.*+|()[\]?-]+$/, {
      error: "must be a regular expression over names of metrics, of letters, digits, _ : . * + ? | ( ) [ ] -",
    })
    .refine(isRegularExpression, { error: "must be a regular expression" })
    .meta({ example: "node_hwmon_.+" })
    .describe("A regular expression over the whole name."),
  why: z.string().min(1).describe("Why nobody needs them."),
});

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** How many series there may be, and what is dropped beyond what the platform drops itself. */
export const cardinalitySchema = z.strictObject({
  headroom: z
    .number({ error: "must be a number from 1.1 to 10" })
    .min(1.1, { error: "must be a number from 1.1 to 10" })
    .max(10, { error: "must be a number from 1.1 to 10" })
    .meta({ example: "1.5" })
    .describe("Budgets are so many times what the fleet is expected to bring."),
  seriesPerGpu: wholeNumber(5, 10_000)
    .optional()
    .describe("Series of dcgm-exporter for each GPU. Default: what the profile collects, times the headroom."),
  teamSeries: wholeNumber(0, 1_000_000_000)
    .optional()
    .describe(
      "What all teams together may bring. Default: teams.seriesPerNamespace and the budgets of teams.namespaces, or 0 without teams.",
    ),
  extraDrops: z
    .array(dropSchema)
    .describe("Metrics that are dropped as well. What an alert or a recorded series needs is refused."),
});

export type CardinalitySettings = z.output<typeof cardinalitySchema>;

// judgement: the coefficients are right to within a third on clusters that they were not measured on.
export const cardinalityPreset = { headroom: 1.5, extraDrops: [] };
