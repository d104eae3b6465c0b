import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../../kubernetes/labels";
import { NOBODY, restrictedContainer } from "../../kubernetes/securityContext";
import { scrapeService } from "../../kubernetes/serviceMonitor";
import type { NetworkMember } from "../../network/edges";
import { images } from "../../versions";
import { dropLists, metricRelabelings, nodeExporterFlags } from "../scrape/dropLists";
import { onNode } from "./nodeLabels";

/** Arguments of {@link NodeExporter}. */
export interface NodeExporterArgs {
  /**
   * The namespace; it must admit pods that read the node's files and use its network (profile `privileged`). A change
   * replaces everything.
   */
  namespace: pulumi.Input<string>;
  /** How often it is scraped. Default: Prometheus' own interval. */
  scrapeInterval?: string;
  /** The port on every node; nothing else may use it. Default: 9100. */
  port?: number;
  /** CPU request. Default: `50m`. */
  cpu?: string;
  /** Memory request and limit. Default: `128Mi`. */
  memory?: string;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
}

/**
 * node-exporter on every node, also on tainted ones: CPU, memory, disks and networks of the hosts. It reads the node's file
 * systems and cannot write; it runs as nobody, without capabilities. It answers on the node's own address, which network
 * policies do not govern, and without a password: the node's firewall (on EKS the security group) must let Prometheus reach
 * the port, and no strangers.
 *
 * ```typescript
 * new NodeExporter("node-exporter", { namespace: "monitoring-nodes" }, { provider });
 * ```
 */
export class NodeExporter extends pulumi.ComponentResource {
  constructor(name: string, args: NodeExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:NodeExporter", name, {}, opts);
    const identity = { name: "node-exporter", instance: name, component: "metrics" };

    const labels = commonLabels(identity);
    const metadata = { name, namespace: args.namespace, labels };
    const account = new k8s.core.v1.ServiceAccount(
      name,
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );
    new k8s.apps.v1.DaemonSet(
      name,
      { metadata, spec: daemonSetSpec(args, identity, account.metadata.name) },
      { parent: this },
    );
    this.createService(args, identity);

    this.registerOutputs({});
  }

  private createService(args: NodeExporterArgs, identity: WorkloadIdentity) {
    const labels = commonLabels(identity);
    new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels },
        spec: {
          clusterIP: "None",
          selector: selectorLabels(identity),
          ports: [{ name: "http", port: args.port ?? DEFAULT_PORT, targetPort: "http" }],
        },
      },
      { parent: this },
    );
    scrapeService(
      identity.instance,
      {
        member: networkMember(args, identity),
        labels,
        serviceLabels: selectorLabels(identity),
        // A node with 192 CPUs and 40 network devices has about 3 000 series after the drop list [judgement].
        limits: { samples: 10_000, targets: 10_000, labels: 30 },
      },
      { parent: this },
    );
  }
}

const DEFAULT_PORT = 9100;

function networkMember(args: NodeExporterArgs, identity: WorkloadIdentity): NetworkMember {
  return {
    name: identity.instance,
    namespace: args.namespace,
    podLabels: selectorLabels(identity),
    listens: {
      http: {
        port: args.port ?? DEFAULT_PORT,
        scrape: {
          ...(args.scrapeInterval === undefined ? {} : { interval: args.scrapeInterval }),
          relabelings: [
            ...onNode("__meta_kubernetes_pod_node_name"),
            // They change with every pod, and the series would with them.
            { regex: "namespace|pod|service|endpoint|container", action: "labeldrop" },
          ],
          metricRelabelings: metricRelabelings(dropLists.nodeExporter),
        },
      },
    },
  };
}

/** The node's own folders, read-only. */
const HOST_PATHS = [
  { name: "proc", path: "/proc", mountPath: "/host/proc" },
  { name: "sys", path: "/sys", mountPath: "/host/sys" },
  { name: "root", path: "/", mountPath: "/host/root" },
];

function daemonSetSpec(
  args: NodeExporterArgs,
  identity: WorkloadIdentity,
  serviceAccountName: pulumi.Input<string>,
): k8s.types.input.apps.v1.DaemonSetSpec {
  const memory = args.memory ?? "128Mi";
  return {
    selector: { matchLabels: selectorLabels(identity) },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: {
      metadata: { labels: commonLabels(identity) },
      spec: {
        serviceAccountName,
        automountServiceAccountToken: false,
        // Without it, only the pod's own network devices would be seen.
        hostNetwork: true,
        priorityClassName: "system-node-critical",
        tolerations: [{ operator: "Exists" }],
        nodeSelector: { "kubernetes.io/os": "linux" },
        securityContext: {
          runAsNonRoot: true,
          runAsUser: NOBODY,
          runAsGroup: NOBODY,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "node-exporter",
            image: args.image ?? images.nodeExporter,
            args: [
              // The node's own address, not every one that it has.
              `--web.listen-address=[$(HOST_IP)]:${args.port ?? DEFAULT_PORT}`,
              "--path.procfs=/host/proc",
              "--path.sysfs=/host/sys",
              "--path.rootfs=/host/root",
              "--path.udev.data=/host/root/run/udev/data",
              ...nodeExporterFlags,
            ],
            env: [
              { name: "HOST_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
              {
                name: "GOMEMLIMIT",
                valueFrom: { resourceFieldRef: { containerName: "node-exporter", resource: "limits.memory" } },
              },
            ],
            ports: [{ name: "http", containerPort: args.port ?? DEFAULT_PORT }],
            readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 10 },
            livenessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 30, failureThreshold: 4 },
            resources: { requests: { cpu: args.cpu ?? "50m", memory }, limits: { memory } },
            securityContext: restrictedContainer(),
            volumeMounts: HOST_PATHS.map(({ name, mountPath }) => ({
              name,
              mountPath,
              readOnly: true,
              // What is mounted on the node later is seen too.
              ...(name === "root" ? { mountPropagation: "HostToContainer" } : {}),
            })),
          },
        ],
        volumes: HOST_PATHS.map(({ name, path }) => ({ name, hostPath: { path, type: "Directory" } })),
      },
    },
  };
}
