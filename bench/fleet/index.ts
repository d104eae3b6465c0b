import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { findTools } from "../../tools/toolchain";
import type { MeasureOptions, Row } from "../measure";
import { measureLatency } from "./latency";
import { type Contestant, type Cost, measureCost } from "./memory";
import { ask, buildProgram } from "./program";
import { costRows, type DayOfSeries, latencyRows, seriesRows } from "./rows";
import { chartExporter, fleetSpec, GPUS_PER_NODE, ourExporter } from "./spec";

const DEFAULT_GPUS = 1_000;
const DEFAULT_RUNS = 7;

/** Series, memory and times of a fleet of simulated GPUs in a real Prometheus: ours, and as the public charts have it. */
export async function measureFleet({
  runs = DEFAULT_RUNS,
  gpus = DEFAULT_GPUS,
  progress,
}: MeasureOptions): Promise<Row[]> {
  if (process.platform !== "linux") {
    return [{ what: "a simulated fleet", unit: "MiB", notMeasured: "memory is read from /proc, which only Linux has" }];
  }
  const { prometheus, thanos } = await findTools(["prometheus", "thanos"], progress);
  const program = await progress.step("building the simulated fleet", buildProgram);
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-fleet-"));
  // Also when the measurement is interrupted.
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", clear);
  const place = { program, prometheus: prometheus.path, thanos: thanos.path, folder };
  const ours = fleetSpec(gpus, ourExporter("health"));
  const charts = fleetSpec(gpus, chartExporter());
  const fleet = { gpus: ours.nodes * GPUS_PER_NODE };
  const cost = (title: string, contestant: Contestant) =>
    progress.step(title, (report) => measureCost(place, contestant, report));
  try {
    const data: Cost = await cost("our series alone", { name: "data", spec: ours });
    const withRules = await cost("our series with all rules", {
      name: "rules",
      spec: { ...ours, objects: true },
      rules: platformRuleGroups({ gpuProfile: "health" }),
    });
    const theirs = await cost("the default counters with the charts' labels", { name: "charts", spec: charts });
    const latencies = await progress.step("queries over 24 hours", (report) =>
      measureLatency(
        place,
        fleetSpec(gpus, ourExporter("profiling")),
        platformRuleGroups({ gpuProfile: "profiling" }),
        {
          runs,
          report,
        },
      ),
    );
    const days = { ours: await dayOf(place, "data"), theirs: await dayOf(place, "charts") };
    return [
      ...seriesRows(fleet, { data, withRules, theirs }, days),
      ...costRows(fleet, "our series alone", data, 2_048),
      ...costRows(fleet, "our series with all rules", withRules, 3_072),
      ...costRows(fleet, "the charts' series alone", theirs),
      ...latencyRows(fleet, latencies),
    ];
  } finally {
    clear();
  }
}

/** How many series the exporters of a contestant have at the beginning of a day, and how many are new in it. */
const dayOf = ({ program, folder }: { program: string; folder: string }, name: string) =>
  ask<DayOfSeries>(program, "day", path.join(folder, name, "spec.json"), Math.floor(Date.now() / 1000));
