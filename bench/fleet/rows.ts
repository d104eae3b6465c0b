import { type Row, statistics } from "../measure";
import type { Latency } from "./latency";
import type { Cost } from "./memory";

/** Series at the beginning of a day, and those that are new until its end. */
export interface DayOfSeries {
  first: number;
  later: number;
}

interface Fleet {
  gpus: number;
}

/** The size that the targets of memory and latency are set for. */
const TARGET_GPUS = 10_000;
const KIB_IN_MIB = 1024;

/** A figure that has no spread. */
const one = (value: number) => statistics([value]);

/** The targets hold for the large fleet; on a smaller one they would say nothing. */
const atTargetSize = ({ gpus }: Fleet, target: number | undefined) =>
  target === undefined || gpus < TARGET_GPUS ? {} : { target };

/** What is stored. */
export function seriesRows(
  { gpus }: Fleet,
  { data, withRules, theirs }: { data: Cost; withRules: Cost; theirs: Cost },
  days: { ours: DayOfSeries; theirs: DayOfSeries },
): Row[] {
  const { recordedADay } = withRules.history;
  const perGpu = (what: string, series: number, limit: Pick<Row, "atMost"> = {}): Row => ({
    what: `${what}, per GPU`,
    unit: "series/GPU",
    ...limit,
    ...one(series / gpus),
  });
  const head = (what: string, { headSeries }: Cost): Row => ({
    what: `head series, ${what}`,
    unit: "series",
    ...one(headSeries),
  });
  return [
    perGpu("exporter series, ours, profile health", data.exporterSeries, { atMost: 45 }),
    perGpu("exporter series, default counters", theirs.exporterSeries),
    perGpu("recorded series", withRules.recordedSeries, { atMost: 12 }),
    head("ours", data),
    head("ours with all rules and what they join with", withRules),
    head("default counters with the charts' labels", theirs),
    perGpu("new exporter series a day, ours", days.ours.later),
    perGpu("new exporter series a day, the charts'", days.theirs.later),
    {
      what: "the charts' new series for one of ours",
      unit: "×",
      atLeast: 8,
      ...one(days.theirs.later / days.ours.later),
    },
    perGpu("new recorded series a day", recordedADay),
    {
      what: "the charts' new series for one of ours, recorded ones counted as ours",
      unit: "×",
      ...one(days.theirs.later / (days.ours.later + recordedADay)),
    },
  ];
}

/** Of the head: more than pods that come within minutes have. */
const STRANGE_SHARE = 0.05;

/** Throws if the exporters did not answer, or if the past that was written has other series than they. */
function checkScrapes(name: string, { failedScrapes, createdByScrapes, headSeries, rules }: Cost): void {
  if (failedScrapes > 0) throw new Error(`${name}: ${failedScrapes} targets had failed scrapes`);
  // Rules make series of their own when they start.
  if (rules.length === 0 && createdByScrapes > STRANGE_SHARE * headSeries) {
    throw new Error(`${name}: scrapes made ${createdByScrapes} series that the past does not have`);
  }
}

/** What one Prometheus needs for it; `limit` is the most memory in MiB at the size of the targets. */
export function costRows(fleet: Fleet, name: string, cost: Cost, limit?: number): Row[] {
  const memory = (what: string, value: number, target?: number): Row => ({
    what: `${name}: ${what}`,
    unit: "MiB",
    ...atTargetSize(fleet, target),
    ...one(value),
  });
  const seconds = (what: string, value: number): Row => ({ what: `${name}: ${what}`, unit: "s", ...one(value) });
  const milliseconds = (what: string, value: number): Row => ({
    what: `${name}: ${what}`,
    unit: "ms",
    ...one(1000 * value),
  });
  checkScrapes(name, cost);
  return [
    memory("resident in the steady state, with a head of three hours", cost.steady.resident),
    memory("the same without mapped files", cost.steady.anonymous),
    {
      what: `${name}: memory per GPU in the steady state, without mapped files`,
      unit: "KiB",
      ...one((cost.steady.anonymous * KIB_IN_MIB) / fleet.gpus),
    },
    memory("peak of the compaction, without mapped files", cost.compaction.anonymous, limit),
    memory("peak of the compaction, resident", cost.compaction.resident),
    memory("peak of the replay after SIGKILL, without mapped files", cost.replay.anonymous, limit),
    memory("peak of the replay after SIGKILL, resident", cost.replay.resident),
    seconds("replay", cost.replaySeconds),
    milliseconds("one scrape, average", cost.scrapeSeconds.average),
    milliseconds("one scrape, longest", cost.scrapeSeconds.max),
    ...ruleRows(cost, seconds),
  ];
}

function ruleRows({ rules }: Cost, seconds: (what: string, value: number) => Row): Row[] {
  const [slowest] = rules;
  if (slowest === undefined) return [];
  const total = rules.reduce((sum, rule) => sum + rule.seconds, 0);
  return [seconds("all rules once, every 30 s", total), seconds(`the slowest rule, ${slowest.name}`, slowest.seconds)];
}

/** What {@link Latency} is allowed to be, in milliseconds. */
const LIMITS = {
  fleet: { recorded: 25, store: 50 },
  nodes: { recorded: 500, store: undefined },
} as const;

const FASTER = 100;

/** How long the questions take. */
export function latencyRows(fleet: Fleet, latencies: readonly Latency[]): Row[] {
  return latencies.flatMap(({ pair: { what, extent }, raw, recorded, store }): Row[] => [
    { what: `${what}: raw`, unit: "ms", ...raw },
    { what: `${what}: recorded`, unit: "ms", ...atTargetSize(fleet, LIMITS[extent].recorded), ...recorded },
    { what: `${what}: recorded, through Thanos`, unit: "ms", ...atTargetSize(fleet, LIMITS[extent].store), ...store },
    ...(extent === "fleet"
      ? [
          {
            what: `${what}: raw for one of recorded`,
            unit: "×" as const,
            ...(fleet.gpus < TARGET_GPUS ? {} : { atLeast: FASTER }),
            ...one(raw.median / recorded.median),
          },
        ]
      : []),
  ]);
}
