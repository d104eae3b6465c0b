import { isAlertingRule, type RuleGroup } from "../prometheus/rules/rule";
import type { MetricRelabeling } from "../prometheus/scrape/relabeling";
import { type Selection, selectionsOf } from "./promql";

/** Metrics that somebody can do without, beyond what the platform drops itself. */
export interface ExtraDrop {
  /** The label `job` of who says them. */
  job: string;
  /** A regular expression over the whole name. */
  names: string;
  /** Why nobody needs them. */
  why: string;
}

/** Somebody who asks for series: an alert, a recorded series or a panel of a dashboard. */
export interface Need {
  /** What messages call it. */
  by: string;
  expr: string;
}

/** A drop that must not be, because somebody would go blind. */
export interface RefusedDrop {
  /** Its place in the list. */
  index: number;
  /** The metrics that are needed. */
  metrics: string[];
  /** By whom. */
  neededBy: string[];
}

/** The steps that a job's scrapes take after all of their own. */
export const extraDropRelabelings = (drops: readonly ExtraDrop[], job: string): MetricRelabeling[] =>
  drops
    .filter((drop) => drop.job === job)
    .map(({ names }) => ({ sourceLabels: ["__name__"], regex: names, action: "drop" }));

const whole = (regex: string) => new RegExp(`^(?:${regex})$`, "s");

const accepts: Record<string, (value: string, job: string) => boolean> = {
  "=": (value, job) => value === job,
  "!=": (value, job) => value !== job,
  "=~": (value, job) => whole(value).test(job),
  "!~": (value, job) => !whole(value).test(job),
};

/** Made by Prometheus itself, of each target: no drop reaches them. */
const ofEveryTarget = /^(up|scrape_.+|ALERTS|ALERTS_FOR_STATE)$/;

/** Whether a selection may be of series of that job. */
const mayBeOf = ({ name, matchers }: Selection, job: string) =>
  !ofEveryTarget.test(name) &&
  matchers
    .filter(({ label }) => label === "job")
    .every(({ operator, value }) => accepts[operator]?.(value, job) ?? true);

/**
 * Finds the drops that take away what the rules or others need. Alerts are named even where a recorded series is between them and
 * the metric; a recorded series only if no alert asks for it.
 */
export function refusedDrops(
  drops: readonly ExtraDrop[],
  groups: readonly RuleGroup[],
  others: readonly Need[] = [],
): RefusedDrop[] {
  const rules = groups.flatMap((group) => group.rules);
  const recorded = new Map<string, string[]>();
  for (const rule of rules) {
    if (!isAlertingRule(rule)) recorded.set(rule.record, [...(recorded.get(rule.record) ?? []), rule.expr]);
  }
  const asksFor = (expr: string, seen: Set<string>): Selection[] =>
    selectionsOf(expr).flatMap((selection) => {
      const sources = recorded.get(selection.name);
      if (sources === undefined) return [selection];
      if (seen.has(selection.name)) return [];
      seen.add(selection.name);
      return sources.flatMap((source) => asksFor(source, seen));
    });
  const needs = [
    ...rules
      .map((rule) =>
        isAlertingRule(rule) ? { by: rule.alert, expr: rule.expr } : { by: rule.record, expr: rule.expr },
      )
      .sort((one, other) => Number(recorded.has(one.by)) - Number(recorded.has(other.by))),
    ...others,
  ].map(({ by, expr }) => ({ by, selections: asksFor(expr, new Set([by])) }));
  return drops.flatMap(({ job, names }, index) => {
    const dropped = whole(names);
    const hit = needs.flatMap(({ by, selections }) => {
      const lost = selections.filter((selection) => dropped.test(selection.name) && mayBeOf(selection, job));
      return lost.length === 0 ? [] : [{ by, metrics: lost.map(({ name }) => name) }];
    });
    if (hit.length === 0) return [];
    const metrics = [...new Set(hit.flatMap((need) => need.metrics))].sort();
    const people = hit.filter(({ by }) => !recorded.has(by));
    const neededBy = [...new Set((people.length > 0 ? people : hit).map(({ by }) => by))];
    return [{ index, metrics, neededBy }];
  });
}
