import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { contentHash } from "../kubernetes/contentHash";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { type NetworkMember, networkOf, placeInNetwork } from "../network/edges";
import { dcgmDaemonSet } from "./dcgmDaemonSet";
import { gpuLimits, gpuScrape } from "./gpuTarget";
import { profileNamed } from "./profile";
import type { Profile } from "./signals";
import { counterFile } from "./signals/counterFile";

/** Arguments of {@link DcgmExporter}. */
export interface DcgmExporterArgs {
  /**
   * The namespace; it must admit pods that read a folder of the node and, for `profiling`, have a capability (profile
   * `privileged`). A change replaces everything.
   */
  namespace: pulumi.Input<string>;
  /** What is collected: `essential`, `health` or `profiling`. Default: `health`. */
  profile?: string;
  /** How often DCGM reads the GPUs and Prometheus the exporter: one figure, or samples would repeat. Default: `30s`. */
  scrapeInterval?: string;
  /**
   * Whether several pods may hold one GPU, by time-slicing, MPS or a shared claim. DCGM measures the GPU, not its pods, so
   * series then carry no pod. Default: false. MIG needs no setting.
   */
  sharedGpus?: boolean;
  /** Whether GPUs are claimed through dynamic resource allocation; the exporter then reads ResourceSlices. Default: false. */
  dynamicResourceAllocation?: boolean;
  /** A RuntimeClass that gives pods the driver's libraries. Default: none, for nodes whose default runtime does. */
  runtimeClassName?: string;
  /**
   * Node labels that say what fails together, the most precise first; the first that a node has becomes `failure_domain`.
   * Default: {@link failureDomainLabels}.
   */
  failureDomainLabels?: string[];
  /** A scrape with more samples fails as a whole and blinds the node. Default: {@link GPU_SAMPLE_LIMIT}. */
  sampleLimit?: number;
  /** CPU request. Default: `100m`. */
  cpu?: string;
  /** Memory request and limit. Default: `512Mi`: exporters with 256Mi were killed (NVIDIA/dcgm-exporter#702, #609). */
  memory?: string;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
}

/**
 * NVIDIA's dcgm-exporter on every node with an NVIDIA GPU, with the counter file, the relabelling and the limits of our
 * catalogue of signals. Nodes need the driver; the exporter brings DCGM.
 *
 * ```typescript
 * new DcgmExporter("dcgm-exporter", { namespace: "monitoring-nodes", profile: "profiling" }, { provider });
 * ```
 */
export class DcgmExporter extends pulumi.ComponentResource {
  constructor(name: string, args: DcgmExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:DcgmExporter", name, {}, opts);
    const identity = { name: "dcgm-exporter", instance: name, component: "metrics" };
    const profile = profileOf(args);
    placeInNetwork(this, networkMember(args, identity, profile));

    const counters = this.createCounterFile(args, identity, counterFile(profile));
    const account = this.createAccount(args, identity);
    this.createDaemonSet(args, identity, { account, counters, content: counterFile(profile), profile });
    this.createService(args, identity);

    this.registerOutputs({});
  }

  private createCounterFile(args: DcgmExporterArgs, identity: WorkloadIdentity, content: string) {
    return new k8s.core.v1.ConfigMap(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) },
        data: { [COUNTER_FILE]: content },
      },
      { parent: this },
    );
  }

  private createAccount(args: DcgmExporterArgs, identity: WorkloadIdentity) {
    const labels = commonLabels(identity);
    const account = new k8s.core.v1.ServiceAccount(
      identity.instance,
      { metadata: { name: identity.instance, namespace: args.namespace, labels }, automountServiceAccountToken: false },
      { parent: this },
    );
    if (readsResourceSlices(args)) this.letReadDevices(args, identity, account);
    return account.metadata.name;
  }

  /** Which device a claim got is only in ResourceSlices, which belong to no namespace. */
  private letReadDevices(args: DcgmExporterArgs, identity: WorkloadIdentity, account: k8s.core.v1.ServiceAccount) {
    const metadata = {
      name: `${args.clusterScopedPrefix ?? "gpu-observability"}-${identity.instance}`,
      labels: commonLabels(identity),
    };
    const rules = [{ apiGroups: ["resource.k8s.io"], resources: ["resourceslices"], verbs: ["get", "list", "watch"] }];
    const role = new k8s.rbac.v1.ClusterRole(metadata.name, { metadata, rules }, { parent: this });
    new k8s.rbac.v1.ClusterRoleBinding(
      metadata.name,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace: args.namespace }],
      },
      { parent: this },
    );
  }

  private createDaemonSet(
    args: DcgmExporterArgs,
    identity: WorkloadIdentity,
    parts: { account: pulumi.Input<string>; counters: k8s.core.v1.ConfigMap; content: string; profile: Profile },
  ) {
    const spec = dcgmDaemonSet({
      identity,
      profile: parts.profile,
      serviceAccountName: parts.account,
      intervalMilliseconds: milliseconds(args),
      readsResourceSlices: readsResourceSlices(args),
      runtimeClassName: args.runtimeClassName,
      counterFile: { configMap: parts.counters.metadata.name, key: COUNTER_FILE },
      annotations: contentHash(parts.content),
      port: DCGM_EXPORTER_PORT,
      cpu: args.cpu ?? "100m",
      memory: args.memory ?? "512Mi",
      image: args.image,
    });
    const metadata = { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) };
    new k8s.apps.v1.DaemonSet(identity.instance, { metadata, spec }, { parent: this });
  }

  private createService(args: DcgmExporterArgs, identity: WorkloadIdentity) {
    const labels = commonLabels(identity);
    new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels },
        spec: {
          clusterIP: "None",
          selector: selectorLabels(identity),
          ports: [{ name: LISTENER, port: DCGM_EXPORTER_PORT, targetPort: LISTENER }],
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
        limits: gpuLimits(args.sampleLimit),
        // The failure domain is a label of the node, not of the pod.
        attachNodeMetadata: true,
      },
      { parent: this },
    );
  }
}

/** The port of dcgm-exporter. */
export const DCGM_EXPORTER_PORT = 9400;
const LISTENER = "metrics";
const COUNTER_FILE = "counters.csv";

const profileOf = (args: DcgmExporterArgs) => profileNamed(args.profile ?? "health", "profile");

/** A claim that several pods share would give the card's series once for each of them. */
const readsResourceSlices = (args: DcgmExporterArgs) => args.dynamicResourceAllocation === true && !args.sharedGpus;

const intervalOf = (args: DcgmExporterArgs) => args.scrapeInterval ?? "30s";

/** The exporter takes milliseconds. */
function milliseconds(args: DcgmExporterArgs): number {
  const [, figure, unit] = /^([0-9]+)(s|m)$/.exec(intervalOf(args)) ?? [];
  if (figure === undefined) {
    throw new pulumi.InputPropertyError({
      propertyPath: "scrapeInterval",
      reason: `'${intervalOf(args)}' is not a whole number of seconds or minutes, such as 30s`,
    });
  }
  return Number(figure) * (unit === "m" ? 60_000 : 1_000);
}

function networkMember(args: DcgmExporterArgs, identity: WorkloadIdentity, profile: Profile): NetworkMember {
  const scrape = gpuScrape({
    profile,
    sharedGpus: args.sharedGpus ?? false,
    interval: intervalOf(args),
    failureDomainLabels: args.failureDomainLabels,
  });
  return {
    name: identity.instance,
    namespace: args.namespace,
    podLabels: selectorLabels(identity),
    listens: { [LISTENER]: { port: DCGM_EXPORTER_PORT, scrape } },
  };
}
