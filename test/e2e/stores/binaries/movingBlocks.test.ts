import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import path from "node:path";
import { eventually } from "../../platform/eventually";
import {
  blocksIn,
  bucketFile,
  CLUSTER,
  clusterIntoSeries,
  copyBlocks,
  HISTORY_END,
  HISTORY_HOURS,
  HISTORY_SAMPLES,
  HISTORY_START,
  historyText,
  METRIC,
  makeBlocks,
  metaOf,
  OF_CLUSTER,
  relabelBlocks,
  samplesIn,
  uploadBlocks,
} from "./history";
import { answerOf, LocalPrograms, vectorOf } from "./localPrograms";
import { startCortex, startMimir, TENANT } from "./ringStoreHistory";
import { exported, startVictoriaMetrics } from "./victoriaMetricsHistory";

const ALL = `{__name__="${METRIC}",cluster="${CLUSTER}"}`;
const QUERY = `sum(count_over_time(${ALL}[${HISTORY_HOURS + 1}h]))`;

const samplesAt = async (address: string, tenant: string) =>
  (await vectorOf(`${address}/prometheus`, QUERY, HISTORY_END, { "X-Scope-OrgID": tenant })).get("") ?? 0;

/** The commands of docs/moving.md about blocks, with the programs of the pinned versions. */
describe("blocks that move between stores", function () {
  this.timeout(900_000);
  let programs: LocalPrograms<"promtool" | "thanos" | "mimir" | "cortex" | "victoria-metrics" | "vmctl">;
  let prepared = "";
  const intoBucket = async (folder: string, prefix: string) => {
    await copyBlocks(
      programs,
      programs.at("prepared.yaml"),
      await bucketFile(programs, folder, prefix),
      `__org_id__="${TENANT}"`,
    );
    return programs.at(folder);
  };

  before(async () => {
    programs = await LocalPrograms.get(["promtool", "thanos", "mimir", "cortex", "victoria-metrics", "vmctl"]);
    const bucket = await bucketFile(programs, "thanos-bucket");
    const merged = await makeBlocks(programs, "merged", historyText());
    await uploadBlocks(programs, merged, bucket, { cluster: CLUSTER });
    const unmerged = await makeBlocks(programs, "unmerged", historyText(1));
    await uploadBlocks(programs, unmerged, bucket, { cluster: CLUSTER, prometheus_replica: "prometheus-0" });
    const copy = await bucketFile(programs, "prepared");
    await copyBlocks(programs, bucket, copy, `${OF_CLUSTER},prometheus_replica=""`);
    await clusterIntoSeries(programs, "prepared", copy);
    prepared = programs.at("prepared");
    await relabelBlocks(prepared, { __org_id__: TENANT });
  });

  after(() => programs?.end());

  it("has the external label in every series and lost no sample", async () => {
    assert.equal(await samplesIn(prepared), HISTORY_SAMPLES);
    const copy = path.join(await intoBucket("checked", "blocks"), "blocks");
    const end = `--max-time=${HISTORY_END - 3_600}000`;
    const dumped = await programs.run("promtool", ["tsdb", "dump-openmetrics", end, copy]);
    const lines = dumped.split("\n").filter((line) => line.startsWith(METRIC));
    assert.ok(lines.length > 0 && lines.every((line) => line.includes(`cluster="${CLUSTER}"`)));
  });

  describe("in Mimir", () => {
    let mimir = "";
    let bucket = "";

    before(async () => {
      bucket = await intoBucket("mimir-bucket", TENANT);
      mimir = await startMimir(programs, bucket);
    });

    it("answers from Thanos' blocks for the tenant, and for no other", async () => {
      await eventually(
        "all samples",
        () => samplesAt(mimir, TENANT),
        (count) => count === HISTORY_SAMPLES,
      );
      assert.equal(await samplesAt(mimir, "other"), 0);
    });

    it("takes a block by its upload API, but none with Thanos' external labels", async () => {
      const [block = ""] = await blocksIn(prepared);
      const meta = await metaOf(prepared, block);
      const url = `${mimir}/api/v1/upload/block/${block}`;
      const headers = { "X-Scope-OrgID": "uploaded" };
      const labels = { cluster: CLUSTER };
      const ofThanos = JSON.stringify({ ...meta, thanos: { ...meta.thanos, labels } });
      const refused = await fetch(`${url}/start`, { method: "POST", headers, body: ofThanos });
      assert.equal(refused.status, 400);
      assert.match(await refused.text(), /unsupported external label: cluster/);
      await answerOf(`${url}/start`, { method: "POST", headers, body: JSON.stringify(meta) });
      for (const { rel_path: file } of meta.thanos.files.filter(({ rel_path }) => rel_path !== "meta.json")) {
        const body = await readFile(path.join(prepared, block, file));
        await answerOf(`${url}/files?path=${encodeURIComponent(file)}`, { method: "POST", headers, body });
      }
      await answerOf(`${url}/finish`, { method: "POST", headers });
      await eventually(
        "the uploaded block answers",
        () => samplesAt(mimir, "uploaded"),
        (count) => count === meta.stats.numSamples,
      );
    });

    it("gives its blocks to VictoriaMetrics", async () => {
      const victoriaMetrics = await startVictoriaMetrics(programs);
      await programs.run("vmctl", [
        ...["mimir", "-s", "--disable-progress-bar", `--mimir-path=fs://${bucket}`, `--mimir-tenant-id=${TENANT}`],
        ...[`--mimir-filter-time-start=${iso(HISTORY_START)}`, `--mimir-filter-time-end=${iso(HISTORY_END)}`],
        `--vm-addr=${victoriaMetrics}`,
      ]);
      assert.equal((await exported(victoriaMetrics, ALL)).length, HISTORY_SAMPLES);
    });

    it("gives its blocks to Thanos, under the external label of the cluster", async () => {
      const returned = programs.at("returned");
      await cp(path.join(bucket, TENANT), returned, { recursive: true });
      await relabelBlocks(returned, {});
      const file = await bucketFile(programs, "returned-bucket");
      await uploadBlocks(programs, returned, file, { cluster: CLUSTER });
      const target = programs.at("returned-bucket");
      assert.equal(await samplesIn(target), HISTORY_SAMPLES);
      for (const block of await blocksIn(target)) {
        assert.deepEqual((await metaOf(target, block)).thanos.labels, { cluster: CLUSTER });
      }
    });
  });

  describe("in Cortex", () => {
    let cortex = "";

    before(async () => {
      const bucket = await intoBucket("cortex-bucket", TENANT);
      const text = await makeBlocks(programs, "text", historyText(), [`cluster=${CLUSTER}`]);
      const tenant = await bucketFile(programs, "cortex-bucket", "from-text");
      await uploadBlocks(programs, text, tenant, { __org_id__: "from-text" });
      cortex = await startCortex(programs, bucket);
    });

    it("answers from Thanos' blocks for the tenant, and for no other", async () => {
      await eventually(
        "all samples",
        () => samplesAt(cortex, TENANT),
        (count) => count === HISTORY_SAMPLES,
      );
      assert.equal(await samplesAt(cortex, "other"), 0);
    });

    it("answers from blocks that promtool made of text", async () => {
      await eventually(
        "all samples",
        () => samplesAt(cortex, "from-text"),
        (count) => count === HISTORY_SAMPLES,
      );
    });

    it("gives its samples to VictoriaMetrics by remote read", async () => {
      const victoriaMetrics = await startVictoriaMetrics(programs);
      await programs.run("vmctl", [
        ...["remote-read", "-s", "--disable-progress-bar", `--remote-read-src-addr=${cortex}/prometheus`],
        ...[`--remote-read-headers=X-Scope-OrgID:${TENANT}`, "--remote-read-step-interval=hour"],
        ...[`--remote-read-filter-time-start=${iso(HISTORY_START)}`],
        ...[`--remote-read-filter-time-end=${iso(HISTORY_END)}`, `--vm-addr=${victoriaMetrics}`],
      ]);
      assert.equal((await exported(victoriaMetrics, ALL)).length, HISTORY_SAMPLES);
    });
  });
});

const iso = (seconds: number) => `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
