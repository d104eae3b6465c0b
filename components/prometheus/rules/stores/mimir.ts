import { jobs } from "../../jobs";
import type { RuleContext, RuleGroup } from "../rule";
import { ringStoreRules } from "./ringStore";
import { ofJobs, PROCESS } from "./selectors";

/** Rules about Mimir: those that it shares with Cortex, and about what only it has. */
export const mimirRules = (context: RuleContext): RuleGroup[] => {
  const ingester = ofJobs(`${jobs.mimir}-ingester(-zone-.+)?`, context.namespace);
  return [
    ...ringStoreRules({ ...context, title: "Mimir", job: jobs.mimir }),
    tenants(ingester),
    ingestStorage(ingester),
  ];
};

function tenants(ingester: string): RuleGroup {
  const series = (what: string) =>
    `sum by (${PROCESS}, user) (cortex_ingester_memory_series_${what}_total{${ingester}})`;
  return {
    name: "mimir-tenants",
    scope: "shard",
    rules: [
      {
        alert: "MimirTenantSeriesNearLimit",
        // Each ingester has its part of the tenant's limit.
        expr: `100 * (${series("created")} - ${series("removed")}) / max by (${PROCESS}, user) (cortex_ingester_local_limits{${ingester}, limit="max_global_series_per_user"} > 0) > 85`,
        for: "30m",
        severity: "warning",
        summary: "Tenant {{ $labels.user }} has almost as many series as it may have.",
        description:
          'On {{ $labels.pod }} tenant {{ $labels.user }} has {{ printf "%.0f" $value }} % of its limit of series: at 100 % its new series are refused, those of new nodes and pods.',
      },
    ],
  };
}

/** Only with Kafka between distributors and ingesters. */
function ingestStorage(ingester: string): RuleGroup {
  const increase = (counter: string) =>
    `sum by (${PROCESS}) (increase(cortex_ingest_storage_reader_${counter}_total{${ingester}}[10m]))`;
  return {
    name: "mimir-ingest-storage",
    scope: "shard",
    rules: [
      {
        alert: "MimirKafkaRecordsMissed",
        expr: `${increase("missed_records")} > 0`,
        severity: "critical",
        summary: "{{ $labels.pod }} missed records in Kafka.",
        description:
          '{{ $labels.pod }} did not read {{ printf "%.0f" $value }} records in 10 minutes that Kafka no longer has: what they hold is lost in this copy.',
      },
      {
        alert: "MimirKafkaReadsFailing",
        expr: `${increase("fetch_errors")} > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot read from Kafka.",
        description:
          '{{ printf "%.0f" $value }} reads from Kafka failed in 10 minutes on {{ $labels.pod }}: its answers lack the newest samples.',
      },
    ],
  };
}
