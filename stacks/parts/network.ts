import {
  type Alertmanager,
  call,
  clusterScrapePorts,
  type NetworkEdge,
  type NetworkMember,
  NetworkPolicies,
  networkOf,
  type Outsider,
  type Prometheus,
  type PrometheusOperator,
  policiesOf,
  scrapes,
  type ThanosRuler,
} from "../../components";
import { MONITORING_LABEL, names, TEAM_VALUE } from "../names";
import type { NetworkSettings } from "../settings/network";
import type { ClusterMetrics } from "./clusterMetrics";
import type { PartContext } from "./context";
import type { GpuMetrics } from "./gpu";
import { addresses, onPorts } from "./outsiders";
import { hasTeams } from "./prometheus";
import { storeEdges } from "./storeEdges";
import type { Stores } from "./stores";
import type { WorkloadTarget } from "./workloads";

/** Everything that has a place in the network. */
export interface Parts {
  operator: PrometheusOperator | undefined;
  prometheus: Prometheus;
  alertmanager: Alertmanager;
  stores: Stores;
  ruler: ThanosRuler | undefined;
  clusterMetrics: ClusterMetrics | undefined;
  gpus: GpuMetrics;
  workloads: WorkloadTarget[];
}

type Closed = Extract<NetworkSettings, { kind: "defaultDeny" }>;

const podsOf = (name: string, namespace: string, podLabels?: Record<string, string>): Outsider => ({
  name,
  peers: [podLabels === undefined ? { namespace } : { namespace, podLabels }],
});

const dnsLabels = { "k8s-app": "kube-dns" };

const dns: Outsider = {
  name: "DNS",
  peers: [
    { namespace: "kube-system", podLabels: dnsLabels },
    // NodeLocal DNSCache answers on the node under this address.
    { cidr: "169.254.20.10/32" },
  ],
};

/** Makes the network policies, unless the settings leave the network open. */
export function createNetwork(context: PartContext, parts: Parts): void {
  const { settings, namespace, nodesNamespace, provider } = context;
  const { network } = settings;
  if (network.kind === "open") return;
  const members = membersOf(parts);
  new NetworkPolicies(
    names.network,
    {
      namespaces: [namespace, nodesNamespace],
      // Other people's pods in a namespace of theirs are their own matter.
      ownPodsOnly: !settings.createNamespace,
      policies: policiesOf(members, edgesOf(context, network, parts)),
    },
    { provider },
  );
}

function membersOf({
  operator,
  prometheus,
  alertmanager,
  stores,
  ruler,
  clusterMetrics,
  gpus,
}: Parts): NetworkMember[] {
  const own = [operator, prometheus, alertmanager].flatMap((part) => (part ? [networkOf(part)] : []));
  return [
    ...own,
    ...stores.all.flatMap(({ members }) => members),
    ...(ruler ? [networkOf(ruler)] : []),
    ...(clusterMetrics?.members ?? []),
    ...gpus.members,
  ];
}

function edgesOf({ settings }: PartContext, network: Closed, parts: Parts): NetworkEdge[] {
  const members = membersOf(parts);
  const prometheus = networkOf(parts.prometheus);
  const alertmanager = networkOf(parts.alertmanager);
  const ruler = parts.ruler ? networkOf(parts.ruler) : undefined;
  const apiServer = addresses("API server", network.apiServer.cidrs);
  const toApiServer = (from: NetworkMember, why: string): NetworkEdge => ({
    from,
    to: apiServer,
    ...onPorts(network.apiServer.ports),
    why,
  });
  const resolves = (from: NetworkMember): NetworkEdge => ({
    from,
    to: dns,
    ports: [{ port: 53, protocols: ["UDP", "TCP"] }],
    why: "resolves names",
  });
  return [
    ...scrapes(prometheus, members),
    ...(hasTeams(settings)
      ? [
          {
            from: prometheus,
            to: { name: "teams", peers: [{ namespaceLabels: { [MONITORING_LABEL]: TEAM_VALUE } }] },
            why: "scrapes their targets",
          },
        ]
      : []),
    ...(parts.clusterMetrics ? clusterEdges(prometheus, network, parts.clusterMetrics) : []),
    ...parts.gpus.outside.map(({ name, cidrs, ports }) => ({
      from: prometheus,
      to: addresses(name, cidrs),
      ...onPorts(ports),
      why: "scrapes",
    })),
    ...parts.workloads.map((target) => ({ from: prometheus, ...target, why: "scrapes" })),
    ...[prometheus, ...parts.stores.all.flatMap(({ sendAlerts = [] }) => sendAlerts)].map((member) =>
      call(member, alertmanager, "web", "sends alerts"),
    ),
    toApiServer(prometheus, parts.clusterMetrics ? "discovers and scrapes" : "discovers targets"),
    ...(parts.operator ? [toApiServer(networkOf(parts.operator), "reads and writes objects")] : []),
    ...(parts.clusterMetrics?.members ?? []).map((member) => toApiServer(member, "watches objects")),
    ...(parts.gpus.callApiServer ? parts.gpus.members : []).map((member) =>
      toApiServer(member, "reads ResourceSlices"),
    ),
    call(alertmanager, alertmanager, "mesh", "gossips"),
    ...[alertmanager, ...parts.stores.all.flatMap(({ notify = [] }) => notify)].map((from) => ({
      from,
      to: addresses("receivers", network.receivers.cidrs),
      ...onPorts(network.receivers.ports),
      why: "notifies",
    })),
    ...storeEdges({ stores: parts.stores, prometheus, ruler, network }),
    ...(ruler ? [call(ruler, alertmanager, "web", "sends alerts")] : []),
    ...clientEdges(network, prometheus, alertmanager, parts.stores),
    ...[prometheus, alertmanager, ...parts.stores.all.flatMap((store) => store.members), ...(ruler ? [ruler] : [])].map(
      resolves,
    ),
  ];
}

/** Nodes and CoreDNS. node-exporter has the address of its node, so there is no edge to its pods. */
function clusterEdges(prometheus: NetworkMember, network: Closed, { nodePorts }: ClusterMetrics): NetworkEdge[] {
  const ports = [clusterScrapePorts.kubelet, ...nodePorts];
  const coreDns = podsOf("CoreDNS", "kube-system", dnsLabels);
  return [
    {
      from: prometheus,
      to: addresses("nodes", network.nodes),
      ...onPorts(ports),
      why: "scrapes kubelets and node-exporters",
    },
    { from: prometheus, to: coreDns, ...onPorts([clusterScrapePorts.coreDns]), why: "scrapes" },
  ];
}

function clientEdges(
  { clients }: Closed,
  prometheus: NetworkMember,
  alertmanager: NetworkMember,
  { all }: Stores,
): NetworkEdge[] {
  return clients.flatMap((client) => {
    const who = client.kind === "namespace" ? podsOf(client.name, client.name) : addresses(client.cidr, [client.cidr]);
    return [
      ...all.flatMap((store) => [
        call(who, store.query.member, store.query.listener, "queries"),
        ...(store.clients ?? []).map(({ member, listener, why }) => call(who, member, listener, why)),
      ]),
      call(who, prometheus, "web", "looks at one replica"),
      call(who, alertmanager, "web", "looks at alerts, makes silences"),
    ];
  });
}
