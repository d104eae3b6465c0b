import { jobs } from "../components/prometheus/jobs";

/**
 * The names of the parts. Selectors, DNS names and other stacks depend on them: a rename replaces the part. What is scraped has
 * the name of its job, by which rules find it.
 */
export const names = {
  operator: jobs.prometheusOperator,
  prometheus: jobs.prometheus,
  alertmanager: jobs.alertmanager,
  query: jobs.thanosQuery,
  ruler: jobs.thanosRuler,
  kubeStateMetrics: jobs.kubeStateMetrics,
  nodeExporter: jobs.nodeExporter,
  dcgmExporter: jobs.dcgmExporter,
  gpuNodesOutside: "gpu-nodes",
  inferenceScrapes: "inference",
  kueueScrape: "kueue",
  efaScrape: jobs.efaExporter,
  clusterScrapes: "cluster-scrapes",
  teamLimits: "team-limits",
  network: "network",
  rules: "platform-rules",
} as const;

/** The label by which namespaces say who scrapes them. */
export const MONITORING_LABEL = "gpu-observability/monitoring";

/** Its value in the namespaces of teams. */
export const TEAM_VALUE = "enabled";

/** Its value in the platform's own namespaces: another platform in the cluster has another. */
export const ownValue = (namespace: string) => `platform-${namespace}`;

/** The namespace of what has to see the nodes themselves; the platform's own does not admit such pods. */
export const nodesNamespace = (namespace: string) => `${namespace}-nodes`;
