import assert from "node:assert/strict";
import { formatPath } from "../../stacks/settings";
import { victoriaMetricsPresets, victoriaMetricsSchema } from "../../stacks/settings/stores/victoriaMetrics";
import { checkVictoriaMetrics } from "../../stacks/settings/stores/victoriaMetricsRules";
import { settingsAround } from "../components/storeGraph";
import { storeSettings } from "../components/victoriaMetricsStore";

const ONE_INTERVAL = { clusterMetrics: { kind: "install", apiServerInterval: "30s" } };

const problemsOf = (store: object, around: object = ONE_INTERVAL) =>
  checkVictoriaMetrics(storeSettings(store), settingsAround(around), ["longTermStorage"]).map(
    ({ path, rule }) => `${formatPath(path)}: ${rule}`,
  );

const cluster = (over: object) => ({ cluster: { ...storeSettings().cluster, ...over } });

describe("settings of VictoriaMetrics", () => {
  it("of every environment are right where nothing but the bucket is said", () => {
    for (const environment of ["local", "development", "production"] as const) {
      const bucket = environment === "production" ? { bucket: { name: "metrics" } } : {};
      const store = victoriaMetricsSchema.parse({ ...(victoriaMetricsPresets[environment] as object), ...bucket });
      const settings = settingsAround({ ...ONE_INTERVAL, prometheus: { scrapeInterval: store.dedupInterval } });
      const found = checkVictoriaMetrics(store, { ...settings, environment }, ["longTermStorage"]);
      const ownOnly = found.filter(({ path }) => path[1] !== "dedupInterval" && path[1] !== "retention");
      assert.deepEqual(ownOnly, []);
    }
    assert.deepEqual(problemsOf({}), []);
  });

  it("refuse too few storage nodes for the copies, and one copy in production", () => {
    assert.deepEqual(problemsOf(cluster({ storageNodes: 2 })), [
      "longTermStorage.cluster.storageNodes: must be at least 2 × replicationFactor − 1, which is 3: with fewer, a storage node that is away leaves samples without their copies",
    ]);
    assert.deepEqual(problemsOf(cluster({ replicationFactor: 1, storageNodes: 1 })), [
      "longTermStorage.cluster.replicationFactor: production needs at least 2 copies, or one lost volume is lost data",
    ]);
  });

  it("refuse a number of months, and less than Prometheus itself keeps", () => {
    assert.throws(() => storeSettings({ retention: "12" }), /must be whole days: 400d/);
    assert.throws(() => storeSettings({ retention: "1y" }), /must be whole days: 400d/);
    assert.deepEqual(
      problemsOf({ retention: "1d" }, { ...ONE_INTERVAL, prometheus: { localRetention: { time: "48h" } } }),
      [
        "longTermStorage.retention: must be at least prometheus.localRetention.time, 48h: the store would know less than Prometheus itself",
      ],
    );
  });

  it("refuse an interval that loses samples or keeps those of both replicas", () => {
    assert.deepEqual(problemsOf({}, { ...ONE_INTERVAL, gpu: { scrapeInterval: "15s" } }), [
      "longTermStorage.dedupInterval: must be the smallest interval, that of gpu.scrapeInterval, 15s: one sample of each 30s is kept, the others are lost",
    ]);
    assert.deepEqual(problemsOf({ dedupInterval: "10s" }), [
      "longTermStorage.dedupInterval: must be the smallest interval, that of prometheus.scrapeInterval, 30s: with a smaller one the samples of both replicas stay",
    ]);
  });

  it("refuse a mix of intervals without a word", () => {
    const mixed = { clusterMetrics: { kind: "install", apiServerInterval: "60s" } };
    assert.deepEqual(problemsOf({}, mixed), [
      "longTermStorage.allowMixedIntervals: a mix of intervals needs a word: what comes less often than each 30s is stored once for each replica (clusterMetrics.apiServerInterval 60s)",
    ]);
    assert.deepEqual(problemsOf({ allowMixedIntervals: true }, mixed), []);
  });

  it("see the intervals of workloads", () => {
    const workloads = {
      inference: { kind: "scrape", namespaces: ["chat"], engines: ["vllm"], scrapeInterval: "5s" },
    };
    const [problem = ""] = problemsOf({}, { ...ONE_INTERVAL, workloads });
    assert.match(problem, /that of workloads\.inference\.scrapeInterval, 5s/);
  });

  it("refuse what only Enterprise does, without a licence", () => {
    const rule = "is only in VictoriaMetrics Enterprise, whose builds do not start without a licence";
    const enterprise = { downsampling: ["30d:5m"], retentionFilters: ['{team="a"}:30d'] };
    assert.deepEqual(problemsOf(enterprise), [
      `longTermStorage.downsampling: ${rule}`,
      `longTermStorage.retentionFilters: ${rule}`,
    ]);
    assert.deepEqual(problemsOf({ ...enterprise, licence: "key" }), []);
    assert.throws(() => storeSettings({ backupManager: {} }), /Unrecognized key/);
  });

  it("refuse a single server, few replicas and data without volumes in production, unless it is said", () => {
    assert.deepEqual(problemsOf({ architecture: "single" }), [
      "longTermStorage.architecture: production needs a cluster: a single server answers nobody while it restarts",
    ]);
    assert.deepEqual(problemsOf({ architecture: "single", acceptSingleServer: true }), []);
    const { gateways, selectors, inserters } = storeSettings().cluster;
    const one = { replicas: 1 };
    const few = cluster({
      gateways: { ...gateways, ...one },
      selectors: { ...selectors, ...one },
      inserters: { ...inserters, ...one },
    });
    const rule = "production needs at least 2, or one restart takes the store away";
    assert.deepEqual(
      problemsOf(few),
      ["inserters", "selectors", "gateways"].map((part) => `longTermStorage.cluster.${part}.replicas: ${rule}`),
    );
    const ephemeral = { kind: "ephemeral", sizeLimit: "1Gi" };
    const agents = { ...storeSettings().agents, queue: ephemeral, replicas: 1 };
    assert.deepEqual(problemsOf({ agents }), [
      "longTermStorage.agents.replicas: production needs at least 2 agents, or Prometheus has nobody to write to",
      "longTermStorage.agents.queue.kind: production keeps its data on volumes: ephemeral data is gone with the pod",
    ]);
  });

  it("refuse a queue smaller than two of its files", () => {
    const agents = { ...storeSettings().agents, queue: { kind: "volume", size: "512Mi" } };
    assert.deepEqual(problemsOf({ agents }), [
      "longTermStorage.agents.queue: must be at least 1Gi: the queue is kept in files of 500 MB",
    ]);
  });

  it("refuse backups without a bucket, a bucket without backups, and one without TLS in production", () => {
    assert.deepEqual(problemsOf({ bucket: undefined }), ["longTermStorage.bucket: backups need a bucket"]);
    assert.deepEqual(problemsOf({ backup: { kind: "none" } }), [
      "longTermStorage.bucket: nothing would be written to it: backup is none",
    ]);
    assert.deepEqual(problemsOf({ bucket: { name: "metrics", insecure: true } }), [
      "longTermStorage.bucket.insecure: production reaches its bucket by TLS: keys and metrics would be readable on the way",
    ]);
    const storage = { ...storeSettings().storage, data: { kind: "ephemeral", sizeLimit: "1Gi" } };
    assert.ok(
      problemsOf({ storage }).includes(
        "longTermStorage.backup.kind: needs volumes: nobody but the pod itself sees its own directory",
      ),
    );
  });
});
