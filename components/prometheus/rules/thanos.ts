import { jobs } from "../jobs";
import { SHARD, withStatefulSet } from "./prometheus";
import type { RuleContext, RuleGroup } from "./rule";
import { thanosRulerGroups } from "./thanosRuler";

const POD = "cluster, namespace, pod";

/** Rules about Thanos: the sidecars, the queriers and the ruler. */
export const thanosRules = (context: RuleContext): RuleGroup[] => {
  const of = (job: string) => `job="${job}", namespace="${context.namespace}"`;
  const sidecar = of(jobs.prometheusSidecar);
  const query = of(jobs.thanosQuery);
  // A second one may ask the queriers of other clusters too.
  const queriers = `job=~"${jobs.thanosQuery}(-global)?", namespace="${context.namespace}"`;
  return [
    connection(sidecar, of(jobs.prometheus)),
    upload(sidecar, `job=~"${jobs.prometheusSidecar}|${jobs.thanosRuler}", namespace="${context.namespace}"`),
    querier(queriers),
    answers(query, sidecar),
    ...thanosRulerGroups(context),
  ];
};

function connection(sidecar: string, prometheus: string): RuleGroup {
  return {
    name: "thanos-sidecar",
    // The sidecar and its Prometheus are two targets.
    scope: "global",
    rules: [
      {
        alert: "ThanosSidecarNoConnectionToStartedPrometheus",
        // A Prometheus that replays its log does not answer yet.
        expr: `thanos_sidecar_prometheus_up{${sidecar}} == 0 and on (${POD}) prometheus_ready{${prometheus}} == 1`,
        for: "5m",
        severity: "warning",
        summary: "The Thanos sidecar of {{ $labels.pod }} does not reach its Prometheus.",
        description:
          "{{ $labels.pod }} is ready, and its sidecar has not reached it for 5 minutes (thanos_sidecar_prometheus_up is {{ $value }}): answers of queriers lack this replica.",
      },
    ],
  };
}

/** Sidecars upload, and so do rulers that keep what they recorded. */
function upload(sidecar: string, uploaders: string): RuleGroup {
  const uploads = `increase(thanos_shipper_uploads_total{${sidecar}}[6h])`;
  const age = `time() - process_start_time_seconds{${sidecar}}`;
  return {
    name: "thanos-sidecar-upload",
    scope: "global",
    rules: [
      {
        alert: "ThanosSidecarBucketOperationsFailed",
        expr: `sum by (${POD}, operation) (increase(thanos_objstore_bucket_operation_failures_total{${uploaders}}[10m])) > 0`,
        for: "15m",
        severity: "warning",
        summary: "Thanos in {{ $labels.pod }} cannot use the bucket.",
        description:
          'Operation {{ $labels.operation }} on the bucket failed {{ printf "%.0f" $value }} times in 10 minutes for Thanos in {{ $labels.pod }}: blocks stay on the local disk.',
      },
      {
        alert: "ThanosSidecarNotUploading",
        // Prometheus cuts a block every two hours. What one replica does not upload its twin does; a restart begins to count
        // again.
        expr: `max by (${SHARD}) (${withStatefulSet(uploads)}) == 0 and min by (${SHARD}) (${withStatefulSet(age)}) > 6 * 3600`,
        for: "15m",
        severity: "critical",
        summary: "No Thanos sidecar of {{ $labels.statefulset }} has uploaded anything for six hours.",
        description:
          "The sidecars of {{ $labels.statefulset }} uploaded {{ $value }} blocks in six hours, and there should be three from each: what Prometheus deletes by age before that is missing in the bucket for good.",
      },
    ],
  };
}

