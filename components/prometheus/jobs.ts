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
  // With several parts: `thanos-store-0-of-2`, `thanos-store-1-of-2`.
  thanosStore: "thanos-store",
  thanosCompactor: "thanos-compactor",
  thanosQueryFrontend: "thanos-query-frontend",
  thanosReceiveRouter: "thanos-receive-router",
  // With zones: `thanos-receive-ZONE`.
  thanosReceive: "thanos-receive",
  victoriaMetrics: "victoria-metrics",
  vmstorage: "vmstorage",
  vminsert: "vminsert",
  vmselect: "vmselect",
  vmauth: "vmauth",
  vmagent: "vmagent",
  vmalert: "vmalert",
  // Each component has a job of its own: `mimir-distributor`, `cortex-ingester-zone-a`.
  mimir: "mimir",
  cortex: "cortex",
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
