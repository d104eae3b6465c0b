/**
 * The public API: components for Pulumi programs in any project. Importing it creates nothing.
 * Every component takes its Kubernetes provider through `opts.providers` or `opts.provider`.
 */
export { describeStore, type LongTermStore, type StoreContract, type StoreFeed, storeOf } from "./backends/backend";
export type { BucketArgs } from "./backends/bucket";
export { Cortex, type CortexArgs } from "./backends/cortex/cortex";
export { type KafkaArgs, Mimir, type MimirArgs } from "./backends/mimir/mimir";
export type { RingStoreArgs, RingStoreCaches, RingStoreWorkload, StoreTenant } from "./backends/ringStore/args";
export type { ThanosMemcached } from "./backends/thanos/caches";
export type { ThanosCompactor, ThanosRetention } from "./backends/thanos/compactor";
export type { RemoteEndpoint } from "./backends/thanos/endpoints";
export type { ThanosReplicas } from "./backends/thanos/process";
export type { ThanosReceive } from "./backends/thanos/receive";
export type { ThanosStoreGateway } from "./backends/thanos/storeGateway";
export { type ThanosRemoteQuerier, ThanosStore, type ThanosStoreArgs } from "./backends/thanos/thanosStore";
export { ThanosQuery, type ThanosQueryArgs } from "./backends/thanosQuery";
export { ThanosRuler, type ThanosRulerArgs } from "./backends/thanosRuler";
export type {
  VictoriaMetricsAgents,
  VictoriaMetricsArgs,
  VictoriaMetricsBackup,
  VictoriaMetricsData,
  VictoriaMetricsImages,
  VictoriaMetricsReplicas,
  VictoriaMetricsRules,
  VictoriaMetricsSelectors,
} from "./backends/victoriaMetrics/args";
export { VictoriaMetrics } from "./backends/victoriaMetrics/victoriaMetrics";
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
export type { RemoteWriteArgs } from "./prometheus/remoteWrite";
export {
  type AlertmanagerConfiguration,
  type AlertRoute,
  alertmanagerConfiguration,
  type Heartbeat,
  type Routing,
  type WebhookReceiver,
} from "./prometheus/routing";
export { type NamespaceBudget, PlatformRules, type PlatformRulesArgs } from "./prometheus/rules";
export type { SidecarBucket } from "./prometheus/sidecar";
export { TeamLimits, type TeamLimitsArgs, type TeamNamespace } from "./prometheus/teams";
export { images, versions } from "./versions";
