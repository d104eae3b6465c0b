import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { roleAnnotation } from "../kubernetes/cloudIdentity";
import { claimTemplate, doNotWait, thanosRulerResource, waitUntilAvailable } from "../kubernetes/customResources";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import {
  CONFIGURATION_ONLY,
  commonLabels,
  namespacesWith,
  partOf,
  selectorLabels,
  type WorkloadIdentity,
} from "../kubernetes/labels";
import { spreadOverZonesAndNodes } from "../kubernetes/scheduling";
import { restrictedPod } from "../kubernetes/securityContext";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { networkOf, placeInNetwork } from "../network/edges";
import { type RemoteWriteArgs, remoteWrite, type Writer } from "../prometheus/remoteWrite";
import { EVALUATOR, writersOf } from "../prometheus/rules/evaluator";
import { bucketAnnotations, bucketFile, type SidecarBucket } from "../prometheus/sidecar";
import { images, versions } from "../versions";

/** Arguments of {@link ThanosRuler}. */
export interface ThanosRulerArgs {
  /** The namespace, served by a prometheus-operator. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** Base URL of the query API that answers for every shard. */
  queryUrl: pulumi.Input<string>;
  /** Service of the Alertmanagers, in the same namespace, whose SRV record lists all members. Default: alerts go nowhere. */
  alertmanagerService?: string;
  /** How often rules are evaluated. Default: `30s`. */
  evaluationInterval?: string;
  /** Identical rulers, of those that keep what they recorded and of those that write it. Default: 2. */
  replicas?: number;
  /** How long each keeps on its disk what its rules recorded. Default: `24h`. */
  retention?: string;
  /** The external label `cluster` of what it records and of its alerts. Default: only what their expressions keep. */
  clusterName?: string;
  /** A label of namespaces, and the values with which their PrometheusRules are evaluated. Default: only `namespace`. */
  namespaceLabel?: string;
  /** See `namespaceLabel`. */
  namespaceLabelValues?: string[];
  /** Namespaces among them whose rules may look at every namespace. Default: `namespace`. */
  ownNamespaces?: string[];
  /** Size of each ruler's volume. Default: no volume, see `ephemeralStorageSize`. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. A change needs new volumes. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
  /** CPU request of each. Default: `100m`. */
  cpu?: string;
  /** Memory request and limit of each. Default: `512Mi`. */
  memory?: string;
  /** Whether rulers must be on different nodes and spread over the zones. Default: true. */
  requireSpread?: boolean;
  /**
   * Stores to which rulers write what they recorded. Those rulers keep nothing, and queriers find nothing in them. Default: none.
   */
  remoteWrites?: RemoteWriteArgs[];
  /**
   * Whether rulers keep what they recorded, for queriers and `bucket`. Default: only without `remoteWrites`; with both there are
   * two groups of `replicas` that evaluate the same and send the same alerts, which Alertmanager takes for one.
   */
  keepsRecorded?: boolean;
  /** Bucket to which the rulers that keep what they recorded upload it. Default: none, it is gone after `retention`. */
  bucket?: SidecarBucket;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
}

/** Ports of a ruler; the name is that of the port in its Service. */
const listens = { web: { port: 10902, scrape: {} }, grpc: { port: 10901 }, "reloader-web": { port: 8080, scrape: {} } };

/** The label that tells the rulers apart; queriers merge over it. */
export const RULER_REPLICA_LABEL = "thanos_ruler_replica";

/** Its pods are called after it, as the operator does. */
const writerOf = ({ clusterName }: ThanosRulerArgs, { instance }: WorkloadIdentity): Writer => ({
  replicaLabel: RULER_REPLICA_LABEL,
  haGroup: `${clusterName === undefined ? "" : `${clusterName}/`}thanos-ruler-${instance}`,
});

const USER = 1000;
const GROUP = 2000;

/**
 * The global evaluator: evaluates, over every shard, the rules that one shard cannot answer alone, and those of teams. Needed with more
 * than one shard; with one, Prometheus evaluates everything itself, which needs no network in between.
 *
 * ```typescript
 * new ThanosRuler("thanos-ruler", { namespace: "monitoring", queryUrl: query.queryUrl }, { provider });
 * ```
 */
export class ThanosRuler extends pulumi.ComponentResource {
  /** Name of the headless Service of the gRPC port, by which queriers read what the rules recorded. */
  readonly grpcServiceName: pulumi.Output<string>;
  constructor(name: string, args: ThanosRulerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:ThanosRuler", name, {}, opts);
    // The operator puts these two labels on the pods of the custom resource with this name.
    const identity = { name: "thanos-ruler", instance: name, component: "alerting" };
    const groups = groupsOf(args, identity);
    placeInNetwork(this, { name, namespace: args.namespace, podLabels: podsOf(groups), listens });

    const shared = {
      alertmanagers: this.createAlertmanagersConfig(args, identity),
      account: this.createAccount(args, identity),
    };
    const rulers = groups.map((group) => this.createRulers(args, group, shared));
    this.grpcServiceName = this.createService(args, identity, groups, rulers).metadata.name;

    this.registerOutputs({ grpcServiceName: this.grpcServiceName });
  }

