import * as pulumi from "@pulumi/pulumi";
import { guardSets } from "../../kubernetes/guardedSets";
import { commonLabels } from "../../kubernetes/labels";
import type { Server } from "../../kubernetes/server";
import { call, type NetworkEdge, networkOf } from "../../network/edges";
import { REPLICA_LABEL } from "../../prometheus/replicaLabel";
import { images } from "../../versions";
import { describeStore, type LongTermStore } from "../backend";
import { type BucketArgs, bucketAccount } from "../bucket";
import { ThanosQuery } from "../thanosQuery";
import { RULER_REPLICA_LABEL } from "../thanosRuler";
import { type Caches, createCaches, type ThanosMemcached } from "./caches";
import { createCompactor, type Stream, type ThanosCompactor, type ThanosRetention } from "./compactor";
import type { RemoteEndpoint } from "./endpoints";
import { type BucketSecret, createBucketSecret } from "./objectStore";
import type { ThanosReplicas, ThanosWorkloads } from "./process";
import { createQueryFrontend } from "./queryFrontend";
import { createReceive, RECEIVE_LABEL, RECEIVE_REPLICA_LABEL, type Receive, type ThanosReceive } from "./receive";
import { createStoreGateways, type ThanosStoreGateway } from "./storeGateway";

/** A querier in another cluster, and where in the network it is. */
export interface ThanosRemoteQuerier extends RemoteEndpoint {
  /** Addresses (CIDR) that it may have, for the network policy. Default: every one, on its port. */
  cidrs?: string[];
}

/** Arguments of {@link ThanosStore}. */
export interface ThanosStoreArgs {
  /** The namespace, that of Prometheus. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** Where blocks are kept. The store never deletes it. */
  bucket: BucketArgs;
  /**
   * The external label `cluster` of Prometheus and the rulers: compactors leave blocks without it alone, so that they never work on
   * those of another cluster. Default: they work on every block below `bucket.prefix`, which no other cluster may then use.
   */
  clusterName?: string;
  /** Addresses of the Store APIs of sidecars and rulers, in Thanos' notation. */
  endpoints: pulumi.Input<string>[];
  /** How long samples are kept. Default: 30 days as scraped, 180 days in 5 minutes, 2 years in hours. */
  retention?: ThanosRetention;
  /** The queriers. */
  query?: ThanosReplicas;
  /** What stands before the queriers. */
  queryFrontend?: ThanosReplicas;
  /** The pods that read the bucket. */
  storeGateway?: ThanosStoreGateway;
  /** The one pod that compacts the bucket. */
  compactor?: ThanosCompactor;
  /** Caches that pods share. Default: each has its own, see `inMemoryCacheMegabytes`. */
  memcached?: ThanosMemcached;
  /** Without `memcached`: megabytes of each cache of each pod. A store gateway has two. Default: 64. */
  inMemoryCacheMegabytes?: number;
  /** Takes remote writes of clusters that push. Default: nobody pushes. */
  receive?: ThanosReceive;
  /**
   * Queriers of other clusters, for queries over all of them. They must not have this cluster among theirs: name in theirs the
   * `thanos-query` of this one, which asks no other cluster. Default: none.
   */
  remoteQueriers?: ThanosRemoteQuerier[];
  /** Whether replicas must be on different nodes and spread over the zones. Default: true. */
  requireSpread?: boolean;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
  /** Image of Thanos, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
  /** Image of memcached. Default: the one in {@link images}. */
  memcachedImage?: string;
  /** Image of memcached's exporter. Default: the one in {@link images}. */
  memcachedExporterImage?: string;
}

const EVERYWHERE = ["0.0.0.0/0", "::/0"];
const RETENTION: ThanosRetention = { raw: "30d", fiveMinutes: "180d", oneHour: "2y" };

/**
 * Thanos over object storage: sidecars upload the blocks of Prometheus, store gateways answer from the bucket, one compactor
 * merges the replicas, downsamples and deletes. Queries go through a frontend that splits and caches them.
 *
 * ```typescript
 * new ThanosStore("thanos", {
 *   namespace: "monitoring",
 *   bucket: { name: "ml-prod-metrics", region: "us-east-1" },
 *   endpoints: ["dnssrv+_grpc._tcp.prometheus-sidecar.monitoring.svc"],
 * }, { provider });
 * ```
 */
