import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../../kubernetes/labels";
import { NOBODY, restrictedContainer, restrictedPod } from "../../kubernetes/securityContext";
import { scrapeService } from "../../kubernetes/serviceMonitor";
import { type NetworkMember, networkOf, placeInNetwork } from "../../network/edges";
import { images } from "../../versions";
import { dropLists, metricRelabelings } from "../scrape/dropLists";

/** Arguments of {@link KubeStateMetrics}. */
export interface KubeStateMetricsArgs {
  /** The namespace. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** How often it is scraped. Default: Prometheus' own interval. */
  scrapeInterval?: string;
  /**
   * Node labels that become labels of `kube_node_labels`, from where queries may join them; they are on no other series.
   * Default: region, zone, instance type, capacity type, node group and GPU model.
   */
  nodeLabels?: string[];
  /** A scrape with more samples fails as a whole. Default: 500 000. */
  sampleLimit?: number;
  /** CPU request. Default: `50m`. */
  cpu?: string;
  /** Memory request and limit. Default: `256Mi`; it grows with the number of pods: about 10 KiB each [judgement]. */
  memory?: string;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
}

const DEFAULT_NODE_LABELS = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "node.kubernetes.io/instance-type",
  "eks.amazonaws.com/nodegroup",
  "eks.amazonaws.com/capacityType",
  "karpenter.sh/nodepool",
  "karpenter.sh/capacity-type",
  "nvidia.com/gpu.product",
];

/** What it watches, by API group. No Secrets and no ConfigMaps: whoever may list them may read them. */
const WATCHED: Record<string, string[]> = {
  "": ["namespaces", "nodes", "persistentvolumeclaims", "persistentvolumes", "pods", "resourcequotas"],
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  policy: ["poddisruptionbudgets"],
};

/**
 * kube-state-metrics: the state of the cluster's objects as series. One replica: while it restarts, alerts on objects wait, and
 * a second one would double every series. Every shard of Prometheus scrapes it, so that series of nodes can be joined with it.
 *
 * ```typescript
 * new KubeStateMetrics("kube-state-metrics", { namespace: "monitoring" }, { provider });
 * ```
 */
export class KubeStateMetrics extends pulumi.ComponentResource {
  constructor(name: string, args: KubeStateMetricsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:KubeStateMetrics", name, {}, opts);
    const identity = { name: "kube-state-metrics", instance: name, component: "metrics" };
    placeInNetwork(this, networkMember(args, identity));

    const binding = this.createPermissions(args, identity);
    this.createDeployment(args, identity, binding);
    this.createService(args, identity);

    this.registerOutputs({});
  }

  private createPermissions(args: KubeStateMetricsArgs, identity: WorkloadIdentity) {
    const labels = commonLabels(identity);
    const account = new k8s.core.v1.ServiceAccount(
      identity.instance,
      { metadata: { name: identity.instance, namespace: args.namespace, labels }, automountServiceAccountToken: false },
      { parent: this },
    );
    const name = `${args.clusterScopedPrefix ?? "gpu-observability"}-${identity.instance}`;
    const rules = Object.entries(WATCHED).map(([group, resources]) => ({
      apiGroups: [group],
      resources,
      verbs: ["list", "watch"],
    }));
    const role = new k8s.rbac.v1.ClusterRole(name, { metadata: { name, labels }, rules }, { parent: this });
    return new k8s.rbac.v1.ClusterRoleBinding(
      name,
      {
        metadata: { name, labels },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace: args.namespace }],
      },
      { parent: this },
    );
  }

  private createDeployment(args: KubeStateMetricsArgs, identity: WorkloadIdentity, binding: pulumi.Resource) {
    const metadata = { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) };
    return new k8s.apps.v1.Deployment(
      identity.instance,
      { metadata, spec: deploymentSpec(args, identity) },
      { parent: this, dependsOn: [binding] },
    );
  }

  private createService(args: KubeStateMetricsArgs, identity: WorkloadIdentity) {
    const labels = commonLabels(identity);
    const { http, telemetry } = networkOf(this).listens;
    new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels },
        spec: {
          clusterIP: "None",
          selector: selectorLabels(identity),
          ports: [
            { name: "http", port: http?.port ?? 0, targetPort: "http" },
            { name: "telemetry", port: telemetry?.port ?? 0, targetPort: "telemetry" },
          ],
        },
      },
      { parent: this },
    );
    scrapeService(
      identity.instance,
      {
        member: networkOf(this),
        labels,
        serviceLabels: selectorLabels(identity),
        // A pod has about 30 series after the drop list, a node about 50: enough for 10 000 pods. The body is larger than that of
        // other exporters and is read as a whole.
        limits: { samples: args.sampleLimit ?? 500_000, targets: 10, labels: 60, bodySize: "256MB" },
      },
      { parent: this },
    );
  }
}

function networkMember(args: KubeStateMetricsArgs, identity: WorkloadIdentity): NetworkMember {
  const interval = args.scrapeInterval === undefined ? {} : { interval: args.scrapeInterval };
  const everyShard = { targetLabel: "__tmp_disable_sharding", replacement: "true", action: "replace" as const };
  return {
    name: identity.instance,
    namespace: args.namespace,
    podLabels: selectorLabels(identity),
    listens: {
      http: {
        port: 8080,
        scrape: {
          ...interval,
          // Its labels are those of the objects; what Prometheus knows of its own pod would stand beside them.
          honorLabels: true,
          relabelings: [everyShard, { regex: "namespace|pod|service|endpoint|container", action: "labeldrop" }],
          metricRelabelings: metricRelabelings(dropLists.kubeStateMetrics),
        },
      },
      telemetry: { port: 8081, scrape: { ...interval, relabelings: [everyShard] } },
    },
  };
}

function deploymentSpec(
  args: KubeStateMetricsArgs,
  identity: WorkloadIdentity,
): k8s.types.input.apps.v1.DeploymentSpec {
  const memory = args.memory ?? "256Mi";
  const watched = Object.values(WATCHED).flat().sort();
  const nodeLabels = args.nodeLabels ?? DEFAULT_NODE_LABELS;
  return {
    replicas: 1,
    selector: { matchLabels: selectorLabels(identity) },
    // Two at once would give every series twice.
    strategy: { type: "Recreate" },
    template: {
      metadata: { labels: commonLabels(identity) },
      spec: {
        serviceAccountName: identity.instance,
        automountServiceAccountToken: true,
        securityContext: restrictedPod(NOBODY, NOBODY),
        nodeSelector: { "kubernetes.io/os": "linux" },
        containers: [
          {
            name: "kube-state-metrics",
            image: args.image ?? images.kubeStateMetrics,
            args: [
              `--resources=${watched.join(",")}`,
              ...(nodeLabels.length > 0 ? [`--metric-labels-allowlist=nodes=[${nodeLabels.join(",")}]`] : []),
              "--auto-gomemlimit",
            ],
            ports: [
              { name: "http", containerPort: 8080 },
              { name: "telemetry", containerPort: 8081 },
            ],
            readinessProbe: { httpGet: { path: "/readyz", port: "telemetry" }, periodSeconds: 5 },
            livenessProbe: { httpGet: { path: "/livez", port: "http" }, periodSeconds: 30, failureThreshold: 4 },
            resources: { requests: { cpu: args.cpu ?? "50m", memory }, limits: { memory } },
            securityContext: restrictedContainer(),
          },
        ],
      },
    },
  };
}
