import { isAlertingRule, type RecordingRule, type RuleGroup } from "../../components/prometheus/rules/rule";

const RECORDED = /\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b/g;
const METRIC = /\b(?:DCGM_\w+|kube_\w+|node_\w+|up)\b(?!:)/g;

/** The names of recorded series in an expression. */
const recordedIn = (expr: string) => expr.match(RECORDED) ?? [];

const recordingRules = (groups: readonly RuleGroup[]): RecordingRule[] =>
  groups.flatMap(({ rules }) => rules.filter((rule): rule is RecordingRule => !isAlertingRule(rule)));

/**
 * The rules that record these series, and what those are made of, in the order in which they can be evaluated; without names, all
 * rules. Throws for a name that no rule records.
 */
export function inOrder(groups: readonly RuleGroup[], names?: readonly string[]): RecordingRule[] {
  const rules = recordingRules(groups);
  const visited = new Set<string>();
  const ordered: RecordingRule[] = [];
  const visit = (name: string) => {
    if (visited.has(name)) return;
    visited.add(name);
    const recorders = rules.filter(({ record }) => record === name);
    if (recorders.length === 0) throw new Error(`no rule records ${name}`);
    for (const { expr } of recorders) for (const used of recordedIn(expr)) visit(used);
    ordered.push(...recorders);
  };
  for (const name of names ?? rules.map(({ record }) => record)) visit(name);
  return ordered;
}

/** The recorded series that expressions ask for. */
export const recordedNames = (expressions: readonly string[]) => [...new Set(expressions.flatMap(recordedIn))];

/** The scraped metrics that expressions ask for. */
export const scrapedNames = (expressions: readonly string[]) => [
  ...new Set(expressions.flatMap((expr) => expr.match(METRIC) ?? [])),
];
