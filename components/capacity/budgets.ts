import { jobs } from "../prometheus/jobs";
import { HEAD_HOURS } from "./coefficients";
import { gpusOf } from "./fleet";
import { headSeries, type Monitored, type SourceSeries, seriesBySource } from "./series";

/** What a source of series may bring. */
export interface SourceBudget {
  /** Its name, which becomes the label `source`. */
  name: string;
  /** The values of the label `job`. */
  jobs: string[];
  /** Active series. */
  series: number;
  /** Series that may be new within three hours. */
  newInThreeHours: number;
}

/** How many series there may be before an alert says so. */
export interface SeriesBudgets {
  /** Series in the memory of Prometheus, of all shards together. */
  headSeries: number;
  /** GPUs of the fleet at its largest; 0: they are not watched. */
  gpus: number;
  /** Series of dcgm-exporter for each GPU. */
  seriesPerGpu: number;
  sources: SourceBudget[];
}

/** How budgets are made of what is expected. */
export interface BudgetPolicy {
  /** Budgets are so many times what is expected. */
  headroom: number;
  /** Series of dcgm-exporter for each GPU. Default: what the profile collects, with the headroom. */
  seriesPerGpu?: number;
}

/** A rollout replaces each series once, a restart of Prometheus finds all of them new, and one more. */
const TIMES_NEW = 3;

/** Series of dcgm-exporter that a GPU is expected to have, as the mean over the fleet. */
export function expectedSeriesPerGpu(monitored: Monitored): number {
  const gpus = gpusOf(monitored.fleet);
  const dcgm = seriesBySource(monitored).find(({ name }) => name === jobs.dcgmExporter);
  return dcgm === undefined || gpus === 0 ? 0 : dcgm.active / gpus;
}

/** The budgets of what is watched. */
export function seriesBudgets(monitored: Monitored, policy: BudgetPolicy): SeriesBudgets {
  const { headroom } = policy;
  const sources = seriesBySource(monitored);
  const gpus = monitored.gpuProfile === undefined ? 0 : gpusOf(monitored.fleet);
  const seriesPerGpu = policy.seriesPerGpu ?? Math.ceil(expectedSeriesPerGpu(monitored) * headroom);
  const budgetOf = ({ name, jobs: ofJobs, active, newPerDay }: SourceSeries): SourceBudget => {
    const series = name === jobs.dcgmExporter ? gpus * seriesPerGpu : Math.ceil(active * headroom);
    const expectedNew = Math.ceil(newPerDay * (HEAD_HOURS / 24) * headroom);
    return { name, jobs: ofJobs, series, newInThreeHours: TIMES_NEW * series + expectedNew };
  };
  return {
    headSeries: Math.ceil(headSeries(sources) * headroom),
    gpus,
    seriesPerGpu,
    sources: sources.filter((source) => source.jobs.length > 0 && source.active > 0).map(budgetOf),
  };
}

/**
 * The least `sampleLimit` that a source's targets should have: twice the budget of the largest, because a scrape above the limit
 * is lost as a whole and blinds what it watches.
 */
export const leastSampleLimit = ({ largestTarget }: SourceSeries, headroom: number): number =>
  Math.ceil(2 * largestTarget * headroom);
