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
  clusterScrapes: "cluster-scrapes",
  teamLimits: "team-limits",
  network: "network",
  rules: "platform-rules",
} as const;

/** The label of namespaces whose monitors and rules are picked up. */
export const teamLabel = { "gpu-observability/monitoring": "enabled" };

/** The namespace of what has to see the nodes themselves; the platform's own does not admit such pods. */
export const nodesNamespace = (namespace: string) => `${namespace}-nodes`;
