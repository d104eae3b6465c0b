import assert from "node:assert/strict";
import { profiles, signals, signalsOf } from "../../components/gpu/signals";
import { jobs } from "../../components/prometheus/jobs";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { isAlertingRule } from "../../components/prometheus/rules/rule";
import { storeKinds } from "../../components/prometheus/rules/stores";
import { anyBudgets } from "../../tools/docs/alerts";
import { selectionsOf } from "../../tools/testing/promql";

const rules = platformRuleGroups({
  teams: true,
  gpuProfile: "profiling",
  seriesBudgets: anyBudgets,
  stores: storeKinds,
}).flatMap((group) => group.rules);
const recorded = new Set(rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record])));
const ofEveryTarget = /^(up|scrape_.+)$/;

/** What a regular expression chooses from, outside its parentheses. */
const alternatives = (regex: string) => regex.match(/([^|()]|\([^()]*(\([^()]*\)[^()]*)*\)[?]?)+/g) ?? [];

/** Jobs of stores have parts, shards and zones behind their names: `mimir-ingester(-zone-.+)?`. */
const isOfJob = (value: string, job: string) =>
  value === job || (value.startsWith(job) && /^[-(]/.test(value.slice(job.length)));

/** That the drop lists keep it is looked at in test/unit; that the exporters have it, in the e2e tests. */
describe("what rules ask for", () => {
  const selections = rules.flatMap(({ expr }) => selectionsOf(expr));

  it("is of a job, of every target, recorded by a rule, or an alert", () => {
    const known = Object.values(jobs) as string[];
    const unknown = selections.filter(({ name, matchers }) => {
      if (recorded.has(name) || ofEveryTarget.test(name) || name === "ALERTS") return false;
      const job = matchers.find(({ label, operator }) => label === "job" && ["=", "=~"].includes(operator));
      return job === undefined || !alternatives(job.value).every((value) => known.some((name) => isOfJob(value, name)));
    });
    assert.deepEqual(unknown, []);
  });

  it("is read by the grammar of Prometheus, which refuses what is none", () => {
    assert.deepEqual(selectionsOf('sum by (a) (rate(x{job="j", b!~"c|d"}[5m])) > on (a) y'), [
      {
        name: "x",
        equal: { job: "j" },
        matchers: [
          { label: "job", operator: "=", value: "j" },
          { label: "b", operator: "!~", value: "c|d" },
        ],
      },
      { name: "y", equal: {}, matchers: [] },
    ]);
    assert.throws(() => selectionsOf("sum("), /no PromQL/);
    assert.throws(() => selectionsOf('{__name__=~"a.*"}'), /a selection without a name/);
  });
});

describe("what is collected of GPUs", () => {
  const used = new Set(
    platformRuleGroups({ gpuProfile: "profiling" })
      .flatMap((group) => group.rules)
      .flatMap(({ expr }) => selectionsOf(expr).map(({ name }) => name)),
  );

  it("is asked for by a rule, or says why it is kept: one or the other", () => {
    const idle = signals.filter(({ metric, keptFor }) => used.has(metric) === (keptFor !== undefined));
    assert.deepEqual(
      idle.map(({ metric }) => metric),
      [],
    );
  });

  it("with a smaller profile, lets only rules remain that have all that they ask for", () => {
    for (const gpuProfile of profiles) {
      const kept = platformRuleGroups({ gpuProfile }).flatMap((group) => group.rules);
      const there = new Set([
        ...signalsOf(gpuProfile).map(({ metric }) => metric),
        ...kept.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record])),
      ]);
      const missing = kept
        .flatMap(({ expr }) => selectionsOf(expr).map(({ name }) => name))
        .filter((name) => (name.startsWith("DCGM_") || name.includes(":")) && !there.has(name))
        .filter((name) => !/^(vllm|code|cluster):/.test(name));
      assert.deepEqual([...new Set(missing)], [], gpuProfile);
    }
  });
});
