import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import type http from "node:http";
import { stringify } from "yaml";
import { VictoriaMetrics } from "../../../../components/backends/victoriaMetrics/victoriaMetrics";
import { platformRuleGroups } from "../../../../components/prometheus/rules";
import { ruleFile } from "../../../../components/prometheus/rules/rule";
import { anyBudgets } from "../../../../tools/docs/alerts";
import { argumentsOf, podOf, productionStore } from "../../../components/victoriaMetricsStore";
import { type Graph, graphOf } from "../../../harness";
import { eventually } from "../../platform/eventually";
import { answerOf, freePorts, LocalPrograms, vectorOf } from "./localPrograms";
import { remoteWriteRequest } from "./remoteWriteRequest";
import { credentials, listener, rewritten, statusOf } from "./victoriaMetricsPrograms";

const TOOLS = ["victoria-metrics", "vmagent", "vmalert", "vmauth", "vmbackup", "vmrestore", "versitygw"] as const;

/** Two replicas scrape the same target at 30s, at different moments of it. */
const INTERVAL = 30_000;
const SCRAPES = 60;
const START = Math.floor((Date.now() - 2 * 3_600_000) / INTERVAL) * INTERVAL;
const END_SECONDS = (START + SCRAPES * INTERVAL) / 1_000;
const METRIC = "e2e_scraped";
const replica = (offset: number, value: number) =>
  remoteWriteRequest([
    {
      labels: { __name__: METRIC, cluster: "c", job: "j" },
      samples: Array.from({ length: SCRAPES }, (_, index) => [START + index * INTERVAL + offset, value]),
    },
  ]);
const FIRST = 1;
const SECOND = 2;

