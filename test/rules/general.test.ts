import assert from "node:assert/strict";
import { generalRules } from "../../components/prometheus/rules/general";
import { promtool, proveAlert } from "./promtool";

const up = (down: number) =>
  Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `up{job="dcgm-exporter", namespace="gpu", instance="n${index}"}`,
      index < down ? "0x60" : "1x60",
    ]),
  );

/** What promtool cannot prove: that the metrics exist where the rules run. The e2e tests look. */
describe("rules: general", () => {
  // The one alert without a silent case: it always fires.
  it("the Watchdog fires from the first moment, without any data", () =>
    promtool(generalRules, [
      {
        interval: "1m",
        input_series: [],
        alert_rule_test: [
          {
            eval_time: "0m",
            alertname: "Watchdog",
            exp_alerts: [
              {
                exp_labels: { severity: "none" },
                exp_annotations: {
                  summary: "The alerting pipeline works.",
                  description:
                    "This alert always fires. It travels from Prometheus through Alertmanager to the heartbeat receiver, which must alarm when it stops.",
                  runbook: "docs/runbooks/Watchdog.md",
                },
              },
            ],
          },
        ],
      },
    ]));

  proveAlert(generalRules, "TargetDown", {
    input: up(2),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { job: "dcgm-exporter", namespace: "gpu" },
          summary: "More than a tenth of the targets of job dcgm-exporter cannot be scraped.",
          description:
            "20 % of the targets of job dcgm-exporter in namespace gpu have been down for 10 minutes: what they would report is unknown, and alerts on it cannot fire.",
        },
      ],
    },
    silent: [{ why: "a tenth", input: up(1), until: "30m" }],
  });

  it("a fixture that expects the wrong thing fails", async () => {
    const test = {
      interval: "1m",
      input_series: [],
      alert_rule_test: [{ eval_time: "0m", alertname: "Watchdog", exp_alerts: [] }],
    };
    await assert.rejects(promtool(generalRules, [test]), /Watchdog/);
  });
});
