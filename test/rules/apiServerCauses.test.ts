import { apiServerRules } from "../../components/prometheus/rules/apiServer";
import { type Input, proveAlert } from "./promtool";

/** Only the group at hand: cases of many hours take their time. */
const group = (name: string) => apiServerRules().filter((candidate) => candidate.name === name);
const extensions = group("api-server-extensions");
const certificates = group("api-server-certificates");
const storage = group("api-server-storage");
const objects = group("api-server-objects");
const clients = group("api-server-clients");

/** Series of an API server; `labels` are added. */
const series = (name: string, labels: string, values: string): Input => ({
  [`${name}{job="apiserver", ${labels}}`]: values,
});
const ofTeam = ', namespace="team"';

describe("rules: what makes the API server fail", () => {
  const metrics = 'name="v1beta1.metrics.k8s.io"';
  const unavailable = (values: string, labels = "") =>
    series("aggregator_unavailable_apiservice", `instance="10.0.0.1:443", ${metrics}${labels}`, values);
  const available = series("aggregator_unavailable_apiservice", `instance="10.0.1.1:443", ${metrics}`, "0x80");
  proveAlert(extensions, "KubeAggregatedAPIDown", {
    // One of two API servers cannot reach it.
    input: { ...available, ...unavailable("0x20 1x60") },
    quiet: "31m",
    fires: {
      at: "40m",
      alerts: [
        {
          labels: { name: "v1beta1.metrics.k8s.io" },
          summary: "The aggregated API v1beta1.metrics.k8s.io is unavailable.",
          description:
            "An API server has found v1beta1.metrics.k8s.io unavailable for 100% of the last 10 minutes: autoscalers or kubectl top that need it fail, and no namespace can be deleted.",
        },
      ],
    },
    silent: [
      { why: "a minute of five", input: { ...available, ...unavailable("0x3 1 ".repeat(16)) } },
      {
        why: "a restart of its only backend takes two minutes",
        input: { ...available, ...unavailable("0x20 1 1 0x60") },
      },
      { why: "another job", input: { ...available, ...unavailable("1x80", ofTeam) } },
    ],
  });

  const marked = (values: string) =>
    series("aggregator_unavailable_apiservice_total", `${metrics}, reason="FailedDiscoveryCheck"`, values);
  proveAlert(extensions, "KubeAggregatedAPIErrors", {
    input: { ...unavailable("0x120"), ...marked("0x20 0+1x100") },
    quiet: "40m",
    fires: {
      at: "70m",
      alerts: [
        {
          labels: { name: "v1beta1.metrics.k8s.io", reason: "FailedDiscoveryCheck" },
          summary: "The aggregated API v1beta1.metrics.k8s.io comes and goes.",
          description:
            "The API servers marked v1beta1.metrics.k8s.io unavailable 30 times in 30 minutes, because of FailedDiscoveryCheck: some requests to it fail.",
        },
      ],
    },
    silent: [
      { why: "five times in a rollout", input: { ...unavailable("0x120"), ...marked("0x20 1 2 3 4 5x100") } },
      { why: "it is down, which is its own alert", input: { ...unavailable("1x120"), ...marked("0+1x120") } },
    ],
  });

  const rejections = (errorType: string, perMinute: number, labels = "") =>
    series(
      "apiserver_admission_webhook_rejection_count",
      `name="pods.kueue.x-k8s.io", type="admit", operation="CREATE", error_type="${errorType}", rejection_code="0"${labels}`,
      `0+${perMinute}x60`,
    );
  proveAlert(extensions, "KubeAdmissionWebhookFailing", {
    input: rejections("calling_webhook_error", 3),
    quiet: "10m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { name: "pods.kueue.x-k8s.io", type: "admit" },
          summary: "The API server refuses writes because webhook pods.kueue.x-k8s.io does not work.",
          description:
            "0.05 writes per second are refused because the webhook pods.kueue.x-k8s.io (admit) could not be called: the objects that it looks at, often all pods, cannot be created or changed.",
        },
      ],
    },
    silent: [
      { why: "it says no, which is its work", input: rejections("no_error", 600) },
      {
        why: "five writes failed while its pod moved",
        input: series(
          "apiserver_admission_webhook_rejection_count",
          'name="pods.kueue.x-k8s.io", type="admit", error_type="calling_webhook_error"',
          "0x20 5x60",
        ),
      },
      { why: "one in three minutes", input: rejections("calling_webhook_error", 0.3) },
      { why: "another job", input: rejections("calling_webhook_error", 3, ofTeam) },
    ],
  });

  const opened = (values: string) =>
    series("apiserver_admission_webhook_fail_open_count", 'name="policy.example.org", type="validating"', values);
  proveAlert(extensions, "KubeAdmissionWebhookFailsOpen", {
    input: opened("0+3x60"),
    quiet: "10m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { name: "policy.example.org", type: "validating" },
          summary: "Writes pass webhook policy.example.org unseen, because it does not work.",
          description:
            "0.05 calls per second of the webhook policy.example.org (validating) failed and were ignored, as its failure policy says: what it should check or fill in is missing in the objects.",
        },
      ],
    },
    silent: [
      { why: "five calls while its pod moved", input: opened("0x20 5x60") },
      { why: "one in three minutes", input: opened("0+0.3x60") },
    ],
  });

  const calls = (perMinute: number, fast: number, edge = "1.0"): Input => ({
    ...series(
      "apiserver_admission_webhook_admission_duration_seconds_count",
      'name="policy.example.org", type="validating", operation="CREATE", rejected="false"',
      `0+${perMinute}x60`,
    ),
    ...series(
      "apiserver_admission_webhook_admission_duration_seconds_bucket",
      `name="policy.example.org", type="validating", operation="CREATE", rejected="false", le="${edge}"`,
      `0+${fast}x60`,
    ),
  });
  const slowWebhook = (share: string) => [
    {
      labels: { name: "policy.example.org", type: "validating" },
      summary: "The webhook policy.example.org slows down writes.",
      description: `${share} of the calls of webhook policy.example.org (validating) take longer than a second: each write that it looks at waits, and at its timeout fails or passes unseen.`,
    },
  ];
  proveAlert(extensions, "KubeAdmissionWebhookSlow", {
    input: calls(60, 45),
    quiet: "15m",
    fires: { at: "30m", alerts: slowWebhook("25%") },
    silent: [
      { why: "one in fifteen", input: calls(60, 56) },
      { why: "one call a minute", input: calls(1, 0) },
    ],
  });

  const requests = (day: string, twoHours = "0x2000") => ({
    ...series("apiserver_client_certificate_expiration_seconds_bucket", 'le="86400.0"', day),
    ...series("apiserver_client_certificate_expiration_seconds_bucket", 'le="7200.0"', twoHours),
  });
  const expires = (requests: number) => [
    {
      labels: {},
      summary: "A client of the API server uses a certificate that expires within a day.",
      description: `${requests} requests in 30 minutes were made with a client certificate that has less than a day left, or less than two hours: when it expires, that client is locked out.`,
    },
  ];
  proveAlert(certificates, "KubeClientCertificateExpiration", {
    // After a day without, one comes within a day of its end, and within two hours of it after 22 more.
    input: requests("0x1400 0+2x1440", "0x2720 0+2x120"),
    quiet: "1455m",
    fires: { at: "1500m", alerts: expires(60) },
    silent: [
      {
        why: "certificates of 12 hours, renewed at half of them, in a cluster that is new to us",
        input: requests("0+2x1500"),
        until: "1490m",
      },
      { why: "somebody used one for ten minutes", input: requests("0x1400 0+2x10 20x150"), until: "1540m" },
    ],
  });
  proveAlert(certificates, "KubeClientCertificateExpiration", {
    // Ten minutes before its end: the bucket of a day has known it for longer than 23 hours, that of two hours has not.
    input: requests("0x1400 0+2x1440", "0x2720 0+2x120"),
    fires: { at: "2830m", alerts: expires(60) },
    silent: [{ why: "renewed in time", input: requests("0x100 0+2x400"), until: "390m" }],
  });

  const GIB = 2 ** 30;
  const size = (gib: number, labels = "") =>
    series(
      "apiserver_storage_size_bytes",
      `instance="10.0.0.1:443", storage_cluster_id="etcd-0"${labels}`,
      `${gib * GIB}x60`,
    );
  proveAlert(storage, "KubeAPIStorageFillingUp", {
    input: size(6.5),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: {},
          summary: "The API server's database is more than 80 % full.",
          description:
            "The database has 6.5GiB of the 8 GiB that EKS gives it; when it is full, the cluster is read-only.",
        },
      ],
    },
    silent: [
      { why: "79 %", input: size(6.32) },
      { why: "another job", input: size(7.9, ofTeam) },
    ],
  });
  proveAlert(storage, "KubeAPIStorageAlmostFull", {
    input: size(7.5),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels: {},
          summary: "The API server's database is almost full.",
          description:
            "The database has 7.5GiB of the 8 GiB that EKS gives it; when it is full, the cluster is read-only: nothing is scheduled, and even deleting is hard.",
        },
      ],
    },
    silent: [{ why: "91 %", input: size(7.28) }],
  });

  const stored = (values: string, labels = "") =>
    series("apiserver_resource_objects", `instance="10.0.0.1:443", group="batch", resource="jobs"${labels}`, values);
  const grows = (labels: Record<string, string>) => [
    {
      labels,
      summary: `The number of stored ${labels.resource} grows fast.`,
      description: `There are 30000 ${labels.resource}, half as many again as 6 hours ago: whatever lists them gets slower, and the database of 8 GiB fills up.`,
    },
  ];
  proveAlert(objects, "KubeAPIObjectsGrowing", {
    input: {
      ...stored("10000x380 30000x60"),
      // The old name beside the new one is not a second alert.
      ...series("apiserver_storage_objects", 'instance="10.0.0.1:443", resource="jobs.batch"', "10000x380 30000x60"),
    },
    quiet: "405m",
    fires: { at: "415m", alerts: grows({ group: "batch", resource: "jobs" }) },
    silent: [
      { why: "many, and always were", input: stored("30000x440") },
      { why: "few, though twice as many", input: stored("9000x380 19000x60") },
      { why: "six hours ago they could not be counted", input: stored("-1x380 30000x60") },
      { why: "another job", input: stored("10000x380 30000x60", ofTeam) },
    ],
  });
  proveAlert(objects, "KubeAPIObjectsGrowing", {
    input: series("apiserver_storage_objects", 'instance="10.0.0.1:443", resource="jobs.batch"', "10000x380 30000x60"),
    fires: { at: "415m", alerts: grows({ resource: "jobs.batch" }) },
    silent: [{ why: "the new name is fine, and it counts", input: { ...stored("30000x440") } }],
  });

  const deprecated = (requests: string, removed = "1.32", subresource = ""): Input => ({
    ...series(
      "apiserver_requested_deprecated_apis",
      `group="flowcontrol.apiserver.k8s.io", version="v1beta3", resource="flowschemas", subresource="", removed_release="${removed}"`,
      "1x200",
    ),
    ...series(
      "apiserver_request_total",
      `group="flowcontrol.apiserver.k8s.io", version="v1beta3", resource="flowschemas", subresource="${subresource}", verb="LIST", code="200"`,
      requests,
    ),
  });
  proveAlert(clients, "KubeDeprecatedAPIRequested", {
    input: deprecated("0+6x200"),
    quiet: "60m",
    fires: {
      at: "150m",
      alerts: [
        {
          labels: {
            group: "flowcontrol.apiserver.k8s.io",
            version: "v1beta3",
            resource: "flowschemas",
            removed_release: "1.32",
          },
          summary: "Somebody uses flowschemas in a version that Kubernetes 1.32 removes.",
          description:
            "There are 0.100 requests per second for flowschemas of flowcontrol.apiserver.k8s.io/v1beta3: their clients must move to a newer version before the cluster is upgraded to 1.32.",
        },
      ],
    },
    silent: [
      { why: "it was used once, months ago", input: deprecated("1x200") },
      { why: "deprecated, but nobody removes it", input: deprecated("0+6x200", "") },
      { why: "only a part that stays is used", input: deprecated("0+6x200", "1.32", "status") },
    ],
  });
});
