import type { RuleScope } from "./rule";

/** The label by which servers choose the PrometheusRules that they evaluate. */
export const EVALUATOR = "gpu-observability/evaluator";

/** The labels of a PrometheusRule with groups of that scope. */
export const evaluator = (scope: RuleScope) => ({ [EVALUATOR]: scope });
