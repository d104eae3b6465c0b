import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import {
  bucketFile,
  CLUSTER,
  copyBlocks,
  GPUS,
  HISTORY_END,
  HISTORY_HOURS,
  HISTORY_SAMPLES,
  HISTORY_START,
  historyText,
  METRIC,
  makeBlocks,
  OF_CLUSTER,
  SCRAPE_SECONDS,
  uploadBlocks,
} from "./history";
import { freePorts, LocalPrograms, labelsText, vectorOf } from "./localPrograms";
import {
  arrived,
  exported,
  importText,
  startAgent,
  startVictoriaMetrics,
  toOpenMetrics,
} from "./victoriaMetricsHistory";

const ALL = `{__name__="${METRIC}"}`;
const LAST = `last_over_time(${METRIC}[5m])`;
const COUNT = `count_over_time(${METRIC}[${HISTORY_HOURS + 1}h])`;

/** What Prometheus' remote write would name the series: its external labels are in them, but for the replica's. */
const seriesNames = Array.from({ length: GPUS }, (_, gpu) =>
  labelsText({ __name__: METRIC, Hostname: "gpu-1", cluster: CLUSTER, gpu: String(gpu), job: "dcgm-exporter" }),
).sort();

/** The commands of docs/moving.md, with the programs of the pinned versions. */
describe("history that moves between stores", function () {
  this.timeout(900_000);
  let programs: LocalPrograms<"promtool" | "prometheus" | "thanos" | "victoria-metrics" | "vmagent" | "vmctl">;

  before(async () => {
    programs = await LocalPrograms.get(["promtool", "prometheus", "thanos", "victoria-metrics", "vmagent", "vmctl"]);
  });

  after(() => programs?.end());

  describe("from Thanos to VictoriaMetrics and back", () => {
    let victoriaMetrics = "";

    before(async () => {
      const bucket = await bucketFile(programs, "thanos-bucket");
      for (const [index, secondsLater] of [0, SCRAPE_SECONDS / 2].entries()) {
        const blocks = await makeBlocks(programs, `replica-${index}`, historyText(secondsLater));
        await uploadBlocks(programs, blocks, bucket, { cluster: CLUSTER, prometheus_replica: `prometheus-${index}` });
      }
      const others = await makeBlocks(programs, "other-cluster", historyText());
      await uploadBlocks(programs, others, bucket, { cluster: "ml-dev", prometheus_replica: "prometheus-0" });
      await copyBlocks(programs, bucket, await bucketFile(programs, "snapshot"), OF_CLUSTER);
    });

    const importSnapshot = (server: string) =>
      programs.run("vmctl", [
        ...["thanos", "-s", "--disable-progress-bar", `--thanos-snapshot=${programs.at("snapshot")}`],
        ...[`--vm-addr=${server}`, `--vm-extra-label=cluster=${CLUSTER}`],
      ]);

    it("imports every sample of both replicas of the named cluster, and of no other", async () => {
      const unmerged = await startVictoriaMetrics(programs);
      await importSnapshot(unmerged);
      assert.equal((await exported(unmerged, ALL)).length, 2 * HISTORY_SAMPLES);
    });

    it("names the series as remote write does, and merges the pair", async () => {
      victoriaMetrics = await startVictoriaMetrics(programs, "-dedup.minScrapeInterval=30s");
      await importSnapshot(victoriaMetrics);
      const samples = await exported(victoriaMetrics, ALL);
      // One sample each scrape, and the later replica's last.
      assert.equal(samples.length, HISTORY_SAMPLES + GPUS);
      const last = await vectorOf(victoriaMetrics, LAST, HISTORY_END - SCRAPE_SECONDS);
      assert.deepEqual([...last.keys()].sort(), seriesNames);
    });

    it("goes back into blocks that Thanos answers from, sample by sample", async () => {
      const merged = await exported(victoriaMetrics, ALL);
      const blocks = await makeBlocks(programs, "returned", toOpenMetrics(merged));
      const bucket = await bucketFile(programs, "returned-bucket");
      await uploadBlocks(programs, blocks, bucket, { cluster: CLUSTER });
      const query = await startThanos(programs, bucket);
      const counts = await vectorOf(query, COUNT, HISTORY_END + SCRAPE_SECONDS);
      assert.equal(
        [...counts.values()].reduce((sum, count) => sum + count, 0),
        merged.length,
      );
      const last = await vectorOf(query, LAST, HISTORY_END - SCRAPE_SECONDS);
      assert.deepEqual([...last.keys()].sort(), seriesNames);
    });
  });

  describe("after an outage of the receiver in which Prometheus was restarted", () => {
    const gapStart = HISTORY_START + 3_600;
    const gapEnd = gapStart + 600;
    const GAP_SAMPLES = GPUS * (600 / SCRAPE_SECONDS + 1);

    before(async () => {
      await makeBlocks(programs, "prometheus", historyText());
      const config = programs.at("prometheus.yml");
      const externalLabels = { cluster: CLUSTER, prometheus_replica: "prometheus-0" };
      await writeFile(config, stringify({ global: { external_labels: externalLabels } }));
      const [port = 0] = await freePorts(1);
      const address = `http://127.0.0.1:${port}`;
      await programs.start(
        "prometheus",
        [
          ...[`--config.file=${config}`, `--storage.tsdb.path=${programs.at("prometheus")}`],
          ...["--storage.tsdb.retention.time=30d", `--web.listen-address=127.0.0.1:${port}`],
        ],
        `${address}/-/ready`,
      );
    });

    it("fills the hole in VictoriaMetrics from the blocks of the running Prometheus", async () => {
      const victoriaMetrics = await startVictoriaMetrics(programs);
      const present = historyText()
        .split("\n")
        .filter((line) => !inGap(line));
      const agent = await startAgent(programs, victoriaMetrics);
      await importText(agent, present.join("\n"), CLUSTER);
      const before = await arrived(victoriaMetrics, ALL, HISTORY_SAMPLES - GAP_SAMPLES);
      assert.equal(before.length, HISTORY_SAMPLES - GAP_SAMPLES);
      await importText(agent, await dumpedGap(), CLUSTER);
      assert.equal((await arrived(victoriaMetrics, ALL, HISTORY_SAMPLES)).length, HISTORY_SAMPLES);
      const counts = await vectorOf(victoriaMetrics, COUNT, HISTORY_END);
      assert.deepEqual([...new Set(counts.values())], [HISTORY_SAMPLES / GPUS]);
    });

    it("makes a block of nothing but the hole, for stores that take blocks", async () => {
      const blocks = await makeBlocks(programs, "gap", await dumpedGap(), [`cluster=${CLUSTER}`]);
      const dumped = await programs.run("promtool", ["tsdb", "dump-openmetrics", ...gapBounds, blocks]);
      const lines = dumped.split("\n").filter((line) => line.startsWith(METRIC));
      assert.equal(lines.length, GAP_SAMPLES);
      assert.ok(lines.every((line) => line.includes(`cluster="${CLUSTER}"`)));
    });

    const gapBounds = [`--min-time=${gapStart}000`, `--max-time=${gapEnd}000`];
    const dumpedGap = () =>
      programs.run("promtool", ["tsdb", "dump-openmetrics", ...gapBounds, programs.at("prometheus")]);
    const inGap = (line: string) => {
      const at = Number(line.split(" ").at(-1));
      return at >= gapStart && at <= gapEnd;
    };
  });
});

/** A store gateway over a bucket, and a querier; returns the querier's address. */
async function startThanos(programs: LocalPrograms<"thanos">, bucket: string): Promise<string> {
  const [storeHttp, storeGrpc, http, grpc] = await freePorts(4);
  await programs.start(
    "thanos",
    [
      ...["store", `--objstore.config-file=${bucket}`, `--data-dir=${programs.at("store-data")}`],
      ...[`--http-address=127.0.0.1:${storeHttp}`, `--grpc-address=127.0.0.1:${storeGrpc}`],
    ],
    `http://127.0.0.1:${storeHttp}/-/ready`,
  );
  const endpoints = stringify({ endpoints: [{ address: `127.0.0.1:${storeGrpc}` }] });
  await programs.start(
    "thanos",
    [
      ...["query", `--endpoint.sd-config=${endpoints}`, "--query.replica-label=prometheus_replica"],
      ...[`--http-address=127.0.0.1:${http}`, `--grpc-address=127.0.0.1:${grpc}`],
    ],
    `http://127.0.0.1:${http}/-/ready`,
  );
  return `http://127.0.0.1:${http}`;
}
