import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { silentProgress } from "../../../../tools/cli/progress";
import { findTools, type ToolName } from "../../../../tools/toolchain";
import { eventually } from "../../platform/eventually";

const MOST_OUTPUT = 256 * 2 ** 20;
const LAST_WORDS = 2_000;
const ANSWER_MILLISECONDS = 20_000;

/** Real programs on this machine, with a folder of their own. `end` stops them and removes it. */
export class LocalPrograms<Name extends ToolName> {
  readonly folder: string;
  readonly paths: Record<Name, string>;
  readonly #running: ChildProcess[] = [];

  private constructor(folder: string, paths: Record<Name, string>) {
    this.folder = folder;
    this.paths = paths;
  }

  static async get<Name extends ToolName>(names: readonly Name[]): Promise<LocalPrograms<Name>> {
    const tools = await findTools(names, silentProgress);
    const paths = Object.fromEntries(names.map((name) => [name, tools[name].path])) as Record<Name, string>;
    return new LocalPrograms(await mkdtemp(path.join(os.tmpdir(), "stores-")), paths);
  }

  /** A path in the folder. */
  at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Runs one to its end, and returns what it wrote on stdout. */
  async run(name: Name, args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(this.paths[name], args, { cwd: this.folder, maxBuffer: MOST_OUTPUT });
    return stdout;
  }

  /** Starts one that stays, and waits until the address answers 200. */
  async start(
    name: Name,
    args: readonly string[],
    ready: string,
    env: Record<string, string> = {},
  ): Promise<ChildProcess> {
    const logFile = this.at(`${name}-${this.#running.length}.log`);
    const log = openSync(logFile, "w");
    const child = spawn(this.paths[name], args, {
      cwd: this.folder,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.#running.push(child);
    try {
      const answers = async () => {
        if (hasEnded(child)) return "ended";
        return (await fetch(ready)).status;
      };
      const answer = await eventually(`${name} answers`, answers, (last) => last === 200 || last === "ended", 90);
      assert.equal(answer, 200, `${name} ended`);
      return child;
    } catch (error) {
      throw new Error(`${String(error)}\n${(await readFile(logFile, "utf8")).slice(-LAST_WORDS)}`);
    }
  }

  /** Stops what was started, at once, and removes the folder. */
  async end(): Promise<void> {
    await Promise.all(this.#running.map(killed));
    await rm(this.folder, { recursive: true, force: true });
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

function killed(child: ChildProcess): Promise<unknown> | undefined {
  if (hasEnded(child)) return undefined;
  const closed = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  return closed;
}

// Below those that the kernel gives to connections: one of these could have the port before the program that it is for.
const LOWEST_PORT = 20_000;
const PORTS = 12_000;
/** Their programs may not listen yet. */
const given = new Set<number>();

/** So many free ports of the loopback interface. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  let next = LOWEST_PORT + Math.floor(Math.random() * PORTS);
  while (ports.length < count) {
    next = next + 1 < LOWEST_PORT + PORTS ? next + 1 : LOWEST_PORT;
    if (given.has(next) || !(await isFree(next))) continue;
    given.add(next);
    ports.push(next);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  const listening = await new Promise<boolean>((done) => {
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => done(true));
  });
  if (listening) await new Promise((done) => server.close(done));
  return listening;
}

/** The answer to a request that must succeed. */
export async function answerOf(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MILLISECONDS), ...init });
  const text = await response.text();
  assert.ok(response.ok, `${url}: ${response.status} ${text.slice(0, LAST_WORDS)}`);
  return text;
}

/** One vector by PromQL: each value by its labels, sorted, as `name=value,…`. */
export async function vectorOf(
  queryUrl: string,
  query: string,
  at: number,
  headers: Record<string, string> = {},
): Promise<Map<string, number>> {
  const body = new URLSearchParams({ query, time: String(at) });
  const text = await answerOf(`${queryUrl}/api/v1/query`, { method: "POST", body, headers });
  const { data } = JSON.parse(text) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return new Map(data.result.map(({ metric, value }) => [labelsText(metric), Number(value[1])]));
}

/** Labels as `name=value,…`, sorted. */
export const labelsText = (labels: Record<string, string>): string =>
  Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`)
    .join(",");
