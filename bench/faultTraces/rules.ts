import { gpuRuleAreas } from "../../components/gpu/rules";
import { isAlertingRule, type RuleGroup } from "../../components/prometheus/rules/rule";

const RECORDED = /\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b/g;

/**
 * The platform's alerts on GPUs with the profile `profiling`, and what they are built on. What is only recorded for dashboards
 * is left out, and so is what needs other exporters than the traces have.
 */
export function alertingGroups(): RuleGroup[] {
  const groups = Object.values(
    gpuRuleAreas({
      namespace: "monitoring",
      profile: "profiling",
      scrapeSeconds: 60,
      podsKnown: true,
      inference: false,
      slos: [],
      kueue: false,
      efa: false,
    }),
  ).flat();
  const rules = groups.flatMap((group) => group.rules);
  const needed = new Set<string>();
  const use = (expr: string) => {
    for (const name of expr.match(RECORDED) ?? []) {
      if (needed.has(name)) continue;
      needed.add(name);
      for (const rule of rules) if (!isAlertingRule(rule) && rule.record === name) use(rule.expr);
    }
  };
  for (const rule of rules) if (isAlertingRule(rule)) use(rule.expr);
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => isAlertingRule(rule) || needed.has(rule.record)),
    }))
    .filter((group) => group.rules.length > 0);
}
