import type { RuleGroup } from "../rule";
import { noneReady } from "./selectors";

/** The caches of one store. */
export interface CachesOf {
  /** What alerts call the store. */
  title: string;
  /** What the names of its caches begin with. */
  store: string;
  namespace: string;
}

/** A cache that is away costs time, no data: replicas share the keys, so that one of them says nothing alone. */
export const cacheGroup = ({ title, store, namespace }: CachesOf): RuleGroup => ({
  name: `${store}-caches`,
  scope: "shard",
  rules: [
    {
      alert: `${title}CacheDown`,
      expr: noneReady(namespace, `${store}-.+-cache`),
      for: "15m",
      severity: "warning",
      summary: "No replica of the cache {{ $labels.workload }} is ready.",
      description: `{{ $labels.workload }} has had {{ $value }} ready replicas for 15 minutes: queries of ${title} are slower, and cost more requests to the bucket.`,
    },
  ],
});
