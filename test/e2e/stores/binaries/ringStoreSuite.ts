import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { HA_NOTE_SECONDS } from "../../../../components/backends/ringStore/problems";
import { productionStore, type RingStoreKind, stackStore } from "../../../components/ringStores";
import { eventually } from "../../platform/eventually";
import { LocalPrograms, vectorOf } from "./localPrograms";
import { remoteWriteRequest } from "./remoteWriteRequest";
import { type LocalStore, startBucket, startRingStore } from "./ringStoreProcesses";
import { startMemcached } from "./thanosProcesses";

/** Sized down from 45: the test waits for it. */
const FAILOVER_SECONDS = 16;
const ZONES = ["a", "b", "c"];
const TAKEN = 200;
/** What the store says to the replica that is not elected. */
const SET_ASIDE = 202;

/** The configuration of production, by the real program: every part a process of its own, on this machine. */
export function describeRingStore(kind: RingStoreKind, over: object = {}): void {
  describe(`the parts of ${kind} in production`, function () {
    this.timeout(900_000);
    let programs: LocalPrograms<"mimir" | "cortex" | "vmauth" | "versitygw">;
    let bucket: Awaited<ReturnType<typeof startBucket>>;
    let memcached: Awaited<ReturnType<typeof startMemcached>>;
    let store: LocalStore;

    before(async () => {
      programs = await LocalPrograms.get([kind, "vmauth", "versitygw"] as never);
      bucket = await startBucket(programs);
      memcached = await startMemcached();
      const { graph } = await productionStore(kind, {
        bucket: bucket.settings,
        tenants: stackStore.tenants,
        haFailoverSeconds: FAILOVER_SECONDS,
        ...over,
      });
      store = await startRingStore(programs, graph, kind, memcached.address);
    });

    after(async () => {
      await programs?.end();
      bucket?.close();
      memcached?.close();
    });

    /** Writes one sample of each of three series, as one replica of a pair; the status is the answer. */
    async function push(metric: string, replica: string | undefined, tenant = "platform"): Promise<number> {
      const pair = replica === undefined ? {} : { ha_group: "prod/prometheus", prometheus_replica: replica };
      const request = remoteWriteRequest(
        ["0", "1", "2"].map((gpu) => ({ labels: { __name__: metric, gpu, ...pair }, samples: [[Date.now(), 1]] })),
      );
      const headers = { ...(request.headers as Record<string, string>), "X-Scope-OrgID": tenant };
      const { status } = await fetch(`${store.url("distributor")}/api/v1/push`, { ...request, headers });
      return status;
    }

    const queryUrl = (tenant: string) => `${store.url("gateway")}/tenants/${tenant}/prometheus`;
    const ask = (query: string, tenant = "platform") => vectorOf(queryUrl(tenant), query, Date.now() / 1000);

    it("start, and answer what one replica of a pair wrote, once and without the labels of the pair", async () => {
      await eventually(
        "a write is taken",
        () => push("probe", "prometheus-0"),
        (status) => status === TAKEN,
        60,
      );
      const answer = await eventually(
        "the series are there",
        () => ask("probe"),
        ({ size }) => size === 3,
        60,
      );
      assert.deepEqual([...answer.keys()].sort(), [
        "__name__=probe,gpu=0",
        "__name__=probe,gpu=1",
        "__name__=probe,gpu=2",
      ]);
    });

    it("do not let one tenant read another's, refuse a request without a tenant, and hold back a name that nobody declared", async () => {
      assert.equal((await ask("probe", "research")).size, 0);
      const direct = await fetch(`${store.url("gateway")}/prometheus/api/v1/query?query=probe`);
      assert.equal(direct.status, 401);
      // The path is the tenant, whatever the client says.
      const mixed = await vectorOf(queryUrl("research"), "probe", Date.now() / 1000, { "X-Scope-OrgID": "platform" });
      assert.equal(mixed.size, 0);
      assert.equal(await push("probe", undefined, "platfrom"), 429);
      await assert.rejects(ask("probe", "platfrom"), /400|404/);
    });

    it("take the other replica once the elected one is silent for the time that was chosen", async () => {
      const statuses: [number, number][] = [];
      let last = 0;
      for (let round = 0; round < 6; round += 1) {
        last = Date.now();
        statuses.push([await push("pair", "prometheus-0"), await push("pair", "prometheus-1")]);
        await sleep(1_000);
      }
      assert.deepEqual(statuses, Array(6).fill([TAKEN, SET_ASIDE]));
      await eventually(
        "the other one is taken",
        () => push("pair", "prometheus-1"),
        (status) => status === TAKEN,
        FAILOVER_SECONDS + 30,
      );
      const hole = (Date.now() - last) / 1000;
      // Silence is counted from the last note, which may be as old as notes get.
      assert.ok(hole > FAILOVER_SECONDS - HA_NOTE_SECONDS, `it was taken after ${hole} s`);
      // How much more depends on how fast this machine asks: a figure, and no limit.
      console.log(`      the hole is ${hole.toFixed(1)} s with ${FAILOVER_SECONDS} s until the other one is taken`);
      assert.equal(await push("pair", "prometheus-0"), SET_ASIDE);
    });

    it("lose nothing and refuse nothing without one ingester of three", async () => {
      await store.kill("ingester-zone-b");
      const answers: [number, number][] = [];
      for (let round = 0; round < 5; round += 1) {
        answers.push([await push("lone", undefined), (await ask("probe")).size]);
        await sleep(500);
      }
      assert.deepEqual(answers, Array(5).fill([TAKEN, 3]));
      const isThere = ({ size }: { size: number }) => size === 3;
      await eventually("what was written is there", () => ask("lone"), isThere, 20);
    });

    it("bring their blocks into the bucket, each tenant's below its own name", async () => {
      for (const zone of ZONES.filter((each) => each !== "b")) {
        await fetch(`${store.url(`ingester-zone-${zone}`)}/ingester/flush?wait=true`, { method: "POST" });
      }
      const root = kind === "mimir" ? ["mimirXmlXprodXblocks"] : [];
      const names = await eventually(
        "blocks are there",
        () => readdir([bucket.folder, ...root, "platform"].join("/")),
        (files) => files.some((name) => /^[0-9A-Z]{26}$/.test(name)),
        60,
      );
      assert.ok(names.length > 0);
    });
  });
}
