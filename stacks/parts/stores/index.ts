import { type LongTermStore, type RemoteWriteArgs, type StoreContract, storeOf } from "../../../components";
import { sendersWithin } from "../../../components/prometheus/remoteWrite";
import { bytes } from "../../settings/fields";
import { type StoreSettings, storesOf } from "../../settings/longTermStorage";
import type { BucketSettings } from "../../settings/stores/bucket";
import { type CustomResourceContext, unreachable } from "../context";
import { createCortex } from "./cortex";
import { createMimir } from "./mimir";
import { createNone } from "./none";
import { createThanos } from "./thanos";
import { createVictoriaMetrics } from "./victoriaMetrics";

/** A store, and who its pods are to its bucket. */
export interface PlacedStore extends StoreContract {
  /** Default: it has no bucket. */
  credentials?: BucketSettings["credentials"]["kind"];
}

/** The long-term stores of a platform: one, or two while it moves from one to another. */
export interface Stores {
  all: PlacedStore[];
  /** The one that is asked. */
  read: StoreContract;
  /** Base URL of its query API. */
  queryUrl: LongTermStore["queryUrl"];
}

/** Makes the stores that the settings name. */
export function createStores(context: CustomResourceContext): Stores {
  const { settings } = context;
  const stores = storesOf(settings).map((store) => ({
    component: createStore(context, store),
    ...credentialsOf(store),
  }));
  const read = stores[settings.readFrom === "alsoWriteTo" ? 1 : 0]?.component;
  if (read === undefined) throw new Error("readFrom: there is no second store");
  const all = stores.map(({ component, ...credentials }) => ({ ...storeOf(component), ...credentials }));
  return { all, read: storeOf(read), queryUrl: read.queryUrl };
}

const credentialsOf = (store: StoreSettings): Pick<PlacedStore, "credentials"> =>
  "bucket" in store && store.bucket !== undefined ? { credentials: store.bucket.credentials.kind } : {};

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

/** Of a writer's memory, for all its queues together [judgement]. */
const SHARE_FOR_QUEUES = 1 / 8;

/** The queues of a writer with so much memory: full ones, as while a store is away, must not end it, or it loses what they hold. */
export function withinMemory(writes: readonly RemoteWriteArgs[], memory: string): RemoteWriteArgs[] {
  const maxShards = sendersWithin(((bytes(memory) ?? 0) * SHARE_FOR_QUEUES) / Math.max(writes.length, 1));
  return writes.map((write) => ({ maxShards, ...write }));
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
