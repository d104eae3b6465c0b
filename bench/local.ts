import { type Progress, silentProgress } from "../tools/cli/progress";
import * as cluster from "../tools/cluster";
import { clusterTools } from "../tools/cluster/daemons";
import { imageTools } from "../tools/local/images";
import { findTools, type ToolName } from "../tools/toolchain";
import { systemPrograms } from "../tools/toolchain/packages";
import { type MeasureOptions, type Row, secondsOf, start, statistics } from "./measure";

/** A cluster of its own: a platform that somebody works with is left alone. */
const BENCH_CLUSTER = "bench";

const DEFAULT_RUNS = 1;
const MIB = 2 ** 20;

/** What is measured, in the order of the result. */
const figures = {
  up: { what: "npm run local, from no cluster to healthy, tools there", unit: "s", target: 120 },
  again: { what: "npm run local again, nothing to change", unit: "s" },
  down: { what: "npm run local -- down", unit: "s", target: 20 },
  system: { what: "memory of the control plane and the node's daemons", unit: "MiB" },
  pods: { what: "memory of all pods", unit: "MiB" },
  total: { what: "memory of everything, proportional set size", unit: "MiB", target: 3 * 1024 },
} as const;

type Figure = keyof typeof figures;

const local = (word: "up" | "down") =>
  start(["node", "tools/run.cjs", "tools/local.ts", word, "--name", BENCH_CLUSTER]);

/** Everything that a first `local` downloads or builds. */
async function fetchTools(progress: Progress): Promise<void> {
  await systemPrograms(progress);
  await findTools<ToolName>([...clusterTools, ...imageTools, "pulumi"], progress);
}

async function oneRun(record: (figure: Figure, value: number) => void, report: (detail: string) => void) {
  report("up");
  record("up", await secondsOf(() => local("up")));
  report("up again");
  record("again", await secondsOf(() => local("up")));
  report("memory");
  const memory = await cluster.clusterMemory(await cluster.up(BENCH_CLUSTER, silentProgress));
  record("system", memory.systemBytes / MIB);
  record("pods", memory.podBytes / MIB);
  record("total", memory.totalBytes / MIB);
  report("down");
  record("down", await secondsOf(() => local("down")));
}

/** The throwaway cluster with the whole platform. The tools are fetched before the first run and not counted. */
export async function measureLocal({ runs = DEFAULT_RUNS, progress }: MeasureOptions): Promise<Row[]> {
  const rows = Object.entries(figures) as [Figure, (typeof figures)[Figure]][];
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return rows.map(([, figure]) => ({ ...figure, notMeasured: "the throwaway cluster needs Linux and root" }));
  }
  const values = new Map<Figure, number[]>(rows.map(([name]) => [name, []]));
  const record = (figure: Figure, value: number) => values.get(figure)?.push(value);
  await fetchTools(progress);
  await progress.step("local", async (report) => {
    try {
      report("down");
      await local("down");
      for (let turn = 1; turn <= runs; turn += 1) {
        await oneRun(record, (detail) => report(`run ${turn} of ${runs}: ${detail}`));
      }
    } finally {
      await local("down");
    }
  });
  return rows.map(([name, figure]) => ({ ...figure, ...statistics(values.get(name) ?? []) }));
}
