import assert from "node:assert/strict";
import { eventually } from "../../platform/eventually";
import { longestGap } from "../../platform/faults";
import { reachable } from "../s3Server";
import { type QueryAddress, type StorePlatform, storeSetting } from "../storePlatform";

/** Everything that there is: sidecars, bucket, rulers. */
export const THANOS: QueryAddress = { service: "thanos-query-frontend", port: "http" };
const QUERIER: QueryAddress = { service: "thanos-query", port: "http" };
const EACH = { dedup: "false" };
/** Only what the store gateway answers, and so is in the bucket. */
const fromBucket = { "storeMatch[]": '{__address__=~"[0-9.]+:10901", thanos_component="store"}' };

/** Blocks of two minutes in place of two hours, so that a test can wait for them. */
const patches = [
  {
    kind: "Prometheus",
    name: "prometheus",
    patch: {
      spec: {
        additionalArgs: [
          { name: "storage.tsdb.min-block-duration", value: "2m" },
          { name: "storage.tsdb.max-block-duration", value: "2m" },
        ],
      },
    },
  },
];

/** Thanos over the test's S3 server, and the short blocks. */
export const thanosSettings = () => [
  storeSetting("longTermStorage", "thanos", true),
  `patches=${JSON.stringify(patches)}`,
];

export const now = () => Math.floor(Date.now() / 1000);

/** The fleet's targets, which are scraped every 10 s. */
export const FLEET = 'up{job="dcgm-exporter"}';

export function thanos(platform: StorePlatform): void {
  before(() => platform.deploy(thanosSettings()));

  it("every sidecar uploads blocks", async () => {
    await eventually(
      "each of the four has uploaded two",
      () => platform.query(QUERIER, 'thanos_shipper_uploads_total{job="prometheus-sidecar"} >= 2', EACH),
      (sidecars) => new Set(sidecars.map(({ labels }) => labels.instance)).size === 4,
      900,
    );
  });

  it("a query has what is in the bucket and what is not yet there", async () => {
    const inBucket = await eventually(
      "the store gateway answers",
      () => platform.sampleTimes(QUERIER, FLEET, 1_800, now(), fromBucket),
      (series) => series.length === 2,
      600,
    );
    const at = now();
    const everywhere = await platform.sampleTimes(THANOS, FLEET, 1_800, at);
    assert.equal(everywhere.length, 2);
    for (const { labels, times } of everywhere) {
      const stored = inBucket.find((series) => series.labels.instance === labels.instance)?.times ?? [];
      assert.ok(stored.length > 0);
      assert.ok((stored.at(-1) ?? 0) < (times.at(-1) ?? 0), "the bucket cannot have the newest sample");
      assert.ok(at - (times.at(-1) ?? 0) <= 15, "the newest sample comes from a sidecar");
      assert.ok((times[0] ?? at) <= (stored[0] ?? 0));
    }
  });

  it("the pair is one, and each replica can be told apart", async () => {
    const [merged, each] = await Promise.all([platform.query(THANOS, FLEET), platform.query(THANOS, FLEET, EACH)]);
    assert.deepEqual([merged.length, each.length], [2, 4]);
    assert.deepEqual([...new Set(merged.map(({ labels }) => labels.prometheus_replica))], [undefined]);
    assert.equal(
      new Set(each.map(({ labels }) => labels.prometheus_replica)).size,
      4 / 2 + (await shardsOfFleet()) - 1,
    );
  });

  const shardsOfFleet = async () =>
    (await platform.query(THANOS, `count by (prometheus_replica) (${FLEET})`, EACH)).length / 2;
}

/** Object storage away for as long as `during` takes; afterwards everything of that time is in the bucket. */
export async function outageOfBucket(platform: StorePlatform, during: () => Promise<void>): Promise<void> {
  await reachable(platform, false);
  const from = now();
  try {
    await during();
  } finally {
    await reachable(platform, true);
  }
  const until = now();
  const series = await eventually(
    "the bucket has what was scraped meanwhile",
    () => platform.sampleTimes(QUERIER, FLEET, until - from, until, fromBucket),
    (found) => found.length === 2 && found.every(({ times }) => until - (times.at(-1) ?? 0) <= 15),
    900,
  );
  for (const { times } of series) {
    console.log(
      `      ${until - from} s without the bucket: ${times.length} samples, longest gap ${longestGap([from, ...times]).toFixed(1)} s`,
    );
    assert.ok(longestGap([from, ...times, until]) <= 20);
  }
}
