import { z } from "zod";

/** The escape hatch: changes to objects that no setting foresees. */
export const patchesSchema = z
  .array(
    z.strictObject({
      kind: z
        .string({ error: "must be the kind of an object: Deployment" })
        .regex(/^[A-Z][A-Za-z]+$/, { error: "must be the kind of an object: Deployment" })
        .describe("The object's kind."),
      name: z
        .string({ error: "must be the name of an object" })
        .min(1, { error: "must be the name of an object" })
        .describe("The object's name, in whichever namespace; `npm run plan` lists them."),
      patch: z
        .record(z.string(), z.unknown(), { error: "must be an object, as in a manifest" })
        .describe(
          "Laid over the object: maps are merged, null removes, a list replaces the list, but lists of things with a name are merged by it (none can be taken away).",
        ),
    }),
  )
  .describe("Changes to objects that no setting foresees, applied last. The plan shows and validates what comes out.");

export type PatchSettings = z.output<typeof patchesSchema>[number];