  private createAlertmanagersConfig(args: ThanosRulerArgs, identity: WorkloadIdentity) {
    if (args.alertmanagerService === undefined) return undefined;
    const name = `${identity.instance}-alertmanagers`;
    const address = pulumi.interpolate`dnssrv+_web._tcp.${args.alertmanagerService}.${args.namespace}.svc`;
    return new k8s.core.v1.Secret(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: commonLabels(identity), annotations: CONFIGURATION_ONLY },
        stringData: {
          "alertmanagers.yaml": address.apply((target) =>
            stringify({ alertmanagers: [{ static_configs: [target], api_version: "v2" }] }),
          ),
        },
      },
      { parent: this },
    );
  }

  private createAccount(args: ThanosRulerArgs, identity: WorkloadIdentity) {
    const role = args.bucket?.roleArn;
    return new k8s.core.v1.ServiceAccount(
      identity.instance,
      {
        metadata: {
          name: identity.instance,
          namespace: args.namespace,
          labels: commonLabels(identity),
          ...(role === undefined ? {} : { annotations: roleAnnotation(role) }),
        },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
  }

  private createRulers(args: ThanosRulerArgs, { identity, remoteWrites }: RulerGroup, shared: Shared) {
    const { alertmanagers, account } = shared;
    const metadata = { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) };
    if ((args.replicas ?? 2) > 1) {
      disruptionBudget(
        identity.instance,
        { namespace: args.namespace, labels: metadata.labels, matchLabels: selectorLabels(identity) },
        { parent: this },
      );
    }
    const bucket = remoteWrites.length === 0 ? args.bucket : undefined;
    const mounted = bucket && bucketFile(bucket);
    const memory = args.memory ?? "512Mi";
    return thanosRulerResource(
      identity.instance,
      {
        metadata: { ...metadata, annotations: waitUntilAvailable },
        spec: {
          image: args.image ?? images.thanos,
          version: versions.thanos,
          replicas: args.replicas ?? 2,
          queryEndpoints: [args.queryUrl],
          ...(alertmanagers === undefined
            ? {}
            : { alertmanagersConfig: { name: alertmanagers.metadata.name, key: "alertmanagers.yaml" } }),
          ...(args.clusterName === undefined ? {} : { labels: { cluster: args.clusterName } }),
          evaluationInterval: args.evaluationInterval ?? "30s",
          retention: args.retention ?? "24h",
          ...(remoteWrites.length === 0
            ? {}
            : { remoteWrite: remoteWrites.map((write) => remoteWrite(write, writerOf(args, identity))) }),
          ...(mounted === undefined ? {} : { ...mounted.container, volumes: mounted.volumes }),
          ...selectedRules(args),
          serviceAccountName: account.metadata.name,
          podMetadata: { labels: { ...partOf }, ...bucketAnnotations(bucket) },
          storage:
            args.volumeSize === undefined
              ? { emptyDir: { sizeLimit: args.ephemeralStorageSize ?? "1Gi" } }
              : { volumeClaimTemplate: claimTemplate(args.volumeSize, args.storageClass) },
          logFormat: "json",
          nodeSelector: { "kubernetes.io/os": "linux" },
          topologySpreadConstraints: spreadOverZonesAndNodes({
            matchLabels: selectorLabels(identity),
            replicas: args.replicas ?? 2,
            required: args.requireSpread ?? true,
          }),
          securityContext: restrictedPod(USER, GROUP),
          resources: { requests: { cpu: args.cpu ?? "100m", memory }, limits: { memory } },
        },
      },
      { parent: this },
    );
  }

  private createService(
    args: ThanosRulerArgs,
    identity: WorkloadIdentity,
    groups: readonly RulerGroup[],
    rulers: pulumi.Resource[],
  ) {
    const labels = commonLabels(identity);
    const service = new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels, annotations: doNotWait },
        spec: {
          clusterIP: "None",
          selector: podsOf(groups),
          ports: Object.entries(listens).map(([name, { port }]) => ({ name, port, targetPort: name })),
        },
      },
      { parent: this },
    );
    scrapeService(
      identity.instance,
      { member: networkOf(this), labels, serviceLabels: labels },
      { parent: this, dependsOn: rulers },
    );
    return service;
  }
}

/** Identical rulers: they keep what they recorded, or write it to stores. */
interface RulerGroup {
  identity: WorkloadIdentity;
  /** Without any, they keep it. */
  remoteWrites: RemoteWriteArgs[];
}

/** What all groups of rulers share. */
interface Shared {
  alertmanagers: k8s.core.v1.Secret | undefined;
  account: k8s.core.v1.ServiceAccount;
}

/** One Thanos process does one or the other. Their names differ, so that a move adds one before it takes the other away. */
function groupsOf({ remoteWrites = [], keepsRecorded }: ThanosRulerArgs, identity: WorkloadIdentity): RulerGroup[] {
  if (remoteWrites.length === 0) return [{ identity, remoteWrites }];
  const writers = { identity: { ...identity, instance: writersOf(identity.instance) }, remoteWrites };
  return keepsRecorded ? [{ identity, remoteWrites: [] }, writers] : [writers];
}

/** Labels of the pods of all groups. */
function podsOf(groups: readonly RulerGroup[]): Record<string, string> {
  const [first, ...others] = groups.map(({ identity }) => selectorLabels(identity));
  return others.length === 0 ? { ...first } : { "app.kubernetes.io/name": "thanos-ruler", ...partOf };
}

/** Every rule but those that the shards evaluate themselves. */
function selectedRules(args: ThanosRulerArgs) {
  const own = args.ownNamespaces ?? [];
  return {
    ruleSelector: { matchExpressions: [{ key: EVALUATOR, operator: "NotIn", values: ["shard"] }] },
    ...(args.namespaceLabel === undefined
      ? {}
      : {
          ruleNamespaceSelector: namespacesWith(args.namespaceLabel, args.namespaceLabelValues ?? []),
          enforcedNamespaceLabel: "namespace",
          excludedFromEnforcement: [args.namespace, ...own].map((namespace) => ({
            group: "monitoring.coreos.com" as const,
            resource: "prometheusrules" as const,
            namespace,
          })),
        }),
  };
}
