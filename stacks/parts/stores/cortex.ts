import { Cortex } from "../../../components/backends/cortex/cortex";
import { jobs } from "../../../components/prometheus/jobs";
import type { CortexSettings } from "../../settings/stores/cortex";
import { type CustomResourceContext, optionsOf } from "../context";
import { bucketArgs } from "./bucket";
import { ringStoreArgs } from "./ringStore";

/** Cortex, which has no prefix: its bucket is its own. */
export function createCortex(context: CustomResourceContext, store: CortexSettings): Cortex {
  const { prefix: _none, ...bucket } = bucketArgs(context, store.bucket, store.kind);
  return new Cortex(
    jobs.cortex,
    { ...ringStoreArgs(context, store, bucket), image: context.images.cortex },
    optionsOf(context),
  );
}
