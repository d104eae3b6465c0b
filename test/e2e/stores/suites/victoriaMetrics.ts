import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../platform/eventually";
import { longestGap } from "../../platform/faults";
import { INTERVAL_SECONDS, type QueryAddress, type StorePlatform, storeSetting } from "../storePlatform";
import { FLEET, now, outageOfBucket, THANOS, thanosSettings } from "./thanos";

const VICTORIA_METRICS: QueryAddress = { service: "victoria-metrics", port: "http" };
const OUTAGE_SECONDS = 600;

/** The single server with its agents: programs of the cluster version cannot be had here. */
export function victoriaMetrics(platform: StorePlatform): void {
  const settings = (more: string[] = []) => [
    ...thanosSettings(),
    storeSetting("alsoWriteTo", "victoriaMetrics", false, { dedupInterval: `${INTERVAL_SECONDS}s` }),
    ...more,
  ];
  let since = 0;

  before(async () => {
    await platform.deploy(settings());
    await eventually(
      "the fleet is in the second store",
      () => platform.query(VICTORIA_METRICS, FLEET),
      (series) => series.length === 2,
      300,
    );
    since = now();
  });

  it("has the series of every shard, and each once", async () => {
    const targets = async (address: QueryAddress) =>
      (await platform.query(address, "count by (job, instance) (up)")).map(
        ({ labels, value }) => `${labels.job} ${labels.instance} ${value}`,
      );
    const [here, there] = await eventually(
      "both stores have the same targets",
      async () => [(await targets(VICTORIA_METRICS)).sort(), (await targets(THANOS)).sort()],
      ([one, other]) => JSON.stringify(one) === JSON.stringify(other),
    );
    assert.deepEqual(here, there);
    assert.deepEqual(await platform.query(VICTORIA_METRICS, 'count(up{prometheus_replica!=""})'), []);
  });

  it("loses no sample while bucket and receiver are away for ten minutes", async () => {
    const from = now();
    await outageOfBucket(platform, async () => {
      await platform.reachable("vmagent", false);
      await sleep(OUTAGE_SECONDS * 1000);
      await platform.reachable("vmagent", true);
    });
    const until = now();
    const series = await eventually(
      "what was held back has come",
      () => platform.sampleTimes(VICTORIA_METRICS, FLEET, until - from, until),
      (found) =>
        found.length === 2 && found.every(({ times }) => longestGap([from, ...times, until]) <= 2 * INTERVAL_SECONDS),
      300,
    );
    for (const { times } of series) {
      const expected = Math.floor((until - from) / INTERVAL_SECONDS);
      console.log(`      ${until - from} s: ${times.length} samples of ${expected} intervals`);
      // One of the pair for each interval: the other one is not stored, and none is missing.
      assert.ok(Math.abs(times.length - expected) <= 1);
    }
  });

  it("answers alone for the time since, and the old store for the time before", async () => {
    await platform.deploy(settings(["readFrom=alsoWriteTo"]));
    assert.match(platform.output("queryUrl"), /^http:\/\/victoria-metrics\./);
    const before = { time: String(since - 120) };
    assert.equal((await platform.query(THANOS, FLEET, before)).length, 2);
    const times = await platform.sampleTimes(VICTORIA_METRICS, FLEET, now() - since, now());
    for (const series of times) assert.ok(longestGap([since, ...series.times]) <= 2 * INTERVAL_SECONDS);
  });
}
