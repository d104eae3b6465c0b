import type { SeriesBudgets } from "../../components/capacity/budgets";
import { platformRuleAreas } from "../../components/prometheus/rules";
import { isAlertingRule, type RuleGroup } from "../../components/prometheus/rules/rule";
import { storeKinds } from "../../components/prometheus/rules/stores";
import { table } from "./markdown";

/** Budgets of some fleet: the rules are the same for each, but for their figures. */
export const anyBudgets: SeriesBudgets = {
  headSeries: 1_000_000,
  gpus: 320,
  seriesPerGpu: 60,
  sources: [{ name: "node-exporter", jobs: ["node-exporter"], series: 100_000, newInThreeHours: 300_000 }],
};

const linked = (alert: string) => `[${alert}](runbooks/${alert}.md)`;

const alertRows = (groups: readonly RuleGroup[]) =>
  groups.flatMap(({ scope, rules }) =>
    rules
      .filter(isAlertingRule)
      .map((rule) => [linked(rule.alert), rule.severity, rule.for ?? "at once", scope, rule.summary]),
  );

const recordRows = (groups: readonly RuleGroup[]) =>
  groups.flatMap(({ scope, rules }) =>
    rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [[`\`${rule.record}\``, scope]])),
  );

/** The generated part of docs/alerts.md. */
export function alertReference(): string {
  const areas = Object.entries(
    platformRuleAreas({ teams: true, gpuProfile: "profiling", seriesBudgets: anyBudgets, stores: storeKinds }),
  );
  return areas
    .flatMap(([area, groups]) => {
      const records = recordRows(groups);
      return [
        `## ${area}`,
        "",
        ...table(["Alert", "Severity", "After", "Evaluated by", "Says"], alertRows(groups)),
        "",
        ...(records.length > 0 ? [...table(["Recorded series", "Evaluated by"], records), ""] : []),
      ];
    })
    .join("\n");
}