describe("VictoriaMetrics' real programs, with the arguments and files of production", function () {
  this.timeout(900_000);
  let programs: LocalPrograms<(typeof TOOLS)[number]>;
  let graph: Graph;
  let storeUrl = "";
  let agentUrl = "";
  const listeners: http.Server[] = [];

  const listening = async () => {
    const made = await listener();
    listeners.push(made.server);
    return made;
  };

  const startStore = async (folder: string) => {
    const [port] = await freePorts(1);
    const args = rewritten(argumentsOf(graph, "StatefulSet", "victoria-metrics"), {
      httpListenAddr: `127.0.0.1:${port}`,
      storageDataPath: programs.at(folder),
      "storage.minFreeDiskSpaceBytes": "10MiB",
    });
    await programs.start("victoria-metrics", args, `http://127.0.0.1:${port}/health`);
    return `http://127.0.0.1:${port}`;
  };

  /** Samples of the series in the time of the test, and their sum. */
  const countAndSum = async (url: string) => {
    const value = async (over: string) => {
      const values = await vectorOf(url, `${over}(${METRIC}[1h])`, END_SECONDS);
      return [...values.values()];
    };
    return { count: await value("count_over_time"), sum: await value("sum_over_time") };
  };

  const onlySecond = { count: [SCRAPES], sum: [SCRAPES * SECOND] };

  before(async () => {
    programs = await LocalPrograms.get(TOOLS);
    ({ graph } = await productionStore({
      architecture: "single",
      bucket: {
        name: "metrics",
        endpoint: "s3.example.com",
        credentials: { kind: "keys", accessKeyId: "e2e-id", secretAccessKey: "e2e-key" },
      },
      backup: { kind: "scheduled", schedule: "0 0 * * *", copies: true, resources: { cpu: "1", memory: "1Gi" } },
    }));
  });

  after(async () => {
    for (const server of listeners) server.close();
    await programs?.end();
  });

  it("agents hold what a pair wrote while the store is away, and of each interval one sample is left", async () => {
    const [agentPort = 0, storePort = 0] = await freePorts(2);
    agentUrl = `http://127.0.0.1:${agentPort}`;
    storeUrl = `http://127.0.0.1:${storePort}`;
    const agent = rewritten(argumentsOf(graph, "StatefulSet", "vmagent"), {
      httpListenAddr: `127.0.0.1:${agentPort}`,
      "remoteWrite.url": `${storeUrl}/api/v1/write`,
      "remoteWrite.tmpDataPath": programs.at("queue"),
      "remoteWrite.maxDiskUsagePerURL": "1000MiB",
    });
    await programs.start("vmagent", agent, `${agentUrl}/health`);
    await answerOf(`${agentUrl}/api/v1/write`, replica(5_000, FIRST));
    await answerOf(`${agentUrl}/api/v1/write`, replica(16_000, SECOND));

    const store = rewritten(argumentsOf(graph, "StatefulSet", "victoria-metrics"), {
      httpListenAddr: `127.0.0.1:${storePort}`,
      storageDataPath: programs.at("storage"),
      "storage.minFreeDiskSpaceBytes": "10MiB",
    });
    await programs.start("victoria-metrics", store, `${storeUrl}/health`);
    const inserted = async () => {
      const text = await answerOf(`${storeUrl}/metrics`);
      return Number(/^vm_rows_inserted_total\{type="promremotewrite"\} (\d+)/m.exec(text)?.[1]);
    };
    await eventually("samples of both replicas arrive", inserted, (rows) => rows === 2 * SCRAPES, 60);
    // The last sample of each interval is the second replica's.
    const answer = await eventually(
      "they are merged",
      () => countAndSum(storeUrl),
      ({ count }) => count.length > 0,
      30,
    );
    assert.deepEqual(answer, onlySecond);
    console.log(`      ${2 * SCRAPES} samples of two replicas in, ${answer.count[0]} left`);
  });

  it("the store lets nobody delete series, with a key or without", async () => {
    for (const key of ["", "&authKey=", "&authKey=key"]) {
      const url = `${storeUrl}/api/v1/admin/tsdb/delete_series?match[]=${METRIC}${key}`;
      const { status } = await fetch(url, { method: "POST" });
      assert.equal(status, 401);
    }
    assert.deepEqual(await countAndSum(storeUrl), onlySecond);
  });

  it("backups reach an S3 server, and a store that is restored from their copy has every sample", async () => {
    const [s3Port = 0, backupPort = 0] = await freePorts(2);
    const endpoint = `http://127.0.0.1:${s3Port}`;
    await mkdir(programs.at("buckets", "metrics"), { recursive: true });
    await mkdir(programs.at("metadata"));
    await programs.start(
      "versitygw",
      [
        "--port",
        `127.0.0.1:${s3Port}`,
        "--health",
        "/health",
        "posix",
        "--sidecar",
        programs.at("metadata"),
        programs.at("buckets"),
      ],
      `${endpoint}/health`,
      { ROOT_ACCESS_KEY: "e2e-id", ROOT_SECRET_KEY: "e2e-key" },
    );
    const credsFilePath = programs.at("credentials");
    await writeFile(credsFilePath, credentials(graph));
    const { initContainers = [], containers } = podOf(graph, "CronJob", "victoria-metrics-backup-0");
    const [upload = [], copy = []] = [initContainers, containers].map(([container]) => container?.args);
    const there = { customS3Endpoint: endpoint, credsFilePath };
    // The port of its own metrics is not in production's arguments: each pod has it for itself.
    const port = `-httpListenAddr=127.0.0.1:${backupPort}`;
    const uploading = rewritten(upload, {
      ...there,
      storageDataPath: programs.at("storage"),
      "snapshot.createURL": `${storeUrl}/snapshot/create`,
    });
    await programs.run("vmbackup", [...uploading, port]);
    await programs.run("vmbackup", [...rewritten(copy, there).map((arg) => arg.replace("$(JOB)", "job-1")), port]);
    const snapshots = JSON.parse(await answerOf(`${storeUrl}/snapshot/list`)) as { snapshots: string[] };
    assert.deepEqual(snapshots.snapshots, []);

    const copied = copy
      .find((arg) => arg.startsWith("-dst="))
      ?.replace("-dst=", "")
      .replace("$(JOB)", "job-1");
    await programs.run("vmrestore", [
      `-src=${copied}`,
      `-storageDataPath=${programs.at("restored")}`,
      `-customS3Endpoint=${endpoint}`,
      `-credsFilePath=${credsFilePath}`,
      port,
    ]);
    const restored = await startStore("restored");
    assert.deepEqual(await countAndSum(restored), onlySecond);
  });

  it("the gateway passes writes and queries of one tenant on, and nothing else", async () => {
    const { graph: cluster } = await productionStore();
    const [port = 0, internal = 0] = await freePorts(2);
    const [insert, select] = [await listening(), await listening()];
    const { data } = cluster.manifest("ConfigMap", "vmauth-files") as unknown as { data: Record<string, string> };
    const config = (data["auth.yaml"] ?? "")
      .replace("http://vminsert.monitoring.svc:8480", insert.url)
      .replaceAll("http://vmselect.monitoring.svc:8481", select.url);
    await writeFile(programs.at("auth.yaml"), config);
    const args = rewritten(argumentsOf(cluster, "Deployment", "vmauth"), {
      httpListenAddr: `127.0.0.1:${port}`,
      httpInternalListenAddr: `127.0.0.1:${internal}`,
      "auth.config": programs.at("auth.yaml"),
    });
    await programs.start("vmauth", args, `http://127.0.0.1:${internal}/health`);
    const at = (path: string) => `http://127.0.0.1:${port}${path}`;
    await answerOf(at("/insert/0/prometheus/api/v1/write"), { method: "POST", body: "x" });
    await answerOf(at("/select/0/prometheus/api/v1/query?query=up"));
    await answerOf(at("/whole/select/0/prometheus/api/v1/query?query=up&deny_partial_response=0"));
    assert.deepEqual(
      [insert, select].map(({ asked }) => asked.map(({ url }) => url)),
      [
        ["/insert/0/prometheus/api/v1/write"],
        [
          "/select/0/prometheus/api/v1/query?query=up",
          "/select/0/prometheus/api/v1/query?deny_partial_response=1&query=up",
        ],
      ],
    );
    for (const path of [
      "/delete/0/prometheus/api/v1/admin/tsdb/delete_series?match[]=up",
      "/select/1/prometheus/api/v1/query?query=up",
      "/whole/select/1/prometheus/api/v1/query?query=up",
      "/insert/multitenant/prometheus/api/v1/write",
      "/select/0/prometheus/../../../delete/0/prometheus/api/v1/admin/tsdb/delete_series",
      "/debug/pprof/heap",
      "/metrics",
    ]) {
      assert.equal(await statusOf(port, path), 400, path);
    }
    assert.deepEqual([insert.asked.length, select.asked.length], [1, 2]);
  });

  it("every rule of the platform is one that vmalert can evaluate", async () => {
    const groups = platformRuleGroups({ teams: true, gpuProfile: "profiling", seriesBudgets: anyBudgets });
    await writeFile(programs.at("platform.yaml"), stringify(ruleFile(groups)));
    await programs.run("vmalert", ["-dryRun", `-rule=${programs.at("platform.yaml")}`]);
  });

  it("vmalert records into the store through the agents, and tells every Alertmanager", async () => {
    const alertmanagers = [await listening(), await listening()];
    const rules = {
      files: {
        "rules.yaml": stringify({
          groups: [
            {
              name: "e2e",
              rules: [
                { record: "e2e:recorded:sum", expr: "vector(42)" },
                { alert: "E2e", expr: "vector(1)", labels: { severity: "none" } },
              ],
            },
          ],
        }),
      },
      notifierUrls: alertmanagers.map(({ url }) => url),
      externalLabels: { cluster: "c" },
    };
    const withRules = await graphOf(() => {
      new VictoriaMetrics("victoria-metrics", { namespace: "n", architecture: "single", retentionDays: 30, rules });
    });
    await mkdir(programs.at("rules"));
    await writeFile(programs.at("rules", "rules.yaml"), rules.files["rules.yaml"]);
    const [port = 0] = await freePorts(1);
    const args = rewritten(argumentsOf(withRules, "Deployment", "vmalert"), {
      httpListenAddr: `127.0.0.1:${port}`,
      rule: programs.at("rules", "*.yaml"),
      "datasource.url": storeUrl,
      "remoteWrite.url": agentUrl,
      "remoteRead.url": storeUrl,
    });
    await programs.start("vmalert", args, `http://127.0.0.1:${port}/health`);
    const recorded = () => vectorOf(storeUrl, "e2e:recorded:sum", Date.now() / 1_000);
    const values = await eventually("the rule's series is there", recorded, ({ size }) => size > 0, 120);
    assert.deepEqual([...values], [["__name__=e2e:recorded:sum,cluster=c", 42]]);
    for (const { asked } of alertmanagers) {
      const post = await eventually(
        "the alert arrives",
        async () => asked[0],
        (first) => first !== undefined,
        60,
      );
      assert.equal(post?.url, "/api/v2/alerts");
      assert.match(post.body, /"alertname":"E2e"/);
      assert.match(post.body, /"cluster":"c"/);
    }
  });
});
