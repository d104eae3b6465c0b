import { type SpawnOptions, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";

/** A command that ended with a code other than 0 or by a signal; `output` is what it wrote to stderr, else to stdout. */
export class CommandError extends Error {
  readonly output: string;

  constructor(command: readonly string[], ending: string, output: string) {
    super(`${command.join(" ").slice(0, 300)} ${ending}: ${output.trim().slice(-2000)}`);
    this.name = "CommandError";
    this.output = output;
  }
}

/** Runs a command to its end and returns its stdout; throws {@link CommandError} when it fails. */
export function run(command: readonly string[], options: SpawnOptions = {}): Promise<string> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(new CommandError(command, signal ? `was ended by ${signal}` : `exited with ${code}`, stderr || stdout));
    });
  });
}

/** The full path of an executable on PATH, or undefined. System folders are searched too: sudo may leave them out. */
export async function onPath(name: string): Promise<string | undefined> {
  const folders = (process.env.PATH ?? "").split(path.delimiter).concat("/usr/local/sbin", "/usr/sbin", "/sbin");
  for (const folder of folders.filter(Boolean)) {
    const file = path.join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
