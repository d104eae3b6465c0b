import os from "node:os";
import { gpuInhibitions } from "../../components/gpu/inhibition";
import { findTools } from "../../tools/toolchain";
import type { MeasureOptions, Row } from "../measure";
import { firing } from "./evaluate";
import { MINUTES } from "./fleet";
import { notified } from "./inhibit";
import { faultRows } from "./rows";
import { alertingGroups } from "./rules";
import { score, type TraceScore } from "./score";
import { play, type Trace } from "./trace";
import { traces } from "./traces";

const DEFAULT_RUNS = 1;

/** How many injected faults the alerts on GPUs tell of, and how many of the alerts tell of one. Each run has traces of its own. */
export async function measureFaults({ runs = DEFAULT_RUNS, progress }: MeasureOptions): Promise<Row[]> {
  const { promtool } = await findTools(["promtool"], progress);
  const groups = alertingGroups();
  const evaluate = async (trace: Trace): Promise<TraceScore> => {
    const played = play(trace);
    const fired = await firing(promtool.path, groups, played.input, MINUTES);
    return score(played, fired, notified(fired, gpuInhibitions));
  };
  const all = Array.from({ length: runs }, (_, run) => traces(run + 1)).flat();
  return progress.step(`${all.length} traces of faults`, async (report) => {
    const scores: TraceScore[] = [];
    const waiting = all.entries();
    // Each worker takes the next trace that nobody has.
    const worker = async () => {
      for (const [index, trace] of waiting) {
        scores[index] = await evaluate(trace);
        report(`${scores.filter(Boolean).length} of ${all.length}`);
      }
    };
    await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
    return faultRows(scores);
  });
}
