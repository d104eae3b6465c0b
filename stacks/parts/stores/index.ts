import { type LongTermStore, type RemoteWriteArgs, type StoreContract, storeOf } from "../../../components";
import type { Settings } from "../../settings";
import type { StoreSettings } from "../../settings/longTermStorage";
import { type CustomResourceContext, unreachable } from "../context";
import { createCortex } from "./cortex";
import { createMimir } from "./mimir";
import { createNone } from "./none";
import { createThanos } from "./thanos";
import { createVictoriaMetrics } from "./victoriaMetrics";

/** The long-term stores of a platform: one, or two while it moves from one to another. */
export interface Stores {
  all: StoreContract[];
  /** The one that is asked. */
  read: StoreContract;
  /** Base URL of its query API. */
  queryUrl: LongTermStore["queryUrl"];
}

/** The settings of every store that there is. */
export const storesOf = ({ longTermStorage, alsoWriteTo }: Settings): StoreSettings[] =>
  [longTermStorage, alsoWriteTo].filter((store) => store !== undefined);

/** Whether any of them reaches its bucket by EKS Pod Identity. */
export const usesPodIdentity = (settings: Settings): boolean =>
  storesOf(settings).some((store) => "bucket" in store && store.bucket?.credentials.kind === "podIdentity");

/** Makes the stores that the settings name. */
export function createStores(context: CustomResourceContext): Stores {
  const { settings } = context;
  const stores = storesOf(settings).map((store) => createStore(context, store));
  const read = stores[settings.readFrom === "alsoWriteTo" ? 1 : 0];
  if (read === undefined) throw new Error("readFrom: there is no second store");
  return { all: stores.map(storeOf), read: storeOf(read), queryUrl: read.queryUrl };
}

function createStore(context: CustomResourceContext, store: StoreSettings): LongTermStore {
  switch (store.kind) {
    case "none":
      return createNone(context, store);
    case "thanos":
      return createThanos(context, store);
    case "victoriaMetrics":
      return createVictoriaMetrics(context, store);
    case "mimir":
      return createMimir(context, store);
    case "cortex":
      return createCortex(context, store);
    default:
      return unreachable(store);
  }
}

/** What Prometheus has to do to feed all of them. */
export function feeds({ all }: Stores): {
  thanosSidecar: boolean;
  bucket?: NonNullable<Extract<StoreContract["feed"], { kind: "sidecar" }>["bucket"]>;
  remoteWrites: RemoteWriteArgs[];
} {
  const sidecars = all.flatMap(({ feed }) => (feed.kind === "sidecar" ? [feed] : []));
  const [bucket] = sidecars.flatMap((feed) => feed.bucket ?? []);
  return {
    thanosSidecar: sidecars.length > 0,
    ...(bucket === undefined ? {} : { bucket }),
    remoteWrites: all.flatMap(({ feed }) => (feed.kind === "remoteWrite" ? [feed.write] : [])),
  };
}
