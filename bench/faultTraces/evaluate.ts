import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { type RuleGroup, ruleFile } from "../../components/prometheus/rules/rule";
import { CommandError, run } from "../../tools/toolchain/command";
import type { Input } from "./series";

/** How long Alertmanager waits, in minutes, before it tells of a change; what comes back until then is no news. */
export const GROUP_INTERVAL = 5;

/** An alert from when it began to fire to when it ended. */
export interface Episode {
  labels: Record<string, string>;
  /** The minutes in which it fired; holes that Alertmanager does not tell of may be between them. */
  minutes: number[];
}

const FIRING = 'ALERTS{alertstate="firing"}';

/** What fires in each minute of a trace, by promtool. */
export async function firing(
  promtool: string,
  groups: readonly RuleGroup[],
  input: Input,
  minutes: number,
): Promise<Episode[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "fault-traces-"));
  try {
    const rules = path.join(folder, "rules.yaml");
    const test = path.join(folder, "test.yaml");
    writeFileSync(rules, stringify(ruleFile(groups)));
    writeFileSync(
      test,
      stringify({
        rule_files: [rules],
        evaluation_interval: "1m",
        group_eval_order: groups.map(({ name }) => name),
        tests: [
          {
            interval: "1m",
            input_series: Object.entries(input).map(([series, values]) => ({ series, values })),
            // Nothing is expected, so that promtool says all that it got.
            promql_expr_test: Array.from({ length: minutes }, (_, minute) => ({
              expr: FIRING,
              eval_time: `${minute}m`,
              exp_samples: [],
            })),
          },
        ],
      }),
    );
    return episodes(await said([promtool, "test", "rules", test]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a command says that fails, as it does here whenever an alert fires. */
async function said(command: readonly string[]): Promise<string> {
  try {
    return await run(command);
  } catch (error) {
    if (!(error instanceof CommandError) || !error.output.includes("FAILED")) throw error;
    return error.output;
  }
}

const GOT = /expr: "ALERTS[^\n]*time: (?:(\d+)h)?(?:(\d+)m)?(?:\d+s)?,\s*exp:[^\n]*\n\s*got:([^\n]*)/g;
const SAMPLE = /\{((?:[^"{}]|"(?:[^"\\]|\\.)*")*)\} [0-9.E+-]+/g;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** What promtool got, minute by minute, as episodes of each alert. */
export function episodes(output: string): Episode[] {
  const open = new Map<string, Episode>();
  const all: Episode[] = [];
  for (const [, hours = "0", minutes = "0", got = ""] of output.matchAll(GOT)) {
    const minute = 60 * Number(hours) + Number(minutes);
    for (const [, text = ""] of got.matchAll(SAMPLE)) {
      const known = open.get(text);
      if (known && minute - (known.minutes.at(-1) ?? 0) < GROUP_INTERVAL) {
        known.minutes.push(minute);
        continue;
      }
      const labels = Object.fromEntries([...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [name, value]));
      const episode = { labels, minutes: [minute] };
      open.set(text, episode);
      all.push(episode);
    }
  }
  return all;
}
