import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { roleAnnotation } from "../kubernetes/cloudIdentity";
import { commonLabels, type WorkloadIdentity } from "../kubernetes/labels";
import type { PrometheusArgs } from "./prometheus";

type PolicyRules = k8s.types.input.rbac.v1.PolicyRule[];

/** Where Kubernetes' own Services live that Prometheus scrapes: `kubernetes` (the API server) and CoreDNS. */
const SYSTEM_NAMESPACES = ["default", "kube-system"];

/** Sidecars upload with the account of the pod. */
const cloudIdentity = ({ bucket }: PrometheusArgs) =>
  bucket?.roleArn === undefined ? {} : { annotations: roleAnnotation(bucket.roleArn) };

/** The account of a Prometheus with the rights that its discovery needs, and no others. */
export function grantPermissions(args: PrometheusArgs, identity: WorkloadIdentity, opts: pulumi.CustomResourceOptions) {
  const labels = commonLabels(identity);
  const name = identity.instance;
  const account = new k8s.core.v1.ServiceAccount(
    name,
    // The operator mounts the token where it is needed: in the pod.
    {
      metadata: { name, namespace: args.namespace, labels, ...cloudIdentity(args) },
      automountServiceAccountToken: false,
    },
    opts,
  );
  const subjects = [{ kind: "ServiceAccount", name: account.metadata.name, namespace: args.namespace }];
  const apiGroup = "rbac.authorization.k8s.io";

  const inNamespace = (resourceName: string, namespace: pulumi.Input<string>) => {
    const metadata = { name: resourceName, namespace, labels };
    const role = new k8s.rbac.v1.Role(resourceName, { metadata, rules: discoveryRules() }, opts);
    return new k8s.rbac.v1.RoleBinding(
      resourceName,
      { metadata, roleRef: { apiGroup, kind: "Role", name: role.metadata.name }, subjects },
      opts,
    );
  };
  const inCluster = (resourceName: string, rules: PolicyRules) => {
    const metadata = { name: resourceName, labels };
    const role = new k8s.rbac.v1.ClusterRole(resourceName, { metadata, rules }, opts);
    return new k8s.rbac.v1.ClusterRoleBinding(
      resourceName,
      { metadata, roleRef: { apiGroup, kind: "ClusterRole", name: role.metadata.name }, subjects },
      opts,
    );
  };

  const everywhere = args.namespaceLabel !== undefined;
  const prefix = `${args.clusterScopedPrefix ?? "gpu-observability"}-${name}`;
  const namespaces = [...(args.ownNamespaces ?? []), ...(args.clusterMetrics ? SYSTEM_NAMESPACES : [])];
  return {
    name: account.metadata.name,
    bindings: [
      ...(everywhere
        ? [inCluster(`${prefix}-discovery`, discoveryRules())]
        : [
            inNamespace(name, args.namespace),
            ...namespaces.map((namespace) => inNamespace(`${prefix}-${namespace}`, namespace)),
          ]),
      ...(args.clusterMetrics ? [inCluster(`${prefix}-metrics`, [...nodeRules(), ...clusterMetricsRules()])] : []),
      ...(args.nodeMetadata && !args.clusterMetrics ? [inCluster(`${prefix}-nodes`, nodeRules())] : []),
    ],
  };
}

/** What service discovery lists. */
function discoveryRules(): PolicyRules {
  return [
    { apiGroups: [""], resources: ["services", "pods"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
  ];
}

/** Nodes to discover, or to take labels from. */
const nodeRules = (): PolicyRules => [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] }];

/** The metrics of kubelets and API server. */
function clusterMetricsRules(): PolicyRules {
  return [
    { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
    { nonResourceURLs: ["/metrics"], verbs: ["get"] },
  ];
}
