import { platformRuleAreas } from "../../components/prometheus/rules";
import type { Input } from "./promtool";
import { monitoring, ofWorkload, proveAlone, series, workload } from "./storeInput";

for (const { title, job } of [
  { title: "Mimir", job: "mimir" },
  { title: "Cortex", job: "cortex" },
]) {
  const rules = platformRuleAreas({ stores: [job] })[job] ?? [];

  describe(`rules: ${title}, its parts`, () => {
    proveAlone(rules, `${title}ComponentDown`, {
      input: workload("deployment", `${job}-distributor`, "2x30", "0x30"),
      quiet: "9m",
      fires: {
        at: "10m",
        alerts: [
          {
            labels: ofWorkload("deployment", `${job}-distributor`),
            summary: `No replica of ${job}-distributor is ready.`,
            description: `${job}-distributor has had 0 ready replicas for 10 minutes: ${title} takes nothing that is written, or answers no query.`,
          },
        ],
      },
      silent: [
        { why: "one of two answers", input: workload("deployment", `${job}-querier`, "2x30", "1x30") },
        { why: "one zone", input: workload("statefulset", `${job}-ingester-zone-a`, "1x30", "0x30") },
        { why: "the compactor, which may wait", input: workload("statefulset", `${job}-compactor`, "1x30", "0x30") },
      ],
    });

    const zones = (part: string, ...ready: string[]): Input =>
      Object.assign(
        {},
        ...ready.map((values, index) => workload("statefulset", `${job}-${part}-zone-${index}`, "2x30", values)),
      );
    proveAlone(rules, `${title}ZonesDown`, {
      input: { ...zones("ingester", "0x30", "2x30", "0x30"), ...zones("store-gateway", "0x30", "2x30", "2x30") },
      quiet: "4m",
      fires: {
        at: "5m",
        alerts: [
          {
            labels: { ...monitoring, part: "ingester" },
            summary: `Several zones of the ingesters of ${title} are down.`,
            description: `2 zones have had no ready ingester for 5 minutes: with two of three copies away, ${title} refuses writes or answers no query.`,
          },
        ],
      },
      silent: [
        { why: "one zone", input: zones("ingester", "0x30", "2x30", "2x30") },
        { why: "a rollout, zone by zone", input: zones("ingester", "0x4 2x30", "2x6 0x4 2x30", "2x12 0x4 2x30") },
        { why: "a pod in each", input: zones("store-gateway", "1x30", "1x30", "1x30") },
      ],
    });

    const unhealthy = (values: string) =>
      series(
        "cortex_ring_members",
        { job: `${job}-distributor`, pod: "d-0", name: "ingester", state: "Unhealthy" },
        values,
      );
    proveAlone(rules, `${title}RingMembersUnhealthy`, {
      input: {
        ...unhealthy("0x5 1x30"),
        // Another one sees the same.
        ...series(
          "cortex_ring_members",
          { job: `${job}-querier`, pod: "q-0", name: "ingester", state: "Unhealthy" },
          "0x5 1x30",
        ),
      },
      quiet: "20m",
      fires: {
        at: "21m",
        alerts: [
          {
            labels: { ...monitoring, name: "ingester" },
            summary: "Members of the ring ingester are unhealthy.",
            description:
              "1 members of the ring ingester have sent no heartbeat for 15 minutes: they count as a copy that is away, and with a second one requests fail.",
          },
        ],
      },
      silent: [{ why: "a restart", input: unhealthy("0x5 1x10 0x30") }],
    });

    const members = (seen: string): Input => ({
      ...series("memberlist_client_cluster_members_count", { job: `${job}-querier`, pod: "q-0" }, "12x30"),
      ...series("memberlist_client_cluster_members_count", { job: `${job}-querier`, pod: "q-1" }, seen),
    });
    proveAlone(rules, `${title}MemberlistSplit`, {
      input: members("1x30"),
      quiet: "14m",
      fires: {
        at: "15m",
        alerts: [
          {
            labels: { ...monitoring, pod: "q-1" },
            summary: "q-1 does not see all others.",
            description:
              "q-1 sees 11 members fewer than another process does: it reads and writes by rings that are not the others', and what it does goes to the wrong places.",
          },
        ],
      },
      silent: [{ why: "it starts", input: members("1x5 12x30") }],
    });

    const runtime = (values: string) =>
      series("cortex_runtime_config_last_reload_successful", { job: `${job}-distributor`, pod: "d-0" }, values);
    proveAlone(rules, `${title}RuntimeConfigNotLoaded`, {
      input: runtime("0x30"),
      quiet: "9m",
      fires: {
        at: "10m",
        alerts: [
          {
            labels: { ...monitoring, job: `${job}-distributor`, pod: "d-0" },
            summary: "d-0 cannot load the limits of tenants.",
            description:
              "d-0 has refused the limits of tenants for 10 minutes and runs on with the old ones; after a restart it would not start.",
          },
        ],
      },
      silent: [{ why: "mended at once", input: runtime("0x5 1x30") }],
    });

    proveAlone(rules, `${title}CacheDown`, {
      input: workload("statefulset", `${job}-chunks-cache`, "3x30", "0x30"),
      quiet: "14m",
      fires: {
        at: "15m",
        alerts: [
          {
            labels: ofWorkload("statefulset", `${job}-chunks-cache`),
            summary: `No replica of the cache ${job}-chunks-cache is ready.`,
            description: `${job}-chunks-cache has had 0 ready replicas for 15 minutes: queries of ${title} are slower, and cost more requests to the bucket.`,
          },
        ],
      },
      silent: [{ why: "one of three", input: workload("statefulset", `${job}-chunks-cache`, "3x30", "2x30") }],
    });
  });

  describe(`rules: ${title}, queries`, () => {
    const frontend = { job: `${job}-query-frontend`, pod: "f-0", route: "prometheus_api_v1_query_range" };
    const requests = (failed: string, code: string): Input => ({
      ...series("cortex_request_duration_seconds_count", { ...frontend, status_code: "200" }, "0+60x30"),
      ...series("cortex_request_duration_seconds_count", { ...frontend, status_code: code }, failed),
    });
    proveAlone(rules, `${title}QueryErrors`, {
      input: requests("0+20x30", "500"),
      quiet: "10m",
      fires: {
        at: "11m",
        alerts: [
          {
            labels: monitoring,
            summary: `${title} fails to answer queries.`,
            description: `25 % of the queries to ${title} in monitoring end in a server error: dashboards, and rules that ask it, get no answer.`,
          },
        ],
      },
      silent: [
        { why: "queries that are wrong", input: requests("0+20x30", "422") },
        { why: "one in thirty", input: requests("0+2x30", "500") },
      ],
    });

    const latency = (fast: string, all: string): Input => ({
      ...series("cortex_request_duration_seconds_bucket", { ...frontend, le: "10" }, fast),
      ...series("cortex_request_duration_seconds_bucket", { ...frontend, le: "30" }, all),
      ...series("cortex_request_duration_seconds_bucket", { ...frontend, le: "+Inf" }, all),
      ...series("cortex_request_duration_seconds_count", frontend, all),
    });
    proveAlone(rules, `${title}QueriesSlow`, {
      input: latency("0+30x30", "0+60x30"),
      quiet: "15m",
      fires: {
        at: "16m",
        alerts: [
          {
            labels: monitoring,
            summary: `${title} answers slowly.`,
            description: `A tenth of the queries to ${title} in monitoring take longer than 26 s: dashboards are unusable, and other queries wait for a place.`,
          },
        ],
      },
      silent: [
        { why: "one in twenty", input: latency("0+57x30", "0+60x30") },
        { why: "a single one", input: latency("0x30", "0x9 1x30") },
      ],
    });
  });
}
