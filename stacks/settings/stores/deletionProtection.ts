import { z } from "zod";

/** The explicit word without which a store that holds data is not deleted. */
export const deletionProtection = () =>
  z
    .boolean({ error: "must be true or false" })
    .describe(
      "Whether Pulumi refuses to delete what serves the data. To delete the store: set it to false, `up`, then remove the store. Buckets stay in any case, and so do claims of volumes whose data is nowhere else.",
    );
