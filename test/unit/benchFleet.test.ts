import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { compare } from "../../bench/fleet/latency";
import { beginOfPast } from "../../bench/fleet/memory";
import { memoryIn } from "../../bench/fleet/processes";
import { configuration, sumOf } from "../../bench/fleet/prometheus";
import { queryPairs } from "../../bench/fleet/queries";
import { inOrder, recordedNames, scrapedNames } from "../../bench/fleet/rules";
import { chartShapes, samplesOf, shapesOf } from "../../bench/fleet/shapes";
import { chartExporter, fleetSpec, ourExporter, relabelStep } from "../../bench/fleet/spec";
import { formatRow, verdict } from "../../bench/measure";
import { signalsOf } from "../../components/gpu/signals";
import { platformRuleGroups } from "../../components/prometheus/rules";
import type { RuleGroup } from "../../components/prometheus/rules/rule";
import { versions } from "../../components/versions";
import { repositoryRoot } from "../../tools/cli/paths";

const record = (name: string, expr: string) => ({ record: name, expr });

describe("bench: the simulated fleet", () => {
  it("has the metrics of the profile that its exporter has", () => {
    const known = new Set(signalsOf("profiling").map(({ metric }) => metric));
    const shapes = shapesOf("profiling");
    assert.deepEqual(
      shapes.filter(({ name }) => !known.has(name)),
      [],
    );
    const shape = (name: string) => shapes.find((each) => each.name === name);
    assert.deepEqual(shape("DCGM_FI_DEV_GPU_UTIL"), {
      name: "DCGM_FI_DEV_GPU_UTIL",
      counter: false,
      idle: 0,
      busy: 100,
      sick: 0,
      steady: false,
      decimals: 0,
      variants: [{}],
    });
    assert.equal(shape("DCGM_FI_DEV_POWER_USAGE")?.decimals, 6);
    assert.equal(shape("DCGM_FI_DEV_FB_USED")?.steady, true);
    assert.equal(shape("DCGM_FI_DEV_ROW_REMAP_FAILURE")?.sick, 1);
    const energy = shape("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION");
    // mJ in a second are mW, and power has the same bounds.
    assert.deepEqual(
      [energy?.counter, energy?.idle, energy?.busy],
      [
        true,
        ...[shape("DCGM_FI_DEV_POWER_USAGE")?.idle ?? 0, shape("DCGM_FI_DEV_POWER_USAGE")?.busy ?? 0].map(
          (w) => 1000 * w,
        ),
      ],
    );
  });

  it("has the 25 default counters, each once", () => {
    const names = chartShapes().map(({ name }) => name);
    assert.equal(names.length, 25);
    assert.equal(new Set(names).size, 25);
  });

  it("is relabelled as the component says", () => {
    assert.deepEqual(relabelStep({ regex: "a|b", action: "labeldrop" }), { regex: "a|b", action: "labeldrop" });
    assert.deepEqual(
      relabelStep({ sourceLabels: ["a"], regex: "x", targetLabel: "b", replacement: "", action: "replace" }),
      {
        source_labels: ["a"],
        regex: "x",
        target_label: "b",
        replacement: "",
        action: "replace",
      },
    );
    assert.equal(ourExporter("health").honorLabels, true);
    assert.deepEqual([chartExporter().honorLabels, chartExporter().metricRelabelings], [false, []]);
  });

  it("has whole nodes", () => {
    assert.deepEqual(
      [1000, 1001, 8].map((gpus) => fleetSpec(gpus, ourExporter("health")).nodes),
      [125, 126, 1],
    );
  });

  it("is a Go module with the Prometheus that is measured", () => {
    const module = readFileSync(path.join(repositoryRoot, "bench/fleet/go/go.mod"), "utf8");
    const [, major, minor, patch] = /^v(\d)\.(\d+)\.(\d+)$/.exec(versions.prometheus) ?? [];
    const expected = `github.com/prometheus/prometheus v0.${major}${minor?.padStart(2, "0")}.${patch}`;
    assert.ok(module.includes(`\t${expected}\n`), `go.mod has no ${expected}`);
  });
});

