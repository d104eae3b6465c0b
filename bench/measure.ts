import os from "node:os";
import { performance } from "node:perf_hooks";
import { UserError } from "../tools/cli/errors";
import { repositoryRoot } from "../tools/cli/paths";
import type { Progress } from "../tools/cli/progress";
import { CommandError, run } from "../tools/toolchain/command";

/** Of one or more runs; the median of an even number of runs is the mean of the two in the middle. */
export interface Statistics {
  runs: number;
  min: number;
  median: number;
  max: number;
}

/** Decimals of each unit; `×` is how many times one thing is another. */
const DECIMALS = { s: 2, ms: 1, MiB: 0, KiB: 0, series: 0, "series/GPU": 1, "×": 1, "%": 1, alerts: 1 } as const;

type Unit = keyof typeof DECIMALS;

/** One line of the result. */
export type Row = {
  what: string;
  unit: Unit;
  /** The figure should be below it, in the same unit. */
  target?: number;
  /** The figure should not be above it. */
  atMost?: number;
  /** The figure should not be below it. */
  atLeast?: number;
} & (Statistics | { notMeasured: string /** Why. */ });

/** What a measurement needs to know. */
export interface MeasureOptions {
  /** Default: the measurement's own. */
  runs: number | undefined;
  /** Of a simulated fleet. Default: the measurement's own. */
  gpus?: number | undefined;
  progress: Progress;
}

/** Throws when there is no value. */
export function statistics(values: readonly number[]): Statistics {
  const sorted = [...values].sort((left, right) => left - right);
  const [min] = sorted;
  const max = sorted.at(-1);
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  const upper = sorted[Math.floor(sorted.length / 2)];
  if (min === undefined || max === undefined || lower === undefined || upper === undefined) {
    throw new Error("there are no statistics of nothing");
  }
  return { runs: sorted.length, min, median: (lower + upper) / 2, max };
}

/** Runs a command as a user does: its own process, in the checkout. Throws a {@link UserError} when it fails. */
export async function start(command: readonly string[], environment: Record<string, string> = {}): Promise<void> {
  try {
    await run(command, { cwd: repositoryRoot, env: { ...process.env, ...environment } });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError(`what should be measured does not work: ${error.message}`, `mend it: ${command.join(" ")}`);
  }
}

/** Wall time in seconds. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** What a figure depends on. */
export function machineFacts() {
  return {
    date: new Date().toISOString(),
    system: `${os.type()} ${os.release()} ${process.arch}`,
    processor: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    /** Above the number of cores, something else slowed the runs down. */
    loadAtStart: os.loadavg()[0] ?? 0,
    node: process.version,
  };
}

export type MachineFacts = ReturnType<typeof machineFacts>;

const figure = (value: number, unit: Row["unit"]) => `${value.toFixed(DECIMALS[unit])} ${unit}`;

type Limit = [sign: string, value: number, isMet: (figure: number) => boolean];

function limitOf({ target, atMost, atLeast }: Row): Limit | undefined {
  if (target !== undefined) return ["<", target, (figure) => figure < target];
  if (atMost !== undefined) return ["≤", atMost, (figure) => figure <= atMost];
  if (atLeast !== undefined) return ["≥", atLeast, (figure) => figure >= atLeast];
  return undefined;
}

/** `target: < 1.5 s, met`; by the median. */
export function verdict(row: Row): string {
  const limit = limitOf(row);
  if (limit === undefined) return "";
  const [sign, value, isMet] = limit;
  const met = "median" in row ? (isMet(row.median) ? ", met" : ", MISSED") : "";
  return `target: ${sign} ${value} ${row.unit}${met}`;
}

/** A row as a person reads it. */
export function formatRow(row: Row): string {
  const { what, unit } = row;
  if ("notMeasured" in row) return `  ${what}\n    not measured: ${row.notMeasured}\n`;
  const { runs, min, median, max } = row;
  const figures = `min ${figure(min, unit)}, median ${figure(median, unit)}, max ${figure(max, unit)}`;
  return `  ${what}\n    ${[`${runs} ${runs === 1 ? "run" : "runs"}`, figures, verdict(row)].filter(Boolean).join("; ")}\n`;
}
