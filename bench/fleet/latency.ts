import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { REPLICA_LABEL } from "../../components/prometheus/replicaLabel";
import type { RuleGroup } from "../../components/prometheus/rules/rule";
import { type Statistics, statistics } from "../measure";
import type { Place } from "./memory";
import { Process } from "./processes";
import { ask, type History } from "./program";
import { answers, freePort, instant, Prometheus } from "./prometheus";
import { type Extent, type QueryPair, queryPairs } from "./queries";
import { inOrder, recordedNames, scrapedNames } from "./rules";
import type { FleetSpec } from "./spec";

const DAY = 86_400;
/** Seconds between the points of a panel over 24 hours; for a line of each node more, or the answer alone has 18 MB. */
const STEP: Record<Extent, number> = { fleet: 120, nodes: 300 };
const READY_SECONDS = 600;
/** The two sides may look at samples of half a minute apart; a sum over the fleet moves less than this meanwhile. */
const TOLERANCE = 0.05;

/** How long one question took, in milliseconds. */
export interface Latency {
  pair: QueryPair;
  raw: Statistics;
  recorded: Statistics;
  /** The recorded side through Thanos over a pair of replicas. */
  store: Statistics;
}

/** A question about the day before a moment. */
interface Question {
  expr: string;
  end: number;
  step: number;
}

/** The answer is compressed, as Grafana asks for it. */
async function milliseconds(url: string, { expr, end, step }: Question): Promise<number> {
  const range = { start: String(end - DAY), end: String(end), step: String(step) };
  const started = performance.now();
  const response = await fetch(`${url}/api/v1/query_range?${new URLSearchParams({ query: expr, ...range })}`);
  const body = await response.text();
  const taken = performance.now() - started;
  if (!response.ok || !body.includes('"values"')) throw new Error(`${expr}: ${body.slice(0, 300)}`);
  return taken;
}

/** The first time is not counted: it fetches blocks from the disk. */
async function timed(runs: number, url: string, question: Question): Promise<Statistics> {
  await milliseconds(url, question);
  const values: number[] = [];
  for (let turn = 0; turn < runs; turn += 1) values.push(await milliseconds(url, question));
  return statistics(values);
}

/** Throws unless both sides say the same: a quick wrong answer would be worth nothing. */
export function compare({ what }: QueryPair, raw: readonly number[], recorded: readonly number[]): void {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const differ = Math.abs(sum(raw) - sum(recorded)) > TOLERANCE * Math.abs(sum(raw));
  if (raw.length === 0 || raw.length !== recorded.length || differ) {
    throw new Error(
      `${what}: raw ${raw.length} series, sum ${sum(raw)}; recorded ${recorded.length}, ${sum(recorded)}`,
    );
  }
}

/** The two replicas of a pair, with a sidecar each, and a querier over both. */
async function startStore(thanos: string, folder: string, replicas: readonly Prometheus[], data: readonly string[]) {
  const processes: Process[] = [];
  const endpoints: string[] = [];
  const start = async (name: string, words: string[]) => {
    const [grpc, http] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const command = [thanos, ...words, `--grpc-address=${grpc}`, `--http-address=${http}`];
    processes.push(new Process(command, path.join(folder, `${name}.log`)));
    return { grpc, url: `http://${http}` };
  };
  for (const [index, { url }] of replicas.entries()) {
    const { grpc } = await start(`sidecar-${index}`, [
      "sidecar",
      `--prometheus.url=${url}`,
      `--tsdb.path=${data[index]}`,
    ]);
    endpoints.push(`--endpoint=${grpc}`);
  }
  const { url } = await start("query", ["query", ...endpoints, `--query.replica-label=${REPLICA_LABEL}`]);
  return { url, processes };
}

/** Asks everything of a day of the fleet's past, of one Prometheus and of a pair through Thanos. */
export async function measureLatency(
  place: Place & { thanos: string },
  fleet: FleetSpec,
  groups: readonly RuleGroup[],
  { runs, report }: { runs: number; report: (detail: string) => void },
): Promise<Latency[]> {
  const rules = inOrder(groups, recordedNames(queryPairs.map(({ recorded }) => recorded)));
  const only = scrapedNames([...rules.map(({ expr }) => expr), ...queryPairs.map(({ raw }) => raw)]);
  const folder = path.join(place.folder, "queries");
  const data = ["a", "b"].map((replica) => path.join(folder, replica));
  const [first = "", second = ""] = data;
  await mkdir(first, { recursive: true });
  const specFile = path.join(folder, "spec.json");
  await writeFile(specFile, JSON.stringify({ ...fleet, rules, only, objects: true }));
  report("writing a day");
  const now = Math.floor(Date.now() / 1000);
  const { end } = await ask<History>(place.program, "write", specFile, first, now - DAY, now);
  const last = end - fleet.intervalSeconds;
  await cp(first, second, { recursive: true });
  const replicas: Prometheus[] = [];
  let store: Process[] = [];
  try {
    for (const [index, replica] of ["a", "b"].entries()) {
      const started = await Prometheus.start({ binary: place.prometheus, folder, data: data[index] ?? "", replica });
      replicas.push(started);
      await started.process.peakUntil(started.isReady, READY_SECONDS);
    }
    const pair = await startStore(place.thanos, folder, replicas, data);
    store = pair.processes;
    const querier = store.at(-1);
    const seesBoth = async () =>
      (await answers(`${pair.url}/-/ready`)) &&
      (await instant(pair.url, "count(cluster:gpu_visible:count)", last)).length > 0;
    await querier?.peakUntil(seesBoth, READY_SECONDS);
    const latencies: Latency[] = [];
    for (const pairOfQueries of queryPairs) {
      const { what, extent, raw, recorded } = pairOfQueries;
      const question = (expr: string) => ({ expr, end: last, step: STEP[extent] });
      report(what);
      const [{ url }] = replicas as [Prometheus];
      compare(pairOfQueries, await instant(url, raw, last), await instant(url, recorded, last));
      latencies.push({
        pair: pairOfQueries,
        raw: await timed(runs, url, question(raw)),
        recorded: await timed(runs, url, question(recorded)),
        store: await timed(runs, pair.url, question(recorded)),
      });
    }
    return latencies;
  } finally {
    await Promise.all([...replicas.map(({ process }) => process.kill()), ...store.map((process) => process.kill())]);
    await rm(folder, { recursive: true });
  }
}
