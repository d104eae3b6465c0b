import { mimirRules } from "../../components/prometheus/rules/stores/mimir";
import type { Input } from "./promtool";
import { monitoring, proveAlone, series } from "./storeInput";

const rules = mimirRules(monitoring);

describe("rules: Mimir, what Cortex has not", () => {
  const ingester = { job: "mimir-ingester-zone-a", pod: "i-0" };
  const { job: _, ...pod } = { ...monitoring, ...ingester };

  const tenant = (created: string, limit: string): Input => ({
    ...series("cortex_ingester_memory_series_created_total", { ...ingester, user: "research" }, created),
    ...series("cortex_ingester_memory_series_removed_total", { ...ingester, user: "research" }, "10x60"),
    ...series(
      "cortex_ingester_local_limits",
      { ...ingester, user: "research", limit: "max_global_series_per_user" },
      limit,
    ),
  });
  proveAlone(rules, "MimirTenantSeriesNearLimit", {
    input: tenant("100x60", "100x60"),
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { ...pod, user: "research" },
          summary: "Tenant research has almost as many series as it may have.",
          description:
            "On i-0 tenant research has 90 % of its limit of series: at 100 % its new series are refused, those of new nodes and pods.",
        },
      ],
    },
    silent: [
      { why: "it made many that are gone again", input: tenant("90x60", "100x60") },
      { why: "no limit", input: tenant("100x60", "0x60") },
    ],
  });

  const reader = (counter: string, values: string) =>
    series(`cortex_ingest_storage_reader_${counter}_total`, ingester, values);
  proveAlone(rules, "MimirKafkaRecordsMissed", {
    input: reader("missed_records", "0x5 100x30"),
    quiet: "5m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: pod,
          summary: "i-0 missed records in Kafka.",
          description:
            "i-0 did not read 100 records in 10 minutes that Kafka no longer has: what they hold is lost in this copy.",
        },
      ],
    },
    silent: [{ why: "none", input: reader("missed_records", "0x30") }],
  });

  proveAlone(rules, "MimirKafkaReadsFailing", {
    input: reader("fetch_errors", "0+2x40"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: pod,
          summary: "i-0 cannot read from Kafka.",
          description: "20 reads from Kafka failed in 10 minutes on i-0: its answers lack the newest samples.",
        },
      ],
    },
    silent: [{ why: "a broker restarts", input: reader("fetch_errors", "0x5 0+2x3 6x40") }],
  });
});
