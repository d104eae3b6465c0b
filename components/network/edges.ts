import type * as pulumi from "@pulumi/pulumi";
import type { Scrape } from "../kubernetes/serviceMonitor";
import { type PolicyPeer, type PolicyRule, portsInWords, type WorkloadPolicy } from "./networkPolicies";

/** A port that pods listen on. */
export interface Listener {
  /** The pods' own port, not a Service's: network policies look behind Services. */
  port: number;
  /** TCP, UDP or both. Default: TCP. */
  protocols?: string[];
  /** How Prometheus scrapes it. Default: it does not. From this come the ServiceMonitor and the way through the network. */
  scrape?: Scrape;
}

/** A workload of the platform, as the network sees it. */
export interface NetworkMember {
  /** What tables and its policy call it. */
  name: string;
  namespace: pulumi.Input<string>;
  /** Labels of its pods. */
  podLabels: Record<string, string>;
  /** By the name that the port has in its Service. */
  listens: Record<string, Listener>;
}

/** Somebody who is not a workload of the platform: pods elsewhere, nodes, the API server, the world outside. */
export interface Outsider {
  /** What tables call them. */
  name: string;
  peers: PolicyPeer[];
}

/** Who calls whom, on which ports, and why. What is not declared is not possible. */
export interface NetworkEdge {
  from: NetworkMember | Outsider;
  to: NetworkMember | Outsider;
  /** Default: every port. */
  ports?: { port: number; protocols?: string[] }[];
  /** A few words for the table in the docs: `sends alerts`. */
  why: string;
}

// Not a property of the components: Pulumi's analyzer takes each of those for an output, private ones too.
const places = new WeakMap<object, NetworkMember>();

/** Says what a component's place in the network is. */
export function placeInNetwork(component: object, member: NetworkMember): void {
  places.set(component, member);
}

/**
 * A component's place in the network, to declare edges with.
 * @throws Error for a component that has no pods, or pods with the addresses of their nodes.
 */
export function networkOf(component: object): NetworkMember {
  const member = places.get(component);
  if (member === undefined) throw new Error(`${component.constructor.name} has no place in the network of pods`);
  return member;
}

const isMember = (party: NetworkMember | Outsider): party is NetworkMember => "listens" in party;

/** The edge to one of a workload's own ports. */
export function call(from: NetworkEdge["from"], to: NetworkMember, listener: string, why: string): NetworkEdge {
  const target = to.listens[listener];
  if (target === undefined) throw new Error(`${to.name} does not listen on a port called ${listener}`);
  return { from, to, ports: [target], why };
}

/** From the scraper to every port that says how it is scraped. */
export function scrapes(scraper: NetworkMember, members: readonly NetworkMember[]): NetworkEdge[] {
  return members.flatMap((member) => {
    const ports = Object.values(member.listens).filter((listener) => listener.scrape !== undefined);
    return ports.length === 0 ? [] : [{ from: scraper, to: member, ports, why: "scrapes" }];
  });
}

/** The policy of each workload: both ends of every edge that it has. */
export function policiesOf(members: readonly NetworkMember[], edges: readonly NetworkEdge[]): WorkloadPolicy[] {
  return members.map((member) => ({
    name: member.name,
    namespace: member.namespace,
    podLabels: member.podLabels,
    incoming: edges.filter(({ to }) => to === member).map((edge) => rule(edge, "from", edge.from, member)),
    outgoing: edges.filter(({ from }) => from === member).map((edge) => rule(edge, "to", edge.to, member)),
  }));
}

function rule(
  edge: NetworkEdge,
  direction: "from" | "to",
  party: NetworkEdge["from"],
  subject: NetworkMember,
): PolicyRule {
  const ports = edge.ports?.flatMap(({ port, protocols = ["TCP"] }) =>
    protocols.map((protocol) => ({ port, protocol })),
  );
  return {
    peers: peersOf(party, subject),
    ...(ports === undefined ? {} : { ports }),
    words: `${direction} ${party.name} on ${portsInWords(ports)}: ${edge.why}`,
  };
}

function peersOf(party: NetworkEdge["from"], subject: NetworkMember): PolicyPeer[] {
  if (!isMember(party)) return party.peers;
  const elsewhere = party.namespace === subject.namespace ? {} : { namespace: party.namespace };
  return [{ podLabels: party.podLabels, ...elsewhere }];
}
