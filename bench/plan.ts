import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { UserError } from "../tools/cli/errors";
import { onPath } from "../tools/toolchain/command";
import { type MeasureOptions, type Row, secondsOf, start, statistics } from "./measure";

const PLAN = ["node", "tools/run.cjs", "tools/plan/start.cjs", "dev"];
const DEFAULT_RUNS = 7;
const TARGET_SECONDS = 1.5;
const HELM_ROW = "helm template of kube-prometheus-stack, the reference";

interface Contestant {
  row: Pick<Row, "what" | "target">;
  command: string[];
  env?: Record<string, string>;
}

/** `helm template`, where there are helm and the chart that BENCH_CHART names. */
async function helm(): Promise<Contestant | undefined> {
  const program = await onPath("helm");
  const chart = process.env.BENCH_CHART;
  if (chart === undefined || program === undefined) return undefined;
  await access(chart).catch(() => {
    throw new UserError(`BENCH_CHART names ${chart}, which is not there`, "pull the chart, or unset BENCH_CHART");
  });
  return { row: { what: HELM_ROW }, command: [program, "template", "bench", path.resolve(chart)] };
}

/** Peak resident memory in MiB of the largest process of the command, as GNU time has it. */
async function peakMemory(time: string): Promise<number> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-"));
  try {
    const file = path.join(folder, "kib");
    await start([time, "--format=%M", `--output=${file}`, ...PLAN]);
    return Number(await readFile(file, "utf8")) / 1024;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** `plan` with everything warm, beside its references; they take turns, so that all meet the same machine. */
export async function measurePlan({ runs = DEFAULT_RUNS, progress }: MeasureOptions): Promise<Row[]> {
  const reference = await helm();
  const contestants: Contestant[] = [
    { row: { what: PLAN.join(" "), target: TARGET_SECONDS }, command: PLAN },
    {
      row: { what: "the same without the compile cache" },
      command: PLAN,
      env: { NODE_DISABLE_COMPILE_CACHE: "1" },
    },
    ...(reference ? [reference] : []),
  ];
  const seconds = contestants.map(() => [] as number[]);
  const peaks: number[] = [];
  const time = process.platform === "linux" ? await onPath("time") : undefined;
  await progress.step("plan", async (report) => {
    // The first turn warms every cache and is not counted.
    for (let turn = 0; turn <= runs; turn += 1) {
      report(`turn ${turn} of ${runs}`);
      for (const [index, contestant] of contestants.entries()) {
        const taken = await secondsOf(() => start(contestant.command, contestant.env));
        if (turn > 0) seconds[index]?.push(taken);
      }
      if (time !== undefined && turn > 0) peaks.push(await peakMemory(time));
    }
  });
  return [
    ...contestants.map(({ row }, index): Row => ({ ...row, unit: "s", ...statistics(seconds[index] ?? []) })),
    ...(reference
      ? []
      : [{ what: HELM_ROW, unit: "s" as const, notMeasured: "helm or the chart (BENCH_CHART=path) is not here" }]),
    ...(peaks.length > 0
      ? [{ what: "peak memory of the plan's process", unit: "MiB" as const, ...statistics(peaks) }]
      : []),
  ];
}
