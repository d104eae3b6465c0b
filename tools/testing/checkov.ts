import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../cli/errors";
import { cacheDirectory } from "../cli/paths";
import type { Progress } from "../cli/progress";
import { CommandError, onPath, run } from "../toolchain/command";

/** Every package that it consists of, with its version. */
const REQUIREMENTS = path.join(__dirname, "checkov-requirements.txt");

/** One check that an object does not pass. */
export interface FailedCheck {
  /** `CKV_K8S_11` */
  id: string;
  /** `Deployment.monitoring.thanos-query` */
  resource: string;
}

/** Installs checkov, from PyPI, into the cache; does nothing when it is there. Returns its program. */
export async function installCheckov(progress: Progress): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(REQUIREMENTS))
    .digest("hex")
    .slice(0, 12);
  const folder = path.join(cacheDirectory(), `checkov-${hash}`);
  const program = path.join(folder, "bin", "checkov");
  // Made last: an interrupted installation has no such file.
  const done = path.join(folder, "installed");
  if (existsSync(done)) return program;
  const python = await onPath("python3");
  if (!python) {
    throw new UserError(
      "checkov needs Python 3, which is not on PATH",
      "sudo apt-get install --yes python3 python3-venv",
    );
  }
  await progress.step("installing checkov from PyPI", async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(path.dirname(folder), { recursive: true });
    try {
      await run([python, "-m", "venv", folder]);
      await run([path.join(folder, "bin", "pip"), "install", "--quiet", "--no-deps", "--requirement", REQUIREMENTS]);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const lines = error.output.trim().split("\n").slice(-3).join(" / ");
      throw new UserError(
        `checkov could not be installed: ${lines}`,
        "make `python3 -m venv` (Debian: python3-venv) and PyPI work, then run again",
      );
    }
    await writeFile(done, "");
  });
  return program;
}

/** Checks the manifests of a folder, without a network: nothing may ask or tell anybody. */
export async function checkov(program: string, folder: string): Promise<{ failed: FailedCheck[]; resources: number }> {
  const command = ["--directory", folder, "--framework", "kubernetes", "--output", "json", "--quiet", "--compact"];
  // Its exit code says whether a check failed, which the caller judges.
  const text = await run(["unshare", "--net", "--", program, ...command, "--skip-download", "--soft-fail"]);
  const { results, summary } = JSON.parse(text) as {
    results: { failed_checks: { check_id: string; resource: string }[] };
    summary: { resource_count: number };
  };
  const failed = results.failed_checks.map(({ check_id, resource }) => ({ id: check_id, resource }));
  return { failed, resources: summary.resource_count };
}
