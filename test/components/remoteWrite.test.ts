import assert from "node:assert/strict";
import { remoteWrite, sendersWithin, type Writer } from "../../components/prometheus/remoteWrite";
import { withinMemory } from "../../stacks/parts/stores";

const queue = { name: "store", url: "http://store.monitoring.svc/api/v1/push" };
const relabelings = (more: object, writer?: Writer) =>
  (remoteWrite({ ...queue, ...more }, writer) as { writeRelabelConfigs?: object[] }).writeRelabelConfigs;

const group = {
  sourceLabels: ["cluster", "prometheus_replica"],
  regex: "(.+);(.+)-[0-9]+",
  targetLabel: "ha_group",
  replacement: "$1/$2",
  action: "replace",
};

/** What the labels become, the binaries' tests and the e2e show. */
describe("a queue of remote write", () => {
  it("changes no label unless it is told to", () => assert.equal(relabelings({}), undefined));

  it("names the pair in a label of its own, and never in cluster", () => {
    assert.deepEqual(relabelings({ haGroupLabel: "ha_group" }), [group]);
  });

  it("leaves the replica out for stores that merge equal series", () => {
    assert.deepEqual(relabelings({ dropReplicaLabel: true }), [{ regex: "prometheus_replica", action: "labeldrop" }]);
  });

  it("of rulers calls them replicas as those of Prometheus are called, by what Thanos can do without an expression", () => {
    const rulers = { replicaLabel: "thanos_ruler_replica", haGroup: "prod/thanos-ruler-x" };
    const renamed = [
      { regex: "thanos_ruler_replica", replacement: "prometheus_replica", action: "labelmap" },
      { regex: "thanos_ruler_replica", action: "labeldrop" },
    ];
    assert.deepEqual(relabelings({ haGroupLabel: "ha_group" }, rulers), [
      ...renamed,
      { targetLabel: "ha_group", replacement: "prod/thanos-ruler-x", action: "replace" },
    ]);
    assert.deepEqual(relabelings({ dropReplicaLabel: true }, rulers), [
      ...renamed,
      { regex: "prometheus_replica", action: "labeldrop" },
    ]);
  });

  it("holds what its server has memory for", () => {
    const { queueConfig } = remoteWrite(queue) as unknown as { queueConfig: Record<string, number> };
    const { maxShards = 0, capacity = 0, maxSamplesPerSend = 0 } = queueConfig;
    assert.equal(maxShards * (capacity + maxSamplesPerSend), 160_000);
    const mebibytes = (count: number) => sendersWithin(count * 2 ** 20);
    assert.deepEqual([mebibytes(1), mebibytes(32), mebibytes(64), mebibytes(1024)], [1, 4, 8, 20]);
    const made = withinMemory([queue, { ...queue, maxShards: 3 }], "1Gi").map(({ maxShards: senders }) => senders);
    assert.deepEqual(made, [8, 3]);
  });

  it("retries what a store refuses for its rate, and follows no redirection", () => {
    const made = remoteWrite(queue) as { followRedirects?: boolean; queueConfig?: { retryOnRateLimit?: boolean } };
    assert.deepEqual([made.followRedirects, made.queueConfig?.retryOnRateLimit], [false, true]);
  });
});
