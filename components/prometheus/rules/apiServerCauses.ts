import { edges, le } from "../scrape/buckets";
import type { RuleGroup } from "./rule";

/** What EKS gives its etcd; provisioned control planes of the larger tiers have 16 GiB. */
const STORAGE_LIMIT = "(8 * 1024 ^ 3)";

const webhookCalls = "apiserver_admission_webhook_admission_duration_seconds";

/** What clients and add-ons do to the API server: `selector` chooses its series. */
export const apiServerCauseGroups = (selector: string): RuleGroup[] => [
  {
    name: "api-server-extensions",
    scope: "global",
    rules: [
      {
        alert: "KubeAggregatedAPIDown",
        // Each API server judges for itself, so the worst counts: its share of the requests fails. A fifth of the time is
        // more than the restart of a single backend.
        expr: `max by (cluster, name) (avg_over_time(aggregator_unavailable_apiservice{${selector}}[10m])) > 0.2`,
        for: "10m",
        severity: "warning",
        summary: "The aggregated API {{ $labels.name }} is unavailable.",
        description:
          "An API server has found {{ $labels.name }} unavailable for {{ $value | humanizePercentage }} of the last 10 minutes: autoscalers or kubectl top that need it fail, and no namespace can be deleted.",
      },
      {
        alert: "KubeAggregatedAPIErrors",
        // The count of changes to unavailable: it sees what happens between scrapes. Once per restart of the backend and
        // API server is normal.
        expr:
          `sum by (cluster, name, reason) (increase(aggregator_unavailable_apiservice_total{${selector}}[30m])) > 6` +
          ` unless on (cluster, name) max by (cluster, name) (avg_over_time(aggregator_unavailable_apiservice{${selector}}[10m])) > 0.2`,
        for: "15m",
        severity: "info",
        summary: "The aggregated API {{ $labels.name }} comes and goes.",
        description:
          'The API servers marked {{ $labels.name }} unavailable {{ printf "%.0f" $value }} times in 30 minutes, because of {{ $labels.reason }}: some requests to it fail.',
      },
      {
        alert: "KubeAdmissionWebhookFailing",
        // Only calls that got no verdict: a webhook that says no does its work.
        expr: `sum by (cluster, name, type) (rate(apiserver_admission_webhook_rejection_count{${selector}, error_type!="no_error"}[10m])) > 0.01`,
        for: "10m",
        severity: "warning",
        summary: "The API server refuses writes because webhook {{ $labels.name }} does not work.",
        description:
          '{{ printf "%.2f" $value }} writes per second are refused because the webhook {{ $labels.name }} ({{ $labels.type }}) could not be called: the objects that it looks at, often all pods, cannot be created or changed.',
      },
      {
        alert: "KubeAdmissionWebhookFailsOpen",
        expr: `sum by (cluster, name, type) (rate(apiserver_admission_webhook_fail_open_count{${selector}}[10m])) > 0.01`,
        for: "10m",
        severity: "warning",
        summary: "Writes pass webhook {{ $labels.name }} unseen, because it does not work.",
        description:
          '{{ printf "%.2f" $value }} calls per second of the webhook {{ $labels.name }} ({{ $labels.type }}) failed and were ignored, as its failure policy says: what it should check or fill in is missing in the objects.',
      },
      {
        alert: "KubeAdmissionWebhookSlow",
        // A tenth over a second: each adds to every write that it looks at. 1 call a minute makes no share.
        expr:
          `1 - sum by (cluster, name, type) (rate(${webhookCalls}_bucket{${selector}, le=~"${le(edges.webhook)}"}[10m]))` +
          ` / (sum by (cluster, name, type) (rate(${webhookCalls}_count{${selector}}[10m])) > 0.02) > 0.1`,
        for: "15m",
        severity: "warning",
        summary: "The webhook {{ $labels.name }} slows down writes.",
        description:
          "{{ $value | humanizePercentage }} of the calls of webhook {{ $labels.name }} ({{ $labels.type }}) take longer than a second: each write that it looks at waits, and at its timeout fails or passes unseen.",
      },
    ],
  },
  {
    name: "api-server-certificates",
    scope: "global",
    rules: [
      {
        alert: "KubeClientCertificateExpiration",
        expr: [expiring(selector, 86_400, "23h"), expiring(selector, 7_200, "2h")].join(" or "),
        // Used the whole time, not once by somebody whose certificate was made for a day.
        for: "1h",
        severity: "warning",
        summary: "A client of the API server uses a certificate that expires within a day.",
        description:
          '{{ printf "%.0f" $value }} requests in 30 minutes were made with a client certificate that has less than a day left, or less than two hours: when it expires, that client is locked out.',
      },
    ],
  },
  {
    name: "api-server-storage",
    scope: "global",
    rules: [
      {
        alert: "KubeAPIStorageFillingUp",
        expr: `max by (cluster) (apiserver_storage_size_bytes{${selector}}) > 0.8 * ${STORAGE_LIMIT}`,
        for: "10m",
        severity: "warning",
        summary: "The API server's database is more than 80 % full.",
        description:
          "The database has {{ $value | humanize1024 }}B of the 8 GiB that EKS gives it; when it is full, the cluster is read-only.",
      },
      {
        alert: "KubeAPIStorageAlmostFull",
        expr: `max by (cluster) (apiserver_storage_size_bytes{${selector}}) > 0.92 * ${STORAGE_LIMIT}`,
        for: "5m",
        severity: "critical",
        summary: "The API server's database is almost full.",
        description:
          "The database has {{ $value | humanize1024 }}B of the 8 GiB that EKS gives it; when it is full, the cluster is read-only: nothing is scheduled, and even deleting is hard.",
      },
    ],
  },
  {
    name: "api-server-objects",
    scope: "global",
    rules: [
      {
        alert: "KubeAPIObjectsGrowing",
        // 20 000 objects of a kind are few enough for any cluster; half as many again within 6 hours is a leak or a rush.
        // -1 says that the server could not count.
        expr: `${objects(selector)} > 20000 and ${objects(selector)} > 1.5 * (${objects(selector, " offset 6h")} >= 0)`,
        for: "30m",
        severity: "warning",
        summary: "The number of stored {{ $labels.resource }} grows fast.",
        description:
          'There are {{ printf "%.0f" $value }} {{ $labels.resource }}, half as many again as 6 hours ago: whatever lists them gets slower, and the database of 8 GiB fills up.',
      },
    ],
  },
  {
    name: "api-server-clients",
    scope: "global",
    rules: [
      {
        alert: "KubeDeprecatedAPIRequested",
        // The gauge stays at 1 until the API server restarts, so the requests say whether it still happens.
        expr:
          `sum by (cluster, group, version, resource, subresource) (rate(apiserver_request_total{${selector}}[1h]))` +
          ` * on (cluster, group, version, resource, subresource) group_left (removed_release)` +
          ` max by (cluster, group, version, resource, subresource, removed_release) (apiserver_requested_deprecated_apis{${selector}, removed_release!=""}) > 0`,
        for: "1h",
        severity: "info",
        summary:
          "Somebody uses {{ $labels.resource }} in a version that Kubernetes {{ $labels.removed_release }} removes.",
        description:
          'There are {{ printf "%.3f" $value }} requests per second for {{ $labels.resource }} of {{ $labels.group }}/{{ $labels.version }}: their clients must move to a newer version before the cluster is upgraded to {{ $labels.removed_release }}.',
      },
    ],
  },
];

/**
 * Requests with a certificate that has less than `left` seconds, if there were none some time ago: certificates that are
 * made for hours, and renewed, are always like that. One that is running out was not in the bucket of a day 23 hours ago
 * until its last hour, and then it is in the bucket of 2 hours. Prometheus keeps a day by itself, so no offset is longer.
 */
function expiring(selector: string, left: (typeof edges.certificate)[number], before: string): string {
  const used = (offset = "") =>
    `sum by (cluster) (increase(apiserver_client_certificate_expiration_seconds_bucket{${selector}, le=~"${le(left)}"}[30m]${offset}))`;
  return `(${used()} > 0 and ${used(` offset ${before}`)} == 0)`;
}

/** Objects by kind; until Kubernetes 1.33 the name was another one, with the group in the resource's name. */
function objects(selector: string, offset = ""): string {
  const now = `apiserver_resource_objects{${selector}}${offset}`;
  return `max by (cluster, group, resource) (${now} or on (cluster, instance) apiserver_storage_objects{${selector}}${offset})`;
}
