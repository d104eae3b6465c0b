import { ThanosStore, type ThanosStoreArgs } from "../../../components/backends/thanos/thanosStore";
import { names } from "../../names";
import { bytes } from "../../settings/fields";
import type { ThanosSettings } from "../../settings/stores/thanos";
import { withoutUndefined } from "../../settings/withoutUndefined";
import { type CustomResourceContext, optionsOf, requireSpread, storageArgs } from "../context";
import { bucketArgs } from "./bucket";

const megabytes = (quantity: string) => Math.floor((bytes(quantity) ?? 0) / 2 ** 20);

/** Thanos over object storage, fed by the sidecars. */
export function createThanos(context: CustomResourceContext, store: ThanosSettings): ThanosStore {
  const { settings, namespace, images, clusterScopedPrefix } = context;
  const service = (name: string) => `dnssrv+_grpc._tcp.${name}.${settings.namespace}.svc`;
  const needsRuler = settings.prometheus.shards > 1;
  return new ThanosStore(
    store.kind,
    {
      namespace,
      bucket: bucketArgs(context, store.bucket, store.kind),
      clusterName: settings.cluster.name,
      endpoints: [service(`${names.prometheus}-sidecar`), ...(needsRuler ? [service(names.ruler)] : [])],
      retention: store.retention,
      query: { replicas: store.queriers, ...store.querierResources },
      queryFrontend: { replicas: store.queryFrontend.replicas, ...store.queryFrontend.resources },
      storeGateway: storeGatewayArgs(store),
      compactor: {
        concurrency: store.compactor.concurrency,
        ...store.compactor.resources,
        ...storageArgs(store.compactor.storage),
      },
      ...cacheArgs(store),
      ...receiveArgs(store),
      remoteQueriers: store.remoteQueriers.map(remoteQuerier),
      requireSpread: requireSpread(settings),
      clusterScopedPrefix,
      image: images.thanos,
      memcachedImage: images.memcached,
      memcachedExporterImage: images.memcachedExporter,
    },
    optionsOf(context),
  );
}

function storeGatewayArgs({ storeGateway }: ThanosSettings): NonNullable<ThanosStoreArgs["storeGateway"]> {
  const { shards, replicas, resources, storage, limits } = storeGateway;
  return {
    shards,
    replicas,
    ...resources,
    ...storageArgs(storage),
    // A quarter of the memory: index headers, caches and requests need the rest [judgement].
    chunkPoolMegabytes: Math.floor(megabytes(resources.memory) / 4),
    seriesLimit: limits.series,
    samplesLimit: limits.samples,
    downloadedMegabytesLimit: megabytes(limits.download),
  };
}

function cacheArgs({ cache }: ThanosSettings): Pick<ThanosStoreArgs, "memcached" | "inMemoryCacheMegabytes"> {
  if (cache.kind === "inMemory") return { inMemoryCacheMegabytes: megabytes(cache.size) };
  return {
    memcached: {
      replicas: cache.replicas,
      indexMegabytes: megabytes(cache.index),
      bucketMegabytes: megabytes(cache.bucket),
      responseMegabytes: megabytes(cache.responses),
    },
  };
}

function receiveArgs({ receive }: ThanosSettings): Pick<ThanosStoreArgs, "receive"> {
  if (receive.kind === "none") return {};
  const { routers, routerResources, zones, ingestors, ingestorsDrainedTo, replicationFactor } = receive;
  const { resources, storage, deletionProtection } = receive;
  return {
    receive: {
      routers: { ...withoutUndefined({ replicas: routers }), ...routerResources },
      ...withoutUndefined({ zones, ingestors, ingestorsDrainedTo, replicationFactor }),
      ...resources,
      ...storageArgs(storage),
      deletionProtection,
    },
  };
}

function remoteQuerier({ name, address, tls, cidrs }: ThanosSettings["remoteQueriers"][number]) {
  const [host = "", port] = address.split(":");
  return { name, host, port: Number(port), ...withoutUndefined({ ...tls, cidrs }) };
}
