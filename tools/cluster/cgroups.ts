import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../cli/errors";
import type { Layout } from "./layout";

/** The cluster's own processes live in this child, because cgroup v2 allows processes only in leaves. */
const LEAF = "system";

interface Hierarchy {
  mountPoint: string;
  version: 1 | 2;
}

async function hierarchies(): Promise<Hierarchy[]> {
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  return mounts.flatMap(([, mountPoint = "", type]): Hierarchy[] => {
    if (type === "cgroup") return [{ mountPoint, version: 1 }];
    if (type === "cgroup2") return [{ mountPoint, version: 2 }];
    return [];
  });
}

/** cgroup v2 passes a controller on only where it was switched on; v1 hands an empty cpuset to children. */
async function prepare({ mountPoint, version }: Hierarchy, root: string): Promise<void> {
  if (version === 2) {
    const controllers = (await readFile(path.join(mountPoint, "cgroup.controllers"), "utf8")).trim().split(/\s+/);
    const enable = controllers.filter(Boolean).map((controller) => `+${controller}`);
    for (const folder of [mountPoint, root]) {
      // One by one: a controller that is busy with realtime threads or in use by v1 must not cost the others.
      for (const controller of enable) {
        await writeFile(path.join(folder, "cgroup.subtree_control"), controller).catch(() => {});
      }
    }
    return;
  }
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const value = await readFile(path.join(mountPoint, file), "utf8").catch(() => undefined);
    if (value === undefined) continue;
    await writeFile(path.join(root, file), value);
    await writeFile(path.join(root, LEAF, file), value);
  }
}

/** Makes the cluster's cgroup in every hierarchy; returns the files that a process writes its id to in order to join. */
export async function createCgroups({ cgroup }: Layout): Promise<string[]> {
  const found = await hierarchies();
  if (found.length === 0) {
    throw new UserError(
      "no cgroup hierarchy is mounted, which a Kubernetes node needs",
      "run on a host or VM with /sys/fs/cgroup mounted, or use an existing cluster: npm run local -- --context NAME",
    );
  }
  for (const hierarchy of found) {
    const root = path.join(hierarchy.mountPoint, cgroup);
    try {
      await mkdir(path.join(root, LEAF), { recursive: true });
      await prepare(hierarchy, root);
    } catch (error) {
      throw new UserError(
        `cannot make a cgroup in ${hierarchy.mountPoint}: ${(error as Error).message}`,
        "run as root on a host or in a privileged container, or use an existing cluster: npm run local -- --context NAME",
      );
    }
  }
  return joinFiles(found, cgroup);
}

function joinFiles(found: readonly Hierarchy[], cgroup: string): string[] {
  return found.map(({ mountPoint }) => path.join(mountPoint, cgroup, LEAF, "cgroup.procs"));
}

/** The files of {@link createCgroups}, for a cluster that exists. */
export async function cgroupJoinFiles({ cgroup }: Layout): Promise<string[]> {
  return joinFiles(await hierarchies(), cgroup);
}

/** All cgroup folders of the cluster, children before parents. */
async function folders(cgroup: string): Promise<string[]> {
  const walk = async (folder: string): Promise<string[]> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const below = await Promise.all(
      entries.filter((entry) => entry.isDirectory()).map((entry) => walk(path.join(folder, entry.name))),
    );
    return entries.length === 0 ? [] : [...below.flat(), folder];
  };
  const roots = (await hierarchies()).map(({ mountPoint }) => path.join(mountPoint, cgroup));
  return (await Promise.all(roots.map(walk))).flat();
}

/** The processes of a cluster; `system` are the control plane, the node's daemons and containerd's shims. */
export interface ClusterProcesses {
  system: number[];
  pods: number[];
}

/**
 * Every process of the cluster. The kernel keeps the membership, so nothing is missed: not what an interrupted `up` left,
 * not what has another parent by now.
 */
export async function clusterProcesses({ cgroup }: Layout): Promise<ClusterProcesses> {
  const system = new Set<number>();
  const pods = new Set<number>();
  for (const folder of await folders(cgroup)) {
    const ids = (await readFile(path.join(folder, "cgroup.procs"), "utf8").catch(() => "")).split("\n").filter(Boolean);
    const inLeaf = path.basename(folder) === LEAF && path.basename(path.dirname(folder)) === cgroup;
    for (const id of ids) (inLeaf ? system : pods).add(Number(id));
  }
  // In a hierarchy that the container runtime does not use, a pod's process stays where its parent was.
  for (const id of pods) system.delete(id);
  return { system: [...system], pods: [...pods] };
}

/** Whether any trace of the cluster is left in a cgroup hierarchy. */
export async function cgroupsExist({ cgroup }: Layout): Promise<boolean> {
  return (await folders(cgroup)).length > 0;
}

const PARENTS_GRACE_MS = 2000;
const KILL_TIMEOUT_MS = 10_000;

/** Whether a process runs in a PID namespace below ours. */
async function isInNamespace(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /^NSpid:\s+\d+\s+\d+/m.test(status);
}

/** Kills every process of the cluster, waits until the kernel has taken them away, and removes the cgroups. */
export async function killAndRemoveCgroups(target: Layout): Promise<void> {
  const started = Date.now();
  for (;;) {
    const { system, pods } = await clusterProcesses(target);
    const all = [...system, ...pods];
    const isBelow = await Promise.all(all.map(isInNamespace));
    const below = all.filter((_, index) => isBelow[index]);
    // Their parents outside end by themselves after collecting them; killed too early, they leave zombies to the host.
    for (const pid of Date.now() - started < PARENTS_GRACE_MS ? below : all) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone already.
      }
    }
    for (const folder of await folders(target.cgroup)) await rmdir(folder).catch(() => {});
    if (!(await cgroupsExist(target))) return;
    if (Date.now() - started > KILL_TIMEOUT_MS) {
      throw new UserError(
        `processes of the cluster do not end: ${all.join(", ") || "none, but its cgroups are busy"}`,
        "look at them with ps, then run again: npm run local -- down",
      );
    }
    await sleep(20);
  }
}
