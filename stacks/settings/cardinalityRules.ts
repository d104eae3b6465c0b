import { closest, distance } from "fastest-levenshtein";
import { type BudgetPolicy, expectedSeriesPerGpu, leastSampleLimit } from "../../components/capacity/budgets";
import { refusedDrops } from "../../components/capacity/extraDrops";
import { type Monitored, seriesBySource } from "../../components/capacity/series";
import { engineNamed } from "../../components/gpu/workloads/engines";
import { jobs } from "../../components/prometheus/jobs";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { storeKinds } from "../../components/prometheus/rules/stores";
import { readsSidecars, storesOf } from "./longTermStorage";
import type { Settings } from "./schema";
import type { FoundProblem, SettingRule } from "./settingRule";
import { processesOf, type StoreProcesses } from "./stores/processes";
import { withoutUndefined } from "./withoutUndefined";

/** What all teams together may bring. */
function teamSeries({ teams, cardinality }: Settings): number {
  if (cardinality.teamSeries !== undefined) return cardinality.teamSeries;
  if (teams.kind === "none") return 0;
  const named = teams.namespaces.reduce((sum, { series }) => sum + (series ?? teams.seriesPerNamespace), 0);
  return teams.seriesPerNamespace + named;
}

const queriers = (settings: Settings): number =>
  storesOf(settings).reduce((sum, store) => sum + ("queriers" in store ? store.queriers : 0), 0);

const storeProcesses = (settings: Settings): StoreProcesses[] => storesOf(settings).flatMap(processesOf);

/** Those that keep what they record, for stores that read sidecars, and those that write it to the others. */
function rulers(settings: Settings): number {
  if (settings.prometheus.shards === 1) return 0;
  const groups = new Set(storesOf(settings).map(readsSidecars));
  return groups.size * settings.ruler.replicas;
}

/** What the settings have watched, for the capacity functions. */
export function monitored(settings: Settings): Monitored {
  const { fleet, gpu, clusterMetrics, workloads, prometheus } = settings;
  const { inference } = workloads;
  return {
    fleet: fleet.map(({ gpuModel, ...pool }) => withoutUndefined({ ...pool, name: gpuModel })),
    ...(gpu.kind === "install" ? { gpuProfile: gpu.profile } : {}),
    sharedGpus: gpu.kind === "install" && gpu.sharedGpus,
    clusterMetrics: clusterMetrics.kind === "install",
    engines: inference.kind === "none" ? [] : inference.engines.map((job) => engineNamed(job, "engines")),
    kueue: workloads.kueue.kind === "scrape",
    efa: workloads.efa.kind === "scrape",
    shards: prometheus.shards,
    replicas: prometheus.replicas,
    queriers: queriers(settings),
    storeProcesses: storeProcesses(settings),
    alertmanagers: settings.alertmanager.replicas,
    rulers: rulers(settings),
    teamSeries: teamSeries(settings),
  };
}

/** How the settings want budgets to be made. */
export const budgetPolicy = ({ cardinality: { headroom, seriesPerGpu } }: Settings): BudgetPolicy =>
  withoutUndefined({ headroom, seriesPerGpu });

const all = [
  "fleet",
  "cardinality",
  "gpu",
  "clusterMetrics",
  "workloads",
  "prometheus",
  "alertmanager",
  "ruler",
  "longTermStorage",
  "alsoWriteTo",
  "teams",
];

/** Rules about the fleet, budgets of series, and what is dropped. */
export const cardinalitySettingRules: SettingRule[] = [
  {
    needs: all,
    check: (settings: Settings) => [
      ...lowLimit(settings, jobs.dcgmExporter, ["gpu", "samplesPerScrape"]),
      ...lowLimit(settings, jobs.kubeStateMetrics, ["clusterMetrics", "kubeStateMetrics", "samplesPerScrape"]),
    ],
  },
  {
    needs: all,
    check: (settings: Settings) => {
      const { seriesPerGpu } = settings.cardinality;
      const expected = Math.ceil(expectedSeriesPerGpu(monitored(settings)));
      return seriesPerGpu === undefined || seriesPerGpu >= expected
        ? []
        : [
            {
              path: ["cardinality", "seriesPerGpu"],
              rule: `must be at least ${expected}, which gpu.profile collects of this fleet: the alert would never end`,
              fix: `set it to ${Math.ceil(expected * settings.cardinality.headroom)}, or remove it`,
            },
          ];
    },
  },
  {
    needs: ["cardinality.extraDrops", "longTermStorage", "alsoWriteTo"],
    check: (settings: Settings) =>
      settings.cardinality.extraDrops.flatMap(({ job }, index) =>
        unknownJob(job, storeProcesses(settings), ["cardinality", "extraDrops", index, "job"]),
      ),
  },
  {
    needs: ["cardinality.extraDrops", "gpu"],
    check: ({ cardinality: { extraDrops }, gpu }: Settings) =>
      extraDrops.length === 0
        ? []
        : refusedDrops(
            extraDrops,
            platformRuleGroups({
              teams: true,
              stores: storeKinds,
              ...(gpu.kind === "install" ? { gpuProfile: gpu.profile } : {}),
            }),
          ).map(({ index, metrics, neededBy }) => ({
            path: ["cardinality", "extraDrops", index, "names"],
            rule: `must not match ${someOf(metrics)}: ${someOf(neededBy)} would go blind`,
            fix: "make the expression narrower, or remove the drop",
          })),
  },
];

/** The limit of a source's scrapes, if it leaves less room than twice the budget of its largest target. */
function lowLimit(settings: Settings, job: string, path: string[]): FoundProblem[] {
  const limit = path.reduce<unknown>((at, key) => Object(at)[key], settings);
  const source = seriesBySource(monitored(settings)).find(({ name }) => name === job);
  if (source === undefined || typeof limit !== "number") return [];
  const least = leastSampleLimit(source, settings.cardinality.headroom);
  return limit >= least
    ? []
    : [
        {
          path,
          rule: `must be at least ${least}, twice the budget of the largest target of ${job} in this fleet: a scrape above the limit is lost as a whole`,
          fix: `set it to ${least} or more, or correct fleet`,
        },
      ];
}

function unknownJob(job: string, stores: StoreProcesses[], path: (string | number)[]): FoundProblem[] {
  const known = [...new Set<string>([...Object.values(jobs), ...stores.map((process) => process.job)])];
  if (known.includes(job)) return [];
  const best = closest(job, known);
  return [
    {
      path,
      rule: `must be a job of the platform: ${known.join(", ")}`,
      fix: distance(job.toLowerCase(), best) <= 3 ? `did you mean ${best}?` : "name one of them, or remove the drop",
    },
  ];
}

const SHOWN = 5;

const someOf = (names: readonly string[]) =>
  names.length <= SHOWN ? names.join(", ") : `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more`;
