import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { images } from "../../components";
import type { Settings } from "../settings";
import type { StorageSettings } from "../settings/storage";

/** What every part of the platform is built from. */
export interface PartContext {
  settings: Settings;
  images: Record<keyof typeof images, string>;
  /** Exists when what is made in it is made. */
  namespace: pulumi.Output<string>;
  /** For what has to see the nodes themselves. */
  nodesNamespace: pulumi.Output<string>;
  /** Begins the names of what belongs to no namespace: two platforms in one cluster differ in it. */
  clusterScopedPrefix: string;
  provider: k8s.Provider;
}

/** Options of custom resources: they need somebody who acts on them, when they are made and when they go. */
export interface CustomResourceContext extends PartContext {
  operator: pulumi.Resource[];
}

export const optionsOf = ({ provider, operator }: CustomResourceContext) => ({ provider, dependsOn: operator });

export const requireSpread = ({ spread }: Settings) => spread === "required";

export function storageArgs(storage: StorageSettings) {
  if (storage.kind === "ephemeral") return { ephemeralStorageSize: storage.sizeLimit };
  return {
    volumeSize: storage.size,
    ...(storage.storageClass === undefined ? {} : { storageClass: storage.storageClass }),
  };
}

/** For a `switch` over a kind: a new kind that nobody handles does not compile. */
export function unreachable(kind: never): never {
  throw new Error(`no component for ${String(kind)}`);
}
