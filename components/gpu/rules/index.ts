import { isAlertingRule, type RuleGroup } from "../../prometheus/rules/rule";
import { signalsOf } from "../signals";
import type { GpuRuleContext } from "./context";
import { lifecycleRules } from "./lifecycle";
import { ownerRules } from "./owners";
import { xidEventRules } from "./xidEvents";

export type { GpuRuleContext } from "./context";

type Rules = (context: GpuRuleContext) => RuleGroup[];

/** What the rules about GPUs are about; each area is a PrometheusRule. */
const areas: Record<string, Rules> = {
  "gpu-base": () => [...lifecycleRules(), ...ownerRules(), ...xidEventRules()],
};

/** The rules about GPUs that the profile has the metrics for, by what they are about. */
export function gpuRuleAreas(context: GpuRuleContext): Record<string, RuleGroup[]> {
  const all = Object.fromEntries(Object.entries(areas).map(([area, rules]) => [area, rules(context)]));
  return withoutUncollected(all, context);
}

const METRIC = /\bDCGM_(?:FI|EXP)_\w+/g;
const RECORDED = /\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b/g;

/**
 * Leaves out rules that ask for a metric that the profile does not collect, and those that ask for what such a rule would have
 * recorded: they could never fire, and look as if they could.
 */
function withoutUncollected(
  all: Record<string, RuleGroup[]>,
  { profile }: GpuRuleContext,
): Record<string, RuleGroup[]> {
  const collected = new Set(signalsOf(profile).map(({ metric }) => metric));
  const missing = new Set<string>();
  const isPossible = ({ expr }: { expr: string }) =>
    (expr.match(METRIC) ?? []).every((metric) => collected.has(metric)) &&
    (expr.match(RECORDED) ?? []).every((name) => !missing.has(name));
  let kept = all;
  for (let before = -1; before !== missing.size; ) {
    before = missing.size;
    kept = mapGroups(kept, (group) => {
      for (const rule of group.rules) if (!isAlertingRule(rule) && !isPossible(rule)) missing.add(rule.record);
      return { ...group, rules: group.rules.filter(isPossible) };
    });
  }
  return kept;
}

const mapGroups = (all: Record<string, RuleGroup[]>, change: (group: RuleGroup) => RuleGroup) =>
  Object.fromEntries(
    Object.entries(all).map(([area, groups]) => [area, groups.map(change).filter(({ rules }) => rules.length > 0)]),
  );
