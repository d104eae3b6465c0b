import assert from "node:assert/strict";
import { bridged, gap } from "../../components/gpu/rules/expressions";
import { gpuRuleArgs } from "../../stacks/parts/gpu";
import { parseSettings } from "../../stacks/settings";

const context = (scrapeSeconds: number, slowestSeconds?: number) => ({
  namespace: "monitoring",
  profile: "health" as const,
  podsKnown: true,
  scrapeSeconds,
  ...(slowestSeconds === undefined ? {} : { slowestSeconds }),
});

describe("what a failed scrape leaves open", () => {
  it("is bridged for four of the longest intervals, and for two minutes at least", () => {
    assert.deepEqual([gap(context(10)), gap(context(30)), gap(context(60))], ["2m", "2m", "4m"]);
    assert.deepEqual([gap(context(30, 60)), gap(context(30, 120)), gap(context(60, 30))], ["4m", "8m", "4m"]);
    assert.equal(bridged("x", context(30, 60)), "(x or last_over_time(x[4m]))");
  });

  it("knows the intervals of evaluations and of objects", () => {
    const slowest = (raw: Record<string, unknown>) => {
      const parsed = parseSettings({
        environment: "production",
        cluster: { kind: "kubeconfig", name: "c1" },
        alerting: { heartbeat: { kind: "none" } },
        ...raw,
      });
      assert.ok(parsed.ok);
      return gpuRuleArgs(parsed.settings).slowestSeconds;
    };
    assert.equal(slowest({}), 30);
    assert.equal(slowest({ prometheus: { scrapeInterval: "2m" } }), 120);
    assert.equal(slowest({ clusterMetrics: { scrapeInterval: "1m" } }), 60);
    assert.equal(slowest({ gpu: { kind: "none" } }), undefined);
  });
});
