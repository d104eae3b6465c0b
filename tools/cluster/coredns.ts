import type { Network } from "./network";

const labels = { "k8s-app": "kube-dns" };
const metadata = { name: "coredns", namespace: "kube-system" };

/** As EKS has it: a scrape of the Service's port named `metrics` works on both. */
const METRICS_PORT = 9153;

/** Answers for the cluster's own names only: there is no upstream, and a foreign name does not exist. */
const COREFILE = `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
  errors
  prometheus :${METRICS_PORT}
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
  }
  cache 5
}
.:53 {
  errors
  prometheus :${METRICS_PORT}
  health
  ready
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;

const inNamespace = (group: string, plural: string, name: string) =>
  `/${group}/namespaces/${metadata.namespace}/${plural}/${name}`;

const clusterWide = (plural: string, name: string) => `/apis/rbac.authorization.k8s.io/v1/${plural}/${name}`;

/** The objects of the cluster's DNS server with their paths in the API, in the order in which they are applied. */
export function corednsObjects(network: Network, image: string): readonly { path: string; object: object }[] {
  const readOnly = ["list", "watch"];
  return [
    {
      path: inNamespace("api/v1", "serviceaccounts", "coredns"),
      object: { apiVersion: "v1", kind: "ServiceAccount", metadata },
    },
    {
      path: clusterWide("clusterroles", "system:coredns"),
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "system:coredns" },
        rules: [
          { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: readOnly },
          { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: readOnly },
        ],
      },
    },
    {
      path: clusterWide("clusterrolebindings", "system:coredns"),
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "system:coredns" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
        subjects: [{ kind: "ServiceAccount", ...metadata }],
      },
    },
    {
      path: inNamespace("api/v1", "configmaps", "coredns"),
      object: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: COREFILE } },
    },
    {
      path: inNamespace("apis/apps/v1", "deployments", "coredns"),
      object: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              serviceAccountName: "coredns",
              dnsPolicy: "Default",
              priorityClassName: "system-cluster-critical",
              containers: [
                {
                  name: "coredns",
                  image,
                  imagePullPolicy: "Never",
                  args: ["-conf", "/etc/coredns/Corefile"],
                  ports: [{ name: "metrics", containerPort: METRICS_PORT, protocol: "TCP" }],
                  volumeMounts: [{ name: "config", mountPath: "/etc/coredns" }],
                  readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
                  resources: { requests: { cpu: "50m", memory: "40Mi" }, limits: { memory: "128Mi" } },
                },
              ],
              volumes: [{ name: "config", configMap: { name: "coredns" } }],
            },
          },
        },
      },
    },
    {
      path: inNamespace("api/v1", "services", "kube-dns"),
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "kube-dns", namespace: "kube-system" },
        spec: {
          clusterIP: network.dns,
          selector: labels,
          ports: [
            { name: "dns", port: 53, protocol: "UDP" },
            { name: "dns-tcp", port: 53, protocol: "TCP" },
            { name: "metrics", port: METRICS_PORT, protocol: "TCP" },
          ],
        },
      },
    },
  ];
}
