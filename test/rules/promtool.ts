import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { type RuleGroup, ruleFile } from "../../components/prometheus/rules/rule";
import { run } from "../../tools/toolchain/command";

/** One fixture of `promtool test rules`: series over time, and which alerts fire when. */
export interface RuleFixture {
  interval: string;
  inputSeries: { series: string; values: string }[];
  alerts: {
    at: string;
    alertname: string;
    fires: { labels: Record<string, string>; annotations: Record<string, string> }[];
  }[];
}

/** Runs promtool over the groups; throws with what it says. */
export async function promtool(groups: RuleGroup[], fixtures: RuleFixture[]): Promise<void> {
  const binary = process.env.PROMTOOL;
  if (!binary) throw new Error("PROMTOOL is not set: start the tests with npm test");
  const directory = mkdtempSync(path.join(os.tmpdir(), "rules-"));
  try {
    const rules = path.join(directory, "rules.yaml");
    const test = path.join(directory, "test.yaml");
    writeFileSync(rules, stringify(ruleFile(groups)));
    writeFileSync(
      test,
      stringify({
        rule_files: [rules],
        evaluation_interval: "1m",
        tests: fixtures.map(({ interval, inputSeries, alerts }) => ({
          interval,
          input_series: inputSeries,
          alert_rule_test: alerts.map(({ at, alertname, fires }) => ({
            eval_time: at,
            alertname,
            exp_alerts: fires.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
          })),
        })),
      }),
    );
    await run([binary, "check", "rules", "--lint=all", "--lint-fatal", rules]);
    await run([binary, "test", "rules", test]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
