import { spawn } from "node:child_process";
import path from "node:path";
import { repositoryRoot } from "../../../tools/cli/paths";

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  /** Sends a signal to the whole group, as a terminal does. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves when stderr contains the text; rejects when the command ends before. */
  says(text: string): Promise<void>;
  finished: Promise<Finished>;
}

type Script = "local" | "plan";

/** Starts one of the project's commands the way npm does. */
export function start(script: Script, args: string[], environment: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [path.join("tools", "run.cjs"), `tools/${script}.ts`, ...args], {
    cwd: repositoryRoot,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    output.stderr += chunk;
    for (const listener of listeners) listener();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on("close", (code) => resolve({ code, ...output }));
  });
  return {
    signal: (signal) => process.kill(-(child.pid ?? 0), signal),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => output.stderr.includes(text) && resolve();
        listeners.add(look);
        look();
        finished.then(() => reject(new Error(`ended without saying "${text}":\n${output.stderr}`)));
      }),
    finished,
  };
}

/** Runs a command to its end. */
export const runCommand = (
  script: Script,
  args: string[],
  environment: Record<string, string> = {},
): Promise<Finished> => start(script, args, environment).finished;
