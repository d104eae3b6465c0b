import assert from "node:assert/strict";
import { createProvider, ThanosRuler, type ThanosRulerArgs } from "../../components";
import { type Graph, graphOf } from "../harness";
import { platformOf, stackSettings } from "./platformProgram";

interface Rulers {
  remoteWrite?: { name: string }[];
  objectStorageConfigFile?: string;
  volumeMounts?: object[];
  volumes?: object[];
  podMetadata: { annotations?: Record<string, string> };
}

const thanos = { kind: "thanos", bucket: { name: "ml-prod-metrics" } };
const victoriaMetrics = { kind: "victoriaMetrics", bucket: { name: "ml-prod-backups" }, allowMixedIntervals: true };

/** Production with two shards and these stores. */
const platform = (settings: object): Promise<Graph> => {
  const prod = stackSettings("prod");
  return platformOf({ ...prod, prometheus: { ...(prod.prometheus as object), shards: 2 }, ...settings });
};

const rulersIn = (graph: Graph) => graph.names("kubernetes:monitoring.coreos.com/v1:ThanosRuler");
const specOf = (graph: Graph, name: string) => graph.manifest("ThanosRuler", name).spec as Rulers;
const writesOf = (graph: Graph, name: string) => specOf(graph, name).remoteWrite?.map((write) => write.name) ?? [];
const policyOf = (graph: Graph) => graph.manifest("NetworkPolicy", "thanos-ruler").spec as { podSelector: object };

describe("rulers over several shards", () => {
  it("keep what they record for queriers, and upload it, where the store reads sidecars", async () => {
    const graph = await platform({ longTermStorage: thanos });
    assert.deepEqual(rulersIn(graph), ["thanos-ruler"]);
    const spec = specOf(graph, "thanos-ruler");
    assert.equal(spec.remoteWrite, undefined);
    assert.equal(spec.objectStorageConfigFile, "/etc/thanos-bucket/objstore.yaml");
    assert.deepEqual(spec.volumeMounts, [{ name: "thanos-bucket", mountPath: "/etc/thanos-bucket", readOnly: true }]);
    assert.deepEqual(spec.volumes, [{ name: "thanos-bucket", secret: { secretName: "thanos-bucket" } }]);
    assert.match(JSON.stringify(policyOf(graph)), /"port":443.*"port":80|"port":80.*"port":443/);
  });

  it("write it to a store that is written to", async () => {
    const graph = await platform({ longTermStorage: victoriaMetrics });
    assert.deepEqual(rulersIn(graph), ["thanos-ruler-remote-write"]);
    assert.deepEqual(writesOf(graph, "thanos-ruler-remote-write"), ["victoria-metrics"]);
    assert.equal(specOf(graph, "thanos-ruler-remote-write").objectStorageConfigFile, undefined);
  });

  for (const [words, settings] of [
    ["out of Thanos", { longTermStorage: thanos, alsoWriteTo: victoriaMetrics }],
    ["into Thanos", { longTermStorage: victoriaMetrics, alsoWriteTo: thanos }],
  ] as const) {
    it(`do both during a move ${words}, and those of before stay as they are`, async () => {
      const graph = await platform(settings);
      assert.deepEqual(rulersIn(graph), ["thanos-ruler", "thanos-ruler-remote-write"]);
      assert.deepEqual(writesOf(graph, "thanos-ruler"), []);
      assert.deepEqual(writesOf(graph, "thanos-ruler-remote-write"), ["victoria-metrics"]);
      for (const [store, name] of [
        [thanos, "thanos-ruler"],
        [victoriaMetrics, "thanos-ruler-remote-write"],
      ] as const) {
        const alone = specOf(await platform({ longTermStorage: store }), name) as unknown as Record<string, unknown>;
        const { queryEndpoints: asks, ...spec } = specOf(graph, name) as unknown as Record<string, unknown>;
        const { queryEndpoints: asked, ...before } = alone;
        assert.deepEqual(spec, before);
        assert.ok(asks && asked);
      }
      // One Service, and so one job, and one policy, over both.
      const both = { "app.kubernetes.io/name": "thanos-ruler", "app.kubernetes.io/part-of": "gpu-observability" };
      assert.deepEqual((graph.manifest("Service", "thanos-ruler").spec as { selector: object }).selector, both);
      assert.deepEqual(policyOf(graph).podSelector, { matchLabels: both });
      const budgets = graph.names("kubernetes:policy/v1:PodDisruptionBudget").filter((name) => name.includes("ruler"));
      assert.deepEqual(budgets, ["thanos-ruler", "thanos-ruler-remote-write"]);
    });
  }

  it("have the role of the bucket", async () => {
    const bucket = { secretName: "b", key: "objstore.yaml", roleArn: "arn:aws:iam::123456789012:role/metrics" };
    const rulers = (args: Partial<ThanosRulerArgs>) =>
      graphOf(() => {
        const provider = createProvider("kubernetes", {});
        new ThanosRuler("r", { namespace: "n", queryUrl: "http://q", ...args }, { provider });
      });
    assert.deepEqual((await rulers({ bucket })).manifest("ServiceAccount", "r").metadata.annotations, {
      "eks.amazonaws.com/role-arn": bucket.roleArn,
    });
    assert.deepEqual(rulersIn(await rulers({})), ["r"]);
  });
});

describe("a changed bucket", () => {
  const credentials = (secretAccessKey: string) => ({ kind: "keys", accessKeyId: "id", secretAccessKey });
  const bucket = { name: "metrics", endpoint: "s3.example.com", credentials: credentials("one") };

  it("reaches sidecars and rulers: their pods roll, and no argument of theirs has a key", async () => {
    const hashes = [];
    for (const change of [{}, { name: "other" }, { prefix: "p" }, { credentials: credentials("two") }]) {
      const graph = await platform({ longTermStorage: { ...thanos, bucket: { ...bucket, ...change } } });
      const prometheus = graph.manifest("Prometheus", "prometheus").spec as Rulers & { thanos: Rulers & object };
      assert.equal(prometheus.thanos.objectStorageConfigFile, "/etc/thanos-bucket/objstore.yaml");
      assert.equal("objectStorageConfig" in prometheus.thanos, false);
      const hash = prometheus.podMetadata.annotations?.["gpu-observability/content-hash"];
      assert.match(hash ?? "", /^[0-9a-f]{16}$/);
      assert.deepEqual(specOf(graph, "thanos-ruler").podMetadata.annotations, prometheus.podMetadata.annotations);
      hashes.push(hash);
    }
    assert.equal(new Set(hashes).size, 4);
  });
});
