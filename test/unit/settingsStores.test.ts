import assert from "node:assert/strict";
import { parseSettings } from "../../stacks/settings";

const bucket = { name: "ml-prod-metrics" };
const base = {
  environment: "production",
  cluster: { kind: "kubeconfig", name: "c1" },
  alerting: { receivers: [{ name: "oncall", kind: "webhook", url: "https://example.com/x" }] },
};
const zones = ["a", "b", "c"];
const thanos = { kind: "thanos", bucket };
const mimir = { kind: "mimir", bucket, zones };

function storeProblems(settings: object): string[] {
  const parsed = parseSettings({ ...base, ...settings });
  const problems = parsed.ok ? [] : parsed.problems;
  return problems
    .filter(({ path }) => /^(longTermStorage|alsoWriteTo|readFrom|network)/.test(path))
    .map(({ path, rule, fix }) => `${path} ${rule}; ${fix}`);
}

describe("settings: long-term stores together", () => {
  it("one, or two of different kinds, are right", () => {
    for (const settings of [
      { longTermStorage: thanos },
      { longTermStorage: thanos, alsoWriteTo: mimir },
      { longTermStorage: mimir, alsoWriteTo: thanos, readFrom: "alsoWriteTo" },
      { longTermStorage: { kind: "cortex", bucket, zones }, alsoWriteTo: { ...thanos, bucket: { name: "another" } } },
    ]) {
      assert.deepEqual(storeProblems(settings), []);
    }
  });

  for (const [what, settings, expected] of [
    [
      "reading from a second store that is not there",
      { readFrom: "alsoWriteTo" },
      "readFrom names the second store, and there is none; set it to longTermStorage, or add alsoWriteTo",
    ],
    [
      "writing to none",
      { longTermStorage: thanos, alsoWriteTo: { kind: "none" } },
      "alsoWriteTo.kind none is no store to write to; remove alsoWriteTo",
    ],
    [
      "two of a kind",
      { longTermStorage: thanos, alsoWriteTo: { ...thanos, bucket: { name: "another" } } },
      "alsoWriteTo.kind must be another kind than longTermStorage: the names of their parts would meet; remove alsoWriteTo, or choose another kind",
    ],
    [
      "Thanos beside none",
      { alsoWriteTo: thanos },
      "alsoWriteTo.kind Thanos reads what none reads, the sidecars, and nothing has to be written twice; make it longTermStorage",
    ],
    [
      "one prefix for both",
      {
        longTermStorage: { ...thanos, bucket: { ...bucket, prefix: "m" } },
        alsoWriteTo: { ...mimir, bucket: { ...bucket, prefix: "m" } },
      },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (thanos has m/, mimir m/): one store would delete the blocks of the other; set it to mimir, or take another bucket",
    ],
    [
      "a prefix inside the other",
      {
        longTermStorage: mimir,
        alsoWriteTo: { ...thanos, bucket: { ...bucket, prefix: "mimir/thanos" } },
      },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (mimir has mimir/, thanos mimir/thanos/): one store would delete the blocks of the other; set it to thanos, or take another bucket",
    ],
    [
      "another store in Cortex' bucket",
      { longTermStorage: { kind: "cortex", bucket, zones }, alsoWriteTo: thanos },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (cortex has the whole bucket, thanos thanos/): one store would delete the blocks of the other; take another bucket",
    ],
    [
      "a closed port of the S3 API",
      { longTermStorage: { ...thanos, bucket: { ...bucket, endpoint: "s3.example.com:9000" } } },
      "network.objectStorage.ports must have the port of the bucket's endpoint: 9000 is missing, and nothing would be stored; add 9000 to the list",
    ],
  ] as const) {
    it(`${what} is one named error`, () => assert.deepEqual(storeProblems(settings), [expected]));
  }

  it("a kind that there is not names those that there are", () => {
    assert.deepEqual(storeProblems({ longTermStorage: { kind: "influx" } }), [
      "longTermStorage.kind must be one of none, thanos, victoriaMetrics, mimir, cortex; correct it or remove it",
    ]);
  });
});
