import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { alertLabels, isAlertingRule, type RuleGroup, ruleFile } from "../../components/prometheus/rules/rule";
import { run } from "../../tools/toolchain/command";

/** Series over time in promtool's notation: `'up{job="x"}'` → `"1x10 0x20"`, one value per minute. */
export type Input = Record<string, string>;

/** An instance of an alert that fires: its own labels without `alertname` and those that the rule adds, and what it says. */
export interface Firing {
  labels: Record<string, string>;
  summary: string;
  description: string;
}

/** What must happen with one alert. */
export interface AlertProof {
  /** Series with which it fires. */
  input: Input;
  /** When it must fire, such as `15m`. */
  fires: { at: string; alerts: Firing[] };
  /** When it must not fire yet with the same series; for rules with a `for`, a moment before. */
  quiet?: string;
  /** Series with which it must never fire, however near they come: one case each, looked at every 10 minutes until `until`. */
  silent: { why: string; input: Input; until?: string }[];
}

interface PromtoolTest {
  interval: string;
  input_series: { series: string; values: string }[];
  alert_rule_test?: object[];
  promql_expr_test?: object[];
}

/** Runs `promtool check rules` and `promtool test rules` over the groups; throws with what they say. */
export async function promtool(groups: readonly RuleGroup[], tests: readonly PromtoolTest[]): Promise<void> {
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
        // Else it is chance whether a rule sees what another one has recorded in this round or in the one before.
        group_eval_order: groups.map(({ name }) => name),
        tests,
      }),
    );
    await run([binary, "check", "rules", "--lint=all", "--lint-fatal", rules]);
    if (tests.length > 0) await run([binary, "test", "rules", test]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const inputSeries = (input: Input) => Object.entries(input).map(([series, values]) => ({ series, values }));

const minutes = (text: string) => Number(/^(\d+)m$/.exec(text)?.[1] ?? Number.NaN);

/** The alerts that {@link proveAlert} has been given: every one that ships must be among them. */
export const proven = new Set<string>();

/** Declares the test of one alert: it fires with one set of series, not a moment too early, and not with others. */
export function proveAlert(groups: readonly RuleGroup[], alertname: string, proof: AlertProof): void {
  proven.add(alertname);
  it(`${alertname} fires, and only when it should`, async () => {
    const rule = groups.flatMap((group) => group.rules.filter(isAlertingRule)).find(({ alert }) => alert === alertname);
    if (!rule) throw new Error(`there is no alert ${alertname}`);
    if (proof.silent.length === 0) throw new Error(`${alertname}: no series with which it stays silent`);
    const firing = proof.fires.alerts.map(({ labels, summary, description }) => ({
      exp_labels: { ...alertLabels(rule), ...labels },
      exp_annotations: { summary, description, runbook: `docs/runbooks/${alertname}.md` },
    }));
    const quiet = (at: string) => ({ eval_time: at, alertname, exp_alerts: [] });
    const every10Minutes = (until: number) =>
      Array.from({ length: Math.floor(until / 10) + 1 }, (_, index) => quiet(`${index * 10}m`));
    await promtool(groups, [
      {
        interval: "1m",
        input_series: inputSeries(proof.input),
        alert_rule_test: [
          ...(proof.quiet === undefined ? [] : [quiet(proof.quiet)]),
          { eval_time: proof.fires.at, alertname, exp_alerts: firing },
        ],
      },
      ...proof.silent.map(({ input, until }) => ({
        interval: "1m",
        input_series: inputSeries(input),
        alert_rule_test: every10Minutes(minutes(until ?? proof.fires.at) + 10),
      })),
    ]);
  });
}

/** Declares the test of one recorded series: the exact samples that it has at a moment. */
export function proveRecord(
  groups: readonly RuleGroup[],
  record: string,
  { input, at, samples }: { input: Input; at: string; samples: Record<string, number> },
): void {
  proven.add(record);
  it(`${record} is what it says`, () =>
    promtool(groups, [
      {
        interval: "1m",
        input_series: inputSeries(input),
        promql_expr_test: [
          {
            expr: record,
            eval_time: at,
            exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels: `${record}${labels}`, value })),
          },
        ],
      },
    ]));
}
