import {
  bucketCaches,
  commonLimits,
  DATA,
  haTimeouts,
  ITEM_MEGABYTES,
  memberlist,
  type RingStoreFacts,
  replication,
  SCRATCH,
  s3,
  schedulerAddress,
  server,
} from "../ringStore/configuration";
import { INGESTER_HOURS } from "../ringStore/problems";

const ring = { kvstore: { store: "memberlist" } };

/** Of one message by gRPC: answers with many series are tens of megabytes. What Cortex' own clients take by default. */
const MESSAGE_BYTES = 100 * 2 ** 20;
const sends = { grpc_client_config: { max_send_msg_size: MESSAGE_BYTES } };

/**
 * Cortex' own configuration file, the same for every part. Marked is what defaults to something that loses data or answers when
 * there is more than one pod.
 */
export function cortexConfiguration(facts: RingStoreFacts): object {
  return {
    auth_enabled: true,
    // Default: 4 MiB, and a larger answer fails on its way to the frontend.
    server: { ...server, grpc_server_max_recv_msg_size: MESSAGE_BYTES, grpc_server_max_send_msg_size: MESSAGE_BYTES },
    // Default: 16 MiB, as for queriers below.
    ingester_client: sends,
    distributor: {
      // Both default to what is wrong: each series on ingesters of its metric's name alone, and copies moved at every restart.
      shard_by_all_labels: true,
      extend_writes: false,
      remote_timeout: "5s",
      // Default: consul, as in all rings below.
      ring,
      ha_tracker: { enable_ha_tracker: true, ...haTimeouts(facts.args), kvstore: ring.kvstore },
    },
    ingester: {
      lifecycler: {
        ring: {
          ...ring,
          heartbeat_timeout: "10m",
          replication_factor: replication(facts.args),
          // Default: false, and all copies may be in one zone.
          zone_awareness_enabled: true,
        },
        num_tokens: 512,
        heartbeat_period: "1m",
        tokens_file_path: `${DATA}/tokens`,
        // A restart is no loss: the others would take over its series, and give them back.
        unregister_on_shutdown: false,
        final_sleep: "0s",
        // Default: true, and one that never comes back keeps all others from becoming ready.
        readiness_check_ring_health: false,
      },
    },
    blocks_storage: {
      backend: "s3",
      s3: s3(facts),
      tsdb: {
        dir: `${DATA}/tsdb`,
        // Default: 6h, less than the time for which ingesters are asked.
        retention_period: `${INGESTER_HOURS}h`,
        head_compaction_interval: "15m",
      },
      bucket_store: {
        sync_dir: `${DATA}/tsdb-sync`,
        // Default: false, and every querier lists the bucket.
        bucket_index: { enabled: true },
        ignore_deletion_mark_delay: "1h",
        ...bucketCaches(facts),
      },
    },
    store_gateway: {
      // Default: false, and every store gateway has every block.
      sharding_enabled: true,
      sharding_ring: {
        ...ring,
        replication_factor: replication(facts.args),
        zone_awareness_enabled: true,
        tokens_file_path: `${DATA}/tokens`,
        keep_instance_in_the_ring_on_shutdown: true,
        wait_stability_min_duration: "1m",
      },
    },
    compactor: {
      data_dir: `${DATA}/compactor`,
      compaction_interval: "30m",
      deletion_delay: "2h",
      // Default: false, and all compactors do the same.
      sharding_enabled: true,
      sharding_ring: { ...ring, wait_stability_min_duration: "1m" },
    },
    querier: {
      max_concurrent: 16,
      // Defaults: 0, and every query asks everybody for all time.
      query_store_after: "12h",
      query_ingesters_within: `${INGESTER_HOURS}h`,
      active_query_tracker_dir: SCRATCH,
    },
    frontend: { scheduler_address: schedulerAddress(facts) },
    frontend_worker: { scheduler_address: schedulerAddress(facts), match_max_concurrent: true, ...sends },
    query_range: {
      split_queries_by_interval: "24h",
      ...(facts.caches === undefined ? {} : { cache_results: true, results_cache: resultsCache(facts.caches.results) }),
    },
    memberlist: memberlist(facts),
    runtime_config: { file: facts.limitsFile },
    limits: {
      ...commonLimits(facts.args),
      // Default: local, and the limit is that of each distributor.
      ingestion_rate_strategy: "global",
      ...seriesLimits,
      max_outstanding_requests_per_tenant: 800,
    },
  };
}

/**
 * Each ingester has limits of its own besides those of a tenant, and a metric with 50 000 series is nothing unusual: all local ones
 * are off. The number of tenants' series is in the file of limits.
 */
const seriesLimits = {
  max_series_per_user: 0,
  max_series_per_metric: 0,
  max_metadata_per_user: 0,
  max_metadata_per_metric: 0,
  // Of whoever is no tenant: Mimir's default.
  max_global_series_per_user: 150_000,
  // A tenant's limit holds for each of its metrics too.
  max_global_series_per_metric: 0,
  // Names of metrics: some hundred bytes each in every ingester [judgement].
  max_global_metadata_per_user: 100_000,
  // The local default: types and helps under which a metric is known.
  max_global_metadata_per_metric: 10,
};

const resultsCache = (addresses: string) => ({
  compression: "snappy",
  cache: {
    memcached: { expiration: "24h" },
    memcached_client: {
      addresses,
      timeout: "450ms",
      consistent_hash: true,
      max_idle_conns: 150,
      max_item_size: ITEM_MEGABYTES.results * 2 ** 20,
    },
  },
});
