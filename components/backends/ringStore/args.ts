import type * as pulumi from "@pulumi/pulumi";
import type { BucketArgs } from "../bucket";

/** Somebody whose series nobody else reads. Clients name it in the header `X-Scope-OrgID`, or by the gateway's path. */
export interface StoreTenant {
  /** Letters, digits, dots, hyphens and underscores. */
  name: string;
  /** Series that are being written to, before replication; above it, new series are refused. Default: 1 000 000. */
  seriesLimit?: number;
  /** Samples per second, averaged; above it, senders have to wait and retry. Default: 100 000. */
  samplesPerSecond?: number;
  /** How long its blocks are kept. Default: that of the store. */
  retention?: string;
}

/** How many pods a component has, and how large they are. */
export interface RingStoreWorkload {
  /** Identical pods; of ingesters and store gateways, those of each zone. Default: that of the component. */
  replicas?: number;
  /** CPU request of each. There is no limit. */
  cpu?: string;
  /** Memory request and limit of each. */
  memory?: string;
  /** Size of each pod's volume, for those that keep data. To grow it: docs/stores.md. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. A change needs new volumes. */
  storageClass?: string;
  /** For those that keep data: the size of a directory that goes with the pod, in place of a volume. */
  ephemeralStorageSize?: string;
}

/** Memcached for what is read from the bucket, and for results. */
export interface RingStoreCaches {
  /** Servers of each of the four caches. Default: 3. */
  replicas?: number;
  /** Megabytes of each server of the cache of blocks' indexes. Default: 1024. */
  indexMegabytes?: number;
  /** Megabytes of each server of the cache of chunks. Default: 2048. */
  chunksMegabytes?: number;
  /** Megabytes of each server of the cache of what the bucket lists. Default: 256. */
  metadataMegabytes?: number;
  /** Megabytes of each server of the cache of results. Default: 1024. */
  resultsMegabytes?: number;
}

/** What Mimir and Cortex have in common: ingesters in a ring, blocks in a bucket. */
export interface RingStoreArgs {
  /** The namespace. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** Where blocks go. */
  bucket: BucketArgs;
  /** The platform's own tenant: Prometheus writes as this one. Default: `platform`. */
  tenant?: string;
  /**
   * Everybody who may write, with limits. Whoever is not among them is refused with status 429, but for one sample a second, alone in
   * its request. Default: `tenant` alone.
   */
  tenants?: StoreTenant[];
  /** How long blocks are kept. Default: for ever, which the bucket's bill says first. */
  retention?: string;
  /**
   * Availability zones (`topology.kubernetes.io/zone`) of ingesters and store gateways, one copy of each series in each; at least
   * `replicationFactor`. A change moves no data, and is refused without `acceptZoneChange`. Default: copies are kept apart, wherever
   * they are.
   */
  zones?: string[];
  /** Copies of each series among the ingesters. A change needs `acceptZoneChange`. Default: 3. */
  replicationFactor?: number;
  /**
   * Whether `zones` and `replicationFactor` may be others than those with which the pods run, which the API server refuses without it:
   * for the one deployment that docs/stores.md describes. Default: false.
   */
  acceptZoneChange?: boolean;
  /**
   * Seconds without a sample of the elected Prometheus of a pair after which the other one is taken. The longest hole that its
   * loss leaves is about this and two scrape intervals. More than the scrape interval and 12 s, or a pair would take turns.
   * Default: 45.
   */
  haFailoverSeconds?: number;
  /** Labels that a series may have. Default: 60. */
  labelLimit?: number;
  /** Bytes that the value of a label may have. Default: 2048. */
  labelValueLengthLimit?: number;
  /** They take samples and write them to the ingesters. */
  distributor?: RingStoreWorkload;
  /** They keep what is younger than a block, and the newest blocks. The same number in each zone. */
  ingester?: RingStoreWorkload;
  /**
   * The number of ingesters per zone down to which they were drained, as docs/stores.md says; it has to be that of `ingester`.
   * Without it the API server refuses fewer than there are (needs Kubernetes 1.30 or newer).
   */
  ingestersDrainedTo?: number;
  /** They read blocks from the bucket. The same number in each zone. */
  storeGateway?: RingStoreWorkload;
  /** They evaluate PromQL. */
  querier?: RingStoreWorkload;
  /** They split queries and cache results. */
  queryFrontend?: RingStoreWorkload;
  /** They hand queries to queriers. */
  queryScheduler?: RingStoreWorkload;
  /** They merge blocks and delete old ones. */
  compactor?: RingStoreWorkload;
  /** The one address of all tenants, by path or by header. */
  gateway?: RingStoreWorkload;
  /** Memcached. Default: none; store gateways cache indexes in memory. */
  caches?: RingStoreCaches;
  /** Whether replicas must be on different nodes and spread over the zones. Default: true. */
  requireSpread?: boolean;
  /** Whether Pulumi refuses to delete the ingesters, which hold what the bucket does not yet have. Default: false. */
  deletionProtection?: boolean;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
  /** Image of the gateway, which is vmauth. Default: the one in {@link images}. */
  gatewayImage?: string;
  /** Image of the caches. Default: the one in {@link images}. */
  memcachedImage?: string;
  /** Image of the caches' exporter. Default: the one in {@link images}. */
  memcachedExporterImage?: string;
}
