import {
  bucketCaches,
  commonLimits,
  DATA,
  GRPC_PORT,
  haTimeouts,
  memberlist,
  memcached,
  type RingStoreFacts,
  replication,
  SCRATCH,
  s3,
  schedulerAddress,
  server,
} from "../ringStore/configuration";
import { INGESTER_HOURS } from "../ringStore/problems";
import type { KafkaArgs, MimirArgs } from "./mimir";

/** Of a topic that is made. */
export const DEFAULT_PARTITIONS = 100;

/** Where in the bucket Mimir's three kinds of objects are; it refuses to start when two of them share a place. */
export const bucketPlaces = (prefix: string) => ({
  blocks: `${prefix}blocks`,
  ruler: `${prefix}ruler`,
  alertmanager: `${prefix}alertmanager`,
});

/** Mimir's own configuration file, the same for every part; figures without a word of ours are those of its chart. */
export function mimirConfiguration(facts: RingStoreFacts, args: MimirArgs): object {
  const places = bucketPlaces(facts.args.bucket.prefix ?? "");
  return {
    multitenancy_enabled: true,
    // Tells nobody outside.
    usage_stats: { enabled: false },
    server,
    activity_tracker: { filepath: `${SCRATCH}/activity.log` },
    common: { storage: { backend: "s3", s3: { ...s3(facts), ...trust(facts) } } },
    blocks_storage: {
      storage_prefix: places.blocks,
      tsdb: {
        dir: `${DATA}/tsdb`,
        retention_period: `${INGESTER_HOURS}h`,
        head_compaction_interval: "15m",
        wal_replay_concurrency: 3,
      },
      bucket_store: { sync_dir: `${DATA}/tsdb-sync`, ...bucketCaches(facts) },
    },
    ruler_storage: { storage_prefix: places.ruler },
    alertmanager_storage: { storage_prefix: places.alertmanager },
    // Another Mimir in the cluster whose pods get an address of these is not let in.
    memberlist: { ...memberlist(facts), cluster_label: `${facts.name}.${facts.namespace}` },
    distributor: {
      remote_timeout: "5s",
      ring: { heartbeat_period: "1m", heartbeat_timeout: "4m" },
      ha_tracker: {
        enable_ha_tracker: true,
        enable_elected_replica_metric: true,
        kvstore: { store: "memberlist" },
      },
    },
    ingester: ingester(facts, args),
    ...(args.kafka === undefined ? {} : { ingest_storage: ingestStorage(args.kafka, facts) }),
    querier: { max_concurrent: 16 },
    query_scheduler: { max_outstanding_requests_per_tenant: 800 },
    frontend: {
      scheduler_address: schedulerAddress(facts),
      parallelize_shardable_queries: true,
      ...(facts.caches === undefined
        ? {}
        : { cache_results: true, results_cache: memcached(facts.caches.results, "results") }),
    },
    frontend_worker: {
      scheduler_address: schedulerAddress(facts),
      grpc_client_config: { max_send_msg_size: 419430400 },
    },
    store_gateway: {
      sharding_ring: {
        kvstore: { prefix: "multi-zone/" },
        replication_factor: replication(facts.args),
        zone_awareness_enabled: true,
        tokens_file_path: `${DATA}/tokens`,
        unregister_on_shutdown: false,
        wait_stability_min_duration: "1m",
        heartbeat_period: "1m",
        heartbeat_timeout: "10m",
      },
    },
    compactor: {
      data_dir: `${DATA}/compactor`,
      compaction_interval: "30m",
      // Readers have forgotten a block by then: they look at the bucket's index every 15 minutes.
      deletion_delay: "2h",
      first_level_compaction_wait_period: "25m",
      max_closing_blocks_concurrency: 2,
      max_opening_blocks_concurrency: 4,
      symbols_flushers_concurrency: 4,
      sharding_ring: { wait_stability_min_duration: "1m", heartbeat_period: "1m", heartbeat_timeout: "4m" },
    },
    ruler: {
      rule_path: `${DATA}/ruler`,
      // Rules are queries like others: they take the same way, and cannot starve the writers of what they recorded.
      query_frontend: { address: `dns:///${facts.name}-query-frontend.${facts.namespace}.svc:${GRPC_PORT}` },
      ...(args.rulerAlertmanagerUrl === undefined ? {} : { alertmanager_url: args.rulerAlertmanagerUrl }),
    },
    alertmanager: {
      data_dir: `${DATA}/alertmanager`,
      external_url: "/alertmanager",
      enable_api: true,
    },
    overrides_exporter: { ring: { enabled: true } },
    runtime_config: { file: facts.limitsFile },
    limits: {
      ...commonLimits(facts.args),
      ...haTimeouts(facts.args),
      query_ingesters_within: `${INGESTER_HOURS}h`,
      ...(args.blockUpload ? { compactor_block_upload_enabled: true } : {}),
    },
  };
}

/** Certificates of the endpoint. */
const trust = ({ caFile }: RingStoreFacts) => (caFile === undefined ? {} : { http: { tls_ca_path: caFile } });

function ingester(facts: RingStoreFacts, { kafka }: MimirArgs): object {
  return {
    ...(kafka === undefined ? {} : { push_grpc_method_enabled: false }),
    ring: {
      ...(kafka === undefined ? {} : { kvstore: { prefix: "partition-ingesters/" } }),
      replication_factor: replication(facts.args),
      zone_awareness_enabled: true,
      num_tokens: 512,
      tokens_file_path: `${DATA}/tokens`,
      // A restart is no loss: the others would take over its series, and give them back.
      unregister_on_shutdown: false,
      final_sleep: "0s",
      heartbeat_period: "2m",
      heartbeat_timeout: "10m",
    },
  };
}

function ingestStorage(kafka: KafkaArgs, { password }: RingStoreFacts): object {
  return {
    enabled: true,
    kafka: {
      address: kafka.brokers.join(","),
      topic: kafka.topic ?? "mimir-ingest",
      auto_create_topic_enabled: true,
      auto_create_topic_default_partitions: kafka.partitions ?? DEFAULT_PARTITIONS,
      ...(kafka.tls === false ? {} : { tls_enabled: true }),
      ...(kafka.username === undefined
        ? {}
        : {
            sasl_mechanism: kafka.saslMechanism ?? "SCRAM-SHA-512",
            sasl_username: kafka.username,
            sasl_password: password,
          }),
    },
  };
}
