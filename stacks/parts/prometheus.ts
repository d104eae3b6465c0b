import type { Alertmanager } from "../../components";
import { PlatformRules, type PlatformRulesArgs, Prometheus, PrometheusOperator, TeamLimits } from "../../components";
import { seriesBudgets } from "../../components/capacity/budgets";
import { MONITORING_LABEL, names, nodesNamespace, ownValue, TEAM_VALUE } from "../names";
import type { Settings } from "../settings";
import { budgetPolicy, monitored } from "../settings/cardinalityRules";
import { bytes } from "../settings/fields";
import { storesOf } from "../settings/longTermStorage";
import type { StorageSettings } from "../settings/storage";
import {
  type CustomResourceContext,
  optionsOf,
  type PartContext,
  requireSpread,
  storageArgs,
  unreachable,
} from "./context";
import { gpuRuleArgs, hasGpus } from "./gpu";
import { feeds, type Stores, withinMemory } from "./stores";
import { hasWorkloads, workloadRuleArgs } from "./workloads";

/** Exporters of nodes have a namespace of their own, whose monitors have to be seen. */
const hasNodesNamespace = (settings: Settings) => hasClusterMetrics(settings) || hasGpus(settings);

/** Whether targets are in other namespaces than the platform's own. */
const looksElsewhere = (settings: Settings) =>
  hasTeams(settings) || hasNodesNamespace(settings) || hasWorkloads(settings);

export const hasTeams = ({ teams }: Settings) => teams.kind === "namespaceLabel";
export const hasClusterMetrics = ({ clusterMetrics }: Settings) => clusterMetrics.kind === "install";
/** With more than one shard some rules need somebody who sees all of them. */
export const needsRuler = ({ prometheus }: Settings) => prometheus.shards > 1;

/** Which namespaces' monitors and rules are looked at, if it is not the platform's own alone. */
export function selectedNamespaces(settings: Settings) {
  if (!looksElsewhere(settings)) return {};
  return {
    namespaceLabel: MONITORING_LABEL,
    namespaceLabelValues: [ownValue(settings.namespace), ...(hasTeams(settings) ? [TEAM_VALUE] : [])],
    ownNamespaces: [nodesNamespace(settings.namespace)],
  };
}

export function createOperator(context: PartContext): PrometheusOperator | undefined {
  const { settings, namespace, images, clusterScopedPrefix, provider } = context;
  const { kind } = settings.prometheusOperator;
  switch (kind) {
    case "install":
      return new PrometheusOperator(
        names.operator,
        {
          namespace,
          everyNamespace: hasTeams(settings) || hasNodesNamespace(settings),
          clusterScopedPrefix,
          image: images.prometheusOperator,
          reloaderImage: images.prometheusConfigReloader,
        },
        { provider },
      );
    case "preinstalled":
      return undefined;
    default:
      return unreachable(kind);
  }
}

export function createPrometheus(
  context: CustomResourceContext,
  alertmanager: Alertmanager,
  stores: Stores,
): Prometheus {
  const { settings, namespace, images, clusterScopedPrefix } = context;
  const { replicas, shards, scrapeInterval, localRetention, storage, resources, sidecarMemory, limits, logLevel } =
    settings.prometheus;
  const fed = feeds(stores);
  return new Prometheus(
    names.prometheus,
    {
      namespace,
      clusterName: settings.cluster.name,
      replicas,
      shards,
      shardRulesOnly: needsRuler(settings),
      scrapeInterval,
      logLevel,
      retentionTime: localRetention.time,
      retentionSize: retentionSize(localRetention.size, storage),
      ...resources,
      ...storageArgs(storage),
      sampleLimit: limits.samplesPerScrape,
      targetLimit: limits.targetsPerJob,
      labelLimit: limits.labelsPerSample,
      labelValueLengthLimit: limits.labelValueLength,
      sidecarMemory,
      ...fed,
      remoteWrites: withinMemory(fed.remoteWrites, resources.memory),
      requireSpread: requireSpread(settings),
      alertmanagerService: alertmanager.serviceName,
      clusterMetrics: hasClusterMetrics(settings),
      nodeMetadata: hasGpus(settings),
      ...selectedNamespaces(settings),
      clusterScopedPrefix,
      image: images.prometheus,
      sidecarImage: images.thanos,
    },
    optionsOf(context),
  );
}

/** What the stack's settings say about its rules. */
export function ruleArgs(settings: Settings): Omit<PlatformRulesArgs, "namespace"> {
  const { teams } = settings;
  return {
    platformNamespace: settings.namespace,
    clusterMetrics: hasClusterMetrics(settings),
    ...gpuRuleArgs(settings),
    ...workloadRuleArgs(settings),
    stores: storesOf(settings).flatMap(({ kind }) => (kind === "none" ? [] : [kind])),
    // Of a fleet that nobody has described, nobody knows what is too much.
    ...(settings.fleet.length === 0
      ? {}
      : { seriesBudgets: seriesBudgets(monitored(settings), budgetPolicy(settings)) }),
    ...(teams.kind === "none"
      ? { teams: false }
      : {
          teams: true,
          seriesPerNamespace: teams.seriesPerNamespace,
          seriesOfNamespaces: teams.namespaces.flatMap(({ name, series }) =>
            series === undefined ? [] : [{ name, series }],
          ),
        }),
  };
}

export function createRules(context: CustomResourceContext): void {
  const { settings, namespace } = context;
  new PlatformRules(names.rules, { namespace, ...ruleArgs(settings) }, optionsOf(context));
}

export function createTeamLimits({ settings, clusterScopedPrefix, provider }: PartContext): void {
  const { teams, prometheus } = settings;
  if (teams.kind === "none") return;
  new TeamLimits(
    names.teamLimits,
    {
      namespaceLabel: MONITORING_LABEL,
      namespaceLabelValue: TEAM_VALUE,
      sampleLimit: prometheus.limits.samplesPerScrape,
      targetLimit: prometheus.limits.targetsPerJob,
      labelLimit: prometheus.limits.labelsPerSample,
      labelValueLengthLimit: prometheus.limits.labelValueLength,
      namespaces: teams.namespaces.map(({ name, samplesPerScrape, objects }) => ({
        name,
        ...(samplesPerScrape === undefined ? {} : { sampleLimit: samplesPerScrape }),
        ...(objects === undefined ? {} : { objectLimit: objects }),
      })),
      clusterScopedPrefix,
    },
    { provider },
  );
}

/** Prometheus counts only its blocks against the limit; the rest of the disk is for the log and for compaction. */
const SHARE_FOR_BLOCKS = 0.85;

function retentionSize(wanted: string | undefined, storage: StorageSettings): string {
  const disk = storage.kind === "volume" ? storage.size : storage.sizeLimit;
  const limit = wanted === undefined ? (bytes(disk) ?? 0) * SHARE_FOR_BLOCKS : (bytes(wanted) ?? 0);
  return `${Math.floor(limit / 2 ** 20)}MiB`;
}
