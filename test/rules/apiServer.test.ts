import { apiServerRules } from "../../components/prometheus/rules/apiServer";
import { type Input, inputSeries, promtool, proveAlert, proveRecord } from "./promtool";

/** Only the group at hand: cases of many hours take their time. */
const group = (...names: string[]) => apiServerRules().filter(({ name }) => names.includes(name));
const slo = group("api-server-slo");
const requestGroups = group("api-server-slo", "api-server-requests");

const scope = (verb: string) => (verb === "LIST" ? "cluster" : "resource");

/** Requests of one verb per minute: all, and of them those in time and those that failed; on each of two servers. */
function requests(verb: string, all: string, inTime: string, failed?: string, labels = ""): Input {
  const of = (server: string) =>
    `job="apiserver", instance="${server}", component="apiserver", group="", version="v1", resource="pods", scope="${scope(verb)}", verb="${verb}"${labels}`;
  const edge = verb === "LIST" ? "30.0" : "1.0";
  return Object.fromEntries(
    ["10.0.0.1:443", "10.0.1.1:443"].flatMap((server) => [
      [`apiserver_request_sli_duration_seconds_count{${of(server)}}`, all],
      [`apiserver_request_sli_duration_seconds_bucket{${of(server)}, le="${edge}"}`, inTime],
      [`apiserver_request_total{${of(server)}, code="200"}`, all],
      // A server that has never failed has no such series.
      ...(failed === undefined ? [] : [[`apiserver_request_total{${of(server)}, code="500"}`, failed]]),
    ]),
  );
}

const steady = (perMinute: number, minutes: number) => `0+${perMinute}x${minutes}`;

