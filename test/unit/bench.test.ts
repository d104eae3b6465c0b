import assert from "node:assert/strict";
import { formatRow, type Row, statistics, verdict } from "../../bench/measure";

describe("bench: statistics", () => {
  for (const [values, min, median, max] of [
    [[5], 5, 5, 5],
    [[3, 1, 2], 1, 2, 3],
    [[4, 1, 3, 2], 1, 2.5, 4],
    // Sorted as numbers, not as text.
    [[10, 9, 100], 9, 10, 100],
  ] as const) {
    it(`of ${values.join(", ")}`, () => {
      const before = [...values];
      assert.deepEqual(statistics(values), { runs: values.length, min, median, max });
      assert.deepEqual(values, before);
    });
  }

  it("refuses nothing at all", () => {
    assert.throws(() => statistics([]), { message: "there are no statistics of nothing" });
  });
});

describe("bench: rows", () => {
  const row = (median: number): Row => ({ what: "plan", unit: "s", target: 1.5, runs: 3, min: 1, median, max: 2 });

  it("judge the median by the target, which must stay above it", () => {
    assert.deepEqual(
      [1.49, 1.5].map((median) => verdict(row(median))),
      ["target: < 1.5 s, met", "target: < 1.5 s, MISSED"],
    );
  });

  it("have nothing to judge without a target or a figure", () => {
    assert.equal(verdict({ what: "x", unit: "s", runs: 1, min: 1, median: 1, max: 1 }), "");
    assert.equal(verdict({ what: "x", unit: "s", target: 2, notMeasured: "no helm" }), "target: < 2 s");
  });

  it("name the runs, min, median and max, or why there are none", () => {
    assert.equal(
      formatRow(row(1.25)),
      "  plan\n    3 runs; min 1.00 s, median 1.25 s, max 2.00 s; target: < 1.5 s, met\n",
    );
    assert.equal(
      formatRow({ what: "x", unit: "MiB", runs: 1, min: 1, median: 1, max: 1 }),
      "  x\n    1 run; min 1 MiB, median 1 MiB, max 1 MiB\n",
    );
    assert.equal(formatRow({ what: "h", unit: "s", notMeasured: "no helm" }), "  h\n    not measured: no helm\n");
  });
});