export class ThanosStore extends pulumi.ComponentResource implements LongTermStore {
  /** Base URL of the query frontend: PromQL over all that there is, other clusters included. */
  readonly queryUrl: pulumi.Output<string>;
  /** Base URL of the queriers of this cluster alone: for rules, which must not raise the alerts of others. */
  readonly localQueryUrl: pulumi.Output<string>;
  /** Where clusters that push write to. Empty without `receive`. */
  readonly receiveUrl: pulumi.Output<string>;

  constructor(name: string, args: ThanosStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:ThanosStore", name, {}, opts);
    const common = {
      namespace: args.namespace,
      requireSpread: args.requireSpread ?? true,
      image: args.image ?? images.thanos,
    };
    const mine = { parent: this };
    guardSets(
      `${args.clusterScopedPrefix ?? "gpu-observability"}-${name}`,
      {
        namespace: args.namespace,
        labels: commonLabels({ name, instance: name, component: "store" }),
        sets: "thanos-(store|compactor|receive).*",
        keepers: "thanos-receive.*",
        drainedWord: "receive.ingestorsDrainedTo",
      },
      mine,
    );
    const secret = createBucketSecret("thanos-bucket", args, mine);
    const bucketArgs = { ...common, bucket: secret.files, ...bucketAccount(args.bucket) };
    const caches = createCaches({ ...args, ...common, inMemoryMegabytes: args.inMemoryCacheMegabytes ?? 64 }, mine);
    const gateways = createStoreGateways({ ...bucketArgs, ...args.storeGateway, caches }, mine);
    const owner = args.clusterName ?? "true";
    const receive = args.receive && createReceive({ ...bucketArgs, owner, receive: args.receive }, mine);
    const compactors = streams(args.clusterName, receive && owner).map((stream) =>
      createCompactor({ ...bucketArgs, ...args.compactor, stream, retention: args.retention ?? RETENTION }, mine),
    );
    const query = this.createQuery(args, common, gateways, receive);
    const everywhere = this.createGlobalQuery(args, common, query);
    const frontend = createQueryFrontend(
      { ...common, ...args.queryFrontend, downstreamUrl: (everywhere ?? query).queryUrl, cache: caches.response },
      { parent: this, dependsOn: [query, ...(everywhere ? [everywhere] : [])] },
    );
    this.describe(args, { secret, caches, gateways, receive, compactors, query, everywhere, frontend });

    this.queryUrl = pulumi.interpolate`http://${frontend.host}:${frontend.member.listens.http?.port}`;
    this.localQueryUrl = query.queryUrl;
    this.receiveUrl = receive?.url ?? pulumi.output("");
    this.registerOutputs({
      queryUrl: this.queryUrl,
      localQueryUrl: this.localQueryUrl,
      receiveUrl: this.receiveUrl,
    });
  }

  private createQuery(
    args: ThanosStoreArgs,
    common: ThanosWorkloads,
    gateways: readonly Server[],
    receive: Receive | undefined,
  ): ThanosQuery {
    const grpc = ({ host }: Server) => pulumi.interpolate`dnssrv+_grpc._tcp.${host}`;
    return new ThanosQuery(
      "thanos-query",
      {
        ...common,
        ...args.query,
        endpoints: [...args.endpoints, ...(receive?.ingestors ?? []).map(grpc)],
        groupEndpoints: gateways.map(grpc),
        replicaLabels: replicaLabels(receive),
        autoDownsampling: true,
      },
      {
        parent: this,
        // Queriers learn of a new division of the blocks when all its pods answer.
        dependsOn: gateways.map(({ workload }) => workload),
        // Before there was a bucket, the platform had the same queriers without this store around them.
        aliases: [{ parent: pulumi.rootStackResource }],
      },
    );
  }

  /** Above the cluster's own queriers: whoever asks those, rules and other clusters, must not get answers of third ones. */
  private createGlobalQuery(
    args: ThanosStoreArgs,
    common: ThanosWorkloads,
    query: ThanosQuery,
  ): ThanosQuery | undefined {
    if (args.remoteQueriers === undefined || args.remoteQueriers.length === 0) return undefined;
    const member = networkOf(query);
    return new ThanosQuery(
      "thanos-query-global",
      {
        ...common,
        ...args.query,
        endpoints: [],
        strictEndpoints: [pulumi.interpolate`${member.name}.${args.namespace}.svc:${member.listens.grpc?.port}`],
        remoteEndpoints: args.remoteQueriers,
        replicaLabels: replicaLabels(true),
        autoDownsampling: true,
      },
      { parent: this, dependsOn: [query] },
    );
  }

