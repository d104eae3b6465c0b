import { seriesBudgets } from "../../components/capacity/budgets";
import { activeSeries, headSeries, type Monitored, seriesBySource } from "../../components/capacity/series";
import { table } from "./markdown";

/** As in docs/cardinality.md: nodes with eight GPUs and the defaults, half of the GPUs serve models with two GPUs each. */
const example = (nodes: number): Monitored => ({
  fleet: [{ nodes, gpusPerNode: 8, inferenceReplicas: 2 * nodes }],
  gpuProfile: "health",
  sharedGpus: false,
  clusterMetrics: true,
  engines: ["vllm"],
  kueue: true,
  efa: true,
  shards: 1,
  replicas: 2,
  queriers: 2,
  alertmanagers: 3,
  rulers: 0,
  teamSeries: 100_000,
});

const figure = (value: number) => Math.round(value).toLocaleString("en").replaceAll(",", " ");

/** The generated part of docs/cardinality.md: what two fleets bring, by source, and the budgets. */
export function cardinalityReference(): string {
  const [small, large] = [example(125), example(1_250)].map((monitored) => {
    const sources = seriesBySource(monitored);
    return { sources, head: headSeries(sources), budget: seriesBudgets(monitored, { headroom: 1.5 }).headSeries };
  });
  if (small === undefined || large === undefined) return "";
  const rows = small.sources.map(({ name, active, newPerDay }, index) => {
    const other = large.sources[index];
    return [name, figure(active), figure(newPerDay), figure(other?.active ?? 0), figure(other?.newPerDay ?? 0)];
  });
  const newPerDay = (sources: typeof small.sources) => sources.reduce((sum, source) => sum + source.newPerDay, 0);
  const lines = table(
    ["Source", "1 000 GPUs: active", "new a day", "10 000 GPUs: active", "new a day"],
    [
      ...rows,
      [
        "all",
        figure(activeSeries(small.sources)),
        figure(newPerDay(small.sources)),
        figure(activeSeries(large.sources)),
        figure(newPerDay(large.sources)),
      ],
      ["in memory", figure(small.head), "", figure(large.head), ""],
      ["budget, with headroom 1.5", figure(small.budget), "", figure(large.budget), ""],
    ],
  );
  return `${lines.join("\n")}\n`;
}
