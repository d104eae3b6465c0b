import { access } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../cli/errors";
import type { Progress } from "../cli/progress";
import { CommandError, onPath, run } from "./command";

/** What a throwaway cluster takes from the system: a program on PATH and the Debian package that brings it. */
const PROGRAMS = [
  ["containerd", "containerd"],
  ["ctr", "containerd"],
  ["runc", "runc"],
  ["iptables", "iptables"],
  ["ipset", "ipset"],
  ["conntrack", "conntrack"],
  ["ip", "iproute2"],
  ["tini", "tini"],
  ["openssl", "openssl"],
  ["nsenter", "util-linux"],
  ["unshare", "util-linux"],
  ["mount", "mount"],
] as const;

/** Where distributions put the CNI plugins: Debian, Fedora, upstream. */
const CNI_FOLDERS = ["/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin"];
const CNI_PLUGINS = ["ptp", "host-local", "loopback", "portmap"];

/** The system's programs that a cluster uses by path. */
export interface SystemPrograms {
  cniPlugins: string;
  /** A statically linked busybox: it runs in an image that has no libraries. */
  busybox: string;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function cniFolder(): Promise<string | undefined> {
  for (const folder of CNI_FOLDERS) {
    const found = await Promise.all(CNI_PLUGINS.map((plugin) => exists(path.join(folder, plugin))));
    if (found.every(Boolean)) return folder;
  }
  return undefined;
}

async function staticBusybox(): Promise<string | undefined> {
  const file = await onPath("busybox");
  if (!file) return undefined;
  const libraries = await run(["ldd", file]).catch(() => "");
  return libraries.includes("=>") ? undefined : file;
}

async function look(): Promise<{ programs: Partial<SystemPrograms>; missing: string[] }> {
  const missing = new Set<string>();
  for (const [program, debianPackage] of PROGRAMS) if (!(await onPath(program))) missing.add(debianPackage);
  const [cniPlugins, busybox] = await Promise.all([cniFolder(), staticBusybox()]);
  if (!cniPlugins) missing.add("containernetworking-plugins");
  if (!busybox) missing.add("busybox-static");
  const programs = { ...(cniPlugins && { cniPlugins }), ...(busybox && { busybox }) };
  return { programs, missing: [...missing].sort() };
}

/** Finds the system's programs that a cluster needs; installs the missing Debian packages where that is possible. */
export async function systemPrograms(progress: Progress): Promise<SystemPrograms> {
  const first = await look();
  if (first.missing.length > 0) await install(first.missing, progress);
  const { programs, missing } = first.missing.length > 0 ? await look() : first;
  const { cniPlugins, busybox } = programs;
  if (missing.length > 0 || !cniPlugins || !busybox) {
    throw new UserError(
      `still missing after the installation: ${missing.join(", ")}`,
      `install by hand what provides them`,
    );
  }
  return { cniPlugins, busybox };
}

async function install(packages: readonly string[], progress: Progress): Promise<void> {
  const names = packages.join(" ");
  const fix = `sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${names}`;
  if (!(await onPath("apt-get"))) {
    throw new UserError(
      `a throwaway cluster needs these programs (by their Debian names): ${names}`,
      "install them with your system's package manager, or use an existing cluster: npm run local -- --context NAME",
    );
  }
  if (process.getuid?.() !== 0) throw new UserError(`these system packages are missing: ${names}`, fix);
  await progress.step(`installing system packages: ${names}`, async (report) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...words: string[]) => run(["apt-get", "--quiet", ...words], { env });
    try {
      // The package lists are often recent enough, and fetching them is the slow part.
      report("from the known package lists");
      await apt("install", "--yes", "--no-install-recommends", ...packages).catch(async (error: unknown) => {
        if (!(error instanceof CommandError)) throw error;
        report("updating the package lists");
        await apt("update");
        report("installing");
        await apt("install", "--yes", "--no-install-recommends", ...packages);
      });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const reason = error.output.trim().split("\n").slice(-3).join(" / ");
      throw new UserError(`apt-get could not install ${names}: ${reason}`, fix);
    }
  });
}
