import { type ShapeProblem, shapeProblems } from "../../../components/backends/victoriaMetrics/shape";
import { milliseconds } from "../fields";
import type { Settings } from "../schema";
import type { FoundProblem } from "../settingRule";
import { withoutUndefined } from "../withoutUndefined";
import type { VictoriaMetricsSettings } from "./victoriaMetrics";

type Path = (string | number)[];

/** Where the parts of a store's shape are in its settings. */
const placeOf: Record<ShapeProblem["property"], Path> = {
  architecture: ["architecture"],
  retentionDays: ["retention"],
  dedupInterval: ["dedupInterval"],
  replicationFactor: ["cluster", "replicationFactor"],
  storageNodes: ["cluster", "storageNodes"],
  storageNodesLoweredTo: ["cluster", "storageNodesLoweredTo"],
  agents: ["agents", "replicas"],
  agentsDrainedTo: ["agents", "drainedTo"],
  volumes: ["storage", "data", "kind"],
  backup: ["backup", "kind"],
  licensed: ["licence"],
  downsampling: ["downsampling"],
  retentionFilters: ["retentionFilters"],
};

export const retentionDays = ({ retention }: VictoriaMetricsSettings): number => Number.parseInt(retention, 10);

/** What does not fit together in the settings of a store at `path`, or with the rest of the platform. */
export function checkVictoriaMetrics(store: VictoriaMetricsSettings, settings: Settings, path: Path): FoundProblem[] {
  const problems = [
    ...shape(store),
    ...retention(store, settings),
    ...intervals(store, settings),
    ...queue(store),
    ...backup(store, settings),
    ...(settings.environment === "production" ? production(store) : []),
  ];
  return problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
}

function shape(store: VictoriaMetricsSettings): FoundProblem[] {
  const found = shapeProblems({
    architecture: store.architecture,
    retentionDays: retentionDays(store),
    dedupInterval: store.dedupInterval,
    replicationFactor: store.cluster.replicationFactor,
    storageNodes: store.cluster.storageNodes,
    agents: store.agents.replicas,
    ...withoutUndefined({
      storageNodesLoweredTo: store.cluster.storageNodesLoweredTo,
      agentsDrainedTo: store.agents.drainedTo,
    }),
    volumes: store.storage.data.kind === "volume",
    backup: store.backup.kind === "scheduled",
    licensed: store.licence !== undefined,
    downsampling: store.downsampling ?? [],
    retentionFilters: store.retentionFilters ?? [],
  });
  return found.map(({ property, index, reason, fix }) => ({
    path: index === undefined ? placeOf[property] : [...placeOf[property], index],
    rule: reason,
    fix,
  }));
}

function retention(store: VictoriaMetricsSettings, { prometheus }: Settings): FoundProblem[] {
  const local = prometheus.localRetention.time;
  return (milliseconds(store.retention) ?? 0) < (milliseconds(local) ?? 0)
    ? [
        {
          path: ["retention"],
          rule: `must be at least prometheus.localRetention.time, ${local}: the store would know less than Prometheus itself`,
          fix: "raise it, or lower prometheus.localRetention.time",
        },
      ]
    : [];
}

/** Everything that decides how often samples come; each by its own path. */
function intervalsOf({ prometheus, gpu, clusterMetrics, workloads }: Settings): [path: string, interval: string][] {
  const all: [string, string | undefined][] = [
    ["prometheus.scrapeInterval", prometheus.scrapeInterval],
    ...(gpu.kind === "install" ? ([["gpu.scrapeInterval", gpu.scrapeInterval]] as [string, string][]) : []),
    ...(clusterMetrics.kind === "install"
      ? ([
          ["clusterMetrics.scrapeInterval", clusterMetrics.scrapeInterval],
          ["clusterMetrics.apiServerInterval", clusterMetrics.apiServerInterval],
        ] as [string, string][])
      : []),
    ...(["inference", "kueue", "efa"] as const).map((part): [string, string | undefined] => {
      const workload = workloads[part];
      return [`workloads.${part}.scrapeInterval`, workload.kind === "scrape" ? workload.scrapeInterval : undefined];
    }),
  ];
  return all.filter((entry): entry is [string, string] => entry[1] !== undefined);
}

