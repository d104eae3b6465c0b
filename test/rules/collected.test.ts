import assert from "node:assert/strict";
import { jobs } from "../../components/prometheus/jobs";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { isAlertingRule } from "../../components/prometheus/rules/rule";
import { type DropList, dropLists } from "../../components/prometheus/scrape/dropLists";
import { selectionsOf } from "../../tools/testing/promql";

const rules = platformRuleGroups({ teams: true }).flatMap((group) => group.rules);
const recorded = new Set(rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record])));
const ofEveryTarget = /^(up|scrape_.+)$/;
const lists = new Map(
  Object.entries(dropLists).map(([name, list]) => [jobs[name as keyof typeof jobs] as string, list]),
);

/** What these tests do not prove: that the exporters have the metrics. The e2e tests look. */
describe("what rules ask for", () => {
  const selections = rules.flatMap(({ expr }) => selectionsOf(expr));

  it("is of a job, of every target, recorded by a rule, or an alert", () => {
    const known = Object.values(jobs) as string[];
    const unknown = selections.filter(({ name, matchers }) => {
      if (recorded.has(name) || ofEveryTarget.test(name) || name === "ALERTS") return false;
      const job = matchers.find(({ label, operator }) => label === "job" && ["=", "=~"].includes(operator));
      return job === undefined || !job.value.split("|").every((value) => known.includes(value));
    });
    assert.deepEqual(unknown, []);
  });

  it("is kept by the drop list of its job", () => {
    const dropped = selections.filter(({ name, equal }) => {
      const list = lists.get(equal.job ?? "");
      return list !== undefined && !ofEveryTarget.test(name) && !keepsSome(list, name, equal);
    });
    assert.deepEqual(
      dropped.map(({ name, equal }) => `${equal.job}: ${name} ${JSON.stringify(equal)}`),
      [],
    );
  });

  it("would not be kept by a list that drops it, by name, bucket or label", () => {
    const { apiServer, kubelet } = dropLists;
    assert.equal(keepsSome(apiServer, "apiserver_request_sli_duration_seconds_bucket", { le: "0.123" }), false);
    assert.equal(keepsSome(apiServer, "apiserver_request_body_size_bytes_count", {}), false);
    const dropping = { ...kubelet, series: [{ sourceLabels: ["a"], regex: "x", why: "" }] };
    assert.equal(keepsSome(dropping, "kubelet_running_pods", { a: "x" }), false);
    assert.equal(keepsSome(dropping, "kubelet_running_pods", { a: "y" }), true);
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

/** Whether the list keeps series of that name that have these labels, whatever their others are. */
function keepsSome(list: DropList, name: string, equal: Record<string, string>): boolean {
  const matches = (regex: string, value: string) => new RegExp(`^(?:${regex})$`, "s").test(value);
  const known: Record<string, string | undefined> = { ...equal, __name__: name };
  const kept = list.keep.some(
    ({ names, where = {} }) =>
      matches(names, name) &&
      Object.entries(where).every(([label, regex]) => known[label] === undefined || matches(regex, known[label])),
  );
  if (list.keep.length > 0 && !kept) return false;
  if (list.families.some(({ names }) => matches(names, name))) return false;
  return !list.series.some(
    ({ sourceLabels, regex }) =>
      sourceLabels.every((label) => known[label] !== undefined) &&
      matches(regex, sourceLabels.map((label) => known[label]).join(";")),
  );
}
