import { REPLICA_LABEL } from "../../prometheus/replicaLabel";
import { bucketEndpoint, DEFAULT_REGION } from "../bucket";
import type { RingStoreArgs } from "./args";
import {
  DEFAULT_FAILOVER_SECONDS,
  DEFAULT_REPLICATION,
  HA_UPDATE_JITTER_SECONDS,
  HA_UPDATE_SECONDS,
  tenantsOf,
} from "./problems";

/** The label of a pair of Prometheus servers; its value is `CLUSTER/SHARD`. A label of its own: joins use `cluster`. */
export const HA_GROUP_LABEL = "ha_group";

export const HTTP_PORT = 8080;
export const GRPC_PORT = 9095;
export const GOSSIP_PORT = 7946;

/** Where data is, in every pod that has any. */
export const DATA = "/data";
/** Where each pod notes which queries it is at, to name them after a crash. */
export const SCRATCH = "/active-query-tracker";

/** Caches by what is in them, with the megabytes of their largest item (figures of Mimir's chart). */
export const ITEM_MEGABYTES = { index: 5, chunks: 1, metadata: 1, results: 5 };
export type CacheName = keyof typeof ITEM_MEGABYTES;

/** What a configuration file is made from, when everything is known. */
export interface RingStoreFacts {
  /** Begins the names of all Services. */
  name: string;
  namespace: string;
  bucketName: string;
  keys?: { accessKeyId: string; secretAccessKey: string };
  /** See {@link RingStoreProduct.password}. */
  password?: string;
  /** Where the file with the endpoint's certificates is. */
  caFile?: string;
  /** Where the file with the tenants' limits is. */
  limitsFile: string;
  /** Addresses of the caches. */
  caches?: Record<CacheName, string>;
  args: RingStoreArgs;
}

export const replication = ({ replicationFactor = DEFAULT_REPLICATION }: RingStoreArgs) => replicationFactor;

export const schedulerAddress = ({ name, namespace }: RingStoreFacts) =>
  `${name}-query-scheduler.${namespace}.svc:${GRPC_PORT}`;

/** The bucket, in the notation of both. */
export function s3({ args: { bucket }, bucketName, keys }: RingStoreFacts) {
  return {
    endpoint: bucketEndpoint(bucket),
    region: bucket.region ?? DEFAULT_REGION,
    bucket_name: bucketName,
    ...(bucket.insecure ? { insecure: true } : {}),
    ...(keys === undefined ? {} : { access_key_id: keys.accessKeyId, secret_access_key: keys.secretAccessKey }),
    ...(bucket.kmsKeyId === undefined ? {} : { sse: { type: "SSE-KMS", kms_key_id: bucket.kmsKeyId } }),
  };
}

/** How pods find each other. */
export const memberlist = ({ name, namespace }: RingStoreFacts) => ({
  join_members: [`dns+${name}-gossip.${namespace}.svc:${GOSSIP_PORT}`],
  // A cluster that was split finds together again.
  rejoin_interval: "1m",
  abort_if_cluster_join_fails: false,
  // Messages are small, and compressing them costs more than it saves: the vendor's chart.
  compression_enabled: false,
});

export const server = {
  http_listen_port: HTTP_PORT,
  grpc_listen_port: GRPC_PORT,
  log_format: "json",
  log_level: "warn",
};

/** One cache of what is read from the bucket. */
export const memcached = (addresses: string, cache: CacheName) => ({
  backend: "memcached",
  memcached: {
    addresses,
    timeout: "450ms",
    max_idle_connections: 150,
    max_item_size: ITEM_MEGABYTES[cache] * 2 ** 20,
  },
});

export const bucketCaches = ({ caches }: RingStoreFacts) =>
  caches === undefined
    ? {}
    : {
        index_cache: memcached(caches.index, "index"),
        chunks_cache: memcached(caches.chunks, "chunks"),
        metadata_cache: memcached(caches.metadata, "metadata"),
      };

/** When the other replica of a pair is taken. */
export const haTimeouts = ({ haFailoverSeconds = DEFAULT_FAILOVER_SECONDS }: RingStoreArgs) => ({
  ha_tracker_update_timeout: `${HA_UPDATE_SECONDS}s`,
  ha_tracker_update_timeout_jitter_max: `${HA_UPDATE_JITTER_SECONDS}s`,
  ha_tracker_failover_timeout: `${haFailoverSeconds}s`,
});

/**
 * Limits of whoever is no tenant: a misspelt name is told so at once, because every request with more than one sample is refused.
 * Those of tenants are in {@link tenantLimits}.
 */
export const commonLimits = (args: RingStoreArgs) => ({
  accept_ha_samples: true,
  ha_cluster_label: HA_GROUP_LABEL,
  ha_replica_label: REPLICA_LABEL,
  // What every shard scrapes would otherwise be one series for each, and joins with it ambiguous. The tracker has read it by then.
  drop_labels: [HA_GROUP_LABEL],
  ingestion_rate: 1,
  ingestion_burst_size: 1,
  max_label_names_per_series: args.labelLimit ?? 60,
  max_label_value_length: args.labelValueLengthLimit ?? 2048,
  // What a sender had queued may come a little later than what it sends now, after a change of the elected replica [judgement].
  out_of_order_time_window: "10m",
  max_query_parallelism: 240,
  max_cache_freshness: "10m",
  ...(args.retention === undefined ? {} : { compactor_blocks_retention_period: args.retention }),
});

/** Ten seconds' worth at once: the classes of Mimir's operators have that proportion. */
const BURST_SECONDS = 10;

/**
 * A request that is larger than the burst is refused for ever, however slow its sender is. The largest of a usual sender is that of
 * vmagent: 10 000 samples and 5 000 metadata (its defaults); Prometheus sends 2 000.
 */
const LEAST_BURST = 20_000;

/** Limits by tenant, which are read again while everything runs. */
export const tenantLimits = (args: RingStoreArgs) => ({
  overrides: Object.fromEntries(
    tenantsOf(args).map(({ name, seriesLimit = 1_000_000, samplesPerSecond = 100_000, retention }) => [
      name,
      {
        max_global_series_per_user: seriesLimit,
        ingestion_rate: samplesPerSecond,
        ingestion_burst_size: Math.max(samplesPerSecond * BURST_SECONDS, LEAST_BURST),
        ...(retention === undefined ? {} : { compactor_blocks_retention_period: retention }),
      },
    ]),
  ),
});