describe("bench: rules of the fleet", () => {
  const groups: RuleGroup[] = [
    {
      name: "g",
      scope: "global",
      rules: [record("cluster:b:sum", "sum(node:a:sum)"), record("cluster:c:sum", "sum(node:a:sum) + cluster:c:sum")],
    },
    { name: "n", scope: "shard", rules: [record("node:a:sum", "sum by (node) (DCGM_A)"), record("node:z:sum", "up")] },
  ];
  const names = (list: { record: string }[]) => list.map(({ record: name }) => name);

  it("come after what they are made of, and no others come", () => {
    assert.deepEqual(names(inOrder(groups, ["cluster:b:sum"])), ["node:a:sum", "cluster:b:sum"]);
    assert.deepEqual(names(inOrder(groups, ["cluster:c:sum"])), ["node:a:sum", "cluster:c:sum"]);
    assert.deepEqual(names(inOrder(groups)), ["node:a:sum", "cluster:b:sum", "cluster:c:sum", "node:z:sum"]);
  });

  it("must record what is asked for", () => {
    assert.throws(() => inOrder(groups, ["cluster:x:sum"]), { message: "no rule records cluster:x:sum" });
  });

  it("say which metrics they need", () => {
    const exprs = ['sum(up{job="x"}) + cluster:up:sum', "kube_node_info * node:a:sum"];
    assert.deepEqual(scrapedNames(exprs), ["up", "kube_node_info"]);
    assert.deepEqual(recordedNames(exprs), ["cluster:up:sum", "node:a:sum"]);
  });

  it("record every series that the queries ask for", () => {
    const recorded = recordedNames(queryPairs.map((pair) => pair.recorded));
    assert.ok(inOrder(platformRuleGroups({ gpuProfile: "profiling" }), recorded).length > recorded.length);
  });
});

describe("bench: what is read of Prometheus", () => {
  it("is the memory of its process", () => {
    const status = "Name:\tprometheus\nVmHWM:\t  400000 kB\nVmRSS:\t  204800 kB\nRssAnon:\t  102400 kB\n";
    assert.deepEqual(memoryIn(status), { resident: 200, anonymous: 100 });
    assert.throws(() => memoryIn("Name:\tprometheus\n"), { message: "VmRSS is not in the status of the process" });
  });

  it("is the sum over the series of a metric, and of no other", () => {
    const page = '# TYPE a gauge\na{x="1"} 2\na{x="2"} 0.5\nab 7\nb 3e+06\n';
    assert.deepEqual([sumOf(page, "a"), sumOf(page, "b"), sumOf(page, "c")], [2.5, 3_000_000, 0]);
  });

  it("is a page of its exporters", () => {
    assert.deepEqual(samplesOf('# HELP a b\na{x="1",y="z z"} 5\n'), [
      { name: "a", labels: { x: "1", y: "z z" }, value: "5" },
    ]);
  });

  it("comes of a configuration that scrapes only what is asked for", () => {
    assert.deepEqual(Object.keys(configuration({ replica: "a" })), ["global"]);
    const exporters = { address: "127.0.0.1:1", targets: [], exporter: chartExporter(), objects: false };
    const { scrape_configs: scrapes } = configuration({ replica: "a", exporters });
    assert.equal(scrapes?.length, 1);
    assert.equal(configuration({ replica: "a", exporters: { ...exporters, objects: true } }).scrape_configs?.length, 2);
  });
});

describe("bench: measuring the fleet", () => {
  it("begins three hours before the steady state has been seen", () => {
    assert.equal(beginOfPast(100_000, 0), 100_000 - 10_800 + 75);
    assert.equal(beginOfPast(100_000, 0.01), 100_000 - 10_800 + 75 + Math.floor(1.3 * 108));
  });

  it("compares only queries that say the same", () => {
    const [pair] = queryPairs;
    assert.ok(pair);
    compare(pair, [100, 100], [101, 100]);
    for (const recorded of [[100], [100, 120], []])
      assert.throws(() => compare(pair, [100, 100], recorded), /raw 2 series/);
    assert.throws(() => compare(pair, [], []), /raw 0 series/);
  });

  it("judges figures that should be large or may be equal", () => {
    const row = (median: number) =>
      ({ what: "x", unit: "×", atLeast: 8, runs: 1, min: median, median, max: median }) as const;
    const most = { what: "x", unit: "series/GPU", atMost: 45, runs: 1, min: 45, median: 45, max: 45 } as const;
    assert.deepEqual(
      [verdict(most), verdict({ ...most, median: 45.1 })],
      ["target: ≤ 45 series/GPU, met", "target: ≤ 45 series/GPU, MISSED"],
    );
    assert.deepEqual(
      [8, 7.9].map((median) => verdict(row(median))),
      ["target: ≥ 8 ×, met", "target: ≥ 8 ×, MISSED"],
    );
    assert.equal(
      formatRow({ what: "x", unit: "ms", runs: 1, min: 1, median: 1, max: 1 }),
      "  x\n    1 run; min 1.0 ms, median 1.0 ms, max 1.0 ms\n",
    );
  });
});
