import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, partOf } from "../kubernetes/labels";

/** Who is at the other end: pods (by their labels, their namespace, or both) or addresses. */
export interface PolicyPeer {
  /** Labels of the pods. Default: all of the namespace. */
  podLabels?: { [label: string]: string };
  /** Name of their namespace. Default, without `namespaceLabels`: the workload's own. */
  namespace?: pulumi.Input<string>;
  /** Labels of their namespaces. */
  namespaceLabels?: { [label: string]: string };
  /** Addresses in CIDR notation; excludes the others. */
  cidr?: string;
}

/** A port of the pods, behind any Service. */
export interface PolicyPort {
  port: number;
  /** TCP or UDP. */
  protocol: string;
}

/** One direction of an edge. */
export interface PolicyRule {
  peers: PolicyPeer[];
  /** Default: every port. */
  ports?: PolicyPort[];
  /** One line for people: `from prometheus on 9093/TCP: scrapes`. */
  words: string;
}

/** What one workload may do. */
export interface WorkloadPolicy {
  /** The name of the policy. */
  name: string;
  namespace: pulumi.Input<string>;
  /** Labels of the workload's pods. */
  podLabels: { [label: string]: string };
  /** Who may call it. */
  incoming: PolicyRule[];
  /** Whom it may call. */
  outgoing: PolicyRule[];
}

/** Arguments of {@link NetworkPolicies}. */
export interface NetworkPoliciesArgs {
  /** In each of these namespaces a pod without a policy of its own can neither call nor be called. */
  namespaces: pulumi.Input<string>[];
  /** Whether that holds only for pods of this project, in namespaces that others use too. Default: false. */
  ownPodsOnly?: boolean;
  /** One for each workload; `policiesOf` makes them from the edges between workloads. */
  policies: WorkloadPolicy[];
}

/** Ports in words: `53/UDP+TCP, 9153/TCP`. */
export function portsInWords(ports: readonly PolicyPort[] | undefined): string {
  if (ports === undefined || ports.length === 0) return "every port";
  const numbers = [...new Set(ports.map(({ port }) => port))];
  const protocols = (number: number) => ports.filter(({ port }) => port === number).map(({ protocol }) => protocol);
  return numbers.map((number) => `${number}/${protocols(number).join("+")}`).join(", ");
}

/** Annotation with a policy's edges in words, for whoever reads `kubectl describe networkpolicy`. */
export const EDGES = "gpu-observability/edges";

/**
 * Denies all traffic in the platform's namespaces, both ways, but what the policies name. Replies need no rule. Clusters whose
 * network plugin does not enforce policies take these objects and ignore them.
 *
 * ```typescript
 * new NetworkPolicies("network", {
 *   namespaces: ["monitoring"],
 *   policies: policiesOf(
 *     [networkOf(prometheus), networkOf(alertmanager)],
 *     [call(networkOf(prometheus), networkOf(alertmanager), "web", "sends alerts")],
 *   ),
 * }, { provider });
 * ```
 */
export class NetworkPolicies extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:NetworkPolicies", name, {}, opts);
    const labels = commonLabels({ name: "network-policy", instance: name, component: "network" });
    args.namespaces.forEach((namespace, index) => {
      new k8s.networking.v1.NetworkPolicy(
        `default-deny-${index}`,
        {
          metadata: { name: "default-deny", namespace, labels },
          spec: {
            podSelector: args.ownPodsOnly ? { matchLabels: { ...partOf } } : {},
            policyTypes: ["Ingress", "Egress"],
          },
        },
        { parent: this },
      );
    });
    for (const policy of args.policies) {
      const words = [...policy.incoming, ...policy.outgoing].map((rule) => rule.words).join("\n");
      new k8s.networking.v1.NetworkPolicy(
        policy.name,
        {
          metadata: { name: policy.name, namespace: policy.namespace, labels, annotations: { [EDGES]: words } },
          spec: {
            podSelector: { matchLabels: policy.podLabels },
            policyTypes: ["Ingress", "Egress"],
            ingress: policy.incoming.map((rule) => ({ from: rule.peers.map(peerOf), ...portsOf(rule) })),
            egress: policy.outgoing.map((rule) => ({ to: rule.peers.map(peerOf), ...portsOf(rule) })),
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

function peerOf({ podLabels, namespace, namespaceLabels, cidr }: PolicyPeer) {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  const matchLabels = namespace === undefined ? namespaceLabels : { "kubernetes.io/metadata.name": namespace };
  return {
    ...(matchLabels === undefined ? {} : { namespaceSelector: { matchLabels } }),
    // Without either selector a peer would be invalid; an empty one means every pod.
    ...(podLabels === undefined
      ? matchLabels === undefined
        ? { podSelector: {} }
        : {}
      : { podSelector: { matchLabels: podLabels } }),
  };
}

const portsOf = ({ ports }: PolicyRule) =>
  ports === undefined ? {} : { ports: ports.map(({ port, protocol }) => ({ port, protocol })) };
