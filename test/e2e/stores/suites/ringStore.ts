import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../platform/eventually";
import { containerState, longestGap, recovers, sigkill } from "../../platform/faults";
import { INTERVAL_SECONDS, type QueryAddress, type StorePlatform, storeSetting } from "../storePlatform";
import { FLEET, now, THANOS, thanosSettings } from "./thanos";

/** Twenty seconds between scrapes, twelve until the tracker has noted them, and a little more. */
const FAILOVER_SECONDS = INTERVAL_SECONDS + 15;
const AWAY_SECONDS = 90;

/** Mimir or Cortex: three ingesters, the pair's tracker, two tenants. */
export function ringStore(platform: StorePlatform, kind: "mimir" | "cortex"): void {
  const asTenant = (tenant: string): QueryAddress => ({
    service: `${kind}-gateway`,
    port: "http",
    path: `/tenants/${tenant}/prometheus`,
  });
  const own = asTenant("platform");
  const store = {
    haFailoverSeconds: FAILOVER_SECONDS,
    tenants: [{ name: "platform" }, { name: "research" }],
  };

  before(async () => {
    await platform.deploy([...thanosSettings(), storeSetting("alsoWriteTo", kind, true, store)]);
    await eventually(
      "the fleet is in the second store",
      () => platform.query(own, FLEET),
      (series) => series.length === 2,
      600,
    );
  });

  it("has the series of every shard, and each once", async () => {
    const targets = async (address: QueryAddress) =>
      (await platform.query(address, "count by (job, instance) (up)"))
        .map(({ labels, value }) => `${labels.job} ${labels.instance} ${value}`)
        .sort();
    const [here, there] = await eventually(
      "both stores have the same targets",
      async () => [await targets(own), await targets(THANOS)],
      ([one, other]) => JSON.stringify(one) === JSON.stringify(other),
      180,
    );
    assert.deepEqual(here, there);
    // Labels that only lead here stay here.
    assert.deepEqual(await platform.query(own, 'count(up{ha_group!=""} or up{prometheus_replica!=""})'), []);
  });

  it("tenants cannot read each other", async () => {
    assert.deepEqual(await platform.query(asTenant("research"), "count(up)"), []);
    assert.ok((await platform.number(own, "count(up)")) > 0);
  });

  it("an ingester that is killed costs no sample and no answer", async () => {
    const pod = `${kind}-ingester-zone-b-0`;
    const { restarts } = await containerState(platform, pod, kind);
    const from = now();
    await sigkill(platform, pod, kind);
    const errors: string[] = [];
    while (now() - from < AWAY_SECONDS) {
      const found = await platform.query(own, FLEET).catch((error: Error) => {
        errors.push(error.message);
        return undefined;
      });
      if (found && found.length !== 2) errors.push(`${found.length} series`);
      await sleep(1_000);
    }
    await recovers(platform, pod, kind, restarts);
    assert.deepEqual(errors, []);
    const until = now();
    for (const { times } of await platform.sampleTimes(own, FLEET, until - from, until)) {
      assert.ok(longestGap([from, ...times, until]) <= 2 * INTERVAL_SECONDS);
    }
    assert.equal(
      await platform.number(
        THANOS,
        `sum(increase(prometheus_remote_storage_samples_failed_total{remote_name="${kind}"}[5m]))`,
      ),
      0,
    );
  });

  it("a Prometheus that is killed leaves a hole of the failover time at most, if it was the elected one", async () => {
    const holes: number[] = [];
    const ofFirstShard = await targetsOfFirstShard(platform);
    for (const replica of [0, 1]) {
      const pod = `prometheus-prometheus-${replica}`;
      const from = now();
      // Kubernetes starts it again at once: it has to stay away for longer than the tracker waits.
      while (now() - from < FAILOVER_SECONDS + 3 * INTERVAL_SECONDS) {
        await sigkill(platform, pod, "prometheus").catch(() => undefined);
        await sleep(2_000);
      }
      await recovers(platform, pod, "prometheus", 0);
      await sleep(2 * INTERVAL_SECONDS * 1000);
      const until = now();
      const series = await platform.sampleTimes(own, ofFirstShard, until - from + 60, until);
      assert.ok(series.length > 0);
      holes.push(Math.max(...series.map(({ times }) => longestGap(times))));
    }
    const seconds = holes.map((hole) => hole.toFixed(1)).join(" and ");
    console.log(
      `      longest holes ${seconds} s; failover after ${FAILOVER_SECONDS} s, scrapes every ${INTERVAL_SECONDS} s`,
    );
    assert.ok(Math.max(...holes) <= FAILOVER_SECONDS + 2 * INTERVAL_SECONDS);
    // One of them was elected, or the test has shown nothing.
    assert.ok(Math.max(...holes) > INTERVAL_SECONDS + 5);
  });
}

/** Targets that the first shard alone scrapes. */
async function targetsOfFirstShard(platform: StorePlatform): Promise<string> {
  const each = await platform.query(THANOS, 'count by (instance, prometheus_replica) (up{job="prometheus"})', {
    dedup: "false",
  });
  const shardsOf = (instance: string | undefined) =>
    each.flatMap(({ labels }) => (labels.instance === instance ? [labels.prometheus_replica ?? ""] : []));
  const instances = each
    .map(({ labels }) => labels.instance)
    .filter((instance) => shardsOf(instance).every((replica) => /^prometheus-prometheus-[01]$/.test(replica)));
  assert.ok(instances.length > 0, "no server is scraped by the first shard");
  return `up{job="prometheus", instance=~"${[...new Set(instances)].join("|").replaceAll(".", "[.]")}"}`;
}
