import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { restrictedContainer } from "../kubernetes/securityContext";
import { createServer, type Server } from "../kubernetes/server";
import { images } from "../versions";

/** A cache that many pods share. */
export interface MemcachedArgs {
  /** Name of the Service, and so of the job. */
  name: string;
  namespace: pulumi.Input<string>;
  /** Each holds its part of the keys: one that is gone costs its part of the hits, no data. */
  replicas: number;
  /** Megabytes of items that each replica holds. Its pod asks for a fifth more, and 64 for itself. */
  megabytes: number;
  /** Megabytes of the largest item that is taken, at most 1024. Default: 1, as much as clients send. */
  itemMegabytes?: number;
  /** CPU request of each replica. Default: `100m`. */
  cpu?: string;
  /** Whether replicas must be on different nodes and spread over the zones. Default: true. */
  requireSpread?: boolean;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
  /** Image of the exporter beside it. Default: the one in {@link images}. */
  exporterImage?: string;
}

/** Ports of a replica; the name is that of the port in its Service. */
const listens = { memcached: { port: 11211 }, metrics: { port: 9150, scrape: {} } };

// memcached's own default is 1024: some tens of pods with up to 100 idle connections each would use it up [judgement].
const CONNECTIONS = 16_384;

/** Memcached with its exporter. Pods have stable names, so that a restart moves no key from one replica to another. */
export function createMemcached(args: MemcachedArgs, opts: pulumi.CustomResourceOptions): Server {
  if (!Number.isInteger(args.megabytes) || args.megabytes < 1) {
    throw new Error(`${args.name}: megabytes must be a whole number above 0`);
  }
  return createServer(
    {
      identity: { name: "memcached", instance: args.name, component: "cache" },
      namespace: args.namespace,
      replicas: args.replicas,
      image: args.image ?? images.memcached,
      args: [
        `--memory-limit=${args.megabytes}`,
        `--max-item-size=${args.itemMegabytes ?? 1}m`,
        `--conn-limit=${CONNECTIONS}`,
        "--extended=modern,track_sizes",
      ],
      listens,
      cpu: args.cpu ?? "100m",
      // A fifth for what memcached keeps beside the items: the request of Mimir's chart.
      memory: `${Math.ceil(args.megabytes * 1.2) + 64}Mi`,
      requireSpread: args.requireSpread ?? true,
      readiness: { port: "memcached", periodSeconds: 5, failureThreshold: 3 },
      liveness: { port: "memcached", periodSeconds: 30, failureThreshold: 4 },
      stableNames: true,
      sidecars: [exporter(args.exporterImage ?? images.memcachedExporter)],
    },
    opts,
  );
}

/**
 * Where clients look for the replicas. By name, not by address: clients order what they find, and a new address would give most
 * keys to another replica.
 */
export const memcachedAddress = ({ host }: Server): pulumi.Output<string> =>
  pulumi.interpolate`dnssrvnoa+_memcached._tcp.${host}`;

const exporter = (image: string): k8s.types.input.core.v1.Container => ({
  name: "exporter",
  image,
  args: [
    `--memcached.address=127.0.0.1:${listens.memcached.port}`,
    `--web.listen-address=0.0.0.0:${listens.metrics.port}`,
  ],
  // A process that only reads counters: some MiB [judgement].
  resources: { requests: { cpu: "5m", memory: "32Mi" }, limits: { memory: "32Mi" } },
  securityContext: restrictedContainer(),
});
