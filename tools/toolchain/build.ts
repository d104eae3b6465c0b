import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../cli/errors";
import { type CatalogueTool, catalogue, type GroupName, type ToolGroup } from "./catalogue";
import { onPath, run } from "./command";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `work` with a clean-up that also happens when a signal ends the process in the middle. */
async function withCleanup<T>(cleanup: () => void, work: () => Promise<T>): Promise<T> {
  const onSignal = (signal: NodeJS.Signals) => {
    cleanup();
    release();
    // Without another handler, end the way that the signal asks for.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off("exit", cleanup);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on("exit", cleanup);
  try {
    return await work();
  } finally {
    release();
    cleanup();
  }
}

function minutes(seconds: number): string {
  return seconds < 90 ? `about ${Math.round(seconds / 10) * 10} s` : `about ${Math.round(seconds / 60)} min`;
}

interface Compiler {
  go: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** How many packages the programs consist of; an upper bound of what is compiled, because Go keeps what it compiled before. */
async function countPackages({ go, folder, env }: Compiler, flags: readonly string[], packages: readonly string[]) {
  const list = await run([go, "list", "-deps", ...flags, ...packages], { cwd: folder, env });
  return list.split("\n").filter(Boolean).length;
}

async function compile(
  { go, folder, env }: Compiler,
  words: readonly string[],
  onLine: (line: string) => void,
): Promise<string[]> {
  const lines: string[] = [];
  // A process group of its own, so that a signal ends the compilers with the command.
  const child = spawn(go, ["build", ...words], {
    cwd: folder,
    env,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const killGroup = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  };
  return withCleanup(killGroup, async () => {
    let rest = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        lines.push(line);
        onLine(line);
      }
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (code === 0) return [];
    return [...lines, rest].filter((line) => line && !line.startsWith("go: downloading"));
  });
}

/** Builds programs of one group out of the Go module proxy, with the checksums in `go/GROUP/go.sum`, and moves them to `targets`. */
export async function build(
  groupName: GroupName,
  tools: readonly CatalogueTool[],
  target: (tool: CatalogueTool) => string,
  workFolder: string,
  report: (detail: string) => void,
): Promise<void> {
  const group: ToolGroup = catalogue[groupName];
  const names = tools.map(({ name }) => name).join(", ");
  const byHand = `put version ${group.version} of ${names} on PATH`;
  const go = await onPath("go");
  if (!go) {
    throw new UserError(
      `${names}: not on PATH, its vendor's site cannot be reached or has no such program, and there is no Go to build it with`,
      `install Go from https://go.dev/dl and run again, or ${byHand}`,
    );
  }
  await withCleanup(
    () => rmSync(workFolder, { recursive: true, force: true }),
    async () => {
      const temporary = path.join(workFolder, "tmp");
      const output = path.join(workFolder, "out");
      await rm(workFolder, { recursive: true, force: true });
      await Promise.all([mkdir(temporary, { recursive: true }), mkdir(output, { recursive: true })]);
      // Go locks and may touch go.mod; the checkout can be read-only, and nothing of it should change.
      await cp(path.join(__dirname, "go", groupName), workFolder, { recursive: true });
      const env = {
        ...process.env,
        CGO_ENABLED: "0",
        GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
        GOTMPDIR: temporary,
        // Memory for time: the compiler collects less often.
        GOGC: "400",
        GOWORK: "off",
        // Go's own default: a group that needs a later Go fetches it as a module, whatever this machine's setting is.
        GOTOOLCHAIN: "auto",
      };
      const compiler = { go, folder: workFolder, env };
      const packages = tools.map((tool) => tool.package);
      const tags = group.tags.length > 0 ? ["-tags", group.tags.join(",")] : [];
      const expected = minutes((group.seconds * tools.length) / Object.keys(group.tools).length);
      report("fetching modules");
      const total = await countPackages(compiler, tags, packages).catch(() => undefined);
      let compiled = 0;
      report(`compiling what the Go cache does not have · ${expected} for all of it`);
      const stamps = Object.entries(group.stamps).map(([variable, value]) => `-X ${variable}=${value}`);
      const linker = ["-s", "-w", ...stamps].join(" ");
      const failure = await compile(
        compiler,
        ["-v", ...tags, "-ldflags", linker, "-o", `${output}/`, ...packages],
        (line) => {
          if (line.startsWith("go: ")) return;
          compiled += 1;
          report(`${compiled}${total ? ` of at most ${total}` : ""} packages · ${expected}`);
        },
      );
      if (failure.length > 0) {
        throw new UserError(
          `${names}: building from the Go module proxy failed:\n  ${failure.slice(-8).join("\n  ")}`,
          `run again when the network works (what was fetched and compiled is kept), or ${byHand}`,
        );
      }
      for (const tool of tools) {
        const file = target(tool);
        await mkdir(path.dirname(file), { recursive: true });
        await rename(path.join(output, executableName(tool.package)), file);
      }
    },
  );
}

/** How `go build` names a program: the last element of its path that is not a major version. */
function executableName(packagePath: string): string {
  const parts = packagePath.split("/").filter((part) => !/^v\d+$/.test(part));
  return parts[parts.length - 1] ?? packagePath;
}
