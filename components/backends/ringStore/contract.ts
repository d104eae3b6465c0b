import type { Outsider } from "../../network/edges";
import { call, type NetworkEdge, type NetworkMember } from "../../network/edges";
import type { StoreContract } from "../backend";
import type { RingStoreArgs } from "./args";
import { HA_GROUP_LABEL, HTTP_PORT } from "./configuration";
import { BEHIND_GATEWAY, TENANT_HEADER } from "./gateway";
import { DEFAULT_TENANT } from "./problems";
import type { RingStore } from "./ringStore";

/** Who calls whom: caller, called, its listener, why. */
type Call = [from: string, to: string, listener: string, why: string];

const CALLS: Call[] = [
  ["distributor", "ingester", "grpc", "writes samples"],
  ["querier", "ingester", "grpc", "reads what is not yet in the bucket"],
  ["querier", "store-gateway", "grpc", "reads blocks"],
  ["querier", "query-scheduler", "grpc", "takes queries"],
  ["querier", "query-frontend", "grpc", "answers queries"],
  ["query-frontend", "query-scheduler", "grpc", "hands over queries"],
  ["query-scheduler", "query-frontend", "grpc", "says which queries have failed"],
  ["ruler", "query-frontend", "grpc", "asks for what rules need"],
  ["ruler", "ingester", "grpc", "writes what rules recorded"],
  ["ruler", "ruler", "grpc", "asks for the rules of others"],
  ["ruler", "alertmanager", "http", "sends alerts"],
  ["alertmanager", "alertmanager", "grpc", "shares silences and what was sent"],
];

/** What a store offers, and its places in the network. */
export function ringStoreContract(store: RingStore, args: RingStoreArgs, kind: string): StoreContract {
  const { parts, gateway } = store;
  const of = (target: string): NetworkMember[] =>
    parts.filter(({ role }) => role.target === target).flatMap(({ servers }) => servers.map(({ member }) => member));
  const [distributor] = parts.flatMap(({ role, servers }) => (role.target === "distributor" ? servers : []));
  if (distributor === undefined) throw new Error(`${kind} has no distributor`);
  const writes = {
    name: kind,
    url: distributor.host.apply((host) => `http://${host}:${HTTP_PORT}/api/v1/push`),
    headers: { [TENANT_HEADER]: args.tenant ?? DEFAULT_TENANT },
  };
  const caches = Object.values(store.caches ?? {}).map(({ member }) => member);
  return {
    feed: {
      kind: "remoteWrite",
      write: { ...writes, haGroupLabel: HA_GROUP_LABEL },
      to: distributor.member,
      listener: "http",
    },
    query: { member: gateway.member, listener: "http" },
    members: [...parts.flatMap(({ servers }) => servers.map(({ member }) => member)), ...caches, gateway.member],
    edges: [
      ...CALLS.flatMap(([from, to, listener, why]) =>
        of(from).flatMap((caller) => of(to).map((called) => call(caller, called, listener, why))),
      ),
      ...BEHIND_GATEWAY.flatMap((target) =>
        of(target).map((called) => call(gateway.member, called, "http", "passes on requests of tenants")),
      ),
      ...gossips(store, kind),
      ...cacheCalls(store),
    ],
    callBucket: parts.flatMap(({ role, servers }) => (role.bucket ? servers.map(({ member }) => member) : [])),
    clients: [
      { member: gateway.member, listener: "http", why: "writes and asks for a tenant" },
      { member: distributor.member, listener: "http", why: "writes for a tenant" },
    ],
    // The rulers are a pair like any other: one of them is taken at a time.
    rulerWrites: { write: { ...writes, haGroupLabel: HA_GROUP_LABEL }, to: distributor.member, listener: "http" },
  };
}

/** Each with all others: as one party with a label, or there would be an edge for each two. */
function gossips({ parts, gossip }: RingStore, kind: string): NetworkEdge[] {
  const everyone: Outsider = { name: `every part of ${kind}`, peers: [{ podLabels: gossip }] };
  return parts
    .filter(({ role }) => role.gossip)
    .flatMap(({ servers }) => servers)
    .flatMap(({ member }) => [
      call(everyone, member, "gossip", "tells who is in the rings"),
      { from: member, to: everyone, ports: [gossipPort(member)], why: "tells who is in the rings" },
    ]);
}

const gossipPort = ({ name, listens }: NetworkMember) => {
  if (listens.gossip === undefined) throw new Error(`${name} does not gossip`);
  return listens.gossip;
};

function cacheCalls({ parts, caches }: RingStore): NetworkEdge[] {
  if (caches === undefined) return [];
  return parts.flatMap(({ role, servers }) =>
    role.caches.flatMap((cache) =>
      servers.map(({ member }) => call(member, caches[cache].member, "memcached", "caches what it has read")),
    ),
  );
}
