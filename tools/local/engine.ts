import { randomBytes } from "node:crypto";
import { access, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { version as vendorVersion } from "@pulumi/kubernetes/package.json";
import { PulumiCommand } from "@pulumi/pulumi/automation";
import { cacheDirectory } from "../cli/paths";
import type { Progress } from "../cli/progress";
import { providerNotice, serveKubernetesProvider } from "../provider";
import { findTools } from "../toolchain";
import { run } from "../toolchain/command";
import { withLock } from "../toolchain/lock";
import { engineOperationsEnd } from "./interruption";
import { engineDirectory, type Place, placeName } from "./place";

/** The real Pulumi engine, ready to run programs of this process. */
export interface Engine {
  /** Where its state and its stack files are. */
  directory: string;
  command: PulumiCommand;
  /** What the CLI needs beside this process' environment. */
  environment: Record<string, string>;
  /** Said with every result while the vendor's provider is not in use. */
  notice: string | undefined;
  close(): Promise<void>;
}

const PROVIDER_SITE = "get.pulumi.com";

/** Starts an engine for a place, and ends it after the work; a second command waits for the first. */
export async function withEngine<T>(
  place: Place,
  progress: Progress,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const directory = engineDirectory(place);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const waiting = () => progress.note(`waiting for another command that works on ${placeName(place)} …`);
  return withLock(path.join(directory, "lock"), waiting, async () => {
    const engine = await startEngine(directory, progress);
    try {
      return await work(engine);
    } finally {
      // Work beside an operation may fail first; the operation still needs the provider that closes here.
      await engineOperationsEnd();
      await engine.close();
    }
  });
}

/** Finds the Pulumi CLI and a Kubernetes provider for it: the vendor's where it can be had, else our own. */
export async function startEngine(directory: string, progress: Progress): Promise<Engine> {
  const { pulumi } = await findTools(["pulumi"], progress);
  const root = path.join(directory, "cli");
  await mkdir(path.join(root, "bin"), { recursive: true, mode: 0o700 });
  await rm(path.join(root, "bin", "pulumi"), { force: true });
  await symlink(pulumi.path, path.join(root, "bin", "pulumi"));
  const backend = path.join(directory, "state");
  await mkdir(backend, { recursive: true });
  const environment: Record<string, string> = {
    PULUMI_HOME: await pulumiHome(),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile(directory),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  const command = await PulumiCommand.get({ root, skipVersionCheck: true });
  if (await vendorProvider(pulumi.path, environment, progress)) {
    return { directory, command, environment, notice: undefined, close: async () => {} };
  }
  const provider = await serveKubernetesProvider();
  return {
    directory,
    command,
    environment: { ...environment, PULUMI_DEBUG_PROVIDERS: `kubernetes:${provider.port}` },
    notice: providerNotice,
    close: () => provider.close(),
  };
}

/**
 * The CLI's own folder. With a file in the place of its log folder it writes no debug log: that log holds every property of
 * every resource, and for the CRDs writing it takes twice as long as all the rest (measured: 46 s with it, 17 s without).
 */
async function pulumiHome(): Promise<string> {
  const home = path.join(cacheDirectory(), "pulumi-home");
  await mkdir(home, { recursive: true });
  await writeFile(path.join(home, "logs"), "").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EISDIR") throw error;
  });
  return home;
}

/** Encrypts the secrets of this state; made once, readable by its owner alone, never shown. */
async function passphraseFile(directory: string): Promise<string> {
  const file = path.join(directory, "passphrase");
  await writeFile(file, randomBytes(32).toString("base64"), { flag: "wx", mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  return file;
}

/** Whether the engine has the vendor's provider; downloads it once where its site can be reached. */
async function vendorProvider(
  pulumi: string,
  environment: Record<string, string>,
  progress: Progress,
): Promise<boolean> {
  const plugins = path.join(environment.PULUMI_HOME ?? "", "plugins");
  const name = `resource-kubernetes-v${vendorVersion}`;
  const installed = await readdir(plugins).catch(() => [] as string[]);
  const complete = await access(path.join(plugins, `${name}.partial`)).then(
    () => false,
    () => installed.includes(name),
  );
  if (complete) return true;
  if (!(await reachable(PROVIDER_SITE))) return false;
  return progress.step(`downloading the Kubernetes provider ${vendorVersion}`, async (report) => {
    try {
      await run([pulumi, "plugin", "install", "resource", "kubernetes", vendorVersion], {
        env: { ...process.env, ...environment },
      });
      return true;
    } catch {
      report("not to be had");
      return false;
    }
  });
}

function reachable(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: 443, timeout: 3_000 });
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.on("connect", () => answer(true));
    socket.on("timeout", () => answer(false));
    socket.on("error", () => answer(false));
  });
}
