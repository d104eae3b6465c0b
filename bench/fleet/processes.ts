import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const MIB_IN_KIB = 1024;
const SAMPLE_MILLISECONDS = 250;
/** Asking is work for the process too. */
const ASK_MILLISECONDS = 500;

/** Memory of a process in MiB. */
export interface Memory {
  /** All that is resident, with the pages of files that it maps. */
  resident: number;
  /** Without those pages, which the kernel can take back: the part that counts when a container is short of memory. */
  anonymous: number;
}

/** Reads the text of /proc/PID/status. */
export function memoryIn(status: string): Memory {
  const mebibytes = (field: string) => {
    const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
    if (kibibytes === undefined) throw new Error(`${field} is not in the status of the process`);
    return Number(kibibytes) / MIB_IN_KIB;
  };
  return { resident: mebibytes("VmRSS"), anonymous: mebibytes("RssAnon") };
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A program that runs beside the measurement, and ends with it at the latest. */
export class Process {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #name: string;
  readonly #logFile: string;
  #peak: Memory = { resident: 0, anonymous: 0 };

  constructor(command: readonly string[], logFile: string, env: NodeJS.ProcessEnv = process.env) {
    const [file = "", ...words] = command;
    const child = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"], env });
    const log = createWriteStream(logFile);
    child.stderr.pipe(log);
    running.add(child);
    this.#child = child;
    this.#name = path.basename(file);
    this.#logFile = logFile;
    this.#ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", () => {
        running.delete(child);
        resolve();
      });
    });
  }

  get hasEnded(): boolean {
    return !running.has(this.#child);
  }

  /** Its next line on stdout. */
  firstLine(): Promise<string> {
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("the process has no stdout");
    return new Promise((resolve, reject) => {
      createInterface({ input: stdout })
        .once("line", resolve)
        .once("close", () => reject(new Error("it printed nothing")));
    });
  }

  /** What it has now. */
  memory(): Memory {
    return memoryIn(readFileSync(`/proc/${this.#child.pid}/status`, "utf8"));
  }

  /** Waits until something is true, and returns the most memory that it had meanwhile. */
  async peakUntil(condition: () => Promise<boolean>, timeoutSeconds: number): Promise<Memory> {
    this.#peak = this.memory();
    const deadline = Date.now() + timeoutSeconds * 1000;
    const watch = setInterval(() => this.#look(), SAMPLE_MILLISECONDS);
    try {
      while (!(await condition())) {
        if (this.hasEnded) throw new Error(`${this.#name} ended: ${this.#lastWords()}`);
        if (Date.now() > deadline)
          throw new Error(`${this.#name} took longer than ${timeoutSeconds} s: ${this.#lastWords()}`);
        await sleep(ASK_MILLISECONDS);
      }
      this.#look();
      return this.#peak;
    } finally {
      clearInterval(watch);
    }
  }

  #lastWords(): string {
    return readFileSync(this.#logFile, "utf8").trim().split("\n").slice(-3).join("\n");
  }

  #look(): void {
    if (this.hasEnded) return;
    const { resident, anonymous } = this.memory();
    this.#peak = {
      resident: Math.max(this.#peak.resident, resident),
      anonymous: Math.max(this.#peak.anonymous, anonymous),
    };
  }

  /** SIGKILL, as when a node is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
