import assert from "node:assert/strict";
import { type Episode, episodes } from "../../bench/faultTraces/evaluate";
import { matches, notified } from "../../bench/faultTraces/inhibit";
import { choices, zones } from "../../bench/faultTraces/inject";
import { belongs, messages, score } from "../../bench/faultTraces/score";
import { notation, seriesOf } from "../../bench/faultTraces/series";
import { type Fault, play, sceneOf } from "../../bench/faultTraces/trace";
import { faultClasses, traces } from "../../bench/faultTraces/traces";
import { gpuInhibitions } from "../../components/gpu/inhibition";

const episode = (labels: Record<string, string>, from: number, to = from): Episode => ({
  labels: { cluster: "c1", severity: "critical", owner: "platform", ...labels },
  minutes: Array.from({ length: to - from + 1 }, (_, index) => from + index),
});

describe("traces of faults: series", () => {
  it("end with a marker, and begin when they begin", () => {
    assert.equal(notation([undefined, undefined, 1, 1, 1, undefined, undefined, 2]), "_x2 1x2 stale _ 2");
    assert.equal(notation([0.25, undefined, undefined]), "0.25 stale _");
  });

  it("have no labels without a value", () => {
    assert.equal(seriesOf("up", { job: "a", node: undefined }), 'up{job="a"}');
  });

  it("are the same in every run", () => {
    const [first] = traces(1);
    assert.ok(first);
    assert.deepEqual(play(first, 5), play(first, 5));
  });
});

describe("traces of faults: what is put in", () => {
  it("is each kind of fault once, and no two in one place", () => {
    const faults = traces(1).map((trace) => sceneOf(trace).faults);
    assert.deepEqual(
      faults
        .flat()
        .map(({ name }) => name)
        .sort(),
      faultClasses.map(({ name }) => name).sort(),
    );
    for (const ofTrace of faults) {
      const nodes = ofTrace.flatMap((fault) => fault.nodes);
      assert.equal(new Set(nodes).size, nodes.length);
    }
  });

  it("has a place", () => {
    for (const kind of faultClasses) {
      for (const { zones: taken } of choices(kind))
        assert.ok(
          taken.every((zone) => zone in zones),
          kind.name,
        );
    }
  });
});

describe("traces of faults: what promtool got", () => {
  const got = (time: string, samples: string) =>
    `    expr: "ALERTS{alertstate=\\"firing\\"}", time: ${time},\n        exp: nil\n        got: ${samples}\n`;
  const a = '{__name__="ALERTS", alertname="A", node="n1"} 1E+00';
  const b = '{__name__="ALERTS", alertname="B", text="a \\"b\\", {c}"} 1E+00';

  it("becomes episodes; what is back before Alertmanager would tell goes on", () => {
    const output = [got("58m", a), got("1h", `${a}, ${b}`), got("1h1m", a), got("1h6m", a)].join("");
    assert.deepEqual(
      episodes(output).map(({ labels, minutes }) => [labels.alertname, minutes]),
      [
        ["A", [58, 60, 61]],
        ["B", [60]],
        ["A", [66]],
      ],
    );
    assert.deepEqual(episodes(""), []);
  });
});

describe("traces of faults: inhibition", () => {
  it("matches as Alertmanager does", () => {
    assert.ok(matches({ a: "x1" }, ['a=~"x[0-9]"', 'b=""', 'a!="x"', 'a!~"y.*"']));
    assert.ok(!matches({ a: "x12" }, ['a=~"x[0-9]"']));
  });

  it("tells of one card only the worst, and of others all", () => {
    const worst = episode({ alertname: "W", UUID: "1", node: "n1" }, 5, 9);
    const mild = episode({ alertname: "M", UUID: "1", node: "n1", severity: "warning" }, 6, 10);
    const other = episode({ alertname: "M", UUID: "2", node: "n1", severity: "warning" }, 6, 6);
    assert.deepEqual(notified([worst, mild, other], gpuInhibitions), [worst, { ...mild, minutes: [10] }, other]);
  });
});

describe("traces of faults: scores", () => {
  const fault: Fault = {
    name: "f",
    expected: ["A"],
    within: 5,
    companions: ["B"],
    from: 50,
    until: 60,
    nodes: ["n1"],
    uuids: ["u1"],
    workloads: new Set(["ml/job"]),
    rack: undefined,
  };

  it("an alert belongs to a fault by its name, what it is about, and when", () => {
    const of = (labels: Record<string, string>, at = 50) => belongs(episode(labels, at), fault);
    assert.ok(of({ alertname: "A", node: "n1", UUID: "u1" }));
    assert.ok(of({ alertname: "B", node: "n1" }, 120));
    assert.ok(of({ alertname: "B", namespace: "ml", workload: "job" }));
    assert.ok(!of({ alertname: "A", node: "n1", UUID: "u2" }));
    assert.ok(!of({ alertname: "A", node: "n2" }));
    assert.ok(!of({ alertname: "C", node: "n1" }));
    assert.ok(!of({ alertname: "A", node: "n1" }, 49));
    assert.ok(!of({ alertname: "A", node: "n1" }, 121));
    assert.ok(!of({ alertname: "B", namespace: "ml", workload: "other" }));
  });

  it("a fault is missed if it is told too late, and what belongs to none is false", () => {
    const late = episode({ alertname: "A", node: "n1", UUID: "u1" }, 56);
    const wrong = episode({ alertname: "A", node: "n2" }, 51);
    const known = { name: "t", input: {}, faults: [fault] };
    const result = score(known, [late, wrong], [late, wrong]);
    assert.equal(result.faults[0]?.toldAt, undefined);
    assert.deepEqual(result.falseAlarms, [wrong]);
    const inTime = episode({ alertname: "A", node: "n1", UUID: "u1" }, 55);
    assert.equal(score(known, [inTime], [inTime]).faults[0]?.toldAt, 55);
  });

  it("messages have alerts of one name and namespace that begin together", () => {
    const all = [
      episode({ alertname: "A", node: "n1" }, 10),
      episode({ alertname: "A", node: "n2" }, 14),
      episode({ alertname: "A", node: "n3" }, 15),
      episode({ alertname: "B", node: "n1" }, 10),
    ];
    assert.deepEqual(
      messages(all).map((message) => message.length),
      [2, 1, 1],
    );
  });
});
