import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { doNotWait, prometheusResource, waitUntilAvailable } from "../kubernetes/customResources";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { commonLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { prometheusSpec } from "./prometheusSpec";

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
  /** Size of each server's volume. Default: no volume, see `ephemeralStorageSize`. It can grow, never shrink. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. A change needs new volumes. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
  /** CPU request of each server. Default: `250m`. There is no CPU limit: throttled scrapes are lost scrapes. */
  cpu?: string;
  /** Memory request and limit of each server. Default: `2Gi`. */
  memory?: string;
  /** A scrape with more samples fails as a whole. Default: 100 000. */
  sampleLimit?: number;
  /** A job with more targets has none of them scraped: all are shown as failing. Default: 10 000. */
  targetLimit?: number;
  /** A scrape with a sample of more labels fails as a whole. Default: 60. */
  labelLimit?: number;
  /** A scrape with a longer label value fails as a whole. Default: 2048 characters. */
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
}

/** Ports of a Prometheus pod that others connect to. */
export const prometheusPorts = { web: 9090, grpc: 10901 };

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
    // The operator puts these two labels on the pods of the custom resource with this name.
    const identity = { name: "prometheus", instance: name, component: "metrics" };

    const serviceAccount = this.createPermissions(args, identity);
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

  private createPermissions(args: PrometheusArgs, identity: WorkloadIdentity) {
    const metadata = { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) };
    const serviceAccount = new k8s.core.v1.ServiceAccount(
      identity.instance,
      // The operator mounts the token where it is needed: in the pod.
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );
    const role = new k8s.rbac.v1.Role(identity.instance, { metadata, rules: discoveryRules() }, { parent: this });
    const binding = new k8s.rbac.v1.RoleBinding(
      identity.instance,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: serviceAccount.metadata.name, namespace: args.namespace }],
      },
      { parent: this },
    );
    return { name: serviceAccount.metadata.name, binding };
  }

  private createPrometheus(
    args: PrometheusArgs,
    identity: WorkloadIdentity,
    serviceAccount: { name: pulumi.Output<string>; binding: pulumi.Resource },
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
      { parent: this, dependsOn: [serviceAccount.binding] },
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
            { name: "web", port: prometheusPorts.web, targetPort: "web" },
            { name: "reloader-web", port: 8080, targetPort: "reloader-web" },
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
            { name: "grpc", port: prometheusPorts.grpc, targetPort: "grpc" },
            { name: "http", port: 10902, targetPort: "http" },
          ],
        },
      },
      { parent: this },
    );
  }

  private createServiceMonitor(args: PrometheusArgs, identity: WorkloadIdentity, prometheus: pulumi.Resource) {
    const labels = commonLabels(identity);
    scrapeService(
      identity.instance,
      { namespace: args.namespace, labels, matchLabels: labels, port: "web" },
      { parent: this, dependsOn: [prometheus] },
    );
    if (args.thanosSidecar === false) return;
    const sidecar = commonLabels({ ...identity, name: "thanos-sidecar" });
    scrapeService(
      `${identity.instance}-sidecar`,
      { namespace: args.namespace, labels: sidecar, matchLabels: sidecar, port: "http" },
      { parent: this, dependsOn: [prometheus] },
    );
  }
}

/** Service discovery in the server's own namespace; nothing can be read beside it. */
function discoveryRules(): k8s.types.input.rbac.v1.PolicyRule[] {
  return [
    { apiGroups: [""], resources: ["services", "pods"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
  ];
}
