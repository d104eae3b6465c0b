import assert from "node:assert/strict";
import { extraDropRelabelings, refusedDrops } from "../../components/capacity/extraDrops";
import { selectionsOf } from "../../components/capacity/promql";
import { jobs } from "../../components/prometheus/jobs";
import { platformRuleGroups } from "../../components/prometheus/rules";
import type { RuleGroup } from "../../components/prometheus/rules/rule";
import { storeKinds } from "../../components/prometheus/rules/stores";
import { relabel } from "../../components/prometheus/scrape/relabeling";
import { selectionsOf as selectionsByGrammar } from "../../tools/testing/promql";

const alert = (name: string, expr: string) => ({
  alert: name,
  expr,
  severity: "warning" as const,
  summary: "",
  description: "",
});
const group = (...rules: RuleGroup["rules"]): RuleGroup[] => [{ name: "a", scope: "shard", rules }];
const drop = (job: string, names: string) => ({ job, names, why: "nobody looks" });

describe("capacity: what rules ask for", () => {
  const plain = (selections: ReturnType<typeof selectionsByGrammar>) =>
    selections.map(({ name, matchers }) => ({ name, matchers: matchers.filter(({ label }) => label !== "__name__") }));

  it("is read as the grammar of Prometheus reads it, in every rule that ships", () => {
    const rules = platformRuleGroups({ teams: true, gpuProfile: "profiling", stores: storeKinds }).flatMap(
      (one) => one.rules,
    );
    assert.ok(rules.length > 100);
    for (const { expr } of rules) assert.deepEqual(selectionsOf(expr), plain(selectionsByGrammar(expr)), expr);
  });

  it("is read where names are hard to tell from words", () => {
    for (const expr of [
      "sum(a) by (job) / on (b) group_left (c) count without (d) (e offset 5m)",
      `rate(x_total{job="a",b=~"c{|}d(",}[5m:1m] offset -1h) or vector(1e3) > bool -Inf`,
      '{__name__="y", job!~"z|\\\\d"} and topk by (a) (3, w) # sum(nothing)',
      "a:b:c > 0x1F unless ignoring (i) absent(m{n='o'})",
      "max_over_time(sum_total[1h]) ^ 2 atan2 count_values('v', bool_total)",
    ]) {
      assert.deepEqual(selectionsOf(expr), plain(selectionsByGrammar(expr)), expr);
    }
    assert.throws(() => selectionsOf('{job="a"}'), /a selection without a name/);
  });
});

describe("capacity: extra drops", () => {
  it("become the last steps of their job", () => {
    const drops = [drop("a", "x_.+"), drop("b", "y"), drop("a", "z")];
    const steps = extraDropRelabelings(drops, "a");
    const kept = ["x_total", "y", "z", "xy"].filter((name) => relabel(steps, { __name__: name }) !== undefined);
    assert.deepEqual(kept, ["y", "xy"]);
    assert.deepEqual(extraDropRelabelings(drops, "c"), []);
  });

  it("are refused if an alert needs the metric, also by way of recorded series", () => {
    const groups = group(
      { record: "node:x:sum", expr: 'sum by (node) (x_total{job="a"})' },
      { record: "cluster:x:sum", expr: "sum(node:x:sum)" },
      alert("XHigh", "cluster:x:sum > 5"),
      alert("YHigh", 'y{job="a"} > 5'),
    );
    assert.deepEqual(refusedDrops([drop("a", "z.*"), drop("a", "(x|y).*")], groups), [
      { index: 1, metrics: ["x_total", "y"], neededBy: ["XHigh", "YHigh"] },
    ]);
  });

  it("are refused if only a recorded series or a panel needs the metric", () => {
    const groups = group({ record: "node:x:sum", expr: 'sum(x{job="a"})' });
    assert.deepEqual(refusedDrops([drop("a", "x")], groups)[0]?.neededBy, ["node:x:sum"]);
    assert.deepEqual(refusedDrops([drop("a", "p")], groups, [{ by: "panel Power", expr: "sum(p)" }])[0]?.neededBy, [
      "panel Power",
    ]);
  });

  it("are not refused because of another job, or of what Prometheus itself says of each target", () => {
    const groups = group(
      alert("A", 'x{job="a"} > 1'),
      alert("B", 'x{job=~"b|c"} > 1'),
      alert("C", 'x{job!="d", job!~"e|f"} > 1 and up == 1'),
    );
    const neededBy = (job: string) => refusedDrops([drop(job, "x|up")], groups).flatMap((one) => one.neededBy);
    assert.deepEqual(neededBy("a"), ["A", "C"]);
    assert.deepEqual(neededBy("c"), ["B", "C"]);
    assert.deepEqual(neededBy("d"), []);
    assert.deepEqual(neededBy("f"), []);
    assert.deepEqual(neededBy("g"), ["C"]);
  });

  it("of the rules that ship name the alerts that would go blind", () => {
    const groups = platformRuleGroups({ teams: true, stores: storeKinds });
    const [temperature] = refusedDrops([drop(jobs.dcgmExporter, "DCGM_FI_DEV_GPU_TEMP")], groups);
    assert.ok(temperature && temperature.neededBy.length > 0);
    for (const by of temperature.neededBy) assert.match(by, /^[A-Z]/);
    assert.deepEqual(refusedDrops([drop(jobs.nodeExporter, "node_sockstat_.+")], groups), []);
    assert.deepEqual(refusedDrops([drop(jobs.vllm, "DCGM_FI_DEV_GPU_TEMP")], groups), []);
  });
});
