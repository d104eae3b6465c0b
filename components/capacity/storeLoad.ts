import { activeSeries, headSeries, type Monitored, seriesBySource } from "./series";

/** What a long-term store has to take, of the fleet at its largest, each series once. */
export interface StoreLoad {
  /** Series that there are at one moment. */
  activeSeries: number;
  /** Those, and the ones that ended in the last hours and are still in memory. */
  headSeries: number;
  /** Samples that come in a second. */
  samplesPerSecond: number;
}

/**
 * The load of a store.
 *
 * @param scrapeSeconds The shortest interval at which anything is scraped: all series as often, which is never too little.
 */
export function storeLoad(monitored: Monitored, scrapeSeconds: number): StoreLoad {
  const sources = seriesBySource(monitored);
  const active = activeSeries(sources);
  return {
    activeSeries: Math.ceil(active),
    headSeries: Math.ceil(headSeries(sources)),
    samplesPerSecond: Math.ceil(active / scrapeSeconds),
  };
}
