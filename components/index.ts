/**
 * The public API: components for Pulumi programs in any project. Importing it creates nothing.
 * Every component takes its Kubernetes provider through `opts.providers` or `opts.provider`.
 */
export type { LongTermStore } from "./backends/backend";
export { ThanosQuery, type ThanosQueryArgs } from "./backends/thanosQuery";
export { ThanosRuler, type ThanosRulerArgs } from "./backends/thanosRuler";
export { DcgmExporter, type DcgmExporterArgs } from "./gpu/dcgmExporter";
export { EfaScrape, type EfaScrapeArgs } from "./gpu/efaScrape";
export { GpuNodesOutside, type GpuNodesOutsideArgs, type OutsideGpuNode } from "./gpu/gpuNodesOutside";
export type { InferenceSlo } from "./gpu/rules/slo";
export { InferenceScrapes, type InferenceScrapesArgs, inferencePorts } from "./gpu/workloads/inferenceScrapes";
export { KueueScrape, type KueueScrapeArgs, kueuePort } from "./gpu/workloads/kueueScrape";
export { type ClusterAccess, createProvider } from "./kubernetes/provider";
export {
  call,
  type Listener,
  type NetworkEdge,
  type NetworkMember,
  networkOf,
  type Outsider,
  policiesOf,
  scrapes,
} from "./network/edges";
export {
  NetworkPolicies,
  type NetworkPoliciesArgs,
  type PolicyPeer,
  type PolicyPort,
  type PolicyRule,
  type WorkloadPolicy,
} from "./network/networkPolicies";
export { Alertmanager, type AlertmanagerArgs, alertmanagerSecretsDirectory } from "./prometheus/alertmanager";
export {
  ClusterScrapes,
  type ClusterScrapesArgs,
  clusterScrapePorts,
} from "./prometheus/clusterMetrics/clusterScrapes";
export { KubeStateMetrics, type KubeStateMetricsArgs } from "./prometheus/clusterMetrics/kubeStateMetrics";
export { NodeExporter, type NodeExporterArgs } from "./prometheus/clusterMetrics/nodeExporter";
export { PrometheusOperator, type PrometheusOperatorArgs } from "./prometheus/operator";
export { Prometheus, type PrometheusArgs } from "./prometheus/prometheus";
export {
  type AlertmanagerConfiguration,
  type AlertRoute,
  alertmanagerConfiguration,
  type Heartbeat,
  type Routing,
  type WebhookReceiver,
} from "./prometheus/routing";
export { type NamespaceBudget, PlatformRules, type PlatformRulesArgs } from "./prometheus/rules";
export { TeamLimits, type TeamLimitsArgs, type TeamNamespace } from "./prometheus/teams";
export { images, versions } from "./versions";
