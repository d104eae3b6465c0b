import { thanosStoreRules } from "../../components/prometheus/rules/stores/thanosStore";
import type { Input } from "./promtool";
import { monitoring, ofWorkload, proveAlone, series, workload } from "./storeInput";

const rules = thanosStoreRules(monitoring);

describe("rules: Thanos, the bucket and what reads it", () => {
  const store = { job: "thanos-store-1-of-2", pod: "thanos-store-1-of-2-0" };
  const { job: _, ...pod } = { ...monitoring, ...store };

  const operations = (failures: string, of: Record<string, string> = store): Input => ({
    ...series("thanos_objstore_bucket_operation_failures_total", { ...of, operation: "get_range" }, failures),
    ...series("thanos_objstore_bucket_operations_total", { ...of, operation: "get_range" }, "0+60x60"),
  });
  proveAlone(rules, "ThanosBucketOperationsFailed", {
    input: operations("0+6x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, operation: "get_range" },
          summary: "thanos-store-1-of-2-0 cannot use the bucket.",
          description:
            "10 % of the operations get_range of thanos-store-1-of-2-0 on the bucket fail: blocks are not uploaded, not compacted or missing from answers.",
        },
      ],
    },
    silent: [
      { why: "one in thirty", input: operations("0+2x60") },
      { why: "for ten minutes", input: operations("0x5 0+30x5 150x50") },
      { why: "the sidecars have an alert of their own", input: operations("0+6x60", { job: "prometheus-sidecar" }) },
    ],
  });

  proveAlone(rules, "ThanosStoreDown", {
    input: workload("statefulset", "thanos-store-1-of-2", "2x60", "2x5 0x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: ofWorkload("statefulset", "thanos-store-1-of-2"),
          summary: "No replica of thanos-store-1-of-2 is ready.",
          description:
            "thanos-store-1-of-2 has had 0 ready replicas for 10 minutes: queries lack the blocks of the bucket that belong to it, and say so only in a warning.",
        },
      ],
    },
    silent: [
      { why: "one of two answers", input: workload("statefulset", "thanos-store-0-of-2", "2x60", "1x60") },
      { why: "scaled to nothing", input: workload("statefulset", "thanos-store", "0x60", "0x60") },
      { why: "a team's own", input: workload("statefulset", "my-thanos-store", "2x60", "0x60") },
    ],
  });

  const syncs = (failures: string) => series("thanos_blocks_meta_sync_failures_total", store, failures);
  proveAlone(rules, "ThanosStoreSyncFailing", {
    input: syncs("0x14 1x14 2x14 3x14 4x14 5x14 6x14 7x14 8x60"),
    quiet: "74m",
    fires: {
      at: "100m",
      alerts: [
        {
          labels: { ...monitoring, ...store },
          summary: "thanos-store-1-of-2-0 does not get new blocks from the bucket.",
          description:
            "thanos-store-1-of-2-0 failed 4 times in an hour to list or load blocks: what is older than the local retention of Prometheus and not loaded is missing from answers.",
        },
      ],
    },
    silent: [
      { why: "the bucket was away for a moment", input: syncs("0x10 1x200"), until: "180m" },
      {
        why: "blocks load",
        input: series("thanos_bucket_store_block_load_failures_total", store, "0x200"),
        until: "180m",
      },
    ],
  });

  const grpc = { ...store, grpc_service: "thanos.Store", grpc_method: "Series" };
  const handled = (failed: string, code = "Internal"): Input => ({
    ...series("grpc_server_handled_total", { ...grpc, grpc_code: "OK" }, "0+60x60"),
    ...series("grpc_server_handled_total", { ...grpc, grpc_code: code }, failed),
  });
  proveAlone(rules, "ThanosStoreGrpcErrorRate", {
    input: handled("0+20x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: pod,
          summary: "thanos-store-1-of-2-0 fails to answer queriers.",
          description:
            "25 % of the requests for series to thanos-store-1-of-2-0 fail: answers lack old data, and carry a warning that dashboards rarely show.",
        },
      ],
    },
    silent: [
      { why: "queries that nobody waits for any more", input: handled("0+20x60", "Canceled") },
      { why: "one in thirty", input: handled("0+2x60") },
    ],
  });

  const latency = (fast: string, slow: string): Input => ({
    ...series("grpc_server_handling_seconds_bucket", { ...grpc, le: "10" }, fast),
    ...series("grpc_server_handling_seconds_bucket", { ...grpc, le: "30" }, slow),
    ...series("grpc_server_handling_seconds_bucket", { ...grpc, le: "+Inf" }, slow),
    ...series("grpc_server_handling_seconds_count", grpc, slow),
  });
  proveAlone(rules, "ThanosStoreLatencyHigh", {
    input: latency("0+30x60", "0+60x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: pod,
          summary: "thanos-store-1-of-2-0 reads the bucket slowly.",
          description:
            "A tenth of the requests for series to thanos-store-1-of-2-0 take longer than 26 s: queries over old data are slow or time out.",
        },
      ],
    },
    silent: [
      { why: "one in twenty is slow", input: latency("0+57x60", "0+60x60") },
      { why: "a single slow one", input: latency("0x60", "0x9 1x50"), until: "40m" },
    ],
  });

  proveAlone(rules, "ThanosCacheDown", {
    input: workload("statefulset", "thanos-index-cache", "3x60", "0x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: ofWorkload("statefulset", "thanos-index-cache"),
          summary: "No replica of the cache thanos-index-cache is ready.",
          description:
            "thanos-index-cache has had 0 ready replicas for 15 minutes: queries of Thanos are slower, and cost more requests to the bucket.",
        },
      ],
    },
    silent: [{ why: "one of three is away", input: workload("statefulset", "thanos-index-cache", "3x60", "2x60") }],
  });
});

describe("rules: Thanos, query frontend", () => {
  const frontend = { job: "thanos-query-frontend", pod: "thanos-query-frontend-a" };

  proveAlone(rules, "ThanosQueryFrontendDown", {
    input: workload("deployment", "thanos-query-frontend", "2x60", "0x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: ofWorkload("deployment", "thanos-query-frontend"),
          summary: "No replica of thanos-query-frontend is ready.",
          description:
            "thanos-query-frontend has had 0 ready replicas for 10 minutes: dashboards, and whoever else asks the query address, get no answer.",
        },
      ],
    },
    silent: [
      { why: "a rollout", input: workload("deployment", "thanos-query-frontend", "2x60", "1x5 0x2 2x60") },
      { why: "one of two answers", input: workload("deployment", "thanos-query-frontend", "2x60", "1x60") },
    ],
  });

  const requests = (failed: string, code: string): Input => ({
    ...series("http_requests_total", { ...frontend, handler: "query-frontend", code: "200" }, "0+60x60"),
    ...series("http_requests_total", { ...frontend, handler: "query-frontend", code }, failed),
  });
  proveAlone(rules, "ThanosQueryFrontendErrorRate", {
    input: requests("0+20x60", "502"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...monitoring, pod: frontend.pod },
          summary: "thanos-query-frontend-a fails to answer queries.",
          description:
            "25 % of the requests to thanos-query-frontend-a end in a server error, after it tried the queriers again: dashboards get no answer.",
        },
      ],
    },
    silent: [
      { why: "queries that are wrong", input: requests("0+20x60", "422") },
      { why: "one in thirty", input: requests("0+2x60", "502") },
    ],
  });
});