function querier(query: string): RuleGroup {
  const storeCalls = (codes = "") =>
    `sum by (${POD}) (rate(grpc_client_handled_total{${query}, grpc_service="thanos.Store"${codes}}[5m]))`;
  const failures = "Unknown|DeadlineExceeded|ResourceExhausted|Internal|Unavailable|DataLoss";
  const gate = (suffix: string) => `thanos_query_concurrent_gate_queries_${suffix}{${query}}`;
  const lookups = (suffix: string) => `rate(thanos_query_endpoints_dns_${suffix}_total{${query}}[5m])`;
  return {
    name: "thanos-querier",
    scope: "shard",
    rules: [
      {
        alert: "ThanosQueryGrpcClientErrorRate",
        expr: `100 * ${storeCalls(`, grpc_code=~"${failures}"`)} / ${storeCalls()} > 5`,
        for: "10m",
        severity: "warning",
        summary: "Requests of {{ $labels.pod }} to stores fail.",
        description:
          '{{ printf "%.0f" $value }} % of the requests of {{ $labels.pod }} to the sidecars and stores fail: answers lack what they have, and carry a warning that dashboards rarely show.',
      },
      {
        alert: "ThanosQueryOverload",
        expr: `100 * avg_over_time(${gate("in_flight")}[10m]) / ${gate("max")} > 80`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} runs almost as many queries as it can.",
        description:
          '{{ $labels.pod }} has been running {{ printf "%.0f" $value }} % of the queries that it runs at once: further ones wait, and time out.',
      },
      {
        alert: "ThanosQueryHighDNSFailures",
        // The last answer stays in use, so that a failure now and then costs nothing.
        expr: `100 * ${lookups("failures")} / ${lookups("lookups")} > 10`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot look up its stores.",
        description:
          '{{ printf "%.0f" $value }} % of the DNS lookups of {{ $labels.pod }} fail: it goes on with the stores that it knew, and does not find those that restart elsewhere.',
      },
    ],
  };
}

function answers(query: string, sidecar: string): RuleGroup {
  const handler = 'handler=~"query|query_range"';
  const requests = (codes = "") =>
    `sum by (cluster, namespace, handler) (rate(http_requests_total{${query}, ${handler}${codes}}[5m]))`;
  const answered = (suffix: string, labels: string) =>
    `sum by (${labels}) (rate(http_request_duration_seconds_${suffix}{${query}, ${handler}}[10m]))`;
  // A querier without any store does not have the metric.
  const connected = `(sum by (${POD}) (thanos_store_nodes_grpc_connections{${query}, store_type="sidecar"}) or 0 * sum by (${POD}) (thanos_build_info{${query}}))`;
  return {
    name: "thanos-query",
    scope: "global",
    rules: [
      {
        alert: "ThanosQueryHttpRequestQueryErrorRateHigh",
        expr: `100 * ${requests(', code=~"5.."')} / ${requests()} > 5`,
        for: "10m",
        severity: "warning",
        summary: "Queriers in {{ $labels.namespace }} fail to answer.",
        description:
          '{{ printf "%.0f" $value }} % of the requests to {{ $labels.handler }} end in a server error: dashboards, and whatever else asks the queriers, get no answer.',
      },
      {
        alert: "ThanosQueryLatencyHigh",
        // Panels over 1 250 nodes take half a second, unrecorded averages over a day 3 s (measured); the queriers give up after
        // two minutes. From about one request in a minute on: one slow query is no trend.
        expr: `histogram_quantile(0.9, ${answered("bucket", "cluster, namespace, handler, le")}) > 20 and ${answered("count", "cluster, namespace, handler")} > 0.02`,
        for: "15m",
        severity: "warning",
        summary: "Queriers in {{ $labels.namespace }} answer slowly.",
        description:
          'A tenth of the requests to {{ $labels.handler }} take longer than {{ printf "%.0f" $value }} s: dashboards are unusable, and other queries wait for a place.',
      },
      {
        alert: "ThanosQueryStoresMissing",
        expr: `count by (cluster, namespace) (thanos_sidecar_prometheus_up{${sidecar}} == 1) - on (cluster, namespace) group_right () ${connected} > 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} does not ask all replicas of Prometheus.",
        description:
          "{{ $labels.pod }} has no connection to {{ $value }} of the sidecars that run: its answers lack these replicas, and gaps of the others show.",
      },
    ],
  };
}
