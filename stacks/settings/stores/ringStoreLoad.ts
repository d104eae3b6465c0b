import { type StoreLoad, storeLoad } from "../../../components/capacity/storeLoad";
import { monitored } from "../cardinalityRules";
import { bytes, milliseconds } from "../fields";
import type { Settings } from "../schema";
import type { FoundProblem } from "../settingRule";

/**
 * Bytes of memory of an ingester for each series in it: 8 GiB for a million at 70 % use, in Mimir's small preset, with three
 * ingesters and three copies.
 */
const BYTES_PER_SERIES = (8 * 2 ** 30 * 0.7) / 1_000_000;

/** After an outage of the store its senders catch up at up to so many times the rate [judgement]. */
const CATCHING_UP = 3;

/** What the fleet at its largest brings; `undefined` where nobody has described one. */
export function fleetLoad(settings: Settings): StoreLoad | undefined {
  const { fleet, gpu, prometheus } = settings;
  if (fleet.length === 0) return undefined;
  const intervals = [prometheus.scrapeInterval, ...(gpu.kind === "install" ? [gpu.scrapeInterval] : [])];
  return storeLoad(monitored(settings), Math.min(...intervals.map((each) => milliseconds(each) ?? 0)) / 1000);
}

/** Limits of the platform's own tenant: the fleet with its headroom, and never less than those of a tenant that says nothing. */
export function fleetLimits(settings: Settings): { seriesLimit?: number; samplesPerSecond?: number } {
  const load = fleetLoad(settings);
  if (load === undefined) return {};
  const { headroom } = settings.cardinality;
  return {
    seriesLimit: Math.max(1_000_000, Math.ceil(load.headSeries * headroom)),
    samplesPerSecond: Math.max(100_000, Math.ceil(load.samplesPerSecond * headroom * CATCHING_UP)),
  };
}

interface Loaded {
  tenant: string;
  tenants: { name: string; seriesLimit?: number | undefined; samplesPerSecond?: number | undefined }[];
  zones: string[];
  replicationFactor: number;
  ingester: { replicas: number; resources: { memory: string } };
}

/** Limits and ingesters that are too small for the fleet. */
export function loadProblems(store: Loaded, settings: Settings, path: (string | number)[]): FoundProblem[] {
  const load = fleetLoad(settings);
  if (load === undefined) return [];
  const index = store.tenants.findIndex(({ name }) => name === store.tenant);
  const limits = store.tenants[index];
  const low = (field: "seriesLimit" | "samplesPerSecond", least: number) => {
    const limit = limits?.[field];
    return limit === undefined || limit >= least
      ? []
      : [
          {
            path: [...path, "tenants", index, field],
            rule: `must be at least ${least}, which the fleet at its largest brings`,
            fix: "remove it: the default follows the fleet",
          },
        ];
  };
  const ingesters = Math.max(store.zones.length, store.replicationFactor) * store.ingester.replicas;
  const each = Math.ceil((load.headSeries * store.replicationFactor) / ingesters);
  const mebibytes = Math.ceil((each * BYTES_PER_SERIES) / 2 ** 20);
  return [
    ...low("seriesLimit", load.headSeries),
    ...low("samplesPerSecond", load.samplesPerSecond),
    ...((bytes(store.ingester.resources.memory) ?? 0) >= mebibytes * 2 ** 20
      ? []
      : [
          {
            path: [...path, "ingester", "resources", "memory"],
            rule: `must be at least ${mebibytes}Mi: each ingester has ${each} series of the fleet at its largest`,
            fix: `raise it, or ${path.join(".")}.ingester.replicas`,
          },
        ]),
  ];
}
