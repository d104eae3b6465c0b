import type * as pulumi from "@pulumi/pulumi";
import type { NetworkEdge, NetworkMember } from "../network/edges";
import type { RemoteWriteArgs } from "../prometheus/remoteWrite";
import type { SidecarBucket } from "../prometheus/sidecar";

export { BUCKET_DIRECTORY, type SidecarBucket } from "../prometheus/sidecar";

/** What every long-term store offers to the rest of the platform, whichever it is. */
export interface LongTermStore {
  /** Base URL of its Prometheus-compatible query API inside the cluster; replicas are already merged. */
  readonly queryUrl: pulumi.Output<string>;
}

/** How a store gets its samples: sidecars upload blocks to a bucket, or Prometheus writes to it. */
export type StoreFeed =
  | { kind: "sidecar"; bucket?: SidecarBucket }
  | { kind: "remoteWrite"; write: RemoteWriteArgs; to: NetworkMember; listener: string };

/** A store as the platform around it sees it. */
export interface StoreContract {
  feed: StoreFeed;
  /** Where PromQL is asked. */
  query: { member: NetworkMember; listener: string };
  /** Where rules are evaluated: base URL and place. Default: where PromQL is asked, at `queryUrl`. */
  rules?: { url: pulumi.Output<string>; member: NetworkMember; listener: string };
  /** Queriers that read the sidecars of Prometheus, and rulers, by gRPC. */
  readsSidecars?: NetworkMember;
  /** All its workloads. */
  members: NetworkMember[];
  /** Who calls whom among them. */
  edges: NetworkEdge[];
  /** Those that call the bucket. */
  callBucket: NetworkMember[];
  /** Those that call somebody outside the cluster: who it is, its addresses (CIDR) and ports. */
  callOutside?: { member: NetworkMember; name: string; cidrs: string[]; ports: number[]; why: string }[];
  /** Those that send alerts to the platform's Alertmanager. Default: none. */
  sendAlerts?: NetworkMember[];
  /** Those that notify receivers outside the cluster, as the platform's Alertmanager does. Default: none. */
  notify?: NetworkMember[];
  /** What clients may call besides the query address, such as the address that they write to. */
  clients?: { member: NetworkMember; listener: string; why: string }[];
  /** Where a ruler writes what it recorded. Default: nowhere, queriers read the rulers themselves. */
  rulerWrites?: { write: RemoteWriteArgs; to: NetworkMember; listener: string };
}

// As with places in the network: Pulumi's analyzer takes each property of a component for an output.
const contracts = new WeakMap<object, StoreContract>();

/** Says what a component offers as a store. */
export function describeStore(component: LongTermStore, contract: StoreContract): void {
  contracts.set(component, contract);
}

/**
 * What a store offers to whoever feeds and asks it.
 * @throws Error for a component that is none.
 */
export function storeOf(component: LongTermStore): StoreContract {
  const contract = contracts.get(component);
  if (contract === undefined) throw new Error(`${component.constructor.name} is no long-term store`);
  return contract;
}
