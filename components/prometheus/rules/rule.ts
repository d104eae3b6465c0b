/** How urgent an alert is: wake somebody, look today, or only context for another alert. */
export type Severity = "critical" | "warning" | "info" | "none";

/** Whose matter an alert is: the team that runs the hardware and the platform, or the one whose workload it is. */
export type Owner = "platform" | "workload";

/** An alerting rule with what the person who is paged needs. */
export interface AlertingRule {
  /** The name of the alert, and of its page in docs/runbooks. */
  alert: string;
  /** PromQL; each series of the result is one alert. */
  expr: string;
  /** How long it must hold. Default: fires at once. */
  for?: string;
  /** How long it goes on when the expression holds no more: for what may vanish because it is broken. Default: not at all. */
  keepFiringFor?: string;
  severity: Severity;
  /** Who has to act. Default: nobody is named, and so the platform's team. */
  owner?: Owner;
  /** What has to be done with the hardware, as a word that automation can route by. Default: none. */
  action?: string;
  /** One sentence: what is wrong, where. */
  summary: string;
  /** What it means and the values it was seen with. */
  description: string;
}

/** A rule that stores the result of a query as a series of its own, for queries that are asked often or span many series. */
export interface RecordingRule {
  /** `level:metric:operations`: the labels that are left, the metric, and what was done to it, the last operation first. */
  record: string;
  /** PromQL. */
  expr: string;
  /** Labels that are added. Default: none. */
  labels?: Record<string, string>;
}

/**
 * Who can evaluate a group. Each shard of Prometheus holds a part of the targets: all node-level exporters of a part of the
 * nodes, a part of everything else, and kube-state-metrics, which every shard scrapes.
 *
 * - `shard`: no expression looks at more than one target, or it joins only what one shard has: the exporters of one node
 *   with each other or with kube-state-metrics.
 * - `global`: an expression aggregates or joins over targets that may be on several shards. With more than one shard such a
 *   group goes to the global evaluator, which queries all of them.
 */
export type RuleScope = "shard" | "global";

/** Rules that are evaluated together, in order. */
export interface RuleGroup {
  /** Unique among the groups; also a part of its object's name, so letters, digits and hyphens. */
  name: string;
  scope: RuleScope;
  rules: (AlertingRule | RecordingRule)[];
}

/** Where the platform's own parts run: their rules look nowhere else, whatever other namespaces call their Services. */
export interface RuleContext {
  /** The platform's namespace. */
  namespace: string;
}

export const isAlertingRule = (rule: AlertingRule | RecordingRule): rule is AlertingRule => "alert" in rule;

/** The labels that an alert has beside those of its expression. */
export const alertLabels = ({ severity, owner, action }: AlertingRule) => ({
  severity,
  ...(owner === undefined ? {} : { owner }),
  ...(action === undefined ? {} : { action }),
});

function ruleEntry(rule: AlertingRule | RecordingRule) {
  if (!isAlertingRule(rule)) {
    return { record: rule.record, expr: rule.expr, ...(rule.labels === undefined ? {} : { labels: rule.labels }) };
  }
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.for === undefined ? {} : { for: rule.for }),
    ...(rule.keepFiringFor === undefined ? {} : { keep_firing_for: rule.keepFiringFor }),
    labels: alertLabels(rule),
    annotations: {
      summary: rule.summary,
      description: rule.description,
      runbook: `docs/runbooks/${rule.alert}.md`,
    },
  };
}

/** Groups in the form that Prometheus' rule files and the PrometheusRule resource share. */
export function ruleFile(groups: readonly RuleGroup[]) {
  return { groups: groups.map((group) => ({ name: group.name, rules: group.rules.map(ruleEntry) })) };
}
