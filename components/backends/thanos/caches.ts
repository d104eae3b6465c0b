import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Server } from "../../kubernetes/server";
import { createMemcached, memcachedAddress } from "../memcached";

/** Caches that the pods share, each in replicas of memcached. Every size is of one replica. */
export interface ThanosMemcached {
  /** Replicas of each of the three caches. */
  replicas: number;
  /** Megabytes for postings and series of blocks' indexes. */
  indexMegabytes: number;
  /** Megabytes for parts of chunks and what is known of blocks. */
  bucketMegabytes: number;
  /** Megabytes for results of queries. */
  responseMegabytes: number;
}

export interface CacheArgs {
  namespace: pulumi.Input<string>;
  requireSpread: boolean;
  memcached?: ThanosMemcached;
  memcachedImage?: string;
  memcachedExporterImage?: string;
  inMemoryMegabytes: number;
}

/** The three caches, as files of Thanos. Without a server they are in the memory of each pod that reads the file. */
export interface Caches {
  index: Cache;
  bucket: Cache;
  response: Cache;
}

export interface Cache {
  config: pulumi.Output<string>;
  server?: Server;
}

// Of memcached's default, 1 MiB: long lists of postings and wide results would never be kept. The figures are Mimir's.
const LARGE_ITEM = 5;
const SMALL_ITEM = 1;

// As long as memcached keeps them by Thanos' default.
const KEPT = "24h";

/**
 * Makes the caches. They are apart from each other because chunks are many times as much as the rest: in one cache they would
 * drive everything else out.
 */
export function createCaches(args: CacheArgs, opts: pulumi.CustomResourceOptions): Caches {
  const { memcached, inMemoryMegabytes } = args;
  if (memcached === undefined) {
    const inMemory = (config: object): Cache => ({
      config: pulumi.output(
        stringify({ type: "IN-MEMORY", config: { max_size: `${inMemoryMegabytes}MiB`, ...config } }),
      ),
    });
    // An item may be as large as a quarter of the cache: the processes' own limit is above small caches.
    const items = { max_item_size: `${Math.ceil(inMemoryMegabytes / 4)}MiB` };
    return { index: inMemory(items), bucket: inMemory(items), response: inMemory({ validity: KEPT }) };
  }
  const cache = (name: string, megabytes: number, itemMegabytes: number): Cache => {
    const server = createMemcached(
      {
        name,
        namespace: args.namespace,
        replicas: memcached.replicas,
        megabytes,
        itemMegabytes,
        requireSpread: args.requireSpread,
        ...(args.memcachedImage === undefined ? {} : { image: args.memcachedImage }),
        ...(args.memcachedExporterImage === undefined ? {} : { exporterImage: args.memcachedExporterImage }),
      },
      opts,
    );
    return {
      server,
      config: memcachedAddress(server).apply((address) =>
        stringify({ type: "MEMCACHED", config: { addresses: [address], max_item_size: `${itemMegabytes}MiB` } }),
      ),
    };
  };
  return {
    index: cache("thanos-index-cache", memcached.indexMegabytes, LARGE_ITEM),
    bucket: cache("thanos-bucket-cache", memcached.bucketMegabytes, SMALL_ITEM),
    response: cache("thanos-response-cache", memcached.responseMegabytes, LARGE_ITEM),
  };
}
