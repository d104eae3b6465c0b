import assert from "node:assert/strict";
import { checkCortex, cortexSchema } from "../../stacks/settings/stores/cortex";
import { checkMimir, mimirPresets, mimirSchema } from "../../stacks/settings/stores/mimir";
import { fleetLimits } from "../../stacks/settings/stores/ringStoreLoad";
import { type RingStoreKind, stackStore, storeSettings } from "../components/ringStores";
import { settingsAround } from "../components/storeGraph";

const PATH = ["longTermStorage"];

function problemsOf(kind: RingStoreKind, over: object, around: object = {}): string[] {
  const settings = settingsAround(around);
  const problems =
    kind === "mimir"
      ? checkMimir(storeSettings("mimir", over), settings, PATH)
      : checkCortex(storeSettings("cortex", over), settings, PATH);
  return problems.map(({ path, rule }) => `${path.join(".")}: ${rule}`);
}

const small = (replicas: number) => ({ replicas, resources: { cpu: "1", memory: "1Gi" } });
const volume = { kind: "volume", size: "50Gi" };

describe("settings of Mimir and Cortex", () => {
  it("have presets that are complete, but for the bucket, and that break no rule but the zones of production", () => {
    for (const environment of ["local", "development", "production"] as const) {
      const complete = { ...(mimirPresets[environment] as object), bucket: { name: "metrics" } };
      assert.equal(mimirSchema.safeParse(complete).success, true, environment);
    }
    for (const kind of ["mimir", "cortex"] as const) {
      assert.deepEqual(problemsOf(kind, {}), []);
      assert.deepEqual(problemsOf(kind, { zones: [] }, { spread: "preferred" }), []);
      assert.deepEqual(problemsOf(kind, { zones: [] }), [
        "longTermStorage.zones: production names its availability zones, or the loss of one may take two of three copies",
      ]);
    }
  });

  it("refuse a time after which a pair would take turns", () => {
    assert.deepEqual(problemsOf("mimir", { haFailoverSeconds: 42 }), [
      "longTermStorage.haFailoverSeconds: must be at least 43 with prometheus.scrapeInterval 30s: the pair would take turns while both are well",
    ]);
    assert.deepEqual(problemsOf("mimir", { haFailoverSeconds: 43 }), []);
    assert.deepEqual(problemsOf("cortex", { haFailoverSeconds: 5 }), [
      "longTermStorage.haFailoverSeconds: must be more than 12: the elected Prometheus is noted only that often",
    ]);
  });

  it("refuse tenants without a name, of one name, and a platform without a tenant", () => {
    assert.deepEqual(problemsOf("mimir", { tenants: [{ name: "platform" }, { name: "" }] }), [
      "longTermStorage.tenants.1.name: must be a name: a letter or digit, then letters, digits, dots, hyphens and underscores, at most 150",
    ]);
    assert.deepEqual(problemsOf("cortex", { tenants: [{ name: "a" }] }), [
      "longTermStorage.tenant: must be one of tenants (there are: a), or Prometheus could write nothing",
    ]);
  });

  it("refuse fewer zones than copies, and a retention shorter than the way into the bucket", () => {
    assert.deepEqual(problemsOf("mimir", { zones: ["a"] }), [
      "longTermStorage.zones: must be at least as many as replicationFactor, 3: each zone holds at most one copy of a series",
    ]);
    assert.deepEqual(
      problemsOf("cortex", { retention: "12h" }).map((problem) => problem.split(", in hours")[0]),
      ["longTermStorage.retention: must be at least 24h"],
    );
  });

  it("refuse in production what one restart takes away", () => {
    assert.deepEqual(
      problemsOf("mimir", {
        distributor: small(1),
        ingester: {
          replicas: 1,
          resources: { cpu: "1", memory: "4Gi" },
          storage: { kind: "ephemeral", sizeLimit: "1Gi" },
        },
        alertmanager: { ...small(1), storage: volume },
        bucket: { ...stackStore.bucket, insecure: true },
      }),
      [
        "longTermStorage.distributor.replicas: production needs at least 2 of each, or one restart is an outage",
        "longTermStorage.ingester.storage.kind: production keeps its data on volumes: ephemeral data is gone with the pod",
        "longTermStorage.bucket.insecure: production speaks HTTPS to its bucket: keys and metrics would be readable on the way",
        "longTermStorage.alertmanager.replicas: production needs at least 3 of these, or one restart is an outage",
      ],
    );
    assert.deepEqual(problemsOf("cortex", { replicationFactor: 1 }), [
      "longTermStorage.replicationFactor: production needs 3 copies: with fewer, the loss of one ingester stops all writes",
    ]);
  });

  it("want brokers for ingestStorage, and TLS to them", () => {
    assert.deepEqual(problemsOf("mimir", { architecture: "ingestStorage" }), [
      "longTermStorage.kafka: must name the brokers: in the architecture ingestStorage every sample goes through Kafka",
    ]);
    const kafka = { brokers: ["k:9093"], cidrs: ["10.0.0.0/8"], tls: false };
    assert.deepEqual(problemsOf("mimir", { architecture: "ingestStorage", kafka }), [
      "longTermStorage.kafka.tls: production speaks TLS to its brokers: every sample would be readable on the way",
    ]);
  });

  it("know what each may have as a place in the bucket", () => {
    const bucket = { ...stackStore.bucket, prefix: "a/b" };
    assert.deepEqual(problemsOf("mimir", { bucket }), [
      "longTermStorage.bucket.prefix: 'a/b' has other characters than letters and digits, which is all that Mimir takes there",
    ]);
    assert.deepEqual(problemsOf("cortex", { bucket }), [
      "longTermStorage.bucket.prefix: is nothing that Cortex has: its tenants lie at the root of the bucket, and it takes whatever lies there for tenants",
    ]);
  });

  it("take no key that only the other one has", () => {
    const { success } = cortexSchema.safeParse({ ...storeSettings("cortex"), blockUpload: true });
    assert.equal(success, false);
  });

  it("follow the fleet with limits and memory, and refuse less than it brings", () => {
    const large = {
      fleet: [{ gpuModel: "h100", nodes: 2_000, gpusPerNode: 8 }],
      clusterMetrics: { kubeStateMetrics: { samplesPerScrape: 5_000_000 } },
    };
    const settings = settingsAround(large);
    const { seriesLimit = 0, samplesPerSecond = 0 } = fleetLimits(settings);
    assert.ok(seriesLimit > 1_000_000 && samplesPerSecond > 100_000);
    const [series = "", memory = "", ...others] = problemsOf(
      "mimir",
      { tenants: [{ name: "platform", seriesLimit: 1_000 }], ingester: { ...small(1), storage: volume } },
      large,
    );
    assert.match(series, /tenants\.0\.seriesLimit: must be at least \d+, which the fleet at its largest brings$/);
    assert.match(memory, /ingester\.resources\.memory: must be at least \d+Mi: each ingester has \d+ series/);
    assert.deepEqual(others, []);
    assert.deepEqual(fleetLimits(settingsAround({ fleet: [] })), {});
  });
});
