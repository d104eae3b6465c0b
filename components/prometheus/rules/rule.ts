/** How urgent an alert is: wake somebody, look today, or only context for another alert. */
export type Severity = "critical" | "warning" | "info" | "none";

/** An alerting rule with what the person who is paged needs. */
export interface AlertingRule {
  /** The name of the alert, and of its page in docs/runbooks. */
  alert: string;
  /** PromQL; each series of the result is one alert. */
  expr: string;
  /** How long it must hold. Default: fires at once. */
  for?: string;
  severity: Severity;
  /** One sentence: what is wrong, where. */
  summary: string;
  /** What it means and the values it was seen with. */
  description: string;
}

/** Rules that are evaluated together, in order. */
export interface RuleGroup {
  name: string;
  rules: AlertingRule[];
}

/** Groups in the form that Prometheus' rule files and the PrometheusRule resource share. */
export function ruleFile(groups: readonly RuleGroup[]) {
  return {
    groups: groups.map((group) => ({
      name: group.name,
      rules: group.rules.map((rule) => ({
        alert: rule.alert,
        expr: rule.expr,
        ...(rule.for === undefined ? {} : { for: rule.for }),
        labels: { severity: rule.severity },
        annotations: {
          summary: rule.summary,
          description: rule.description,
          runbook: `docs/runbooks/${rule.alert}.md`,
        },
      })),
    })),
  };
}
