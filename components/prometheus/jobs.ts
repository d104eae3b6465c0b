/**
 * The label `job` of everything that the platform scrapes: the names of its Services and scrape configurations. Rules and
 * dashboards select by them.
 */
export const jobs = {
  prometheus: "prometheus",
  prometheusSidecar: "prometheus-sidecar",
  alertmanager: "alertmanager",
  prometheusOperator: "prometheus-operator",
  thanosQuery: "thanos-query",
  thanosRuler: "thanos-ruler",
  kubeStateMetrics: "kube-state-metrics",
  nodeExporter: "node-exporter",
  kubelet: "kubelet",
  cadvisor: "cadvisor",
  apiServer: "apiserver",
  coreDns: "coredns",
  dcgmExporter: "dcgm-exporter",
  efaExporter: "efa-exporter",
  vllm: "vllm",
  nim: "nim",
  triton: "triton",
  rayServe: "ray-serve",
  kueue: "kueue",
} as const;
