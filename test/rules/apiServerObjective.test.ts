import { group, requests, steady } from "./apiServerInput";
import { proveAlert, proveRecord } from "./promtool";

const slo = group("api-server-slo");

describe("rules: API server, its objective", () => {
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
});
