import type { RuleGroup } from "../rule";
import type { RingStore } from "./ringStore";
import { age, ofJobs, PROCESS, percent } from "./selectors";

/** Blocks in the bucket: who reads them, and who keeps them in order. */
export const ringStoreBlockGroups = (store: RingStore): RuleGroup[] => [storeGateways(store), compactors(store)];

function storeGateways({ title, job, namespace }: RingStore): RuleGroup {
  const gateway = ofJobs(`${job}-store-gateway(-zone-.+)?`, namespace);
  const lastSync = `max by (${PROCESS}) (cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds{${gateway}})`;
  const checks = (counter: string) =>
    `sum by (cluster, namespace) (rate(cortex_querier_blocks_consistency_checks${counter}_total{${ofJobs(`${job}-(querier|ruler)`, namespace)}}[5m]))`;
  const index = `cortex_bucket_index_last_successful_update_timestamp_seconds{${ofJobs(`${job}-compactor`, namespace)}}`;
  return {
    name: `${job}-blocks`,
    scope: "global",
    rules: [
      {
        alert: `${title}StoreGatewayNotSynced`,
        // It looks every 15 minutes. One that has not been able to since its start says 0.
        expr: `time() - ${lastSync} > 3600 and max by (${PROCESS}) (${age(gateway)}) > 3600`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} does not get new blocks from the bucket.",
        description:
          "{{ $labels.pod }} has not been able to look into the bucket for an hour: queries over blocks that only it should have fail.",
      },
      {
        alert: `${title}BlocksMissing`,
        // Counted is a query that found no store-gateway with one of its blocks, after three attempts.
        expr: `${percent(checks("_failed"), checks(""))} > 1`,
        for: "10m",
        severity: "warning",
        summary: `Queries to ${title} fail because blocks are missing.`,
        description: `{{ printf "%.1f" $value }} % of the queries over old data in {{ $labels.namespace }} need a block that no store-gateway has loaded, and fail.`,
      },
      {
        alert: `${title}BucketIndexOld`,
        // Written every 15 minutes; queriers refuse one that is an hour old, the default of both.
        expr: `time() - max by (cluster, namespace, user) (${index} > 0) > 2100`,
        for: "5m",
        severity: "critical",
        summary: "The list of the blocks of tenant {{ $labels.user }} is old.",
        description:
          "The bucket's index of tenant {{ $labels.user }} is {{ humanizeDuration $value }} old: once it is an hour old, every query over old data of this tenant fails.",
      },
    ],
  };
}

function compactors({ title, job, namespace }: RingStore): RuleGroup {
  const compactor = ofJobs(`${job}-compactor`, namespace);
  return {
    name: `${job}-compactors`,
    scope: "shard",
    rules: [
      {
        alert: `${title}CompactorHasNotRun`,
        // One that has not finished since its start says 0.
        expr: `(time() - cortex_compactor_last_successful_run_timestamp_seconds{${compactor}} > 86400) and on (${PROCESS}) (${age(compactor)} > 86400)`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} has finished nothing for a day.",
        description:
          "{{ $labels.pod }} runs and has not come to the end of a round for a day: the bucket grows, nothing is deleted by age, and queries over old data become slower.",
      },
      {
        alert: `${title}CompactorFailing`,
        // One failure is tried again with the next round.
        expr: `increase(cortex_compactor_runs_failed_total{${compactor}, reason!="shutdown"}[3h]) > 1.5`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails.",
        description:
          '{{ printf "%.0f" $value }} rounds of {{ $labels.pod }} failed in three hours: blocks stay as they are, and queries over them cost more.',
      },
    ],
  };
}
