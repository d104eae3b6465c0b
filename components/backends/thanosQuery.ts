import * as pulumi from "@pulumi/pulumi";
import { createServer } from "../kubernetes/server";
import { placeInNetwork } from "../network/edges";
import { images } from "../versions";
import type { LongTermStore } from "./backend";
import { ENDPOINTS_DIRECTORY, ENDPOINTS_FILE, endpointFiles, type RemoteEndpoint } from "./thanos/endpoints";
import { LOG_FORMAT, listenFlags, probes, queryListens } from "./thanos/process";

/** Arguments of {@link ThanosQuery}. */
export interface ThanosQueryArgs {
  /** The namespace. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /**
   * Addresses of the Store APIs to ask, in Thanos' notation; `dnssrv+_grpc._tcp.SERVICE` follows the SRV record of a
   * headless Service.
   */
  endpoints: pulumi.Input<string>[];
  /** Like `endpoints`, but what an address stands for are replicas: a query asks one of them. Default: none. */
  groupEndpoints?: pulumi.Input<string>[];
  /** `HOST:PORT` of what is asked even while it is down, so that results say what they lack. Default: none. */
  strictEndpoints?: pulumi.Input<string>[];
  /** Queriers of other clusters, by TLS. Default: none. */
  remoteEndpoints?: RemoteEndpoint[];
  /** Labels that tell replicas of the same series apart; results are merged over them. */
  replicaLabels: string[];
  /** Whether long ranges are answered from downsampled blocks: from samples of up to a fifth of the step. Default: false. */
  autoDownsampling?: boolean;
  /** Identical queriers. Default: 2. */
  replicas?: number;
  /** CPU request of each querier. Default: `100m`. */
  cpu?: string;
  /** Memory request and limit of each querier. Default: `512Mi`. */
  memory?: string;
  /** Whether queriers must be on different nodes and spread over the zones. Default: true. */
  requireSpread?: boolean;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
}

/** Ports of a querier; the name is that of the port in its Service. */
const listens = { ...queryListens, grpc: { port: 10901 } };

/**
 * Thanos queriers: one PromQL address over many stores, which merges the replicas of each series. They keep nothing;
 * every one answers for all.
 *
 * ```typescript
 * new ThanosQuery("thanos-query", {
 *   namespace: "monitoring",
 *   endpoints: ["dnssrv+_grpc._tcp.prometheus-sidecar.monitoring.svc"],
 *   replicaLabels: ["prometheus_replica"],
 * }, { provider });
 * ```
 */
export class ThanosQuery extends pulumi.ComponentResource implements LongTermStore {
  /** Base URL of the query API inside the cluster. */
  readonly queryUrl: pulumi.Output<string>;

  constructor(name: string, args: ThanosQueryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:ThanosQuery", name, {}, opts);
    const server = createServer(
      {
        identity: { name: "thanos-query", instance: name, component: "query" },
        namespace: args.namespace,
        replicas: args.replicas ?? 2,
        image: args.image ?? images.thanos,
        args: querierArguments(args),
        listens,
        cpu: args.cpu ?? "100m",
        memory: args.memory ?? "512Mi",
        requireSpread: args.requireSpread ?? true,
        ...probes(4),
        files: [{ mountPath: ENDPOINTS_DIRECTORY, content: endpointFiles(args) }],
      },
      { parent: this },
    );
    placeInNetwork(this, server.member);
    this.queryUrl = pulumi.interpolate`http://${server.host}:${listens.http.port}`;

    this.registerOutputs({ queryUrl: this.queryUrl });
  }
}

function querierArguments(args: ThanosQueryArgs): string[] {
  return [
    "query",
    LOG_FORMAT,
    ...listenFlags(listens),
    `--endpoint.sd-config-file=${ENDPOINTS_DIRECTORY}/${ENDPOINTS_FILE}`,
    ...args.replicaLabels.map((label) => `--query.replica-label=${label}`),
    // A store that does not answer costs its part of the result, marked by a warning, and not the whole query.
    "--query.partial-response",
    "--query.timeout=2m",
    ...(args.autoDownsampling ? ["--query.auto-downsampling"] : []),
    // A replica that comes back must count again before the other one goes; the default is 30s.
    "--store.sd-dns-interval=10s",
  ];
}
