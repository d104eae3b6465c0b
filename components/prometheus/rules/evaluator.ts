import type { RuleScope } from "./rule";

/** The label by which servers choose the PrometheusRules that they evaluate. */
export const EVALUATOR = "gpu-observability/evaluator";

/** Name of the rulers that write what they record, beside those that keep it and have the name of the whole. */
export const writersOf = (ruler: string) => `${ruler}-remote-write`;

/** The labels of a PrometheusRule with groups of that scope. */
export const evaluator = (scope: RuleScope) => ({ [EVALUATOR]: scope });
