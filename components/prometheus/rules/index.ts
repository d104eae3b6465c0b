import * as pulumi from "@pulumi/pulumi";
import type { SeriesBudgets } from "../../capacity/budgets";
import { profileNamed } from "../../gpu/profile";
import { gpuRuleAreas } from "../../gpu/rules";
import { defaultSlos, type InferenceSlo } from "../../gpu/rules/slo";
import { prometheusRuleResource } from "../../kubernetes/customResources";
import { commonLabels } from "../../kubernetes/labels";
import { alertmanagerRules } from "./alertmanager";
import { apiServerRules } from "./apiServer";
import { cardinalityRules } from "./cardinality";
import { coreDnsRules } from "./coreDns";
import { evaluator } from "./evaluator";
import { generalRules } from "./general";
import { kubeletRules } from "./kubelet";
import { kubeStateMetricsRules } from "./kubeStateMetrics";
import { nodeRules } from "./nodes";
import { operatorRules } from "./operator";
import { prometheusRules } from "./prometheus";
import { type RuleContext, type RuleGroup, ruleFile } from "./rule";
import { storeRuleAreas } from "./stores";
import { teamRules } from "./teams";
import { thanosRules } from "./thanos";
import { volumeRules } from "./volumes";
import { workloadRules } from "./workloads";

/** How many series a team's namespace may have before an alert says so. */
export interface NamespaceBudget {
  /** The name of the namespace. */
  name: string;
  /** Active series. */
  series: number;
}

/** Arguments of {@link PlatformRules}. */
export interface PlatformRulesArgs {
  /** The namespace of the Prometheus that evaluates them. */
  namespace: pulumi.Input<string>;
  /** The namespace of the platform as plain text: rules about its own parts look only there. Default: `monitoring`. */
  platformNamespace?: string;
  /** Whether the cluster's nodes and objects are scraped, so that rules about them make sense. Default: true. */
  clusterMetrics?: boolean;
  /** Whether GPUs are watched, so that rules about them make sense. Default: true. */
  gpus?: boolean;
  /** What is collected of them: `essential`, `health` or `profiling`; rules that need more are left out. Default: `health`. */
  gpuProfile?: string;
  /** How often their exporters are scraped, in seconds. Default: 30. */
  gpuScrapeSeconds?: number;
  /**
   * The longest interval of what rules about GPUs read beside that, in seconds: of evaluations and of kube-state-metrics. Default:
   * `gpuScrapeSeconds`.
   */
  slowestSeconds?: number;
  /** Whether several pods may hold one GPU; rules about who holds which are left out then. Default: false. */
  sharedGpus?: boolean;
  /** Whether servers of models are scraped. Default: true. */
  inference?: boolean;
  /** What models should do. Default: {@link defaultSlos}. */
  inferenceSlos?: InferenceSlo[];
  /** Whether Kueue is scraped. Default: true. */
  kueue?: boolean;
  /** Whether an EFA exporter is scraped. Default: true. */
  efa?: boolean;
  /** The kinds of long-term stores that run: `thanos`, `mimir`, `cortex`, `victoriaMetrics`. Default: none. */
  stores?: string[];
  /** Whether other namespaces have monitors of their own. Default: false. */
  teams?: boolean;
  /** Active series that a team's namespace may have before an alert says so. Default: 100 000. */
  seriesPerNamespace?: number;
  /** Namespaces with a budget of their own. Default: none. */
  seriesOfNamespaces?: NamespaceBudget[];
  /** How many series there may be before an alert says so. Default: nobody knows, and there are no such rules. */
  seriesBudgets?: SeriesBudgets;
}

type Rules = (context: RuleContext) => RuleGroup[];

/** The groups of rules that the platform ships, by what they are about. */
export function platformRuleAreas(args: Omit<PlatformRulesArgs, "namespace">): Record<string, RuleGroup[]> {
  const context: RuleContext = { namespace: args.platformNamespace ?? "monitoring" };
  const budgets = {
    defaultSeries: args.seriesPerNamespace ?? 100_000,
    series: Object.fromEntries((args.seriesOfNamespaces ?? []).map(({ name, series }) => [name, series])),
  };
  const own: Record<string, Rules> = {
    general: () => generalRules,
    prometheus: prometheusRules,
    alertmanager: alertmanagerRules,
    operator: operatorRules,
    thanos: thanosRules,
  };
  const cluster: Record<string, Rules> = {
    nodes: nodeRules,
    kubelet: kubeletRules,
    workloads: workloadRules,
    volumes: volumeRules,
    "kube-state-metrics": kubeStateMetricsRules,
    "api-server": apiServerRules,
    coredns: coreDnsRules,
  };
  const areas = { ...own, ...(args.clusterMetrics === false ? {} : cluster) };
  return {
    ...Object.fromEntries(Object.entries(areas).map(([area, rules]) => [area, rules(context)])),
    ...storeRuleAreas(args.stores ?? [], context),
    ...(args.gpus === false ? {} : gpuRuleAreas({ ...context, ...gpuContext(args) })),
    ...(args.seriesBudgets === undefined
      ? {}
      : { cardinality: cardinalityRules({ ...context, budgets: args.seriesBudgets }) }),
    ...(args.teams ? { teams: teamRules({ ...context, budgets }) } : {}),
  };
}

const gpuContext = (args: Omit<PlatformRulesArgs, "namespace">) => ({
  profile: profileNamed(args.gpuProfile ?? "health", "gpuProfile"),
  scrapeSeconds: args.gpuScrapeSeconds ?? 30,
  ...(args.slowestSeconds === undefined ? {} : { slowestSeconds: args.slowestSeconds }),
  podsKnown: args.sharedGpus !== true,
  inference: args.inference !== false,
  slos: args.inferenceSlos ?? defaultSlos,
  kueue: args.kueue !== false,
  efa: args.efa !== false,
});

/** Every group of rules that the platform ships. */
export const platformRuleGroups = (args: Omit<PlatformRulesArgs, "namespace"> = {}): RuleGroup[] =>
  Object.values(platformRuleAreas(args)).flat();

/**
 * The rules that the platform ships, as PrometheusRules. A label says who can evaluate each: every shard of Prometheus alone, or
 * only somebody who sees all of them.
 *
 * ```typescript
 * new PlatformRules("platform-rules", { namespace: "monitoring" }, { provider });
 * ```
 */
export class PlatformRules extends pulumi.ComponentResource {
  constructor(name: string, args: PlatformRulesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:PlatformRules", name, {}, opts);
    const labels = commonLabels({ name: "prometheus-rules", instance: name, component: "alerting" });
    for (const [area, groups] of Object.entries(platformRuleAreas(args))) {
      for (const scope of ["shard", "global"] as const) {
        const inScope = groups.filter((group) => group.scope === scope);
        if (inScope.length === 0) continue;
        const ruleName = `${name}-${area}${scope === "global" ? "-global" : ""}`;
        prometheusRuleResource(
          ruleName,
          {
            metadata: { name: ruleName, namespace: args.namespace, labels: { ...labels, ...evaluator(scope) } },
            spec: ruleFile(inScope),
          },
          { parent: this },
        );
      }
    }
    this.registerOutputs({});
  }
}
