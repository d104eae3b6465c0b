import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { createServer, type Server, type ServerFiles } from "../../kubernetes/server";
import { dataOf } from "../../kubernetes/serverData";
import type { Caches } from "./caches";
import { objectStoreFlag } from "./objectStore";
import {
  DATA_DIRECTORY,
  GRACE_SECONDS,
  LOG_FORMAT,
  listenFlags,
  probes,
  storeListens,
  type ThanosWorkloads,
} from "./process";

/** The pods that read the bucket for queries. */
export interface ThanosStoreGateway {
  /**
   * Parts into which the blocks are divided, each read by pods of its own. The number can change at any time: the pods of the new
   * division are made and ready before those of the old one go. With more than one, coarse and fine blocks of the same time are in
   * different parts, and queries that coarse ones would answer read the fine ones too, for as long as those are kept: try more
   * memory first. Default: 1.
   */
  shards?: number;
  /** Pods of each part, of which a query asks one. Default: 2. */
  replicas?: number;
  /** CPU request of each. Default: `250m`. */
  cpu?: string;
  /** Memory request and limit of each. Default: `2Gi`. */
  memory?: string;
  /** Size of each pod's volume, for headers of the blocks' indexes. Default: no volume, see `ephemeralStorageSize`. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
  /** Megabytes for chunks of all queries at once; a query that needs more waits for none, it fails. Default: 512. */
  chunkPoolMegabytes?: number;
  /** Series that one request may bring; a request with more fails. Default: 500 000. */
  seriesLimit?: number;
  /** Samples, at least 120 of each chunk, that one request may bring. Default: 500 000 000. */
  samplesLimit?: number;
  /** Megabytes that one request may read from bucket and caches. Default: 4 096. */
  downloadedMegabytesLimit?: number;
}

interface StoreGatewayArgs extends ThanosWorkloads, ThanosStoreGateway {
  bucket: ServerFiles;
  accountAnnotations?: Record<string, string>;
  caches: Caches;
}

const CONFIG_DIRECTORY = "/etc/thanos";
const SELECTOR_FILE = "selector.yaml";

/** Makes the workloads of all parts. */
export function createStoreGateways(args: StoreGatewayArgs, opts: pulumi.CustomResourceOptions): Server[] {
  const shards = args.shards ?? 1;
  if (!Number.isInteger(shards) || shards < 1) throw new Error("storeGateway.shards: must be a whole number above 0");
  return Array.from({ length: shards }, (_, shard) => createStoreGateway(args, shard, shards, opts));
}

// The number of parts is in the name: were it only in the file, blocks would belong to none while pods change one by one.
const nameOf = (shard: number, shards: number) =>
  shards === 1 ? "thanos-store" : `thanos-store-${shard}-of-${shards}`;

function createStoreGateway(args: StoreGatewayArgs, shard: number, shards: number, opts: pulumi.CustomResourceOptions) {
  const replicas = args.replicas ?? 2;
  return createServer(
    {
      identity: { name: "thanos-store", instance: nameOf(shard, shards), component: "store" },
      namespace: args.namespace,
      replicas,
      image: args.image,
      args: storeArguments(args),
      listens: storeListens,
      cpu: args.cpu ?? "250m",
      memory: args.memory ?? "2Gi",
      requireSpread: args.requireSpread,
      ...(args.accountAnnotations === undefined ? {} : { accountAnnotations: args.accountAnnotations }),
      ...probes(8),
      files: [
        {
          mountPath: CONFIG_DIRECTORY,
          content: {
            [SELECTOR_FILE]: stringify(selector(shard, shards)),
            "index-cache.yaml": args.caches.index.config,
            "bucket-cache.yaml": args.caches.bucket.config,
          },
        },
        args.bucket,
      ],
      data: { ...dataOf(DATA_DIRECTORY, args), disposable: true },
      terminationGraceSeconds: GRACE_SECONDS,
    },
    opts,
  );
}

/** Blocks by a hash of their id; every part that there is gets some. */
export function selector(shard: number, shards: number): object[] {
  if (shards === 1) return [];
  return [
    { action: "hashmod", source_labels: ["__block_id"], target_label: "shard", modulus: shards },
    { action: "keep", source_labels: ["shard"], regex: String(shard) },
  ];
}

function storeArguments(args: StoreGatewayArgs): string[] {
  return [
    "store",
    LOG_FORMAT,
    ...listenFlags(storeListens),
    `--data-dir=${DATA_DIRECTORY}`,
    objectStoreFlag,
    `--selector.relabel-config-file=${CONFIG_DIRECTORY}/${SELECTOR_FILE}`,
    `--index-cache.config-file=${CONFIG_DIRECTORY}/index-cache.yaml`,
    `--store.caching-bucket.config-file=${CONFIG_DIRECTORY}/bucket-cache.yaml`,
    // Headers of blocks that nobody asks for leave the memory again.
    "--store.enable-index-header-lazy-reader",
    // Shorter than the compactor's delay: a block goes from here before it goes from the bucket, and after what replaces it came.
    "--ignore-deletion-marks-delay=24h",
    `--chunk-pool-size=${args.chunkPoolMegabytes ?? 512}MB`,
    // One dashboard over everything must not take the pods down. 500 000 series are a metric of 100 000 GPUs with five
    // label values each [judgement].
    `--store.limits.request-series=${args.seriesLimit ?? 500_000}`,
    `--store.limits.request-samples=${args.samplesLimit ?? 500_000_000}`,
    `--store.grpc.downloaded-bytes-limit=${args.downloadedMegabytesLimit ?? 4_096}MB`,
    // Its web page could mark blocks for deletion, and asks nobody who they are.
    "--disable-admin-operations",
  ];
}
