import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { cacheDirectory, clusterStateDirectory } from "../../../tools/cli/paths";
import { run } from "../../../tools/toolchain/command";

const lines = (text: string) => text.split("\n").filter(Boolean).sort();

async function entries(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => path.join(folder, name)).sort();
}

async function cgroups(folder = "/sys/fs/cgroup"): Promise<string[]> {
  const below = (await readdir(folder, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory());
  const found = await Promise.all(below.map(({ name }) => cgroups(path.join(folder, name))));
  return [folder, ...found.flat()].filter((name) => /gpu-observability|kubepods/.test(name)).sort();
}

/** Processes in another PID or network namespace than this one: everything that a cluster could have left running. */
async function foreignProcesses(): Promise<string[]> {
  const namespaces = ["pid", "net", "mnt"];
  const read = (pid: string) =>
    Promise.all(namespaces.map((kind) => readlink(`/proc/${pid}/ns/${kind}`).catch(() => "")));
  const own = await read("self");
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(
    pids.map(async (pid) => {
      const other = (await read(pid)).some((link, index) => link !== "" && link !== own[index]);
      return other ? [`${pid} ${await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")}`] : [];
    }),
  );
  return processes.flat().sort();
}

/** What a cluster could leave on its host, in a form that can be compared exactly. */
export async function hostTraces() {
  const links = JSON.parse(await run(["ip", "-json", "link", "show"])) as { ifname: string }[];
  return {
    mounts: lines(await readFile("/proc/self/mounts", "utf8")),
    links: links.map(({ ifname }) => ifname).sort(),
    addresses: lines(await run(["ip", "-brief", "address"])),
    routes: lines(await run(["ip", "route", "show", "table", "all"])),
    namedNamespaces: lines(await run(["ip", "netns", "list"])),
    // Packet counters and the time of the dump change by themselves.
    packetFilter: lines(await run(["iptables-save"])).filter((line) => !line.startsWith("#") && !line.startsWith(":")),
    ipSets: lines(await run(["ipset", "list", "-name"])),
    forwarding: await readFile("/proc/sys/net/ipv4/ip_forward", "utf8"),
    cgroups: await cgroups(),
    processes: await foreignProcesses(),
    files: (
      await Promise.all(
        [
          ...["/run", "/run/lock", "/var/lib", "/var/log", "/etc", "/etc/cni", "/opt", "/usr/libexec"],
          ...[path.dirname(clusterStateDirectory("any")), path.join(cacheDirectory(), "clusters")],
        ].map(entries),
      )
    ).flat(),
  };
}
