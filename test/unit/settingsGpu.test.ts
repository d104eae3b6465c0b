import assert from "node:assert/strict";
import { parseSettings } from "../../stacks/settings";
import { stackSettings } from "../components/platformProgram";

const problemsOf = (over: object) => {
  const parsed = parseSettings({ ...stackSettings("prod"), ...over });
  return parsed.ok ? [] : parsed.problems.map(({ path, rule }) => `${path}: ${rule}`);
};

const inference = (slo: object) => ({
  workloads: { inference: { kind: "scrape", namespaces: ["chat"], engines: ["vllm"], slos: [slo] } },
});

describe("settings of GPUs and of what uses them", () => {
  it("take an interval that the exporter can have", () => {
    assert.deepEqual(problemsOf({ gpu: { scrapeInterval: "15s" } }), []);
    for (const scrapeInterval of ["1h", "2m", "500ms", "1s"]) {
      assert.deepEqual(problemsOf({ gpu: { scrapeInterval } }), [
        "gpu.scrapeInterval: must be whole seconds, from 5s to 60s: rules look back 5 minutes and need several samples",
      ]);
    }
  });

  it("refuse two nodes outside of one name, wherever they stand", () => {
    const group = (name: string) => ({
      name,
      cidrs: ["10.9.0.0/24"],
      targets: [{ node: "c1", address: "10.9.0.1:9400" }],
    });
    assert.deepEqual(problemsOf({ gpu: { outside: [group("a"), group("b")] } }), [
      "gpu.outside[1].targets[0].node: is the name of another node: their GPUs would be counted as one node's",
    ]);
  });

  it("refuse Kueue without the token for it", () => {
    const kueue = { workloads: { kueue: { kind: "scrape", namespace: "kueue-system" } } };
    assert.deepEqual(problemsOf(kueue), []);
    assert.equal(problemsOf({ ...kueue, clusterMetrics: { kind: "none" } }).length, 1);
  });

  it("refuse an objective that nobody could compute, and say which thresholds there are", () => {
    const slo = { kind: "timeToFirstToken", objective: 0.99 };
    assert.deepEqual(problemsOf(inference({ ...slo, thresholdSeconds: 2.5 })), []);
    const [problem = "", ...others] = problemsOf(inference({ ...slo, thresholdSeconds: 2 }));
    assert.deepEqual(others, []);
    assert.match(
      problem,
      /^workloads\.inference\.slos\[0\]\.thresholdSeconds: 2 s is between two buckets .* 1 s, 2\.5 s/,
    );
    assert.equal(problemsOf(inference({ ...slo, thresholdSeconds: 2.5, objective: 0.5 })).length, 1);
  });
});
