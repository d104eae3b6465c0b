import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { clusterStateDirectory } from "../cli/paths";

/** Which cluster a `local` platform lives on. */
export type Place =
  | { kind: "throwaway" /** Of the cluster. */; name: string }
  | { kind: "context" /** In the user's kubeconfig. */; context: string };

/**
 * Where the engine's state for that place is kept. With a throwaway cluster it goes when the cluster goes; for a cluster
 * of the user's it must outlive reboots.
 */
export function engineDirectory(place: Place): string {
  if (place.kind === "throwaway") return path.join(clusterStateDirectory(place.name), "engine");
  const base = process.env.XDG_STATE_HOME || path.join(os.homedir(), ".local", "state");
  // The hash keeps contexts apart whose names differ only in what a folder's name cannot hold.
  const hash = createHash("sha256").update(place.context).digest("hex").slice(0, 8);
  return path.join(base, "gpu-observability", `${place.context.replace(/[^A-Za-z0-9_.-]/g, "-")}-${hash}`);
}

/** How a person refers to it. */
export const placeName = (place: Place) =>
  place.kind === "throwaway" ? `the throwaway cluster "${place.name}"` : `the context "${place.context}"`;

/** The flags that choose the place, for commands that a message offers. */
export function placeFlags(place: Place): string {
  if (place.kind === "context") return ` --context ${place.context}`;
  return place.name === DEFAULT_CLUSTER ? "" : ` --name ${place.name}`;
}

/** The throwaway cluster's name where the person gives none. */
export const DEFAULT_CLUSTER = "local";
