import { thanosRules } from "../../components/prometheus/rules/thanos";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => thanosRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const series = (metric: string, labels: Record<string, string>, values: string): Input => ({
  [`${metric}{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`]: values,
});

describe("rules: Thanos, queriers", () => {
  const querier = { job: "thanos-query", namespace: "monitoring", pod: "thanos-query-1" };
  const pod = { namespace: "monitoring", pod: "thanos-query-1" };

  const calls = (code: string, failed: string, ok: string, service = "thanos.Store"): Input => ({
    ...series("grpc_client_handled_total", { ...querier, grpc_service: service, grpc_code: code }, failed),
    ...series("grpc_client_handled_total", { ...querier, grpc_service: "thanos.Store", grpc_code: "OK" }, ok),
  });
  proveAlert(group("thanos-querier"), "ThanosQueryGrpcClientErrorRate", {
    input: {
      ...calls("Unavailable", "0+6x60", "0+94x60"),
      ...series(
        "grpc_client_handled_total",
        { ...querier, grpc_service: "thanos.info.Info", grpc_code: "OK" },
        "0+9999x60",
      ),
    },
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: pod,
          summary: "Requests of thanos-query-1 to stores fail.",
          description:
            "6 % of the requests of thanos-query-1 to the sidecars and stores fail: answers lack what they have, and carry a warning that dashboards rarely show.",
        },
      ],
    },
    silent: [
      { why: "one in twenty-five", input: calls("Unavailable", "0+4x60", "0+96x60"), until: "30m" },
      { why: "users who close their dashboards", input: calls("Canceled", "0+50x60", "0+50x60"), until: "30m" },
      {
        why: "calls that are not queries",
        input: calls("Unavailable", "0+50x60", "0+50x60", "thanos.info.Info"),
        until: "30m",
      },
    ],
  });

  const gate = (running: string): Input => ({
    ...series("thanos_query_concurrent_gate_queries_in_flight", querier, running),
    ...series("thanos_query_concurrent_gate_queries_max", querier, "20x60"),
  });
  proveAlert(group("thanos-querier"), "ThanosQueryOverload", {
    input: gate("19x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: querier,
          summary: "thanos-query-1 runs almost as many queries as it can.",
          description:
            "thanos-query-1 has been running 95 % of the queries that it runs at once: further ones wait, and time out.",
        },
      ],
    },
    silent: [
      { why: "four in five", input: gate("16x60") },
      { why: "ten minutes", input: gate("0x10 20x10 0x60"), until: "40m" },
    ],
  });

  const dns = (failures: string, lookups: string): Input => ({
    ...series("thanos_query_endpoints_dns_failures_total", querier, failures),
    ...series("thanos_query_endpoints_dns_lookups_total", querier, lookups),
  });
  proveAlert(group("thanos-querier"), "ThanosQueryHighDNSFailures", {
    input: dns("0+12x60", "0+100x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: querier,
          summary: "thanos-query-1 cannot look up its stores.",
          description:
            "12 % of the DNS lookups of thanos-query-1 fail: it goes on with the stores that it knew, and does not find those that restart elsewhere.",
        },
      ],
    },
    silent: [
      { why: "nine in a hundred", input: dns("0+9x60", "0+100x60"), until: "30m" },
      { why: "CoreDNS restarts", input: dns("0x5 0+6x3 18x60", "0+6x60"), until: "40m" },
    ],
  });

  const requests = (failed: string, ok: string, handler = "query_range", namespace = "monitoring"): Input => {
    const of = { ...querier, namespace, handler, method: "get", tenant: "t" };
    return {
      ...series("http_requests_total", { ...of, code: "503" }, failed),
      ...series("http_requests_total", { ...of, code: "200" }, ok),
      ...series("http_requests_total", { ...of, code: "422" }, "0x60"),
    };
  };
  proveAlert(group("thanos-query"), "ThanosQueryHttpRequestQueryErrorRateHigh", {
    input: requests("0+6x60", "0+94x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { namespace: "monitoring", handler: "query_range" },
          summary: "Queriers in monitoring fail to answer.",
          description:
            "6 % of the requests to query_range end in a server error: dashboards, and whatever else asks the queriers, get no answer.",
        },
      ],
    },
    silent: [
      { why: "one in twenty-five", input: requests("0+4x60", "0+96x60"), until: "30m" },
      { why: "another handler", input: requests("0+50x60", "0+50x60", "labels"), until: "30m" },
      { why: "another namespace's querier", input: requests("0+50x60", "0+50x60", "query", "team"), until: "30m" },
      {
        why: "queries that are wrong",
        input: {
          ...requests("0x60", "0+10x60"),
          ...series(
            "http_requests_total",
            { ...querier, handler: "query_range", method: "get", tenant: "t", code: "400" },
            "0+90x60",
          ),
        },
        until: "30m",
      },
    ],
  });

  /** Requests that took up to 20 s, and all of them, which took up to 30 s. */
  const answers = (fast: string, all: string, handler = "query_range"): Input => {
    const of = { ...querier, handler, code: "200" };
    return {
      ...series("http_request_duration_seconds_bucket", { ...of, le: "20" }, fast),
      ...series("http_request_duration_seconds_bucket", { ...of, le: "30" }, all),
      ...series("http_request_duration_seconds_bucket", { ...of, le: "+Inf" }, all),
      ...series("http_request_duration_seconds_count", of, all),
    };
  };
  proveAlert(group("thanos-query"), "ThanosQueryLatencyHigh", {
    input: answers("0+1.2x60", "0+1.5x60"),
    quiet: "15m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: { namespace: "monitoring", handler: "query_range" },
          summary: "Queriers in monitoring answer slowly.",
          description:
            "A tenth of the requests to query_range take longer than 25 s: dashboards are unusable, and other queries wait for a place.",
        },
      ],
    },
    silent: [
      { why: "another handler", input: answers("0+8x60", "0+10x60", "labels"), until: "30m" },
      { why: "fewer than one in a minute", input: answers("0x60", "0+0.9x60"), until: "30m" },
      { why: "one in twenty is slow", input: answers("0+19x60", "0+20x60"), until: "30m" },
      {
        why: "one query, now and then, that is always slow",
        input: answers("0x60", "0x4 1x4 2x4 3x4 4x4 5x4 6x4 7x4"),
        until: "30m",
      },
    ],
  });

  const sidecars = (up: (0 | 1)[]): Input =>
    Object.assign(
      {},
      ...up.map((value, index) =>
        series(
          "thanos_sidecar_prometheus_up",
          { job: "prometheus-sidecar", namespace: "monitoring", pod: `prometheus-prometheus-${index}` },
          `${value}x60`,
        ),
      ),
    );
  const asks = (stores: string[], of: Record<string, string> = querier): Input =>
    Object.assign(
      series("thanos_build_info", of, "1x60"),
      ...stores.map((values, index) =>
        series(
          "thanos_store_nodes_grpc_connections",
          { ...of, store_type: "sidecar", external_labels: `prometheus-${index}` },
          values,
        ),
      ),
    );
  const other = { ...querier, pod: "thanos-query-2" };
  const missing = (name: string, count: number) => ({
    labels: { namespace: "monitoring", pod: name },
    summary: `${name} does not ask all replicas of Prometheus.`,
    description: `${name} has no connection to ${count} of the sidecars that run: its answers lack these replicas, and gaps of the others show.`,
  });
  proveAlert(group("thanos-query"), "ThanosQueryStoresMissing", {
    input: {
      ...sidecars([1, 1]),
      ...asks(["1x60"]),
      ...series(
        "thanos_store_nodes_grpc_connections",
        { ...querier, store_type: "rule", external_labels: "rule" },
        "1x60",
      ),
      ...asks([], other),
    },
    quiet: "9m",
    fires: { at: "10m", alerts: [missing("thanos-query-1", 1), missing("thanos-query-2", 2)] },
    silent: [
      { why: "all are connected", input: { ...sidecars([1, 1]), ...asks(["1x60", "1x60"]) } },
      { why: "the sidecar is down as well", input: { ...sidecars([1, 0]), ...asks(["1x60"]) } },
      {
        why: "a restart of a replica",
        input: { ...sidecars([1, 1]), ...asks(["1x60", "1x5 _x6 1x60"]) },
        until: "30m",
      },
      { why: "other clusters' stores too", input: { ...sidecars([1, 1]), ...asks(["1x60", "1x60", "1x60"]) } },
    ],
  });
});
