import assert from "node:assert/strict";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { storeKinds } from "../../components/prometheus/rules/stores";
import { anyBudgets } from "../../tools/docs/alerts";
import { functionsOf } from "../../tools/testing/promql";

/**
 * Functions and aggregations that Prometheus 3, Thanos 0.42, Mimir 3, Cortex 1.21 and MetricsQL have under the same name with the same
 * meaning. Those of Prometheus behind the flag for experimental functions are not among them.
 */
const everywhere = [
  ...["sum", "min", "max", "avg", "count", "group", "quantile", "topk", "bottomk", "count_values"],
  ...["abs", "absent", "absent_over_time", "avg_over_time", "ceil", "changes", "clamp", "clamp_max", "clamp_min"],
  ...["count_over_time", "delta", "deriv", "floor", "histogram_quantile", "increase", "label_replace"],
  ...["last_over_time", "max_over_time", "min_over_time", "predict_linear", "present_over_time", "quantile_over_time"],
  ...["rate", "resets", "round", "scalar", "sum_over_time", "time", "timestamp", "vector", "day_of_week", "hour"],
];

/** That an evaluator has a function of the name, not that it gives the same figures: that needs the evaluators themselves. */
describe("rules for every evaluator", () => {
  const rules = ["essential", "health", "profiling"].flatMap((gpuProfile) =>
    platformRuleGroups({ teams: true, gpuProfile, seriesBudgets: anyBudgets, stores: storeKinds }).flatMap(
      (group) => group.rules,
    ),
  );

  it("use no function that one of them lacks", () => {
    const used = new Set(rules.flatMap(({ expr }) => functionsOf(expr)));
    assert.deepEqual(
      [...used].filter((name) => !everywhere.includes(name)),
      [],
    );
  });

  it("use no @ modifier, which rulers may refuse", () => {
    assert.deepEqual(
      rules.filter(({ expr }) => /@\s*(start|end|\d)/.test(expr.replaceAll(/"[^"]*"/g, ""))),
      [],
    );
  });

  it("are read by the grammar: functions and aggregations are told apart from labels and metrics", () => {
    assert.deepEqual(functionsOf('sum by (rate) (rate(x{sum="avg"}[5m])) > on (a) group_left (max) y'), [
      "rate",
      "sum",
    ]);
  });
});
