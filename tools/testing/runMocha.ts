import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";
import { repositoryRoot } from "../cli/paths";

/** How many tests of a run passed and failed. */
export interface TestCount {
  passed: number;
  failed: number;
  /** Of each that failed its name and, in a line, why. */
  failures: string[];
}

/** The error that a command printed among its progress; else all of it. */
const shortReason = (message: string) =>
  (/^ *error: .*/m.exec(message)?.[0] ?? message).replaceAll(/\s+/g, " ").trim().slice(0, 200);

/** Runs the test files of some folders below test/ in this process; they report as they go. */
export async function runMocha(
  folders: string[],
  options: { grep?: string | undefined; timeoutMs: number },
): Promise<TestCount> {
  const mocha = new Mocha({
    reporter: "spec",
    timeout: options.timeoutMs,
    forbidOnly: true,
    forbidPending: true,
    ...(options.grep === undefined ? {} : { fgrep: options.grep }),
  });
  for (const folder of folders) {
    const directory = path.join(repositoryRoot, "test", folder);
    for (const file of readdirSync(directory).sort()) {
      if (file.endsWith(".test.ts")) mocha.addFile(path.join(directory, file));
    }
  }
  const failures: string[] = [];
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
    runner.on("fail", (test, error: Error) => failures.push(`${test.fullTitle()}: ${shortReason(error.message)}`));
  });
  return { passed: stats?.passes ?? 0, failed: stats?.failures ?? 1, failures };
}

/** A run in a second process. */
export interface RunApart {
  /** Prints what it has printed so far, and from now on as it comes. */
  show(): void;
  count: Promise<TestCount>;
  /** Ends it, if it has not ended. */
  end(): void;
}

/** Runs a script of this project in a second process, silently at first; the script sends its count to its parent. */
export function runApart(script: string, args: string[]): RunApart {
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const held: Buffer[] = [];
  let print = (chunk: Buffer) => void held.push(chunk);
  child.stdout?.on("data", (chunk: Buffer) => print(chunk));
  child.stderr?.on("data", (chunk: Buffer) => print(chunk));
  let count: TestCount = { passed: 0, failed: 1, failures: [`${args.join(" ")}: ended without a count`] };
  child.on("message", (message) => {
    count = message as TestCount;
  });
  return {
    show: () => {
      for (const chunk of held) process.stdout.write(chunk);
      print = (chunk) => void process.stdout.write(chunk);
    },
    count: new Promise((resolve) => {
      child.once("error", () => resolve(count));
      child.once("close", () => resolve(count));
    }),
    end: () => void child.kill(),
  };
}

/** Prints what failed and the closing line of one or more runs; returns the exit code. */
export function closeRuns(runs: TestCount[]): number {
  const passed = runs.reduce((sum, run) => sum + run.passed, 0);
  const failed = runs.reduce((sum, run) => sum + run.failed, 0);
  for (const run of runs) for (const name of run.failures) process.stdout.write(`failed: ${name}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
