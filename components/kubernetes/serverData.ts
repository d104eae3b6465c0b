/** Where a server keeps its data. */
export interface ServerData {
  mountPath: string;
  /** Size of each replica's volume. Default: no volume, see `ephemeralStorageSize`. To grow it: docs/stores.md. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. */
  storageClass?: string;
  /** Whether it can be made or fetched again: the volumes go with the replicas. Default: false, they stay. */
  disposable?: boolean;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
}

/** The directory of each pod, by the arguments that many components have for it. */
export function dataOf(mountPath: string, args: Omit<ServerData, "mountPath">): ServerData {
  const { volumeSize, storageClass, disposable, ephemeralStorageSize } = args;
  return {
    mountPath,
    ...(volumeSize === undefined ? {} : { volumeSize }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(disposable === undefined ? {} : { disposable }),
    ...(ephemeralStorageSize === undefined ? {} : { ephemeralStorageSize }),
  };
}
