import { spawn } from "node:child_process";
import { open, readFile, statfs } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../cli/errors";
import { run } from "../toolchain/command";
import { cgroupJoinFiles, clusterProcesses } from "./cgroups";
import type { Layout } from "./layout";

const OVERLAYFS_MAGIC = 0x794c7630;

/** Joins the cgroups named before `--`, then becomes the command behind it. */
const JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift; exec "$@"';

/**
 * Runs as the first process of the new namespaces. /run, /var/lib and /var/log become private, because kubelet, containerd and
 * the CNI plugins have paths there that no option changes; the state and data folders are put back at their own paths, so
 * that one path means the same inside and outside.
 */
const BOOTSTRAP = `
state=$1 data=$2 node=$3 data_on_overlay=$4
echo "$node" > /proc/sys/kernel/hostname
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv4/tcp_orphan_retries
echo 1 > /proc/sys/net/ipv4/tcp_fin_timeout
[ "$data_on_overlay" = no ] || mount -t tmpfs -o mode=755 tmpfs "$data"
mkdir -p "$data/containerd" "$data/kubelet" "$data/etcd" "$data/log" "$data/held-state"
mount --bind "$state" "$data/held-state"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p "$state" /run/lock /run/held-data /run/lib-upper /run/lib-work
mount --move "$data/held-state" "$state"
mount --bind "$data" /run/held-data
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/lib-upper,workdir=/run/lib-work overlay /var/lib
mkdir -p "$data" /var/lib/containerd /var/lib/kubelet /var/lib/etcd
mount --move /run/held-data "$data"
for folder in containerd kubelet etcd; do mount --bind "$data/$folder" "/var/lib/$folder"; done
mount --bind "$data/log" /var/log
mount --make-rshared /
: > "$state/namespaces-ready"
exec tini -- sleep infinity
`;

// A clean environment: the user's proxy settings must not reach the API server, which would send webhook calls through them.
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" };

async function findInit(target: Layout): Promise<number | undefined> {
  for (const pid of (await clusterProcesses(target)).system) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const ids = /^NSpid:\s+(.+)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
    if (ids.length === 2 && ids[1] === "1") return pid;
  }
  return undefined;
}

/** The process whose end takes the whole cluster with it, as an id outside; throws when the cluster does not run. */
export async function initProcess(target: Layout): Promise<number> {
  const pid = await findInit(target);
  if (pid === undefined) {
    throw new UserError(`the cluster "${target.name}" does not run`, "start it: npm run local");
  }
  return pid;
}

/** Makes the cluster's namespaces and returns the id of their first process. Its cgroups must exist. */
export async function createNamespaces(target: Layout, nodeName: string): Promise<number> {
  const onOverlay = (await statfs(target.data)).type === OVERLAYFS_MAGIC;
  const logFile = path.join(target.state, "namespaces.log");
  const log = await open(logFile, "w");
  const unshare = "unshare --pid --fork --mount --propagation private --net --uts --ipc --mount-proc".split(" ");
  const child = spawn(
    "sh",
    [
      ...["-ec", JOIN, "sh", ...(await cgroupJoinFiles(target)), "--"],
      ...[...unshare, "sh", "-ec", BOOTSTRAP, "sh", target.state, target.data, nodeName, onOverlay ? "yes" : "no"],
    ],
    { detached: true, stdio: ["ignore", log.fd, log.fd], env: ENVIRONMENT, cwd: "/" },
  );
  await log.close();
  child.unref();
  for (;;) {
    const ready = await readFile(path.join(target.state, "namespaces-ready"), "utf8").catch(() => undefined);
    const init = ready === undefined ? undefined : await findInit(target);
    if (init !== undefined) return init;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new UserError(
        `the cluster's namespaces could not be made: ${(await readFile(logFile, "utf8")).trim()}`,
        "run as root on a host or in a privileged container, or use an existing cluster: npm run local -- --context NAME",
      );
    }
    await sleep(20);
  }
}

const enter = (init: number) => [
  "nsenter",
  "--target",
  String(init),
  "--pid",
  "--mount",
  "--net",
  "--uts",
  "--ipc",
  "--",
];

/** The command line that runs `command` inside the cluster, as a member of its cgroups. */
export async function inside(target: Layout, command: readonly string[]): Promise<string[]> {
  const init = await initProcess(target);
  return ["sh", "-ec", JOIN, "sh", ...(await cgroupJoinFiles(target)), "--", ...enter(init), ...command];
}

/** Options for every process that is started inside. */
export const insideOptions = { env: ENVIRONMENT, cwd: "/" } as const;

/** Starts a process that outlives this one, away from the terminal; it writes to `/var/log/NAME.log` inside. */
export async function startDaemon(target: Layout, name: string, command: readonly string[]): Promise<void> {
  const script = 'log=$1; shift; setsid "$@" < /dev/null > "$log" 2>&1 &';
  await run(await inside(target, ["sh", "-c", script, "sh", `/var/log/${name}.log`, ...command]), {
    ...insideOptions,
    detached: true,
  });
}

/** Which of the named programs do not run in the cluster. */
export async function missingDaemons(target: Layout, names: readonly string[]): Promise<string[]> {
  const { system } = await clusterProcesses(target);
  const running = await Promise.all(
    system.map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      // For a moment after its start a daemon is still the shell or setsid that becomes it.
      const becoming = words[0] === "sh" || words[0] === "setsid";
      // The tool cache keeps a program as NAME-VERSION.
      return words.slice(0, becoming ? undefined : 1).map((word) => path.basename(word).replace(/-\d[^/]*$/, ""));
    }),
  );
  const found = new Set(running.flat());
  return names.filter((name) => !found.has(name));
}
