import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { createServer, type Server, type ServerFiles } from "../../kubernetes/server";
import { dataOf } from "../../kubernetes/serverData";
import { objectStoreFlag } from "./objectStore";
import { DATA_DIRECTORY, GRACE_SECONDS, LOG_FORMAT, listenFlags, probes, type ThanosWorkloads } from "./process";

/** How long samples of each resolution are kept in the bucket. */
export interface ThanosRetention {
  /** Samples as they were scraped. At least 40h, or they are gone before they are downsampled. Default: `30d`. */
  raw: string;
  /** One in 5 minutes. At least 10d, or they are gone before they are downsampled. Default: `180d`. */
  fiveMinutes: string;
  /** One in an hour. Default: `2y`. */
  oneHour: string;
}

/** The pod that compacts, downsamples and deletes blocks. There is exactly one: two would corrupt each other's work. */
export interface ThanosCompactor {
  /** CPU request. Each unit of `concurrency` uses about one core while it works. Default: `500m`. */
  cpu?: string;
  /** Memory request and limit. Default: `2Gi`. */
  memory?: string;
  /**
   * Size of the volume on which it works. Up to twice the blocks of two weeks, for each unit of `concurrency`; 100Gi for a bucket
   * of medium size (Thanos' documentation). Default: no volume, see `ephemeralStorageSize`.
   */
  volumeSize?: string;
  /** Storage class of the volume. Default: the cluster's own. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
  /** Groups of blocks that it works on at once. Default: 1. */
  concurrency?: number;
}

/** The blocks of one compactor. */
export interface Stream {
  /** Name of its workload. */
  name: string;
  /** Which blocks, by their labels, in Prometheus' relabelling. */
  selector: object[];
  /** Labels that tell replicas of the same blocks apart. */
  replicaLabels: string[];
  /** Whether replicas have scraped on their own, and so have samples of different times, or have copies. */
  scrapedApart: boolean;
}

interface CompactorArgs extends ThanosWorkloads, ThanosCompactor {
  stream: Stream;
  retention: ThanosRetention;
  bucket: ServerFiles;
  accountAnnotations?: Record<string, string>;
}

/** Its only port: it answers no query. */
const listens = { http: { port: 10902, scrape: {} } };

const CONFIG_DIRECTORY = "/etc/thanos";

/** Makes the compactor of a stream. */
export function createCompactor(args: CompactorArgs, opts: pulumi.CustomResourceOptions): Server {
  return createServer(
    {
      identity: { name: "thanos-compactor", instance: args.stream.name, component: "compactor" },
      namespace: args.namespace,
      replicas: 1,
      image: args.image,
      args: compactorArguments(args),
      listens,
      cpu: args.cpu ?? "500m",
      memory: args.memory ?? "2Gi",
      requireSpread: args.requireSpread,
      ...(args.accountAnnotations === undefined ? {} : { accountAnnotations: args.accountAnnotations }),
      ...probes(4),
      files: [
        { mountPath: CONFIG_DIRECTORY, content: { "selector.yaml": stringify(args.stream.selector) } },
        args.bucket,
      ],
      data: { ...dataOf(DATA_DIRECTORY, args), disposable: true },
      terminationGraceSeconds: GRACE_SECONDS,
    },
    opts,
  );
}

function compactorArguments({ stream, retention, concurrency = 1 }: CompactorArgs): string[] {
  return [
    "compact",
    "--wait",
    LOG_FORMAT,
    ...listenFlags(listens),
    `--data-dir=${DATA_DIRECTORY}`,
    objectStoreFlag,
    `--selector.relabel-config-file=${CONFIG_DIRECTORY}/selector.yaml`,
    `--retention.resolution-raw=${retention.raw}`,
    `--retention.resolution-5m=${retention.fiveMinutes}`,
    `--retention.resolution-1h=${retention.oneHour}`,
    // Half of what the pair uploads is the same again. What was merged stays merged.
    ...stream.replicaLabels.map((label) => `--deduplication.replica-label=${label}`),
    // Copies are merged sample by sample; the penalty is for servers that scraped on their own.
    ...(stream.scrapedApart ? ["--deduplication.func=penalty"] : []),
    // Longer than the store gateways' 24h, and they look for new blocks within minutes.
    "--delete-delay=48h",
    // A block is seen half an hour after its upload began: Thanos' default, longer than any upload takes.
    "--consistency-delay=30m",
    `--compact.concurrency=${concurrency}`,
    `--downsample.concurrency=${concurrency}`,
    // Its web page could mark blocks for deletion, and asks nobody who they are.
    "--disable-admin-operations",
  ];
}
