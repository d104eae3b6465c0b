import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { productionThanos, receiveInZones } from "../../../components/thanosStore";
import { eventually } from "../../platform/eventually";
import {
  CLUSTER,
  GPUS,
  HISTORY_END,
  HISTORY_HOURS,
  HISTORY_SAMPLES,
  HISTORY_START,
  historyText,
  METRIC,
  makeBlocks,
  uploadBlocks,
} from "./history";
import { answerOf, freePorts, LocalPrograms, vectorOf } from "./localPrograms";
import { startMemcached, type ThanosProcesses, thanosProcesses } from "./thanosProcesses";
import { startTlsS3 } from "./tlsBucket";

const KEYS = { accessKeyId: "the-id", secretAccessKey: "the-key-4711" };
const SECONDS = 180;

const DAY = 86_400;

/**
 * Of one server alone: four days and two hours, once a minute. Blocks of two days begin at even days, and the latest block is never
 * compacted; what is 40h long is downsampled.
 */
const LONG = "long_history";
const LONG_START = (Math.floor(Date.now() / 1_000 / DAY / 2) * 2 - 6) * DAY;
const LONG_MINUTES = 4 * 1_440 + 120;

function longText(): string {
  const samples = Array.from({ length: LONG_MINUTES }, (_, minute) => `${LONG} ${minute} ${LONG_START + minute * 60}`);
  return `# TYPE ${LONG} gauge\n${samples.join("\n")}\n# EOF\n`;
}

/** Samples of a chunk. */
const CHUNK = 120;

const DOWNSAMPLED = "thanos_compact_downsample_total";

