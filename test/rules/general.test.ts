import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { repositoryRoot } from "../../tools/cli/paths";
import { promtool, type RuleFixture } from "./promtool";

const watchdog = {
  labels: { severity: "none" },
  annotations: {
    summary: "The alerting pipeline works.",
    description:
      "This alert always fires. It travels from Prometheus through Alertmanager to the heartbeat receiver, which must alarm when it stops.",
    runbook: "docs/runbooks/Watchdog.md",
  },
};

const up = (down: number) =>
  Array.from({ length: 10 }, (_, index) => ({
    series: `up{job="dcgm-exporter", namespace="gpu", instance="n${index}"}`,
    values: index < down ? "0x20" : "1x20",
  }));

const targetDown = (at: string, fires: RuleFixture["alerts"][number]["fires"]) => ({
  at,
  alertname: "TargetDown",
  fires,
});

/** What promtool cannot prove: that the metrics exist where the rules run. The e2e tests look. */
describe("rules: general", () => {
  it("the Watchdog fires from the first moment, without any data", () =>
    promtool(platformRuleGroups, [
      { interval: "1m", inputSeries: [], alerts: [{ at: "0m", alertname: "Watchdog", fires: [watchdog] }] },
    ]));

  it("TargetDown fires when more than a tenth of a job is down for 10 minutes", () =>
    promtool(platformRuleGroups, [
      {
        interval: "1m",
        inputSeries: up(2),
        alerts: [
          targetDown("9m", []),
          targetDown("10m", [
            {
              labels: { severity: "warning", job: "dcgm-exporter", namespace: "gpu" },
              annotations: {
                summary: "More than a tenth of the targets of job dcgm-exporter cannot be scraped.",
                description:
                  "20 % of the targets of job dcgm-exporter in namespace gpu have been down for 10 minutes: what they would report is unknown, and alerts on it cannot fire.",
                runbook: "docs/runbooks/TargetDown.md",
              },
            },
          ]),
        ],
      },
    ]));

  it("TargetDown is silent for a tenth", () =>
    promtool(platformRuleGroups, [{ interval: "1m", inputSeries: up(1), alerts: [targetDown("20m", [])] }]));

  it("a fixture that expects the wrong thing fails", async () => {
    const fixture = { interval: "1m", inputSeries: [], alerts: [{ at: "0m", alertname: "Watchdog", fires: [] }] };
    await assert.rejects(promtool(platformRuleGroups, [fixture]), /Watchdog/);
  });
});

describe("rules: every alert", () => {
  const alerts = platformRuleGroups.flatMap((group) => group.rules);

  it("has a unique name", () => {
    const names = alerts.map((rule) => rule.alert);
    assert.deepEqual(names, [...new Set(names)]);
  });

  for (const { alert } of alerts) {
    it(`${alert} has a runbook page`, () => {
      assert.ok(existsSync(path.join(repositoryRoot, "docs", "runbooks", `${alert}.md`)));
    });
  }
});
