import { rm, stat } from "node:fs/promises";
import { readJson } from "../cli/jsonFile";
import type { Progress } from "../cli/progress";
import { run } from "../toolchain/command";
import { withLock } from "../toolchain/lock";
import { connectApi } from "./api";
import { cgroupsExist, killAndRemoveCgroups } from "./cgroups";
import { type ClusterMemory, type ContainerName, kill, memory } from "./containers";
import { DAEMON_NAMES } from "./daemons";
import type { WrappedImage } from "./imageArchive";
import { importMissing } from "./images";
import { type Layout, layout, removeEmptyParents } from "./layout";
import { inside, insideOptions, missingDaemons } from "./namespace";
import { linkExists, type Network, waitForDisconnect } from "./network";
import { checkMachine } from "./preflight";
import { nodeIsReady, start } from "./start";

export type { ClusterMemory, ContainerName } from "./containers";
export { type WrappedImage, withLibraries } from "./imageArchive";

/** A throwaway Kubernetes that runs on this machine. */
export interface Cluster {
  name: string;
  /** Path of the administrator's kubeconfig. */
  kubeconfig: string;
  nodeNames: string[];
}

interface ClusterRecord {
  nodeNames: string[];
  network: Network;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

const readRecord = (target: Layout) => readJson<ClusterRecord>(target.record);

async function isHealthy(target: Layout): Promise<boolean> {
  const record = await readRecord(target);
  if (!record || (await missingDaemons(target, DAEMON_NAMES)).length > 0) return false;
  const api = await connectApi(target);
  try {
    const nodes = await Promise.all(record.nodeNames.map((node) => nodeIsReady(api, node)));
    return (await api.getText("/readyz")) === "ok" && nodes.every(Boolean);
  } catch {
    return false;
  } finally {
    api.close();
  }
}

async function statusOf(target: Layout): Promise<"absent" | "running" | "broken"> {
  if (process.platform !== "linux") return "absent";
  const traces = await Promise.all([
    exists(target.state),
    exists(target.data),
    cgroupsExist(target),
    linkExists(target),
  ]);
  if (!traces.some(Boolean)) return "absent";
  return (await isHealthy(target)) ? "running" : "broken";
}

async function remove(target: Layout): Promise<void> {
  await killAndRemoveCgroups(target);
  await waitForDisconnect(target);
  await Promise.all([target.state, target.data].map((folder) => rm(folder, { recursive: true, force: true })));
}

async function withClusterLock<T>(target: Layout, progress: Progress, work: () => Promise<T>): Promise<T> {
  try {
    const waiting = () => progress.note(`waiting for another command that works on the cluster "${target.name}" …`);
    return await withLock(target.lock, waiting, work);
  } finally {
    await removeEmptyParents(target);
  }
}

/**
 * Makes sure that the cluster of that name runs, and returns when its node and its DNS are ready. What a killed or interrupted
 * `up` left is removed first.
 */
export async function up(name: string, progress: Progress): Promise<Cluster> {
  const target = layout(name);
  await checkMachine();
  return withClusterLock(target, progress, async () => {
    const nodeName = `${name}-a`;
    const before = await statusOf(target);
    if (before === "broken")
      await progress.step(`removing what is left of the cluster "${name}"`, () => remove(target));
    if (before !== "running") {
      await start(target, nodeName, progress).catch(async (error: unknown) => {
        // The files stay, because the error points to its log; the next `up` or `down` removes them.
        await killAndRemoveCgroups(target);
        throw error;
      });
    }
    return { name, kubeconfig: target.kubeconfig, nodeNames: [nodeName] };
  });
}

/** What there is of the cluster: nothing, a healthy cluster, or something that `up` and `down` put right. */
export async function status(name: string): Promise<"absent" | "running" | "broken"> {
  return statusOf(layout(name));
}

/** Removes every process, mount, network device, cgroup and file of the cluster; does nothing when there is none. */
export async function down(name: string, progress: Progress): Promise<void> {
  const target = layout(name);
  // A killed command may have left its lock and nothing else.
  if ((await statusOf(target)) === "absent" && !(await exists(target.lock))) return;
  await withClusterLock(target, progress, () =>
    progress.step(`removing the cluster "${name}"`, async () => {
      await remove(target);
    }),
  );
}

/** Puts images into the cluster's containerd; those that it has with the same content are skipped. */
export async function importImages(cluster: Cluster, images: WrappedImage[], progress: Progress): Promise<void> {
  await progress.step("importing container images", async (report) => {
    let done = 0;
    const count = await importMissing(layout(cluster.name), images, (reference) => {
      done += 1;
      report(`${done} · ${reference}`);
    });
    report(count === 0 ? `${images.length} are there already` : `${count} of ${images.length}`);
  });
}

/** Runs a command in the cluster's namespaces and returns its stdout; throws when it fails. */
export async function exec(cluster: Cluster, command: string[]): Promise<string> {
  return run(await inside(layout(cluster.name), command), insideOptions);
}

/** Sends SIGKILL to the main process of a running container. */
export async function killContainer(cluster: Cluster, container: ContainerName): Promise<void> {
  await kill(layout(cluster.name), container);
}

/** The memory that everything in the cluster uses now. */
export async function clusterMemory(cluster: Cluster): Promise<ClusterMemory> {
  return memory(layout(cluster.name));
}