describe("rules: API server", () => {
  proveRecord(slo, "cluster_operation:apiserver_requests:rate5m", {
    input: {
      ...requests("GET", steady(300, 20), steady(300, 20), steady(0, 20)),
      ...requests("LIST", steady(60, 20), steady(60, 20), steady(0, 20)),
      ...requests("PUT", steady(30, 20), steady(30, 20), steady(0, 20)),
      ...requests("CONNECT", steady(600, 20), steady(0, 20), steady(600, 20)),
      ...requests("POST", steady(600, 20), steady(0, 20), steady(600, 20), ', namespace="team"'),
    },
    at: "15m",
    samples: { '{operation="read"}': 12, '{operation="write"}': 1 },
  });

  proveRecord(slo, "cluster_operation:apiserver_requests_bad:rate5m", {
    input: {
      // 60 of 300 too slow, 30 failed.
      ...requests("GET", steady(300, 20), steady(240, 20), steady(30, 20)),
      // 30 of 60 too slow.
      ...requests("LIST", steady(60, 20), steady(30, 20), steady(0, 20)),
      ...requests("PUT", steady(30, 20), steady(30, 20), steady(0, 20)),
      ...requests("CONNECT", steady(600, 20), steady(0, 20), steady(600, 20)),
    },
    at: "15m",
    samples: { '{operation="read"}': 4, '{operation="write"}': 0 },
  });

  proveAlert(slo, "KubeAPIErrorBudgetBurn", {
    // From minute 60 on a fifth of the writes fail.
    input: {
      ...requests("GET", steady(600, 240), steady(600, 240), steady(0, 240)),
      ...requests("PUT", steady(600, 240), steady(600, 240), "0x60 0+120x180"),
    },
    quiet: "90m",
    fires: {
      at: "130m",
      alerts: [
        {
          labels: { operation: "write" },
          summary: "The API server fails or delays many write requests.",
          description:
            "20% of the write requests failed or were too slow, over an hour or over six, and they still do: pods are scheduled, replaced and scaled late or not at all, and controllers act on old state.",
        },
      ],
    },
    silent: [
      {
        why: "a tenth for half an hour, which is over",
        input: requests("PUT", steady(600, 240), steady(600, 240), "0x60 0+60x30 1800x150"),
      },
      {
        why: "5 % for hours are the slow burn's matter",
        input: requests("PUT", steady(600, 240), steady(600, 240), steady(30, 240)),
        until: "200m",
      },
      {
        why: "a fifth for three quarters of an hour, which is over when the hour knows it",
        input: requests("PUT", steady(600, 240), steady(600, 240), "0x60 0+120x44 5280x136"),
      },
      {
        why: "a new cluster's first three minutes",
        input: requests("PUT", steady(600, 240), steady(600, 240), "0+120x3 360x237"),
      },
      {
        why: "clients are at fault: 404 and 429",
        input: {
          ...requests("PUT", steady(600, 240), steady(600, 240), steady(0, 240)),
          'apiserver_request_total{job="apiserver", component="apiserver", resource="pods", verb="PUT", code="404"}':
            steady(600, 240),
          'apiserver_request_total{job="apiserver", component="apiserver", resource="pods", verb="PUT", code="429"}':
            steady(600, 240),
        },
      },
      {
        why: "a team's Service of the same name fails",
        input: requests("PUT", steady(600, 240), steady(0, 240), steady(600, 240), ', namespace="team"'),
      },
      {
        why: "connections to pods take as long as they take",
        input: requests("CONNECT", steady(600, 240), steady(0, 240), steady(600, 240)),
      },
    ],
  });

  proveAlert(slo, "KubeAPIErrorBudgetBurnSlow", {
    // 4 % of the reads are too slow.
    input: requests("GET", steady(600, 480), steady(576, 480)),
    quiet: "360m",
    fires: {
      at: "430m",
      alerts: [
        {
          labels: { operation: "read" },
          summary: "The API server has failed or delayed too many read requests for a day.",
          description:
            "4% of the read requests of a day failed or were too slow, and they still do: at this pace the budget of a month, 1 %, is gone in ten days.",
        },
      ],
    },
    silent: [
      {
        why: "2 %",
        input: requests("GET", steady(600, 480), steady(588, 480), steady(0, 480)),
      },
      {
        why: "lists of the cluster may take up to 30 seconds",
        input: {
          ...requests("LIST", steady(600, 480), steady(600, 480), steady(0, 480)),
          'apiserver_request_sli_duration_seconds_bucket{job="apiserver", instance="10.0.0.1:443", component="apiserver", resource="pods", scope="cluster", verb="LIST", le="1.0"}':
            steady(0, 480),
        },
      },
    ],
  });

  proveAlert(requestGroups, "KubeAPIDown", {
    input: {
      'up{job="apiserver", instance="10.0.0.1:443"}': "1x10 0x30",
      'up{job="apiserver", instance="10.0.1.1:443"}': "1x10 0x10 _x20",
    },
    quiet: "20m",
    fires: {
      at: "21m",
      alerts: [
        {
          labels: { job: "apiserver" },
          summary: "No API server can be scraped.",
          description:
            "No target of job apiserver has answered for 10 minutes: the control plane is down, or Prometheus may not read it. Pods that run go on running, but nothing is scheduled, replaced or scaled.",
        },
      ],
    },
    silent: [
      {
        why: "one of two is down",
        input: {
          'up{job="apiserver", instance="10.0.0.1:443"}': "0x60",
          'up{job="apiserver", instance="10.0.1.1:443"}': "1x60",
        },
      },
      {
        why: "a team's Service of the same name is down",
        input: {
          'up{job="apiserver", namespace="team", instance="10.0.9.1:443"}': "0x60",
          'up{job="apiserver", instance="10.0.1.1:443"}': "1x60",
        },
      },
    ],
  });

  it("KubeAPIDown also fires when there are no targets", () =>
    promtool(requestGroups, [
      {
        interval: "1m",
        input_series: inputSeries({ 'up{job="apiserver", instance="10.0.0.1:443"}': "1x10 stale" }),
        promql_expr_test: [
          { expr: 'ALERTS{alertname="KubeAPIDown", alertstate="firing"}', eval_time: "20m", exp_samples: [] },
          {
            expr: 'ALERTS{alertname="KubeAPIDown", alertstate="firing"}',
            eval_time: "30m",
            exp_samples: [
              {
                labels: 'ALERTS{alertname="KubeAPIDown", alertstate="firing", job="apiserver", severity="critical"}',
                value: 1,
              },
            ],
          },
        ],
      },
    ]));

  const errors = (resource: string, all: string, failed: string, labels = ""): Input => ({
    [`apiserver_request_total{job="apiserver", component="apiserver", group="batch", resource="${resource}", verb="PUT", code="200"${labels}}`]:
      all,
    [`apiserver_request_total{job="apiserver", component="apiserver", group="batch", resource="${resource}", verb="PUT", code="503"${labels}}`]:
      failed,
  });
  proveAlert(requestGroups, "KubeAPIErrorsHigh", {
    input: { ...errors("jobs", steady(20, 60), steady(6, 60)), ...errors("cronjobs", steady(600, 60), steady(6, 60)) },
    quiet: "15m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { group: "batch", resource: "jobs" },
          summary: "The API server answers many requests for jobs with errors.",
          description:
            'Requests for jobs of API group "batch" have failed with server errors for 15 minutes, 0.10 per second and more than a tenth of them: whatever works with these objects is stuck.',
        },
      ],
    },
    silent: [
      { why: "9 % of them", input: errors("jobs", steady(91, 60), steady(9, 60)) },
      { why: "one client that tries again every half minute", input: errors("jobs", steady(2, 60), steady(2, 60)) },
      {
        why: "connections to pods fail as the pods do",
        input: {
          'apiserver_request_total{job="apiserver", resource="pods", verb="CONNECT", code="500"}': steady(60, 60),
        },
      },
      {
        why: "health checks fail while it starts",
        input: { 'apiserver_request_total{job="apiserver", resource="", verb="GET", code="500"}': steady(60, 60) },
      },
      { why: "another job", input: errors("jobs", steady(60, 60), steady(60, 60), ', namespace="team"') },
    ],
  });

  const terminated = (code: string, component: string, perMinute: number): Input => ({
    ...requests("GET", steady(300, 60), steady(300, 60), steady(0, 60)),
    [`apiserver_request_terminations_total{job="apiserver", component="${component}", code="${code}", resource="pods", verb="LIST"}`]:
      steady(perMinute, 60),
  });
  proveAlert(requestGroups, "KubeAPITerminatedRequests", {
    input: terminated("504", "apiserver", 12),
    quiet: "15m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: {},
          summary: "The API server gives up on requests that take too long.",
          description:
            "2% of the requests were cut off at the server's time limit: it is overloaded, or its store is slow.",
        },
      ],
    },
    silent: [
      { why: "half a percent", input: terminated("504", "apiserver", 3) },
      { why: "too many requests are another alert", input: terminated("429", "apiserver", 300) },
      { why: "so are APIs that others serve", input: terminated("503", "aggregator", 300) },
    ],
  });

  const rejected = (series: Record<string, number>): Input =>
    Object.fromEntries(
      Object.entries(series).map(([labels, perMinute]) => [
        `apiserver_flowcontrol_rejected_requests_total{job="apiserver", priority_level="workload-low", reason="queue-full", ${labels}}`,
        steady(perMinute, 60),
      ]),
    );
  proveAlert(requestGroups, "KubeAPIRequestsRejected", {
    input: rejected({
      'instance="a", flow_schema="service-accounts"': 6,
      'instance="b", flow_schema="service-accounts"': 6,
      'instance="a", flow_schema="kube-system-service-accounts"': 3,
    }),
    quiet: "15m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { priority_level: "workload-low", flow_schema: "service-accounts", reason: "queue-full" },
          summary: "The API server rejects requests of flow schema service-accounts.",
          description:
            "0.2 requests per second of flow schema service-accounts (priority level workload-low) are rejected because of queue-full: a client of this kind asks for more than its share, and all of the kind are slowed down.",
        },
      ],
    },
    silent: [
      {
        why: "a burst of 1 000 within two minutes",
        input: {
          'apiserver_flowcontrol_rejected_requests_total{job="apiserver", priority_level="workload-low", flow_schema="service-accounts", reason="queue-full"}':
            "0x20 500 1000x60",
        },
        until: "60m",
      },
      {
        why: "a team's own API server rejects",
        input: rejected({ 'namespace="team", flow_schema="service-accounts"': 600 }),
      },
    ],
  });
});
