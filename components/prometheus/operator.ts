import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { NOBODY, restrictedContainer, restrictedPod } from "../kubernetes/securityContext";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { images } from "../versions";

/** Arguments of {@link PrometheusOperator}. */
export interface PrometheusOperatorArgs {
  /**
   * The namespace that it runs in, and the only one whose custom resources it serves. Give the name of a Namespace
   * resource, so that the namespace is there first. A change replaces everything in it.
   */
  namespace: pulumi.Input<string>;
}

const ports = { http: 8080 };

/**
 * The prometheus-operator: it turns the custom resources of one namespace into running Prometheus and Alertmanager
 * servers. Its CRDs are not part of it; they come from the project in `crds/`, once per cluster.
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
    const role = new k8s.rbac.v1.Role(identity.instance, { metadata, rules: operatorRules() }, { parent: this });
    return new k8s.rbac.v1.RoleBinding(
      identity.instance,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: serviceAccount.metadata.name, namespace: args.namespace }],
      },
      { parent: this },
    );
  }

  private createDeployment(
    args: PrometheusOperatorArgs,
    identity: WorkloadIdentity,
    serviceAccount: k8s.core.v1.ServiceAccount,
    permissions: k8s.rbac.v1.RoleBinding,
  ) {
    return new k8s.apps.v1.Deployment(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) },
        spec: operatorDeployment(args.namespace, identity, serviceAccount.metadata.name),
      },
      // Without its permissions the operator ends at once.
      { parent: this, dependsOn: [permissions] },
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
          ports: [{ name: "http", port: ports.http, targetPort: "http" }],
        },
      },
      { parent: this },
    );
    scrapeService(
      identity.instance,
      { namespace: args.namespace, labels, matchLabels: selectorLabels(identity), port: "http" },
      { parent: this, dependsOn: [service] },
    );
  }
}

/**
 * What the operator of {@link images} needs in its own namespace, and nothing elsewhere. It has no right to write events: it
 * asks for that in the whole cluster or not at all, and says at its start that it writes none.
 */
function operatorRules(): k8s.types.input.rbac.v1.PolicyRule[] {
  const monitoring = "monitoring.coreos.com";
  const reconciled = ["prometheuses", "alertmanagers", "thanosrulers"];
  const selected = ["servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"];
  return [
    { apiGroups: [monitoring], resources: reconciled, verbs: ["get", "list", "watch"] },
    {
      apiGroups: [monitoring],
      resources: [...reconciled, ...selected].map((resource) => `${resource}/status`),
      verbs: ["get", "update", "patch"],
    },
    // Owner references with blockOwnerDeletion need the right to the finalizers.
    { apiGroups: [monitoring], resources: reconciled.map((resource) => `${resource}/finalizers`), verbs: ["update"] },
    {
      apiGroups: [monitoring],
      resources: [...selected, "alertmanagerconfigs"],
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

function operatorDeployment(
  namespace: pulumi.Input<string>,
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
            image: images.prometheusOperator,
            args: [
              pulumi.interpolate`--namespaces=${namespace}`,
              `--prometheus-config-reloader=${images.prometheusConfigReloader}`,
              // A reloader that dies silently would leave Prometheus with an old configuration.
              "--enable-config-reloader-probes=true",
              "--config-reloader-cpu-limit=0",
              "--config-reloader-cpu-request=10m",
              "--config-reloader-memory-request=32Mi",
              "--config-reloader-memory-limit=64Mi",
              "--disable-unmanaged-prometheus-configuration=true",
              "--auto-gomemlimit-ratio=0.9",
            ],
            ports: [{ name: "http", containerPort: ports.http }],
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
