import assert from "node:assert/strict";
import { bridged, gap } from "../../components/gpu/rules/expressions";
import { gpuRuleArgs } from "../../stacks/parts/gpu";
import { settingsAround } from "../components/storeGraph";

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
    const slowest = (raw: object) => gpuRuleArgs(settingsAround(raw)).slowestSeconds;
    assert.equal(slowest({}), 30);
    assert.equal(slowest({ prometheus: { scrapeInterval: "2m" } }), 120);
    assert.equal(slowest({ clusterMetrics: { scrapeInterval: "1m" } }), 60);
    assert.equal(slowest({ gpu: { kind: "none" } }), undefined);
  });
});
