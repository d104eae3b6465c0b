import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../cli/errors";
import { cacheDirectory } from "../cli/paths";
import type { Progress } from "../cli/progress";
import { CommandError, onPath, run } from "./command";
import { withLock } from "./lock";

/** The libraries that a package depends on; the C library is everybody's and comes with the machine. */
async function libraryPackages(name: string): Promise<string[]> {
  const text = await run(["apt-cache", "show", "--no-all-versions", name]);
  const depends = /^Depends: (.*)$/m.exec(text)?.[1] ?? "";
  return depends
    .split(", ")
    .map((dependency) => dependency.split(/[ :|]/)[0] ?? "")
    .filter((dependency) => dependency.startsWith("lib") && dependency !== "libc6");
}

async function fetchAndUnpack(name: string, folder: string): Promise<void> {
  const packages = [name, ...(await libraryPackages(name))];
  await run(["apt-get", "--quiet", "download", ...packages], { cwd: folder });
  const files = (await readdir(folder)).filter((file) => file.endsWith(".deb")).sort();
  for (const file of files) {
    await run(["dpkg-deb", "--extract", file, "root"], { cwd: folder });
    await rm(path.join(folder, file));
  }
}

/**
 * The folder with the files of a Debian package and of the libraries that it names. Nothing is installed: a package with a
 * server would start it on this machine.
 */
export async function unpackedPackage(name: string, progress: Progress): Promise<string> {
  const target = path.join(cacheDirectory(), "debian", name);
  const present = () =>
    readdir(target).then(
      () => true,
      () => false,
    );
  if (await present()) return target;
  if (!(await onPath("apt-get"))) {
    throw new UserError(
      `${name}: not on PATH, and there is no apt-get to fetch its Debian package with`,
      `install ${name} with your system's package manager`,
    );
  }
  await progress.step(`getting ${name}`, (report) =>
    withLock(
      `${target}.lock`,
      () => report("another process is at it; waiting"),
      async () => {
        if (await present()) return;
        const folder = await mkdtemp(`${target}.`);
        try {
          await mkdir(path.join(folder, "root"));
          report("Debian packages, unpacked and not installed");
          await fetchAndUnpack(name, folder);
          await rename(path.join(folder, "root"), target);
        } catch (error) {
          if (!(error instanceof CommandError)) throw error;
          const reason = error.output.trim().split("\n").slice(-3).join(" / ");
          throw new UserError(
            `${name}: its Debian package could not be fetched: ${reason}`,
            `apt-get update, and run again; or install ${name} yourself`,
          );
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
    ),
  );
  return target;
}
