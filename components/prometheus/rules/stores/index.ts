import { jobs } from "../../jobs";
import type { RuleContext, RuleGroup } from "../rule";
import { mimirRules } from "./mimir";
import { remoteWriteRules } from "./remoteWrite";
import { ringStoreRules } from "./ringStore";
import { thanosStoreRules } from "./thanosStore";
import { victoriaMetricsRules } from "./victoriaMetrics";

/** By the kind of the store: the area, and the rules. */
const areas: Record<string, [string, (context: RuleContext) => RuleGroup[]]> = {
  thanos: ["thanos-store", thanosStoreRules],
  mimir: ["mimir", mimirRules],
  cortex: ["cortex", (context) => ringStoreRules({ ...context, title: "Cortex", job: jobs.cortex })],
  victoriaMetrics: ["victoria-metrics", victoriaMetricsRules],
};

/** The kinds of stores that have rules. */
export const storeKinds = Object.keys(areas);

/**
 * The groups of rules about long-term stores, by what they are about.
 * @throws Error for a kind that is none of {@link storeKinds}.
 */
export function storeRuleAreas(kinds: readonly string[], context: RuleContext): Record<string, RuleGroup[]> {
  const chosen = [...new Set(kinds)].map((kind) => {
    const area = areas[kind];
    if (area === undefined) throw new Error(`stores: "${kind}" is none of ${storeKinds.join(", ")}`);
    return area;
  });
  if (chosen.length === 0) return {};
  return {
    "remote-write": remoteWriteRules(context),
    ...Object.fromEntries(chosen.map(([area, rules]) => [area, rules(context)])),
  };
}
