import os from "node:os";
import path from "node:path";

/** The checkout that these tools belong to. */
export const repositoryRoot = path.join(__dirname, "..", "..");

/**
 * Built and downloaded things that stay between runs: `$GPU_OBSERVABILITY_CACHE`, else the user's cache folder. A variable
 * that is set to nothing counts as not set, here and for the other folders.
 */
export function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return process.env.GPU_OBSERVABILITY_CACHE || path.join(base, "gpu-observability");
}

/** What a throwaway cluster of that name keeps while it runs; in memory-backed `/run`, gone after `down`. */
export function clusterStateDirectory(name: string): string {
  return path.join(process.env.GPU_OBSERVABILITY_STATE || "/run/gpu-observability", name);
}
