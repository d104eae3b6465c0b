import assert from "node:assert/strict";
import { parseSettings } from "../../stacks/settings";
import { bucketSchema, prefixOf } from "../../stacks/settings/stores/bucket";

const bucket = { name: "ml-prod-metrics" };
const base = {
  environment: "production",
  cluster: { kind: "kubeconfig", name: "c1" },
  alerting: {
    receivers: [{ name: "oncall", kind: "webhook", url: "https://example.com/x" }],
    heartbeat: { kind: "none" },
  },
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
      // Mimir's folders begin with its prefix, without a slash.
      {
        longTermStorage: { ...thanos, bucket: { ...bucket, prefix: "m" } },
        alsoWriteTo: { ...mimir, bucket: { ...bucket, prefix: "m" } },
      },
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
        alsoWriteTo: { kind: "victoriaMetrics", allowMixedIntervals: true, bucket: { ...bucket, prefix: "m" } },
      },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (thanos has m/; victoriaMetrics m/): one store would delete the blocks of the other; take another prefix for one of the two, or another bucket",
    ],
    [
      "a prefix that is one of Mimir's own folders",
      {
        longTermStorage: { ...mimir, bucket: { ...bucket, prefix: "m" } },
        alsoWriteTo: { ...thanos, bucket: { ...bucket, prefix: "mruler/thanos" } },
      },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (mimir has mblocks/ and mruler/ and malertmanager/; thanos mruler/thanos/): one store would delete the blocks of the other; take another prefix for one of the two, or another bucket",
    ],
    [
      "one bucket of AWS by two of its addresses",
      {
        longTermStorage: { ...mimir, bucket: { ...bucket, prefix: "m" } },
        alsoWriteTo: {
          ...thanos,
          bucket: { ...bucket, prefix: "mblocks", endpoint: "s3.us-east-1.amazonaws.com:443" },
        },
      },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (mimir has mblocks/ and mruler/ and malertmanager/; thanos mblocks/): one store would delete the blocks of the other; take another prefix for one of the two, or another bucket",
    ],
    [
      "another store in Cortex' bucket",
      {
        longTermStorage: { kind: "cortex", bucket, zones },
        alsoWriteTo: { ...thanos, bucket: { ...bucket, prefix: "t" } },
      },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (cortex has the whole bucket; thanos t/): one store would delete the blocks of the other; take another bucket",
    ],
    [
      "a closed port of STS, from which pods with a role get their keys",
      {
        longTermStorage: {
          ...thanos,
          bucket: {
            ...bucket,
            endpoint: "s3.example.com:9000",
            credentials: { kind: "role", arn: "arn:aws:iam::123456789012:role/metrics" },
          },
        },
        network: { kind: "defaultDeny", objectStorage: { ports: [9000] } },
      },
      "network.objectStorage.ports must have the port of STS, which roles need: 443 is missing, and nothing would be stored; add 443 to the list",
    ],
    [
      "a prefix around the other's own, which has the cluster's name",
      {
        longTermStorage: thanos,
        alsoWriteTo: { kind: "victoriaMetrics", allowMixedIntervals: true, bucket: { ...bucket, prefix: "thanos" } },
      },
      "alsoWriteTo.bucket.prefix must not be within that of longTermStorage, nor around it (thanos has thanos/c1/; victoriaMetrics thanos/): one store would delete the blocks of the other; take another prefix for one of the two, or another bucket",
    ],
    [
      "a closed port of the S3 API",
      { longTermStorage: { ...thanos, bucket: { ...bucket, endpoint: "s3.example.com:9000" } } },
      "network.objectStorage.ports must have the port of the bucket's endpoint: 9000 is missing, and nothing would be stored; add 9000 to the list",
    ],
  ] as const) {
    it(`${what} is one named error`, () => assert.deepEqual(storeProblems(settings), [expected]));
  }

  it("of different clusters never have the same prefix by default, and Mimir's has letters and digits only", () => {
    const clusters = ["ml-prod", "mlprod", "ml-prod-2", "a", "a-"];
    for (const kind of ["thanos", "victoriaMetrics", "mimir"]) {
      const prefixes = clusters.map((cluster) => prefixOf(bucketSchema.parse(bucket), kind, cluster));
      assert.equal(new Set(prefixes).size, clusters.length);
      if (kind === "mimir") for (const prefix of prefixes) assert.match(prefix, /^[A-Za-z0-9]+$/);
    }
    assert.equal(prefixOf(bucketSchema.parse({ ...bucket, prefix: "own" }), "thanos", "ml-prod"), "own");
  });

  it("a kind that there is not names those that there are", () => {
    assert.deepEqual(storeProblems({ longTermStorage: { kind: "influx" } }), [
      "longTermStorage.kind must be one of none, thanos, victoriaMetrics, mimir, cortex; correct it or remove it",
    ]);
  });

  for (const [what, alsoWriteTo] of [
    ["a text", "mimir"],
    ["a number", 5],
    ["a list", [thanos]],
    ["an object without a kind", {}],
    ["a kind that there is not", { kind: "influx" }],
    ["a store with wrong parts", { kind: "mimir", distributor: 5, caches: "none" }],
  ] as const) {
    it(`a second store that is ${what} is told as what it is, by no other rule`, () => {
      const parsed = parseSettings({ ...base, alsoWriteTo });
      assert.ok(!parsed.ok);
      assert.deepEqual(
        parsed.problems.filter(({ path }) => !path.startsWith("alsoWriteTo")),
        [],
      );
    });
  }
});
