import type { RingStoreArgs, RingStoreWorkload } from "./args";
import type { CacheName } from "./configuration";

/** One part of the store: a process with a job of its own. */
export interface Role {
  /** As `-target` calls it, and the end of the Service's name. */
  target: string;
  /** Whether it is in the gossip of the rings. */
  gossip: boolean;
  /** Whether it calls the bucket. */
  bucket: boolean;
  /** Which caches it asks. */
  caches: CacheName[];
  /** Whether there is one set of pods per zone. */
  zoned: boolean;
  /** Whether it keeps data of its own: pods have names and volumes. */
  data: boolean;
  /** Whether its Service names every pod: for clients that choose among them. */
  headless: boolean;
  /** Seconds that a pod may take to stop. */
  graceSeconds: number;
  size: Required<Pick<RingStoreWorkload, "replicas" | "cpu" | "memory">> & RingStoreWorkload;
}

type Sized = RingStoreWorkload | undefined;

const stateless = { zoned: false, data: false, headless: false, gossip: true, bucket: false, caches: [] };

/**
 * The parts that Mimir and Cortex have, in the order in which a sample and then a query meet them. Sizes are those of Mimir's
 * small preset, for a million series, with two where it has one; those of schedulers are a judgement.
 */
export function commonRoles(args: RingStoreArgs): Role[] {
  const size = (defaults: Role["size"], given: Sized): Role["size"] => ({ ...defaults, ...given });
  return [
    {
      ...stateless,
      target: "distributor",
      graceSeconds: 60,
      size: size({ replicas: 3, cpu: "2", memory: "4Gi" }, args.distributor),
    },
    {
      ...stateless,
      target: "ingester",
      bucket: true,
      zoned: true,
      data: true,
      // The log is closed, and blocks that are ready are uploaded: the vendor's figure.
      graceSeconds: 1200,
      size: volume(size({ replicas: 1, cpu: "3500m", memory: "12Gi" }, args.ingester), "50Gi"),
    },
    {
      ...stateless,
      target: "store-gateway",
      bucket: true,
      caches: ["index", "chunks", "metadata"],
      zoned: true,
      data: true,
      graceSeconds: 120,
      size: volume(size({ replicas: 1, cpu: "1", memory: "2Gi" }, args.storeGateway), "10Gi"),
    },
    {
      ...stateless,
      target: "querier",
      bucket: true,
      caches: ["metadata"],
      graceSeconds: 180,
      size: size({ replicas: 2, cpu: "2", memory: "4Gi" }, args.querier),
    },
    {
      ...stateless,
      target: "query-frontend",
      caches: ["results"],
      headless: true,
      graceSeconds: 180,
      size: size({ replicas: 2, cpu: "2", memory: "2Gi" }, args.queryFrontend),
    },
    {
      ...stateless,
      target: "query-scheduler",
      headless: true,
      graceSeconds: 180,
      size: size({ replicas: 2, cpu: "100m", memory: "256Mi" }, args.queryScheduler),
    },
    {
      ...stateless,
      target: "compactor",
      bucket: true,
      caches: ["metadata"],
      data: true,
      graceSeconds: 900,
      size: volume(size({ replicas: 2, cpu: "1", memory: "2Gi" }, args.compactor), "20Gi"),
    },
  ];
}

/** A volume, unless a directory that goes with the pod was asked for. */
const volume = (size: Role["size"], volumeSize: string): Role["size"] =>
  size.ephemeralStorageSize === undefined ? { ...size, volumeSize: size.volumeSize ?? volumeSize } : size;

/** A part that some stores have besides {@link commonRoles}. */
export const furtherRole = (role: Pick<Role, "target" | "size"> & Partial<Role>, given: RingStoreWorkload): Role => ({
  ...stateless,
  graceSeconds: 180,
  ...role,
  size: { ...role.size, ...given },
});
