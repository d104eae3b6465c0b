import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { defaultSlos, type InferenceSlo, sloRules } from "../../components/gpu/rules/slo";
import { bucketEdge, vllmLatencies } from "../../components/gpu/workloads/latencies";
import { isAlertingRule } from "../../components/prometheus/rules/rule";

const { timeToFirstToken, endToEndLatency } = vllmLatencies;

describe("objectives of models", () => {
  it("lie on an edge of a bucket, or name the nearest ones", () => {
    assert.equal(bucketEdge(timeToFirstToken, 2.5, "slos[0]"), 2.5);
    assert.equal(bucketEdge(endToEndLatency, 2, "slos[0]"), 2);
    const nearest = (histogram: typeof timeToFirstToken, seconds: number) => {
      try {
        return String(bucketEdge(histogram, seconds, "slos[0].thresholdSeconds"));
      } catch (error) {
        return String((error as Error).message);
      }
    };
    assert.match(
      nearest(timeToFirstToken, 2),
      /2 s is between two buckets of vllm:time_to_first_token_seconds; the nearest edges are 0\.75 s, 1 s, 2\.5 s, 5 s/,
    );
    assert.match(nearest(timeToFirstToken, 0.0005), /the nearest edges are 0\.001 s, 0\.005 s/);
    assert.match(nearest(endToEndLatency, 10_000), /the nearest edges are 1920 s, 7680 s/);
  });

  it("have their edges in docs/inference.md", () => {
    const page = readFileSync("docs/inference.md", "utf8");
    for (const [kind, { metric, edges }] of Object.entries(vllmLatencies)) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${kind}\` | \`${metric}\``));
      assert.ok(row?.endsWith(`| ${edges.join(", ")} |`), kind);
    }
    for (const { kind, thresholdSeconds, objective } of defaultSlos) {
      const threshold = thresholdSeconds === undefined ? "–" : `${thresholdSeconds} s`;
      assert.ok(page.includes(`| \`${kind}\` | ${threshold} | ${objective} |`), kind);
    }
  });

  const refused: [string, InferenceSlo[], RegExp][] = [
    [
      "a threshold between two buckets",
      [{ kind: "timeToFirstToken", thresholdSeconds: 2, objective: 0.95 }],
      /between two buckets/,
    ],
    ["no threshold", [{ kind: "interTokenLatency", objective: 0.95 }], /is missing/],
    [
      "a threshold of availability",
      [{ kind: "availability", thresholdSeconds: 1, objective: 0.99 }],
      /has no threshold/,
    ],
    ["an objective that no failure reaches", [{ kind: "availability", objective: 0.93 }], /0\.93 is not from 0\.94/],
    ["an objective without a budget", [{ kind: "availability", objective: 1 }], /1 is not from 0\.94/],
    ["a share in percent", [{ kind: "availability", objective: 99 }], /99 is not from 0\.94/],
    [
      "the same twice",
      [
        { kind: "availability", objective: 0.99 },
        { kind: "availability", objective: 0.99 },
      ],
      /is the same as slos\[0\]/,
    ],
  ];
  for (const [what, slos, message] of refused) {
    it(`are refused with ${what}`, () => assert.throws(() => sloRules(slos), { message }));
  }

  it("of several models are told apart, and share their alerts", () => {
    const slos: InferenceSlo[] = [
      { kind: "availability", objective: 0.99, model: "llama.*" },
      { kind: "availability", objective: 0.99, model: "qwen\\d", namespace: "chat" },
    ];
    const rules = sloRules(slos).flatMap((group) => group.rules);
    const labels = rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.labels?.slo]));
    assert.deepEqual([...new Set(labels)], ["no errors for 99 % of llama.*", "no errors for 99 % of qwen\\d in chat"]);
    assert.ok(rules[3]?.expr.includes('model_name=~"qwen\\\\d", namespace=~"chat"'));
    assert.equal(rules.filter(isAlertingRule).length, 3);
  });

  it("wake nobody for times by default, and do for what somebody chose", () => {
    const pagesOf = (slos?: InferenceSlo[]) =>
      sloRules(slos)
        .flatMap(({ rules }) => rules)
        .flatMap((rule) => (isAlertingRule(rule) || !rule.record.includes("requests") ? [] : [rule.labels?.page]));
    assert.deepEqual(pagesOf(), ["false", "false", "true"]);
    assert.deepEqual(pagesOf([{ kind: "timeToFirstToken", thresholdSeconds: 2.5, objective: 0.95 }]), ["true"]);
  });

  it("for which nobody is woken have no critical alert", () => {
    const severities = sloRules([{ kind: "availability", objective: 0.99, page: false }])
      .flatMap(({ rules }) => rules)
      .flatMap((rule) => (isAlertingRule(rule) ? [rule.severity] : []));
    assert.deepEqual(severities, ["warning", "warning"]);
  });

  it("may be none", () => assert.deepEqual(sloRules([]), []));
});
