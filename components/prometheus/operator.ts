import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { NOBODY, restrictedContainer, restrictedPod } from "../kubernetes/securityContext";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { networkOf, placeInNetwork } from "../network/edges";
import { images } from "../versions";

/** Arguments of {@link PrometheusOperator}. */
export interface PrometheusOperatorArgs {
  /**
   * The namespace that it runs in, and the only one whose custom resources it serves. Give the name of a Namespace
   * resource, so that the namespace is there first. A change replaces everything in it.
   */
  namespace: pulumi.Input<string>;
  /**
   * Whether monitors and rules of other namespaces are read too, for Prometheus servers that select them. Gives the right to
   * read those objects in the whole cluster; not to Secrets: a team whose monitor names one lets the operator read it by a
   * RoleBinding in its own namespace. Default: false.
   */
  everyNamespace?: boolean;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
  /** Image of the configuration reloader beside each server. Default: the one in {@link images}. */
  reloaderImage?: string;
}

/** Its port; the name is that of the port in its Service. */
const listens = { http: { port: 8080, scrape: {} } };

/**
 * The prometheus-operator: it turns the custom resources of one namespace into running Prometheus, Alertmanager and
 * ThanosRuler servers. Its CRDs are not part of it; they come from the project in `crds/`, once per cluster.
 *
 * One replica is enough: while it is away, everything that runs keeps running, and only changes wait.
 *
 * ```typescript
 * new PrometheusOperator("prometheus-operator", { namespace: "monitoring" }, { provider });
 * ```
 */
export class PrometheusOperator extends pulumi.ComponentResource {
  constructor(name: string, args: PrometheusOperatorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:PrometheusOperator", name, {}, opts);
    const identity = { name: "prometheus-operator", instance: name, component: "controller" };
    placeInNetwork(this, { name, namespace: args.namespace, podLabels: selectorLabels(identity), listens });

    const serviceAccount = this.createServiceAccount(args, identity);
    const permissions = this.createPermissions(args, identity, serviceAccount);
    this.createDeployment(args, identity, serviceAccount, permissions);
    this.createService(args, identity);

    this.registerOutputs({});
  }

  private createServiceAccount(args: PrometheusOperatorArgs, identity: WorkloadIdentity) {
    return new k8s.core.v1.ServiceAccount(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
  }

  private createPermissions(
    args: PrometheusOperatorArgs,
    identity: WorkloadIdentity,
    serviceAccount: k8s.core.v1.ServiceAccount,
  ) {
    const metadata = { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) };
    const apiGroup = "rbac.authorization.k8s.io";
    const subjects = [{ kind: "ServiceAccount", name: serviceAccount.metadata.name, namespace: args.namespace }];
    const role = new k8s.rbac.v1.Role(identity.instance, { metadata, rules: operatorRules() }, { parent: this });
    const binding = new k8s.rbac.v1.RoleBinding(
      identity.instance,
      { metadata, roleRef: { apiGroup, kind: "Role", name: role.metadata.name }, subjects },
      { parent: this },
    );
    if (!args.everyNamespace) return [binding];
    const name = `${args.clusterScopedPrefix ?? "gpu-observability"}-${identity.instance}`;
    const clusterRole = new k8s.rbac.v1.ClusterRole(
      name,
      { metadata: { name, labels: commonLabels(identity) }, rules: everyNamespaceRules() },
      { parent: this },
    );
    const clusterBinding = new k8s.rbac.v1.ClusterRoleBinding(
      name,
      {
        metadata: { name, labels: commonLabels(identity) },
        roleRef: { apiGroup, kind: "ClusterRole", name: clusterRole.metadata.name },
        subjects,
      },
      { parent: this },
    );
    return [binding, clusterBinding];
  }

  private createDeployment(
    args: PrometheusOperatorArgs,
    identity: WorkloadIdentity,
    serviceAccount: k8s.core.v1.ServiceAccount,
    permissions: pulumi.Resource[],
  ) {
    return new k8s.apps.v1.Deployment(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) },
        spec: operatorDeployment(args, identity, serviceAccount.metadata.name),
      },
      // Without its permissions the operator ends at once.
      { parent: this, dependsOn: permissions },
    );
  }

  private createService(args: PrometheusOperatorArgs, identity: WorkloadIdentity) {
    const labels = commonLabels(identity);
    const service = new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels },
        spec: {
          clusterIP: "None",
          selector: selectorLabels(identity),
          ports: [{ name: "http", port: listens.http.port, targetPort: "http" }],
        },
      },
      { parent: this },
    );
    scrapeService(
      identity.instance,
      { member: networkOf(this), labels, serviceLabels: selectorLabels(identity) },
      { parent: this, dependsOn: [service] },
    );
  }
}

