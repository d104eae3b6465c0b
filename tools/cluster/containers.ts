import { readFile } from "node:fs/promises";
import { UserError } from "../cli/errors";
import { run } from "../toolchain/command";
import { clusterProcesses } from "./cgroups";
import type { Layout } from "./layout";
import { inside, insideOptions } from "./namespace";

/** Names one container of one pod. */
export interface ContainerName {
  namespace: string;
  pod: string;
  container: string;
}

/** Sends SIGKILL to the main process of a running container, as the kernel does when memory runs out. */
export async function kill(target: Layout, { namespace, pod, container }: ContainerName): Promise<void> {
  const ctr = async (...words: string[]) =>
    run(await inside(target, ["ctr", "--namespace", "k8s.io", ...words]), insideOptions);
  const labels = { "io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.name": pod };
  const filter = Object.entries({ ...labels, "io.kubernetes.container.name": container })
    .map(([label, value]) => `labels."${label}"==${JSON.stringify(value)}`)
    .join(",");
  const [ids, tasks] = await Promise.all([ctr("containers", "list", "--quiet", filter), ctr("tasks", "list")]);
  const matching = new Set(ids.split("\n").filter(Boolean));
  const running = tasks
    .split("\n")
    .map((line) => line.split(/\s+/))
    .find(([id = "", , state]) => matching.has(id) && state === "RUNNING");
  if (!running?.[0]) {
    throw new UserError(
      `no container "${container}" runs in pod ${namespace}/${pod}`,
      `look at what runs: kubectl --kubeconfig ${target.kubeconfig} --namespace ${namespace} get pods`,
    );
  }
  await ctr("tasks", "kill", "--signal", "SIGKILL", running[0]);
}

/** Memory in bytes, as proportional set size: pages that processes share are counted once over all of them. */
export interface ClusterMemory {
  /** Control plane, node daemons and containerd's shims. */
  systemBytes: number;
  podBytes: number;
  totalBytes: number;
}

async function proportionalSetSize(pid: number): Promise<number> {
  // A process may end while the list is read.
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** Sums the memory of every process of the cluster. */
export async function memory(target: Layout): Promise<ClusterMemory> {
  const processes = await clusterProcesses(target);
  const sum = async (pids: readonly number[]) =>
    (await Promise.all(pids.map(proportionalSetSize))).reduce((total, bytes) => total + bytes, 0);
  const [systemBytes, podBytes] = await Promise.all([sum(processes.system), sum(processes.pods)]);
  return { systemBytes, podBytes, totalBytes: systemBytes + podBytes };
}