  private describe(args: ThanosStoreArgs, parts: Parts): void {
    const { secret, caches, gateways, receive, compactors, frontend } = parts;
    const query = networkOf(parts.query);
    const everywhere = parts.everywhere && networkOf(parts.everywhere);
    const servers = [
      ...cacheServers(caches),
      ...gateways,
      ...compactors,
      ...(receive ? [receive.router, ...receive.ingestors] : []),
      frontend,
    ];
    describeStore(this, {
      feed: { kind: "sidecar", bucket: secret.sidecar },
      query: { member: frontend.member, listener: "http" },
      // Those of this cluster alone: rules must not raise the alerts of others.
      rules: { url: parts.query.queryUrl, member: query, listener: "http" },
      readsSidecars: query,
      members: [query, ...(everywhere ? [everywhere] : []), ...servers.map(({ member }) => member)],
      edges: edges(parts),
      callBucket: [...gateways, ...compactors, ...(receive?.ingestors ?? [])].map(({ member }) => member),
      callOutside: everywhere
        ? (args.remoteQueriers ?? []).map(({ name, port, cidrs }) => ({
            member: everywhere,
            name: `querier ${name}`,
            cidrs: cidrs ?? EVERYWHERE,
            ports: [port],
            why: "reads series of another cluster",
          }))
        : [],
      clients: receive ? [{ member: receive.router.member, listener: "remote-write", why: "writes samples" }] : [],
    });
  }
}

interface Parts {
  secret: BucketSecret;
  caches: Caches;
  gateways: Server[];
  receive: Receive | undefined;
  compactors: Server[];
  query: ThanosQuery;
  everywhere: ThanosQuery | undefined;
  frontend: Server;
}

const replicaLabels = (receive: unknown): string[] => [
  REPLICA_LABEL,
  RULER_REPLICA_LABEL,
  ...(receive ? [RECEIVE_REPLICA_LABEL] : []),
];

const keep = (label: string, value: string) => ({
  action: "keep",
  source_labels: [label],
  regex: value.replaceAll(/[^A-Za-z0-9_-]/g, "\\$&"),
});

/** Copies and what was scraped apart are merged by different functions, and a compactor has one. */
function streams(clusterName: string | undefined, receiveOwner: string | undefined): Stream[] {
  return [
    {
      name: "thanos-compactor",
      selector: [
        ...(clusterName === undefined ? [] : [keep("cluster", clusterName)]),
        ...(receiveOwner === undefined ? [] : [{ action: "drop", source_labels: [RECEIVE_LABEL], regex: ".+" }]),
      ],
      replicaLabels: [REPLICA_LABEL, RULER_REPLICA_LABEL],
      scrapedApart: true,
    },
    ...(receiveOwner === undefined
      ? []
      : [
          {
            name: "thanos-compactor-receive",
            selector: [keep(RECEIVE_LABEL, receiveOwner)],
            replicaLabels: [RECEIVE_REPLICA_LABEL],
            scrapedApart: false,
          },
        ]),
  ];
}

const cacheServers = ({ index, bucket, response }: Caches): Server[] =>
  [index, bucket, response].flatMap(({ server }) => server ?? []);

function edges({ caches, gateways, receive, query, everywhere, frontend }: Parts): NetworkEdge[] {
  const querier = networkOf(query);
  const cached = (from: Server, cache: Server | undefined) =>
    cache ? [call(from.member, cache.member, "memcached", "caches")] : [];
  return [
    call(frontend.member, everywhere ? networkOf(everywhere) : querier, "http", "queries"),
    ...(everywhere ? [call(networkOf(everywhere), querier, "grpc", "reads series")] : []),
    ...gateways.flatMap((gateway) => [
      call(querier, gateway.member, "grpc", "reads blocks"),
      ...cached(gateway, caches.index.server),
      ...cached(gateway, caches.bucket.server),
    ]),
    ...cached(frontend, caches.response.server),
    ...(receive?.ingestors ?? []).flatMap(({ member }) => [
      call(querier, member, "grpc", "reads series"),
      ...(receive ? [call(receive.router.member, member, "grpc", "forwards samples")] : []),
    ]),
  ];
}