const MONITORING = "monitoring.coreos.com";
/** The kinds by which others say what is scraped and evaluated. */
const SELECTED = ["servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"];

/**
 * What the operator of {@link images} needs in its own namespace, and nothing elsewhere. Events are not among it: it asks for
 * that right in the whole cluster or not at all.
 */
function operatorRules(): k8s.types.input.rbac.v1.PolicyRule[] {
  const reconciled = ["prometheuses", "alertmanagers", "thanosrulers"];
  return [
    { apiGroups: [MONITORING], resources: reconciled, verbs: ["get", "list", "watch"] },
    {
      apiGroups: [MONITORING],
      resources: [...reconciled, ...SELECTED].map((resource) => `${resource}/status`),
      verbs: ["get", "update", "patch"],
    },
    // Owner references with blockOwnerDeletion need the right to the finalizers.
    { apiGroups: [MONITORING], resources: reconciled.map((resource) => `${resource}/finalizers`), verbs: ["update"] },
    {
      apiGroups: [MONITORING],
      resources: [...SELECTED, "alertmanagerconfigs"],
      verbs: ["get", "list", "watch"],
    },
    {
      apiGroups: ["apps"],
      resources: ["statefulsets"],
      verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
    },
    {
      apiGroups: [""],
      resources: ["configmaps", "secrets"],
      verbs: ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
    },
    { apiGroups: [""], resources: ["services"], verbs: ["get", "create", "update", "delete"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "delete"] },
    // In a Role: its own namespace alone, whose labels it reads.
    { apiGroups: [""], resources: ["namespaces"], verbs: ["get"] },
  ];
}

/** To read the monitors and rules of every namespace, and to say there what is wrong with them. */
function everyNamespaceRules(): k8s.types.input.rbac.v1.PolicyRule[] {
  return [
    { apiGroups: [MONITORING], resources: SELECTED, verbs: ["get", "list", "watch"] },
    { apiGroups: [MONITORING], resources: SELECTED.map((kind) => `${kind}/status`), verbs: ["get", "update", "patch"] },
    { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
  ];
}

/** Servers are run in one namespace only; what they select may be elsewhere. */
function namespaceFlags({ namespace, everyNamespace }: PrometheusOperatorArgs): pulumi.Input<string>[] {
  if (!everyNamespace) return [pulumi.interpolate`--namespaces=${namespace}`];
  const instances = ["prometheus-instance", "alertmanager-instance", "alertmanager-config", "thanos-ruler-instance"];
  return instances.map((kind) => pulumi.interpolate`--${kind}-namespaces=${namespace}`);
}

function operatorDeployment(
  args: PrometheusOperatorArgs,
  identity: WorkloadIdentity,
  serviceAccountName: pulumi.Input<string>,
): k8s.types.input.apps.v1.DeploymentSpec {
  return {
    replicas: 1,
    selector: { matchLabels: selectorLabels(identity) },
    template: {
      metadata: { labels: commonLabels(identity) },
      spec: {
        serviceAccountName,
        automountServiceAccountToken: true,
        securityContext: restrictedPod(NOBODY, NOBODY),
        nodeSelector: { "kubernetes.io/os": "linux" },
        containers: [
          {
            name: "prometheus-operator",
            image: args.image ?? images.prometheusOperator,
            args: [
              ...namespaceFlags(args),
              `--prometheus-config-reloader=${args.reloaderImage ?? images.prometheusConfigReloader}`,
              // A reloader that dies silently would leave Prometheus with an old configuration.
              "--enable-config-reloader-probes=true",
              "--config-reloader-cpu-limit=0",
              "--config-reloader-cpu-request=10m",
              "--config-reloader-memory-request=32Mi",
              "--config-reloader-memory-limit=64Mi",
              "--disable-unmanaged-prometheus-configuration=true",
              "--auto-gomemlimit-ratio=0.9",
            ],
            ports: [{ name: "http", containerPort: listens.http.port }],
            readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 2 },
            livenessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 10, failureThreshold: 6 },
            resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
            securityContext: restrictedContainer(),
          },
        ],
      },
    },
  };
}