function intervals(store: VictoriaMetricsSettings, settings: Settings): FoundProblem[] {
  const dedup = milliseconds(store.dedupInterval);
  const all = intervalsOf(settings).map(([path, text]) => ({ path, text, length: milliseconds(text) ?? 0 }));
  const smallest = all.reduce((least, each) => (each.length < least.length ? each : least));
  if (dedup === undefined) return [];
  if (dedup > smallest.length) {
    return [
      {
        path: ["dedupInterval"],
        rule: `must be the smallest interval, that of ${smallest.path}, ${smallest.text}: one sample of each ${store.dedupInterval} is kept, the others are lost`,
        fix: `set it to ${smallest.text}, or ${smallest.path} to ${store.dedupInterval}`,
      },
    ];
  }
  // One replica writes nothing twice.
  if (settings.prometheus.replicas === 1) return [];
  if (dedup < smallest.length) {
    return [
      {
        path: ["dedupInterval"],
        rule: `must be the smallest interval, that of ${smallest.path}, ${smallest.text}: with a smaller one the samples of both replicas stay`,
        fix: `set it to ${smallest.text}`,
      },
    ];
  }
  const longer = all.filter(({ length }) => length > dedup);
  if (store.allowMixedIntervals || longer.length === 0) return [];
  const names = longer.map(({ path, text }) => `${path} ${text}`).join(", ");
  return [
    {
      path: ["allowMixedIntervals"],
      rule: `a mix of intervals needs a word: what comes less often than each ${store.dedupInterval} is stored once for each replica (${names})`,
      fix: `set them to ${store.dedupInterval}, or this to true`,
    },
  ];
}

// Files of the queue are of 500 MB; with less than some of them the flag's own documentation expects losses.
const LEAST_QUEUE = "1Gi";

function queue({ agents }: VictoriaMetricsSettings): FoundProblem[] {
  const size = agents.queue.kind === "volume" ? agents.queue.size : agents.queue.sizeLimit;
  if (!/^[0-9]+Mi$/.test(size) || Number.parseInt(size, 10) >= 1024) return [];
  return [
    {
      path: ["agents", "queue"],
      rule: `must be at least ${LEAST_QUEUE}: the queue is kept in files of 500 MB`,
      fix: `set its size to ${LEAST_QUEUE} or more`,
    },
  ];
}

function backup({ backup: { kind }, bucket }: VictoriaMetricsSettings, { environment }: Settings): FoundProblem[] {
  if (kind === "none") {
    return bucket === undefined
      ? []
      : [{ path: ["bucket"], rule: "nothing would be written to it: backup is none", fix: "remove it, or set backup" }];
  }
  if (bucket === undefined) {
    return [{ path: ["bucket"], rule: "backups need a bucket", fix: "set bucket, or backup to { kind: none }" }];
  }
  return environment === "production" && bucket.insecure
    ? [
        {
          path: ["bucket", "insecure"],
          rule: "production reaches its bucket by TLS: keys and metrics would be readable on the way",
          fix: "remove it, and set caCertificate for certificates of your own",
        },
      ]
    : [];
}

const fewer = (path: Path, rule: string): FoundProblem => ({
  path,
  rule,
  fix: "set it to 2, or environment to development",
});

function production(store: VictoriaMetricsSettings): FoundProblem[] {
  const { architecture, acceptSingleServer, cluster, agents, storage } = store;
  const ephemeral: [Path, string][] = [
    [["storage", "data", "kind"], storage.data.kind],
    [["agents", "queue", "kind"], agents.queue.kind],
  ];
  return [
    ...(architecture === "single" && !acceptSingleServer
      ? [
          {
            path: ["architecture"],
            rule: "production needs a cluster: a single server answers nobody while it restarts",
            fix: "set it to cluster, or acceptSingleServer to true",
          },
        ]
      : []),
    ...(architecture === "cluster" ? clusterReplicas(cluster) : []),
    ...(agents.replicas < 2
      ? [fewer(["agents", "replicas"], "production needs at least 2 agents, or Prometheus has nobody to write to")]
      : []),
    ...ephemeral
      .filter(([, kind]) => kind === "ephemeral")
      .map(([path]) => ({
        path,
        rule: "production keeps its data on volumes: ephemeral data is gone with the pod",
        fix: "set it to volume, with a size, or environment to development",
      })),
  ];
}

function clusterReplicas(cluster: VictoriaMetricsSettings["cluster"]): FoundProblem[] {
  return [
    ...(cluster.replicationFactor < 2
      ? [fewer(["cluster", "replicationFactor"], "production needs at least 2 copies, or one lost volume is lost data")]
      : []),
    ...(["inserters", "selectors", "gateways"] as const)
      .filter((part) => cluster[part].replicas < 2)
      .map((part) =>
        fewer(["cluster", part, "replicas"], "production needs at least 2, or one restart takes the store away"),
      ),
  ];
}
