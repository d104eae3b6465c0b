import { call, type NetworkEdge, type NetworkMember, type StoreContract } from "../../components";
import type { NetworkSettings } from "../settings/network";
import { addresses, onPorts } from "./outsiders";
import type { Stores } from "./stores";

interface Around {
  stores: Stores;
  prometheus: NetworkMember;
  ruler: NetworkMember | undefined;
  network: Extract<NetworkSettings, { kind: "defaultDeny" }>;
  /** Whether pods get their identity in the cloud from the agent on their node. */
  podIdentity: boolean;
}

/** EKS Pod Identity's agent answers on each node under this address. */
const podIdentityAgent = addresses("EKS Pod Identity agent", ["169.254.170.23/32"]);

/** Who feeds, asks and serves the long-term stores. */
export function storeEdges({ stores, prometheus, ruler, network, podIdentity }: Around): NetworkEdge[] {
  const bucket = addresses("object storage", network.objectStorage.cidrs);
  const callsBucket = (from: NetworkMember): NetworkEdge => ({
    from,
    to: bucket,
    ...onPorts(network.objectStorage.ports),
    why: "reads and writes the bucket",
  });
  const getsIdentity = (from: NetworkMember): NetworkEdge => ({
    from,
    to: podIdentityAgent,
    ...onPorts([80]),
    why: "gets its identity",
  });
  const uploads = stores.all.some(({ feed }) => feed.kind === "sidecar" && feed.bucket !== undefined);
  return [
    ...stores.all.flatMap((store) => [
      ...feedEdges(store, prometheus),
      ...store.edges,
      ...store.callBucket.map(callsBucket),
      ...(podIdentity ? store.callBucket.map(getsIdentity) : []),
      ...(store.callOutside ?? []).map(({ member, name, cidrs, ports, why }) => ({
        from: member,
        to: addresses(name, cidrs),
        ...onPorts(ports),
        why,
      })),
      ...(ruler ? rulerEdges(store, ruler) : []),
    ]),
    ...(uploads ? [callsBucket(prometheus), ...(podIdentity ? [getsIdentity(prometheus)] : [])] : []),
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
