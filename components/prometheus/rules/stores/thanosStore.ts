import { jobs } from "../../jobs";
import type { RuleContext, RuleGroup } from "../rule";
import { cacheGroup } from "./caches";
import { noneReady, ofJobs, PROCESS, percent } from "./selectors";
import { THANOS_COMPACTORS, thanosCompactorGroup } from "./thanosCompactor";
import { thanosReceiveGroups } from "./thanosReceive";

/** With several shards each is a job of its own. */
const STORES = `${jobs.thanosStore}(-[0-9]+-of-[0-9]+)?`;

/** Rules about Thanos with a bucket: what uploads to it, reads it, and keeps it in order. */
export const thanosStoreRules = ({ namespace }: RuleContext): RuleGroup[] => [
  bucket(ofJobs(`${STORES}|${THANOS_COMPACTORS}|${jobs.thanosReceive}(-.+)?`, namespace)),
  storeGateway(namespace),
  queryFrontend(namespace),
  thanosCompactorGroup(namespace),
  ...thanosReceiveGroups(namespace),
  cacheGroup({ title: "Thanos", store: "thanos", namespace }),
];

function bucket(selector: string): RuleGroup {
  const rate = (counter: string) =>
    `sum by (${PROCESS}, operation) (rate(thanos_objstore_bucket_${counter}_total{${selector}}[10m]))`;
  return {
    name: "thanos-bucket",
    scope: "shard",
    rules: [
      {
        alert: "ThanosBucketOperationsFailed",
        // Requests to a bucket fail now and then and are tried again; 5 % is no accident any more [judgement].
        expr: `${percent(rate("operation_failures"), rate("operations"))} > 5`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot use the bucket.",
        description:
          '{{ printf "%.0f" $value }} % of the operations {{ $labels.operation }} of {{ $labels.pod }} on the bucket fail: blocks are not uploaded, not compacted or missing from answers.',
      },
    ],
  };
}

function storeGateway(namespace: string): RuleGroup {
  const store = ofJobs(STORES, namespace);
  const series = 'grpc_service="thanos.Store", grpc_method="Series"';
  const calls = (codes = "") =>
    `sum by (${PROCESS}) (rate(grpc_server_handled_total{${store}, ${series}${codes}}[5m]))`;
  const handling = (suffix: string, labels: string) =>
    `sum by (${labels}) (rate(grpc_server_handling_seconds_${suffix}{${store}, ${series}}[10m]))`;
  const failures = "Unknown|DeadlineExceeded|ResourceExhausted|Internal|Unavailable|DataLoss";
  return {
    name: "thanos-store",
    scope: "shard",
    rules: [
      {
        alert: "ThanosStoreDown",
        expr: noneReady(namespace, STORES),
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.workload }} is ready.",
        description:
          "{{ $labels.workload }} has had {{ $value }} ready replicas for 10 minutes: queries lack the blocks of the bucket that belong to it, and say so only in a warning.",
      },
      {
        alert: "ThanosStoreSyncFailing",
        // It looks for new blocks every 15 minutes by default.
        expr: `increase(thanos_blocks_meta_sync_failures_total{${store}}[1h]) > 0 or increase(thanos_bucket_store_block_load_failures_total{${store}}[1h]) > 0`,
        for: "1h",
        severity: "warning",
        summary: "{{ $labels.pod }} does not get new blocks from the bucket.",
        description:
          '{{ $labels.pod }} failed {{ printf "%.0f" $value }} times in an hour to list or load blocks: what is older than the local retention of Prometheus and not loaded is missing from answers.',
      },
      {
        alert: "ThanosStoreGrpcErrorRate",
        expr: `${percent(calls(`, grpc_code=~"${failures}"`), calls())} > 5`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails to answer queriers.",
        description:
          '{{ printf "%.0f" $value }} % of the requests for series to {{ $labels.pod }} fail: answers lack old data, and carry a warning that dashboards rarely show.',
      },
      {
        alert: "ThanosStoreLatencyHigh",
        // As with the queriers: from about one request in a minute on.
        expr: `histogram_quantile(0.9, ${handling("bucket", `${PROCESS}, le`)}) > 20 and ${handling("count", PROCESS)} > 0.02`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} reads the bucket slowly.",
        description:
          'A tenth of the requests for series to {{ $labels.pod }} take longer than {{ printf "%.0f" $value }} s: queries over old data are slow or time out.',
      },
    ],
  };
}

function queryFrontend(namespace: string): RuleGroup {
  const frontend = ofJobs(jobs.thanosQueryFrontend, namespace);
  const requests = (codes = "") =>
    `sum by (${PROCESS}) (rate(http_requests_total{${frontend}, handler="query-frontend"${codes}}[5m]))`;
  return {
    name: "thanos-query-frontend",
    scope: "shard",
    rules: [
      {
        alert: "ThanosQueryFrontendDown",
        expr: noneReady(namespace, jobs.thanosQueryFrontend),
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.workload }} is ready.",
        description:
          "{{ $labels.workload }} has had {{ $value }} ready replicas for 10 minutes: dashboards, and whoever else asks the query address, get no answer.",
      },
      {
        alert: "ThanosQueryFrontendErrorRate",
        expr: `${percent(requests(', code=~"5.."'), requests())} > 5`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails to answer queries.",
        description:
          '{{ printf "%.0f" $value }} % of the requests to {{ $labels.pod }} end in a server error, after it tried the queriers again: dashboards get no answer.',
      },
    ],
  };
}
