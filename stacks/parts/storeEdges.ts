import { call, type NetworkEdge, type NetworkMember, type Outsider, type StoreContract } from "../../components";
import type { NetworkSettings } from "../settings/network";
import { addresses, onPorts } from "./outsiders";
import type { PlacedStore, Stores } from "./stores";

interface Around {
  stores: Stores;
  prometheus: NetworkMember;
  ruler: NetworkMember | undefined;
  network: Extract<NetworkSettings, { kind: "defaultDeny" }>;
}

/** Who gives pods their keys, on each node under the same address. Roles of their own they get from STS, as they get S3. */
const identities: Partial<Record<NonNullable<PlacedStore["credentials"]>, Outsider>> = {
  podIdentity: addresses("EKS Pod Identity agent", ["169.254.170.23/32"]),
  nodeRole: addresses("instance metadata", ["169.254.169.254/32"]),
};

/** Who feeds, asks and serves the long-term stores. */
export function storeEdges({ stores, prometheus, ruler, network }: Around): NetworkEdge[] {
  const bucket = addresses("object storage", network.objectStorage.cidrs);
  const callsBucket = (from: NetworkMember, { credentials }: PlacedStore): NetworkEdge[] => {
    const identity = credentials && identities[credentials];
    return [
      { from, to: bucket, ...onPorts(network.objectStorage.ports), why: "reads and writes the bucket" },
      ...(identity ? [{ from, to: identity, ...onPorts([80]), why: "gets its identity" }] : []),
    ];
  };
  const uploaders = [prometheus, ...(ruler ? [ruler] : [])];
  return [
    ...stores.all.flatMap((store) => [
      ...feedEdges(store, prometheus),
      ...store.edges,
      ...store.callBucket.flatMap((member) => callsBucket(member, store)),
      ...(store.callOutside ?? []).map(({ member, name, cidrs, ports, why }) => ({
        from: member,
        to: addresses(name, cidrs),
        ...onPorts(ports),
        why,
      })),
      ...(ruler ? rulerEdges(store, ruler) : []),
    ]),
    ...stores.all
      .filter(({ feed }) => feed.kind === "sidecar" && feed.bucket !== undefined)
      .flatMap((store) => uploaders.flatMap((from) => callsBucket(from, store))),
    ...(ruler ? [asks(stores.read, ruler)] : []),
  ];
}

function asks({ rules, query }: StoreContract, ruler: NetworkMember): NetworkEdge {
  const { member, listener } = rules ?? query;
  return call(ruler, member, listener, "asks what its rules need");
}

function feedEdges({ feed, readsSidecars }: StoreContract, prometheus: NetworkMember): NetworkEdge[] {
  return [
    ...(feed.kind === "remoteWrite" ? [call(prometheus, feed.to, feed.listener, "writes samples")] : []),
    ...(readsSidecars === undefined ? [] : [call(readsSidecars, prometheus, "grpc", "reads series")]),
  ];
}

function rulerEdges({ rulerWrites, readsSidecars }: StoreContract, ruler: NetworkMember): NetworkEdge[] {
  return [
    ...(rulerWrites ? [call(ruler, rulerWrites.to, rulerWrites.listener, "writes recorded series")] : []),
    ...(readsSidecars === undefined ? [] : [call(readsSidecars, ruler, "grpc", "reads recorded series")]),
  ];
}
