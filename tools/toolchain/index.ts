import { access, constants } from "node:fs/promises";
import path from "node:path";
import { cacheDirectory } from "../cli/paths";
import type { Progress } from "../cli/progress";
import { build } from "./build";
import { type CatalogueTool, catalogue, catalogueTool, isUsableVersion, type ToolName } from "./catalogue";
import { onPath, run } from "./command";
import { download, Network } from "./download";
import { withLock } from "./lock";

export type { ToolName } from "./catalogue";

/** A program that can be run. */
export interface Tool {
  name: ToolName;
  path: string;
  /** Without `v`. */
  version: string;
  source: "PATH" | "cache" | "download" | "build";
}

/** In a program's answer; Go makes the long form of a commit. */
const VERSION = /\d+\.\d+\.\d+(-0\.\d{14}-[0-9a-f]{12})?/;

const cachedPath = ({ name, group }: CatalogueTool) => path.join(cacheDirectory(), "bin", `${name}-${group.version}`);

async function fromPath(tool: CatalogueTool): Promise<Tool | undefined> {
  const file = await onPath(tool.name);
  if (!file) return undefined;
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const question = [file, ...tool.versionArguments];
  const command = tool.versionOnStderr ? ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", ...question] : question;
  const output = await run(command, { env, timeout: 10_000 }).catch(() => "");
  const version = VERSION.exec(output)?.[0];
  if (!version || !isUsableVersion(tool.name, version, tool.group.version)) return undefined;
  return { name: tool.name, path: file, version, source: "PATH" };
}

const found = (tool: CatalogueTool, source: Tool["source"]): Tool => ({
  name: tool.name,
  path: cachedPath(tool),
  version: tool.group.version,
  source,
});

async function fromCache(tool: CatalogueTool): Promise<Tool | undefined> {
  return access(cachedPath(tool), constants.X_OK).then(
    () => found(tool, "cache"),
    () => undefined,
  );
}

async function fromVendor(
  tool: CatalogueTool,
  network: Network,
  report: (detail: string) => void,
): Promise<Tool | undefined> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  if (process.platform !== "linux" || (architecture !== "amd64" && architecture !== "arm64")) return undefined;
  const where = tool.download?.(architecture);
  if (!where || network.closed) return undefined;
  report(`asking ${new URL(where.url).host} for ${tool.name}`);
  return (await download(where, cachedPath(tool), network, report)) ? found(tool, "download") : undefined;
}

/** Gets the tools of one group, which no other process is getting at the same time. */
async function obtain(
  tools: readonly CatalogueTool[],
  network: Network,
  report: (detail: string) => void,
): Promise<Tool[]> {
  const ready: Tool[] = [];
  const toBuild: CatalogueTool[] = [];
  for (const tool of tools) {
    const present = (await fromCache(tool)) ?? (await fromVendor(tool, network, report));
    if (present) ready.push(present);
    else toBuild.push(tool);
  }
  const groupName = toBuild[0]?.groupName;
  if (groupName === undefined) return ready;
  const workFolder = path.join(cacheDirectory(), "build", groupName);
  await build(groupName, toBuild, cachedPath, workFolder, report);
  return [...ready, ...toBuild.map((tool) => found(tool, "build"))];
}

/**
 * Finds the named tools: on PATH in the pinned version, in the cache, as the vendor's download, and built from the Go module
 * proxy, in this order. Throws a UserError that names the tool and what to do when none of these works.
 */
export async function findTools<Name extends ToolName>(
  names: readonly Name[],
  progress: Progress,
): Promise<Record<Name, Tool>> {
  const tools = [...new Set(names)].map(catalogueTool);
  const present = await Promise.all(tools.map(async (tool) => (await fromPath(tool)) ?? fromCache(tool)));
  const result = new Map<ToolName, Tool>(present.flatMap((tool) => (tool ? [[tool.name, tool] as const] : [])));
  const missing = tools.filter(({ name }) => !result.has(name));
  const network = new Network();
  for (const groupName of new Set(missing.map((tool) => tool.groupName))) {
    const group = missing.filter((tool) => tool.groupName === groupName);
    const names = group.map(({ name }) => name).join(", ");
    const { version } = catalogue[groupName];
    await progress.step(`getting ${names} ${version}`, (report) =>
      withLock(
        path.join(cacheDirectory(), "build", `${groupName}.lock`),
        () => report("another process is at it; waiting"),
        async () => {
          for (const tool of await obtain(group, network, report)) result.set(tool.name, tool);
        },
      ),
    );
  }
  return Object.fromEntries(result) as Record<Name, Tool>;
}
