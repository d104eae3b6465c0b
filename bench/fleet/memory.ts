import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { RuleGroup } from "../../components/prometheus/rules/rule";
import { type Memory, Process } from "./processes";
import { ask, type History } from "./program";
import { type Exporters, Prometheus, type RuleTime } from "./prometheus";
import { inOrder } from "./rules";
import type { FleetSpec } from "./spec";

/** Programs, and a folder for everything. */
export interface Place {
  program: string;
  prometheus: string;
  folder: string;
}

/** What one Prometheus needs for a fleet. */
export interface Contestant {
  name: string;
  spec: FleetSpec;
  /** Default: none are evaluated. */
  rules?: readonly RuleGroup[];
}

/** What was seen of it. */
export interface Cost {
  headSeries: number;
  exporterSeries: number;
  recordedSeries: number;
  replaySeconds: number;
  /** While it reads three hours back after SIGKILL. */
  replay: Memory;
  /** While it scrapes, with three hours in memory. */
  steady: Memory;
  /** While the first two of them become a block. */
  compaction: Memory;
  scrapeSeconds: { average: number; max: number };
  /** How long each rule takes, the slowest first. */
  rules: RuleTime[];
  /** Scrapes that failed; there should be none. */
  failedScrapes: number;
  /** Series that the live exporters have and the past has not; there should be none but those of pods that come meanwhile. */
  createdByScrapes: number;
  history: History;
}

const THREE_HOURS = 10_800;
const READY_SECONDS = 600;
/** Two scrapes and evaluations, with three hours in memory. */
const STEADY_SECONDS = 75;
const COMPACTION_SECONDS = 900;
/** Writing may be slower than it was, and replay takes time too; a wrong guess only makes the measurement wait. */
const HEADWAY = 1.3;

/** What is written once to see how long the rest will take. */
const TRIAL_SECONDS = 900;

/** Where the past begins, so that it is three hours long when the steady state has been seen; `pace` is seconds for each second. */
export const beginOfPast = (now: number, pace: number): number =>
  Math.floor(now - THREE_HOURS + STEADY_SECONDS + HEADWAY * pace * THREE_HOURS);

/** How long writing takes for each second of the past. */
async function paceOf(place: Place, specFile: string, folder: string): Promise<number> {
  const trial = path.join(folder, "trial");
  const now = Math.floor(Date.now() / 1000);
  const { seconds } = await ask<History>(place.program, "write", specFile, trial, now - TRIAL_SECONDS, now);
  await rm(trial, { recursive: true });
  return seconds / TRIAL_SECONDS;
}

async function startExporters(place: Place, spec: FleetSpec, specFile: string, folder: string) {
  const server = new Process([place.program, "serve", specFile], path.join(folder, "exporters.log"));
  const address = await server.firstLine();
  const targets = (await (await fetch(`http://${address}/targets`)).json()) as Exporters["targets"];
  return { server, exporters: { address, targets, exporter: spec.exporter, objects: spec.objects } };
}

/** Writes the past, starts Prometheus on it as after SIGKILL, lets it scrape and evaluate, and waits for the compaction. */
export async function measureCost(
  place: Place,
  contestant: Contestant,
  report: (detail: string) => void,
): Promise<Cost> {
  const folder = path.join(place.folder, contestant.name);
  const data = path.join(folder, "data");
  const { rules } = contestant;
  const spec = { ...contestant.spec, rules: rules === undefined ? [] : inOrder(rules) };
  const specFile = path.join(folder, "spec.json");
  await mkdir(data, { recursive: true });
  await writeFile(specFile, JSON.stringify(spec));
  report("writing the past three hours");
  const pace = await paceOf(place, specFile, folder);
  const begin = beginOfPast(Date.now() / 1000, pace);
  const history = await ask<History>(place.program, "write", specFile, data, begin, 0);
  const { server, exporters } = await startExporters(place, spec, specFile, folder);
  const settings = { binary: place.prometheus, folder, data, replica: "a", exporters, ...(rules ? { rules } : {}) };
  const started = Date.now();
  const prometheus = await Prometheus.start(settings);
  try {
    report("replay");
    const replay = await prometheus.process.peakUntil(prometheus.isReady, READY_SECONDS);
    const replaySeconds = (Date.now() - started) / 1000;
    return { ...(await watch(prometheus, spec, report)), replaySeconds, replay, history };
  } finally {
    await Promise.all([prometheus.process.kill(), server.kill()]);
    await rm(data, { recursive: true });
  }
}

async function watch(prometheus: Prometheus, spec: FleetSpec, report: (detail: string) => void) {
  const { process } = prometheus;
  const own = (metric: string) => prometheus.own(`prometheus_tsdb_head_${metric}`);
  const created = await own("series_created_total");
  report("steady state");
  const isFull = async () => (await own("max_time_seconds")) - (await own("min_time_seconds")) > THREE_HOURS;
  const steadyFrom = Date.now();
  const steady = await process.peakUntil(
    async () => Date.now() - steadyFrom > STEADY_SECONDS * 1000 || (await isFull()),
    STEADY_SECONDS + READY_SECONDS,
  );
  const createdByScrapes = (await own("series_created_total")) - created;
  const headSeries = await own("series");
  report("compaction");
  let compactedAt: number | undefined;
  const isOver = async () => {
    if (compactedAt === undefined && (await own("truncations_total")) > 0) compactedAt = Date.now();
    // The largest heap may come when what was compacted is not collected yet.
    return compactedAt !== undefined && Date.now() - compactedAt > 1000 * spec.intervalSeconds;
  };
  const compaction = await process.peakUntil(isOver, COMPACTION_SECONDS);
  const one = async (expr: string) => (await prometheus.query(expr))[0] ?? 0;
  const ofJob = `{job="${spec.exporter.job}"}`;
  return {
    headSeries,
    exporterSeries: await one(`sum(scrape_samples_post_metric_relabeling${ofJob})`),
    recordedSeries: await one('count({__name__=~".+:.+"})'),
    steady,
    compaction,
    scrapeSeconds: {
      average: await one(`avg(scrape_duration_seconds${ofJob})`),
      max: await one(`max(scrape_duration_seconds${ofJob})`),
    },
    rules: await prometheus.ruleSeconds(),
    failedScrapes: await one(`sum(1 - min_over_time(up${ofJob}[2m]))`),
    createdByScrapes,
  };
}
