import assert from "node:assert/strict";
import { formatPath, type Settings } from "../../stacks/settings";
import type { Environment } from "../../stacks/settings/environment";
import { thanosPresets, thanosSchema } from "../../stacks/settings/stores/thanos";
import { checkThanos } from "../../stacks/settings/stores/thanosRules";

const bucket = { name: "metrics" };

const preset = (environment: Environment) => thanosPresets[environment] as { storeGateway: object; compactor: object };

/** What the rules say of the presets of an environment with `over` in place of some of them. */
function problemsOf(over: object = {}, environment: Environment = "production", localRetention = "24h"): string[] {
  const store = thanosSchema.parse({ ...preset(environment), bucket, ...over });
  const settings = { environment, prometheus: { localRetention: { time: localRetention } } } as Settings;
  return checkThanos(store, settings, ["longTermStorage"]).map(({ path, rule }) => `${formatPath(path)}: ${rule}`);
}

/** What the fields themselves say. */
function fieldProblems(over: object): string[] {
  const { error } = thanosSchema.safeParse({ ...preset("production"), bucket, ...over });
  return (error?.issues ?? []).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

const receive = (over: object) => ({
  receive: { kind: "install", storage: { kind: "volume", size: "100Gi" }, ...over },
});

const querier = (over: object = {}) => ({ name: "eu", address: "thanos.eu.example.com:443", tls: {}, ...over });

describe("settings of Thanos", () => {
  it("take the presets of every environment, with a bucket", () => {
    for (const environment of ["local", "development", "production"] as const) {
      assert.deepEqual(problemsOf({}, environment), [], environment);
    }
  });

  it("refuse retentions by which samples are gone before they are downsampled", () => {
    assert.deepEqual(problemsOf({ retention: { raw: "40h", fiveMinutes: "10d", oneHour: "10d" } }), []);
    assert.deepEqual(problemsOf({ retention: { raw: "39h", fiveMinutes: "9d", oneHour: "9d" } }), [
      "longTermStorage.retention.raw: must be at least 40h: blocks are downsampled to 5 minutes when they are 40h old, and what is gone before is never downsampled",
      "longTermStorage.retention.fiveMinutes: must be at least 10d: blocks are downsampled to hours when they are 10d old, and what is gone before is never downsampled",
    ]);
  });

  it("refuse coarse samples that go before fine ones", () => {
    assert.deepEqual(problemsOf({ retention: { raw: "60d", fiveMinutes: "30d", oneHour: "20d" } }), [
      "longTermStorage.retention.fiveMinutes: must be at least retention.raw: coarser samples are there for what finer ones no longer cover",
      "longTermStorage.retention.oneHour: must be at least retention.fiveMinutes: coarser samples are there for what finer ones no longer cover",
    ]);
  });

  it("refuse a local retention that is shorter than an upload may take", () => {
    assert.deepEqual(problemsOf({}, "development", "6h"), []);
    assert.deepEqual(problemsOf({}, "development", "4h"), [
      "prometheus.localRetention.time: must be at least 6h, three blocks: blocks of 2h are uploaded when they are done, and one that cannot be is lost with its retention",
    ]);
  });

  it("refuse single pods, open endpoints and data without volumes in production", () => {
    const { storeGateway, compactor } = preset("production");
    const ephemeral = { storage: { kind: "ephemeral", sizeLimit: "1Gi" } };
    const weak = {
      bucket: { ...bucket, endpoint: "s3.lan:9000", insecure: true },
      queriers: 1,
      queryFrontend: { replicas: 1, resources: { cpu: "1", memory: "1Gi" } },
      storeGateway: { ...storeGateway, replicas: 1, ...ephemeral },
      compactor: { ...compactor, ...ephemeral },
      ...receive({ routers: 1, ...ephemeral, replicationFactor: 2 }),
    };
    const volumes =
      "production keeps it on volumes: without one, a restart fetches everything again, or loses what was not uploaded";
    assert.deepEqual(problemsOf(weak), [
      "longTermStorage.queriers: production needs at least 2 queriers, or one restart takes every dashboard down",
      "longTermStorage.queryFrontend.replicas: production needs at least 2 query frontends, or one restart takes every dashboard down",
      "longTermStorage.storeGateway.replicas: production needs at least 2 store gateways of each part, or one restart hides part of the history",
      "longTermStorage.receive.routers: production needs at least 2 routers, or one restart refuses every write",
      "longTermStorage.bucket.insecure: production reads and writes its bucket by HTTPS: keys and metrics could be read on the way",
      `longTermStorage.storeGateway.storage.kind: ${volumes}`,
      `longTermStorage.compactor.storage.kind: ${volumes}`,
      `longTermStorage.receive.storage.kind: ${volumes}`,
      "longTermStorage.receive.replicationFactor: production needs 3 copies or more: a write needs more than half of them, so with fewer no ingestor may be away",
    ]);
    assert.deepEqual(problemsOf(weak, "development"), []);
  });

  it("refuse copies for which there are not enough ingestors or zones", () => {
    assert.deepEqual(problemsOf(receive({})), []);
    assert.deepEqual(problemsOf(receive({ ingestors: 2 })), [
      "longTermStorage.receive.replicationFactor: must be at most the number of ingestors, which is 2",
    ]);
    assert.deepEqual(problemsOf(receive({ zones: ["a", "b"], ingestors: 2 })), [
      "longTermStorage.receive.replicationFactor: must be at most the number of zones, which is 2: two copies in one zone go together",
    ]);
    assert.deepEqual(problemsOf(receive({ zones: ["a", "b", "c", "a"] })), [
      "longTermStorage.receive.zones[3]: must be unique among the zones",
    ]);
  });

  it("refuse other clusters without TLS, by an address that is none, or under one name", () => {
    assert.deepEqual(problemsOf({ remoteQueriers: [querier({ tls: undefined }), querier()] }), [
      "longTermStorage.remoteQueriers[0].tls: is required: another cluster's metrics are never read without TLS",
      "longTermStorage.remoteQueriers[1].name: must be unique among the remote queriers",
    ]);
    assert.deepEqual(fieldProblems({ remoteQueriers: [querier({ address: "https://thanos.eu.example.com" })] }), [
      "remoteQueriers[0].address: must be a host and a port, and no https:// before it",
    ]);
  });
});
