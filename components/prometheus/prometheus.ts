import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { doNotWait, prometheusResource, waitUntilAvailable } from "../kubernetes/customResources";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { commonLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { type NetworkMember, networkOf, placeInNetwork } from "../network/edges";
import { grantPermissions } from "./prometheusPermissions";
import { prometheusSpec } from "./prometheusSpec";
import type { RemoteWriteArgs } from "./remoteWrite";
import type { SidecarBucket } from "./sidecar";

/** Arguments of {@link Prometheus}. */
export interface PrometheusArgs {
  /** The namespace, served by a prometheus-operator. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /**
   * Unique name of the cluster among all whose series are ever queried together. It becomes the external label
   * `cluster`; after a change, old and new series no longer join.
   */
  clusterName: string;
  /** Identical servers per shard. Default: 2, the HA pair. */
  replicas?: number;
  /**
   * Into how many groups the targets are split. Default: 1. Lowering it leaves the data of the dropped shards where
   * nobody queries it.
   */
  shards?: number;
  /** How often targets are scraped and rules evaluated. Default: `30s`. */
  scrapeInterval?: string;
  /** How long each server keeps samples on its own disk. Default: `24h`. */
  retentionTime?: string;
  /** At most this much disk for blocks, as `85GB` or `85GiB`; the oldest go first. Default: no limit by size. */
  retentionSize?: string;
  /** Size of each server's volume. Default: no volume, see `ephemeralStorageSize`. To grow it: docs/stores.md. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. A change needs new volumes. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
  /** CPU request of each server. Default: `250m`. There is no CPU limit: throttled scrapes are lost scrapes. */
  cpu?: string;
  /** Memory request and limit of each server. Default: `2Gi`. */
  memory?: string;
  /** A scrape with more samples fails as a whole, unless its monitor says otherwise. Default: 20 000. */
  sampleLimit?: number;
  /**
   * A job with more targets has none of them scraped, unless its monitor says otherwise: all are shown as failing.
   * Default: 1 000.
   */
  targetLimit?: number;
  /** A scrape with a sample of more labels fails as a whole, unless its monitor says otherwise. Default: 60. */
  labelLimit?: number;
  /** A scrape with a longer label value fails as a whole, unless its monitor says otherwise. Default: 2048 characters. */
  labelValueLengthLimit?: number;
  /** What is logged: debug, info, warn or error. Default: `info`. */
  logLevel?: string;
  /**
   * Whether replicas must be on different nodes and spread over the zones. Default: true; a replica without a place
   * stays Pending. False makes it a preference, for clusters of one node.
   */
  requireSpread?: boolean;
  /**
   * Service of the Alertmanager cluster in the same namespace; every one of its members is sent every alert.
   * Default: alerts go nowhere.
   */
  alertmanagerService?: pulumi.Input<string>;
  /** Whether each server has a Thanos sidecar, by which queriers read it. Default: true. */
  thanosSidecar?: boolean;
  /**
   * Memory request and limit of each sidecar. Default: `512Mi`. Large queries pass through it: when it is killed for
   * memory, its replica is missing from the answers until it is back.
   */
  sidecarMemory?: string;
  /** Bucket to which the sidecars upload each block of two hours. Default: none, nothing is uploaded. */
  bucket?: SidecarBucket;
  /** Stores to which samples are written as they are scraped. Default: none. */
  remoteWrites?: RemoteWriteArgs[];
  /**
   * Further namespaces whose monitors are scraped: those of this component's own workloads. Their objects are trusted.
   * Default: none.
   */
  ownNamespaces?: string[];
  /**
   * A label of namespaces, and the values with which their ServiceMonitors, PodMonitors, Probes and PrometheusRules are picked
   * up; `namespace` and `ownNamespaces` must have one of them. What the others bring has the label `namespace` of its origin,
   * whatever it says itself. Gives the server the right to discover pods and Services in every namespace. Default: only
   * `namespace`.
   */
  namespaceLabel?: string;
  /** See `namespaceLabel`. */
  namespaceLabelValues?: string[];
  /**
   * Whether it may read the metrics of nodes and of the API server, and discover what runs in `default` and `kube-system`.
   * Default: false.
   */
  clusterMetrics?: boolean;
  /**
   * Whether targets may take labels from their nodes, as those of GPUs do: it may then list nodes. Default: as
   * `clusterMetrics`.
   */
  nodeMetadata?: boolean;
  /** Whether only rules are evaluated that one shard can answer alone. Default: false; true needs a global evaluator. */
  shardRulesOnly?: boolean;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
  /** Image of Prometheus, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
  /** Image of the Thanos sidecar. Default: the one in {@link images}. */
  sidecarImage?: string;
}

/** Ports of a Prometheus pod that others connect to; the name is that of the port in its Service. */
const listens = {
  web: { port: 9090, scrape: {} },
  "reloader-web": { port: 8080, scrape: {} },
  grpc: { port: 10901 },
  http: { port: 10902, scrape: {} },
};

/**
 * Highly available Prometheus: `replicas` identical servers for each of `shards` groups of targets. They scrape and
 * evaluate independently, so that one can always be away; queriers merge them by the replica label.
 *
 * ```typescript
 * new Prometheus("prometheus", { namespace: "monitoring", clusterName: "ml-prod" }, { provider });
 * ```
 */
export class Prometheus extends pulumi.ComponentResource {
  /** Name of the Service of the web port. It answers from one replica at a time: for queries use a querier. */
  readonly serviceName: pulumi.Output<string>;
  /** Name of the headless Service of the sidecars' gRPC port, if there are any; its SRV record lists every replica. */
  readonly sidecarServiceName: pulumi.Output<string | undefined>;

  constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:Prometheus", name, {}, opts);
    placeInNetwork(this, networkMember(name, args));
    // The operator puts these two labels on the pods of the custom resource with this name.
    const identity = { name: "prometheus", instance: name, component: "metrics" };

    const serviceAccount = grantPermissions(args, identity, { parent: this });
    const prometheus = this.createPrometheus(args, identity, serviceAccount);
    this.createDisruptionBudgets(args, identity);
    this.serviceName = this.createService(args, identity).metadata.name;
    this.sidecarServiceName =
      args.thanosSidecar === false ? pulumi.output(undefined) : this.createSidecarService(args, identity).metadata.name;
    this.createServiceMonitor(args, identity, prometheus);

    this.registerOutputs({
      serviceName: this.serviceName,
      ...(args.thanosSidecar === false ? {} : { sidecarServiceName: this.sidecarServiceName }),
    });
  }

  private createPrometheus(
    args: PrometheusArgs,
    identity: WorkloadIdentity,
    serviceAccount: { name: pulumi.Output<string>; bindings: pulumi.Resource[] },
  ) {
    return prometheusResource(
      identity.instance,
      {
        metadata: {
          name: identity.instance,
          namespace: args.namespace,
          labels: commonLabels(identity),
          annotations: waitUntilAvailable,
        },
        spec: prometheusSpec(identity.instance, args, serviceAccount.name),
      },
      { parent: this, dependsOn: serviceAccount.bindings },
    );
  }

  private createDisruptionBudgets(args: PrometheusArgs, identity: WorkloadIdentity) {
    if ((args.replicas ?? 2) < 2) return;
    for (let shard = 0; shard < (args.shards ?? 1); shard++) {
      // One budget per shard: one over all would let a drain take both replicas of the same shard, one after the other.
      disruptionBudget(
        shard === 0 ? identity.instance : `${identity.instance}-shard-${shard}`,
        {
          namespace: args.namespace,
          labels: commonLabels(identity),
          matchLabels: {
            "operator.prometheus.io/name": identity.instance,
            "operator.prometheus.io/shard": String(shard),
          },
        },
        { parent: this },
      );
    }
  }

  private createService(args: PrometheusArgs, identity: WorkloadIdentity) {
    return new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: {
          name: identity.instance,
          namespace: args.namespace,
          labels: commonLabels(identity),
          annotations: doNotWait,
        },
        spec: {
          selector: { "operator.prometheus.io/name": identity.instance },
          ports: [
            { name: "web", port: listens.web.port, targetPort: "web" },
            { name: "reloader-web", port: listens["reloader-web"].port, targetPort: "reloader-web" },
          ],
        },
      },
      { parent: this },
    );
  }

  private createSidecarService(args: PrometheusArgs, identity: WorkloadIdentity) {
    const name = `${identity.instance}-sidecar`;
    return new k8s.core.v1.Service(
      name,
      {
        metadata: {
          name,
          namespace: args.namespace,
          labels: commonLabels({ ...identity, name: "thanos-sidecar" }),
        },
        spec: {
          clusterIP: "None",
          selector: { "operator.prometheus.io/name": identity.instance },
          ports: [
            { name: "grpc", port: listens.grpc.port, targetPort: "grpc" },
            { name: "http", port: listens.http.port, targetPort: "http" },
          ],
        },
      },
      { parent: this },
    );
  }

  private createServiceMonitor(args: PrometheusArgs, identity: WorkloadIdentity, prometheus: pulumi.Resource) {
    const labels = commonLabels(identity);
    const opts = { parent: this, dependsOn: [prometheus] };
    scrapeService(
      identity.instance,
      { member: networkOf(this), labels, serviceLabels: labels, listeners: ["web", "reloader-web"] },
      opts,
    );
    if (args.thanosSidecar === false) return;
    const sidecar = commonLabels({ ...identity, name: "thanos-sidecar" });
    scrapeService(
      `${identity.instance}-sidecar`,
      { member: networkOf(this), labels: sidecar, serviceLabels: sidecar, listeners: ["http"] },
      opts,
    );
  }
}

function networkMember(name: string, args: PrometheusArgs): NetworkMember {
  const { grpc, http, ...server } = listens;
  return {
    name,
    namespace: args.namespace,
    podLabels: { "operator.prometheus.io/name": name, "app.kubernetes.io/name": "prometheus" },
    listens: args.thanosSidecar === false ? server : { ...server, grpc, http },
  };
}