/** Production with every option, as it is in the cluster but for addresses and directories, against an S3 server with TLS. */
describe("Thanos' own programs, with production's arguments and files", function () {
  this.timeout(SECONDS * 1_000);
  let programs: LocalPrograms<"thanos" | "promtool" | "versitygw">;
  let memcached: Awaited<ReturnType<typeof startMemcached>>;
  let thanos: ThanosProcesses;
  let s3: { address: string; close(): void };
  let frontend = "";
  let remote = "";

  before(async () => {
    programs = await LocalPrograms.get(["thanos", "promtool", "versitygw"]);
    memcached = await startMemcached();
    const certificate = await makeCertificate();
    s3 = await startTlsS3(programs, certificate, KEYS);
    await uploadHistory(certificate);
    const [grpc = 0, http = 0, write = 0, capnproto = 0] = await freePorts(4);
    remote = `127.0.0.1:${write}`;
    // Another cluster: whatever it is, it answers by gRPC with TLS.
    await programs.start(
      "thanos",
      [
        ...["receive", `--tsdb.path=${programs.at("asia")}`, '--label=replica="0"', `--http-address=127.0.0.1:${http}`],
        ...[`--grpc-address=127.0.0.1:${grpc}`, `--remote-write.address=${remote}`],
        ...[`--grpc-server-tls-cert=${certificate.file}`, `--grpc-server-tls-key=${certificate.key}`],
        `--receive.capnproto-address=127.0.0.1:${capnproto}`,
      ],
      `http://127.0.0.1:${http}/-/ready`,
    );
    const { graph } = await productionThanos({
      bucket: bucket(certificate.pem),
      receive: receiveInZones,
      remoteQueriers: [
        {
          name: "asia",
          address: `127.0.0.1:${grpc}`,
          tls: { caCertificate: certificate.pem, serverName: "thanos-query.asia" },
        },
      ],
    });
    thanos = await thanosProcesses(programs, graph, memcached.address);
    await thanos.start(/^thanos-compactor/);
    // Gateways look for blocks when they start, and a quarter of an hour later.
    await eventually(
      "a block is downsampled",
      () => ownMetric("thanos-compactor", DOWNSAMPLED),
      (count) => count > 0,
    );
    // Whoever calls comes after those that are called.
    await thanos.start(/^thanos-(store|receive-us-east-1[abc])$/);
    await thanos.start(/^thanos-(query|receive-router)$/);
    await thanos.start(/^thanos-query-global$/);
    await thanos.start(/^thanos-query-frontend$/);
    frontend = `http://${thanos.address("thanos-query-frontend", 9090)}`;
  });

  after(async () => {
    await programs?.end();
    memcached?.close();
    s3?.close();
  });

  interface Certificate {
    pem: string;
    file: string;
    key: string;
  }

  /** One that signs itself, for every name that is used here. */
  async function makeCertificate(): Promise<Certificate> {
    const [file, key] = [programs.at("own.crt"), programs.at("own.key")];
    execFileSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1,DNS:thanos-query.asia"],
      ...["-keyout", key, "-out", file],
    ]);
    return { file, key, pem: await readFile(file, "utf8") };
  }

  const bucket = (caCertificate: string) => ({
    name: "metrics",
    endpoint: s3.address,
    credentials: { kind: "keys", ...KEYS },
    caCertificate,
  });

  /** Blocks as the two sidecars of the pair upload them, and those of a server with more history. */
  async function uploadHistory(certificate: Certificate): Promise<void> {
    const file = programs.at("upload.yaml");
    const config = {
      bucket: "metrics",
      endpoint: s3.address,
      access_key: KEYS.accessKeyId,
      secret_key: KEYS.secretAccessKey,
      http_config: { tls_config: { ca_file: certificate.file } },
    };
    await writeFile(file, stringify({ type: "S3", config, prefix: `thanos/${CLUSTER}` }));
    for (const replica of [0, 1]) {
      const blocks = await makeBlocks(programs, `replica-${replica}`, historyText(replica * 15));
      await uploadBlocks(programs, blocks, file, { cluster: CLUSTER, prometheus_replica: `prometheus-${replica}` });
    }
    const long = await makeBlocks(programs, "long", longText());
    await uploadBlocks(programs, long, file, { cluster: CLUSTER, history: "long" });
  }

  /** Values of one metric now, by remote write. */
  async function push(address: string, path: string, metric: string, value: number): Promise<void> {
    await writeFile(programs.at("push.prom"), `# TYPE ${metric} gauge\n${metric} ${value}\n`);
    await programs.run("promtool", [
      ...["push", "metrics", `--remote-write.path=${path}`, "--label=job=push", `http://${address}`],
      programs.at("push.prom"),
    ]);
  }

  const now = () => Math.floor(Date.now() / 1_000);
  const asked = (url: string, query: string) => () => vectorOf(url, query, now());

  /** The value of a counter or gauge of a process itself, over all its labels. */
  async function ownMetric(workload: string, metric: string, processes = thanos): Promise<number> {
    const text = await answerOf(`http://${processes.address(workload, 10902)}/metrics`);
    const values = text
      .split("\n")
      .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      .map((line) => Number(line.split(" ").at(-1)));
    return values.reduce((sum, value) => sum + value, 0);
  }

  it("answers from the bucket by TLS, the pair as one", async () => {
    const counts = await eventually(
      "the history of every GPU",
      () => vectorOf(frontend, `count_over_time(${METRIC}[${HISTORY_HOURS + 1}h])`, HISTORY_END),
      ({ size }) => size === GPUS,
    );
    for (const [labels, count] of counts) {
      assert.doesNotMatch(labels, /replica/);
      // Those of one replica. Merged blocks have chunks of both, and a sample more where one chunk follows another.
      const most = HISTORY_SAMPLES / GPUS + HISTORY_SAMPLES / GPUS / CHUNK;
      assert.ok(count >= HISTORY_SAMPLES / GPUS - 1 && count <= most, `${labels}: ${count}`);
    }
  });

  it("answers from downsampled blocks where a query takes them", async () => {
    const samples = async (resolution: string) => {
      const asked = { query: `${LONG}[2h]`, time: `${LONG_START + DAY}`, max_source_resolution: resolution };
      const { data } = JSON.parse(await answerOf(`${frontend}/api/v1/query?${new URLSearchParams(asked)}`)) as {
        data: { result: [{ values: [number, string][] }] };
      };
      return data.result[0].values;
    };
    assert.equal((await samples("0s")).length, 120);
    const coarse = await samples("5m");
    assert.equal(coarse.length, 24);
    // The mean of minutes 0 to 4 of each five.
    for (const [at, value] of coarse)
      assert.ok(Math.abs(Number(value) - (at - LONG_START) / 60) <= 5, `${at}: ${value}`);
  });

  it("divides the blocks among parts of the gateways, each block into one", async () => {
    const resources = { cpu: "500m", memory: "4Gi" };
    const limits = { series: 500_000, samples: 500_000_000, download: "4Gi" };
    const storage = { kind: "volume", size: "20Gi" };
    const { graph } = await productionThanos({
      bucket: bucket(await readFile(programs.at("own.crt"), "utf8")),
      storeGateway: { shards: 2, replicas: 2, resources, storage, limits },
    });
    const parts = await thanosProcesses(programs, graph, memcached.address);
    await parts.start(/^thanos-store-/);
    const seen = "thanos_blocks_meta_synced";
    const [first, second, all] = await Promise.all([
      ownMetric("thanos-store-0-of-2", `${seen}{state="label-excluded"}`, parts),
      ownMetric("thanos-store-1-of-2", `${seen}{state="label-excluded"}`, parts),
      ownMetric("thanos-store", seen),
    ]);
    assert.ok(first > 0 && second > 0);
    // Each is left out by one of the two.
    assert.equal(first + second, all);
  });

  it("keeps blocks and results in the caches", async () => {
    const range = new URLSearchParams({ query: METRIC, start: `${HISTORY_START}`, end: `${HISTORY_END}`, step: "60" });
    await answerOf(`${frontend}/api/v1/query_range?${range}`);
    // Postings of an index, a part of a file with chunks, a result.
    for (const key of [/^P:/, /^subrange:.*chunks/, /^[0-9a-f]{16}$/]) {
      await eventually(
        `a key like ${key}`,
        async () => [...memcached.items.keys()],
        (keys) => keys.some((each) => key.test(each)),
      );
    }
  });

  it("takes pushed samples once into each zone, and answers them once", async () => {
    await push(thanos.address("thanos-receive-router", 19291), "/api/v1/receive", "pushed", 42);
    const answers = await eventually("the sample", asked(frontend, "pushed"), ({ size }) => size === 1);
    assert.deepEqual([...answers.values()], [42]);
    const query = `http://${thanos.address("thanos-query", 9090)}/api/v1/query?query=pushed&dedup=false`;
    const { data } = JSON.parse(await answerOf(query)) as { data: { result: { metric: Record<string, string> }[] } };
    assert.deepEqual(
      data.result.map(({ metric }) => metric.receive_replica).sort(),
      receiveInZones.zones.map((zone) => `thanos-receive-${zone}-0`),
    );
  });

  it("asks the other cluster by TLS, and rules of this one do not see it", async () => {
    await push(remote, "/api/v1/receive", "far_away", 7);
    const answers = await eventually("the sample", asked(frontend, "far_away"), ({ size }) => size === 1);
    assert.deepEqual([...answers.values()], [7]);
    assert.equal((await asked(`http://${thanos.address("thanos-query", 9090)}`, "far_away")()).size, 0);
  });

  it("merges the pair in the bucket, and halts on nothing", async () => {
    await eventually(
      "the pair merged",
      () => ownMetric("thanos-compactor", "thanos_compact_group_vertical_compactions_total"),
      (merged) => merged > 0,
    );
    for (const name of ["thanos-compactor", "thanos-compactor-receive"]) {
      assert.equal(await ownMetric(name, "thanos_compact_halted"), 0, name);
    }
    assert.equal(await ownMetric("thanos-compactor-receive", "thanos_compact_group_compactions_total"), 0);
  });
});
