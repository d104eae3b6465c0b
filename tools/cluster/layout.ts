import { rmdir } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../cli/errors";
import { cacheDirectory, clusterStateDirectory } from "../cli/paths";

/** Where a cluster keeps its things, as seen from outside it. */
export interface Layout {
  name: string;
  /** Kubeconfig, keys and configuration files; small. */
  state: string;
  /** Images, volumes, etcd and logs; large, so on disk beside the tool cache and not in memory-backed `/run`. */
  data: string;
  /** The log files of the cluster's own processes; the same folder is `/var/log` inside the cluster. */
  logs: string;
  kubeconfig: string;
  /** Written last by `up`: what is missing it was never finished. */
  record: string;
  /** Which content every imported reference holds, so that a second import is skipped. */
  imageRecord: string;
  lock: string;
  /** The name of its folder in every cgroup hierarchy. */
  cgroup: string;
  /** Written on its network link, by which `down` finds the link. */
  linkAlias: string;
}

/** Rejects names that cannot be folder, cgroup and node names at once. */
export function layout(name: string): Layout {
  if (!/^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/.test(name)) {
    throw new UserError(
      `"${name}" cannot be the name of a cluster`,
      "use up to 30 lower-case letters, digits and dashes, beginning and ending with a letter or digit",
    );
  }
  const state = clusterStateDirectory(name);
  const data = path.join(cacheDirectory(), "clusters", name);
  return {
    name,
    state,
    data,
    logs: path.join(data, "log"),
    kubeconfig: path.join(state, "kubeconfig"),
    record: path.join(state, "cluster.json"),
    imageRecord: path.join(state, "images.json"),
    lock: `${state}.lock`,
    cgroup: `gpu-observability-${name}`,
    linkAlias: `gpu-observability/${name}`,
  };
}

/** Removes the folders that all clusters share, unless another cluster still lives in them. */
export async function removeEmptyParents({ state, data }: Layout): Promise<void> {
  for (const folder of [path.dirname(state), path.dirname(data)]) {
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (!["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY"].includes(error.code ?? "")) throw error;
    });
  }
}
