import { group, requests, steady } from "./apiServerInput";
import { type Input, inputSeries, promtool, proveAlert } from "./promtool";

const requestGroups = group("api-server-slo", "api-server-requests");

describe("rules: API server", () => {
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
