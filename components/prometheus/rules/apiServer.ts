import { jobs } from "../jobs";
import { edges, le } from "../scrape/buckets";
import { apiServerCauseGroups } from "./apiServerCauses";
import type { RuleGroup } from "./rule";

// The API server's series have no namespace; a team's Service of this name has one.
const selector = `job="${jobs.apiServer}", namespace=""`;

const verbs = { read: "GET|LIST", write: "POST|PUT|PATCH|APPLY|DELETE|DELETECOLLECTION" } as const;

/** PromQL for a value of each kind of operation, told apart by the label `operation`. */
const byOperation = (value: (requests: string) => string) =>
  Object.entries(verbs)
    .map(
      ([operation, verb]) =>
        `label_replace(${value(`${selector}, component="apiserver", resource!="", verb=~"${verb}"`)}, "operation", "${operation}", "", "")`,
    )
    .join(" or ");

const duration = "apiserver_request_sli_duration_seconds";
const answered = (requests: string) => `sum by (cluster) (rate(${duration}_count{${requests}}[5m]))`;
const inTime = (requests: string) =>
  `sum by (cluster) (rate(${duration}_bucket{${requests}, scope="resource", le=~"${le(edges.apiObject)}"}[5m])` +
  ` or rate(${duration}_bucket{${requests}, scope=~"namespace|cluster", le=~"${le(edges.apiList)}"}[5m]))`;
const failed = (requests: string) => `sum by (cluster) (rate(apiserver_request_total{${requests}, code=~"5.."}[5m]))`;

/**
 * Requests that were too slow, and those that failed. One that did both counts twice, so that a timeout is not lost when
 * the histogram misses it. The server's own part only: waiting for webhooks and in queues is not in the histogram.
 */
const bad = (requests: string) =>
  `(clamp_min(${answered(requests)} - ${inTime(requests)}, 0) + (${failed(requests)} or 0 * ${answered(requests)}))`;

const BAD = "cluster_operation:apiserver_requests_bad:rate5m";
const ALL = "cluster_operation:apiserver_requests:rate5m";
const badShare = (window: string) =>
  `clamp_max(sum_over_time(${BAD}[${window}]) / sum_over_time(${ALL}[${window}]), 1)`;

/**
 * The objective: 99 % of requests are answered without a server error and within 1 s (one object) or 30 s (a list), over
 * 30 days; the latencies are Kubernetes' own objective at its 99th percentile. `burn` is how many times faster than evenly
 * the 1 % is used up. The long window says that it matters, the short one that it has not ended, and `known` how long there
 * must have been data: a minute of errors is a tenth of all that is known of a new cluster.
 */
const burns = (burn: number, long: string, short: string, known?: string) => {
  const share = (burn / 100).toFixed(3);
  const history = known === undefined ? "" : ` and present_over_time(${ALL}[30m] offset ${known})`;
  return `(${badShare(long)} > ${share} and ${badShare(short)} > ${share}${history})`;
};

/** Requests of one resource, per second; `filter` adds matchers. */
const ofResource = (filter = "") =>
  `sum by (cluster, group, resource) (rate(apiserver_request_total{${selector}, resource!="", verb!~"WATCH|CONNECT"${filter}}[10m]))`;
const failedOfResource = ofResource(', code=~"5.."');

export const apiServerRules = (): RuleGroup[] => [
  {
    name: "api-server-slo",
    scope: "global",
    rules: [
      { record: ALL, expr: byOperation(answered) },
      { record: BAD, expr: byOperation(bad) },
      {
        alert: "KubeAPIErrorBudgetBurn",
        // 14.4 and 6: 2 % of the month's budget in an hour, 5 % in six. No window is longer than the day that
        // Prometheus keeps by itself.
        expr: `${burns(14.4, "1h", "5m")} or ${burns(6, "6h", "30m", "2h")}`,
        // The first minutes of a new control plane are all that the hour knows.
        for: "5m",
        severity: "critical",
        summary: "The API server fails or delays many {{ $labels.operation }} requests.",
        description:
          "{{ $value | humanizePercentage }} of the {{ $labels.operation }} requests failed or were too slow, over an hour or over six, and they still do: pods are scheduled, replaced and scaled late or not at all, and controllers act on old state.",
      },
      {
        alert: "KubeAPIErrorBudgetBurnSlow",
        // 3: a tenth of the month's budget in a day.
        expr: burns(3, "1d", "2h", "6h"),
        for: "1h",
        severity: "warning",
        summary: "The API server has failed or delayed too many {{ $labels.operation }} requests for a day.",
        description:
          "{{ $value | humanizePercentage }} of the {{ $labels.operation }} requests of a day failed or were too slow, and they still do: at this pace the budget of a month, 1 %, is gone in ten days.",
      },
    ],
  },
  {
    name: "api-server-requests",
    scope: "global",
    rules: [
      {
        alert: "KubeAPIDown",
        // Absent covers the targets that are no longer found; the sum keeps the cluster's name where there are some.
        expr: `sum by (cluster, job) (up{${selector}}) == 0 or absent(up{${selector}})`,
        for: "10m",
        severity: "critical",
        summary: "No API server can be scraped.",
        description:
          "No target of job {{ $labels.job }} has answered for 10 minutes: the control plane is down, or Prometheus may not read it. Pods that run go on running, but nothing is scheduled, replaced or scaled.",
      },
      {
        alert: "KubeAPIErrorsHigh",
        // One resource's errors drown in the whole: a tenth of its requests, and at least 1 in 20 s, which a client that
        // retries a single broken object does not reach by itself.
        expr: `${failedOfResource} > 0.05 and ${failedOfResource} / ${ofResource()} > 0.1`,
        for: "15m",
        severity: "warning",
        summary: "The API server answers many requests for {{ $labels.resource }} with errors.",
        description:
          'Requests for {{ $labels.resource }} of API group "{{ $labels.group }}" have failed with server errors for 15 minutes, {{ printf "%.2f" $value }} per second and more than a tenth of them: whatever works with these objects is stuck.',
      },
      {
        alert: "KubeAPITerminatedRequests",
        // Each of them was worked on for a minute. 429s are not here: they are KubeAPIRequestsRejected.
        expr:
          `sum by (cluster) (rate(apiserver_request_terminations_total{${selector}, component="apiserver", code="504"}[10m]))` +
          ` / sum by (cluster) (${ALL}) > 0.01`,
        for: "15m",
        severity: "warning",
        summary: "The API server gives up on requests that take too long.",
        description:
          "{{ $value | humanizePercentage }} of the requests were cut off at the server's time limit: it is overloaded, or its store is slow.",
      },
      {
        alert: "KubeAPIRequestsRejected",
        // A healthy server rejects nothing; 1 in 10 s over 15 minutes is no single burst.
        expr: `sum by (cluster, priority_level, flow_schema, reason) (rate(apiserver_flowcontrol_rejected_requests_total{${selector}}[10m])) > 0.1`,
        for: "15m",
        severity: "warning",
        summary: "The API server rejects requests of flow schema {{ $labels.flow_schema }}.",
        description:
          '{{ printf "%.1f" $value }} requests per second of flow schema {{ $labels.flow_schema }} (priority level {{ $labels.priority_level }}) are rejected because of {{ $labels.reason }}: a client of this kind asks for more than its share, and all of the kind are slowed down.',
      },
    ],
  },
  ...apiServerCauseGroups(selector),
];
