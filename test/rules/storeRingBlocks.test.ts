import { platformRuleAreas } from "../../components/prometheus/rules";
import type { Input } from "./promtool";
import { monitoring, proveAlone, series } from "./storeInput";

for (const { title, job } of [
  { title: "Mimir", job: "mimir" },
  { title: "Cortex", job: "cortex" },
]) {
  const rules = platformRuleAreas({ stores: [job] })[job] ?? [];

  describe(`rules: ${title}, blocks in the bucket`, () => {
    const gateway = { job: `${job}-store-gateway-zone-a`, pod: "store-a-0" };
    const synced = (values: string, started = "0x120"): Input => ({
      ...series("cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds", gateway, values),
      ...series("process_start_time_seconds", gateway, started),
    });
    proveAlone(rules, `${title}StoreGatewayNotSynced`, {
      input: synced("60x120"),
      quiet: "71m",
      fires: {
        at: "73m",
        alerts: [
          {
            labels: { ...monitoring, pod: "store-a-0" },
            summary: "store-a-0 does not get new blocks from the bucket.",
            description:
              "store-a-0 has not been able to look into the bucket for an hour: queries over blocks that only it should have fail.",
          },
        ],
      },
      silent: [
        { why: "it looks", input: synced("60+60x120") },
        { why: "it has started", input: synced("0x120", "3000x120"), until: "100m" },
      ],
    });

    const checks = (failed: string): Input => ({
      ...series("cortex_querier_blocks_consistency_checks_total", { job: `${job}-querier`, pod: "q-0" }, "0+100x30"),
      ...series("cortex_querier_blocks_consistency_checks_failed_total", { job: `${job}-querier`, pod: "q-0" }, failed),
    });
    proveAlone(rules, `${title}BlocksMissing`, {
      input: checks("0+5x30"),
      quiet: "10m",
      fires: {
        at: "11m",
        alerts: [
          {
            labels: monitoring,
            summary: `Queries to ${title} fail because blocks are missing.`,
            description:
              "5.0 % of the queries over old data in monitoring need a block that no store-gateway has loaded, and fail.",
          },
        ],
      },
      silent: [
        { why: "a rollout", input: checks("0+5x5 25x30") },
        { why: "one in two hundred", input: checks("0+0.5x30") },
      ],
    });

    const index = (...values: string[]): Input =>
      Object.assign(
        {},
        ...values.map((value, at) =>
          series(
            "cortex_bucket_index_last_successful_update_timestamp_seconds",
            { job: `${job}-compactor`, pod: `c-${at}`, user: "platform" },
            value,
          ),
        ),
      );
    proveAlone(rules, `${title}BucketIndexOld`, {
      input: index("60x60"),
      quiet: "41m",
      fires: {
        at: "42m",
        alerts: [
          {
            labels: { ...monitoring, user: "platform" },
            summary: "The list of the blocks of tenant platform is old.",
            description:
              "The bucket's index of tenant platform is 41m 0s old: once it is an hour old, every query over old data of this tenant fails.",
          },
        ],
      },
      silent: [
        { why: "another compactor has taken the tenant over", input: index("60x60", "0x20 1200+60x40") },
        { why: "none written yet", input: index("0x60") },
      ],
    });
  });

  describe(`rules: ${title}, compactors`, () => {
    const compactor = { job: `${job}-compactor`, pod: "c-0" };
    const ran = (values: string, started: string): Input => ({
      ...series("cortex_compactor_last_successful_run_timestamp_seconds", compactor, values),
      ...series("process_start_time_seconds", compactor, started),
    });
    proveAlone(rules, `${title}CompactorHasNotRun`, {
      input: ran("60x1480", "0x1480"),
      quiet: "1456m",
      fires: {
        at: "1457m",
        alerts: [
          {
            labels: { ...monitoring, ...compactor },
            summary: "c-0 has finished nothing for a day.",
            description:
              "c-0 runs and has not come to the end of a round for a day: the bucket grows, nothing is deleted by age, and queries over old data become slower.",
          },
        ],
      },
      silent: [
        { why: "a restart an hour ago", input: ran("0x1480", "84000x1480") },
        { why: "it ran half a day ago", input: ran("43200x1480", "0x1480") },
      ],
    });

    const failed = (values: string, reason?: string) =>
      series(
        "cortex_compactor_runs_failed_total",
        { ...compactor, ...(reason === undefined ? {} : { reason }) },
        values,
      );
    proveAlone(rules, `${title}CompactorFailing`, {
      input: failed("0x10 1x30 2x30 3x200"),
      quiet: "56m",
      fires: {
        at: "80m",
        alerts: [
          {
            labels: { ...monitoring, ...compactor },
            summary: "c-0 fails.",
            description:
              "3 rounds of c-0 failed in three hours: blocks stay as they are, and queries over them cost more.",
          },
        ],
      },
      silent: [
        { why: "once", input: failed("0x10 1x200") },
        { why: "restarts", input: failed("0x10 1x30 2x30 3x200", "shutdown") },
      ],
    });
  });
}
