import assert from "node:assert/strict";
import { parseSettings } from "../../stacks/settings";
import { processesOf } from "../../stacks/settings/stores/processes";
import { manifestsOf } from "../../tools/plan/manifests";
import { platformOf, stackSettings } from "../components/platformProgram";

interface Workload {
  kind: string;
  metadata: { name: string };
  spec: { replicas: number };
}

const workloads = ({ kind }: { kind: string }) => kind === "Deployment" || kind === "StatefulSet";

async function podsOf(settings: Record<string, unknown>): Promise<Map<string, number>> {
  const objects = manifestsOf((await platformOf(settings)).resources).map(
    ({ object }) => object as unknown as Workload,
  );
  return new Map(objects.filter(workloads).map(({ metadata, spec }) => [metadata.name, spec.replicas]));
}

const bucket = { name: "ml-prod-metrics" };
const zones = ["a", "b", "c"];
const receive = {
  kind: "install",
  storage: { kind: "volume", size: "10Gi" },
};

describe("the pods of long-term stores that capacity counts", () => {
  const stores: [string, Record<string, unknown>][] = [
    ["Thanos", { kind: "thanos", bucket }],
    [
      "Thanos with shards, receive and other clusters",
      {
        kind: "thanos",
        bucket,
        storeGateway: { shards: 2 },
        receive: { ...receive, zones, ingestors: 2 },
        remoteQueriers: [{ name: "eu", address: "thanos.eu.example.com:443", tls: {} }],
      },
    ],
    [
      "Thanos with receive without zones",
      { kind: "thanos", bucket, receive, cache: { kind: "inMemory", size: "64Mi" } },
    ],
    ["VictoriaMetrics' cluster", { kind: "victoriaMetrics", bucket, allowMixedIntervals: true }],
    [
      "VictoriaMetrics' single server",
      { kind: "victoriaMetrics", bucket, allowMixedIntervals: true, architecture: "single", acceptSingleServer: true },
    ],
    ["Mimir", { kind: "mimir", bucket, zones }],
    ["Cortex without caches", { kind: "cortex", bucket, zones, caches: { kind: "inMemory" } }],
  ];
  for (const [what, longTermStorage] of stores) {
    it(`of ${what} are those of the plan`, async () => {
      const settings = { ...stackSettings("prod"), longTermStorage };
      const parsed = parseSettings(settings);
      assert.ok(parsed.ok, JSON.stringify(parsed));
      const without = await podsOf(stackSettings("prod"));
      const planned = [...(await podsOf(settings))].filter(([name]) => !without.has(name));
      const counted = processesOf(parsed.settings.longTermStorage).map(({ job, pods }) => [job, pods]);
      assert.deepEqual(counted.sort(), planned.sort());
    });
  }
});
