import { jobs } from "../../../components/prometheus/jobs";
import type { StoreSettings } from "../longTermStorage";
import type { CortexSettings } from "./cortex";
import type { MimirSettings } from "./mimir";
import type { ThanosSettings } from "./thanos";
import type { VictoriaMetricsSettings } from "./victoriaMetrics";

/** Pods of one job of a store. Those of the Thanos queriers are counted where every platform has them. */
export interface StoreProcesses {
  /** The label `job`: the name of the Service. */
  job: string;
  pods: number;
}

/** What a store's own monitors scrape, by job. */
export function processesOf(store: StoreSettings): StoreProcesses[] {
  switch (store.kind) {
    case "none":
      return [];
    case "thanos":
      return thanosProcesses(store);
    case "victoriaMetrics":
      return victoriaMetricsProcesses(store);
    case "mimir":
    case "cortex":
      return ringStoreProcesses(store);
  }
}

const named = (counts: Record<string, number>): StoreProcesses[] =>
  Object.entries(counts).map(([job, pods]) => ({ job, pods }));

function thanosProcesses({ queryFrontend, storeGateway, cache, receive, remoteQueriers, queriers }: ThanosSettings) {
  const { shards, replicas } = storeGateway;
  const parts = Array.from({ length: shards }, (_, shard) =>
    shards === 1 ? jobs.thanosStore : `${jobs.thanosStore}-${shard}-of-${shards}`,
  );
  const caches = cache.kind === "memcached" ? ["index", "bucket", "response"] : [];
  const cachePods = cache.kind === "memcached" ? cache.replicas : 0;
  return named({
    [jobs.thanosQueryFrontend]: queryFrontend.replicas,
    ...(remoteQueriers.length > 0 ? { [`${jobs.thanosQuery}-global`]: queriers } : {}),
    ...Object.fromEntries(parts.map((job) => [job, replicas])),
    [jobs.thanosCompactor]: 1,
    ...Object.fromEntries(caches.map((name) => [`thanos-${name}-cache`, cachePods])),
    ...(receive.kind === "none" ? {} : receiveProcesses(receive)),
  });
}

type Receive = Extract<ThanosSettings["receive"], { kind: "install" }>;

function receiveProcesses({ routers = 2, zones = [], ingestors }: Receive): Record<string, number> {
  const inZones = zones.map((zone) => [`${jobs.thanosReceive}-${zone}`, ingestors ?? 1]);
  return {
    [`${jobs.thanosCompactor}-receive`]: 1,
    [jobs.thanosReceiveRouter]: routers,
    ...(zones.length === 0 ? { [jobs.thanosReceive]: ingestors ?? 3 } : Object.fromEntries(inZones)),
  };
}

function victoriaMetricsProcesses({ architecture, cluster, agents }: VictoriaMetricsSettings): StoreProcesses[] {
  return named({
    ...(architecture === "single"
      ? { [jobs.victoriaMetrics]: 1 }
      : {
          [jobs.vmstorage]: cluster.storageNodes,
          [jobs.vminsert]: cluster.inserters.replicas,
          [jobs.vmselect]: cluster.selectors.replicas,
          [jobs.vmauth]: cluster.gateways.replicas,
        }),
    [jobs.vmagent]: agents.replicas,
  });
}

function ringStoreProcesses(store: MimirSettings | CortexSettings): StoreProcesses[] {
  const { kind, zones, replicationFactor, caches } = store;
  const copies = zones.length === 0 ? replicationFactor : zones.length;
  const inZones = (part: string, pods: number) =>
    Object.fromEntries(
      Array.from({ length: copies }, (_, zone) => [`${kind}-${part}-zone-${String.fromCharCode(97 + zone)}`, pods]),
    );
  const cached = caches.kind === "memcached" ? ["index", "chunks", "metadata", "results"] : [];
  const cachePods = caches.kind === "memcached" ? caches.replicas : 0;
  const own =
    kind === "mimir"
      ? {
          "mimir-overrides-exporter": store.overridesExporter.replicas,
          ...(store.ruler === undefined ? {} : { "mimir-ruler": store.ruler.replicas }),
          ...(store.alertmanager === undefined ? {} : { "mimir-alertmanager": store.alertmanager.replicas }),
        }
      : {};
  return named({
    [`${kind}-distributor`]: store.distributor.replicas,
    ...inZones("ingester", store.ingester.replicas),
    ...inZones("store-gateway", store.storeGateway.replicas),
    [`${kind}-querier`]: store.querier.replicas,
    [`${kind}-query-frontend`]: store.queryFrontend.replicas,
    [`${kind}-query-scheduler`]: store.queryScheduler.replicas,
    [`${kind}-compactor`]: store.compactor.replicas,
    [`${kind}-gateway`]: store.gateway.replicas,
    ...own,
    ...Object.fromEntries(cached.map((name) => [`${kind}-${name}-cache`, cachePods])),
  });
}
