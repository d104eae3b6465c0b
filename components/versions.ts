/**
 * Every version the project deploys, in one table. Renovate reads the comments above the rows; an upgrade is one reviewed
 * line here (the operator's CRDs follow their operator: `crds/checksums.ts` names the same release).
 */
export const versions = {
  // renovate: datasource=docker depName=quay.io/prometheus/prometheus
  prometheus: "v3.16.0",
  // renovate: datasource=docker depName=quay.io/prometheus/alertmanager
  alertmanager: "v0.31.1",
  // renovate: datasource=docker depName=quay.io/prometheus-operator/prometheus-operator
  prometheusOperator: "v0.93.1",
  // renovate: datasource=docker depName=quay.io/thanos/thanos
  thanos: "v0.42.5",
  // renovate: datasource=docker depName=registry.k8s.io/kube-state-metrics/kube-state-metrics
  kubeStateMetrics: "v2.20.0",
  // renovate: datasource=docker depName=quay.io/prometheus/node-exporter
  nodeExporter: "v1.12.1",
  // renovate: datasource=docker depName=nvcr.io/nvidia/k8s/dcgm-exporter versioning=loose
  // Not 4.9: DCGM 4.7 has other units under names that our counter file uses, and nobody has looked at them here yet.
  dcgmExporter: "4.6.1-4.8.4",
  // renovate: datasource=docker depName=docker.io/grafana/mimir
  mimir: "3.2.1",
  // renovate: datasource=docker depName=quay.io/cortexproject/cortex
  cortex: "v1.21.1",
  // renovate: datasource=docker depName=docker.io/victoriametrics/victoria-metrics
  victoriaMetrics: "v1.150.0",
  // renovate: datasource=docker depName=docker.io/library/memcached
  memcached: "1.6.45-alpine",
  // renovate: datasource=docker depName=quay.io/prometheus/memcached-exporter
  memcachedExporter: "v0.17.0",
} as const;

/** The container images of {@link versions}, with their registries. */
export const images = {
  prometheus: `quay.io/prometheus/prometheus:${versions.prometheus}`,
  alertmanager: `quay.io/prometheus/alertmanager:${versions.alertmanager}`,
  prometheusOperator: `quay.io/prometheus-operator/prometheus-operator:${versions.prometheusOperator}`,
  // The reloader is released with the operator and must have its version.
  prometheusConfigReloader: `quay.io/prometheus-operator/prometheus-config-reloader:${versions.prometheusOperator}`,
  thanos: `quay.io/thanos/thanos:${versions.thanos}`,
  kubeStateMetrics: `registry.k8s.io/kube-state-metrics/kube-state-metrics:${versions.kubeStateMetrics}`,
  nodeExporter: `quay.io/prometheus/node-exporter:${versions.nodeExporter}`,
  dcgmExporter: `nvcr.io/nvidia/k8s/dcgm-exporter:${versions.dcgmExporter}-distroless`,
  mimir: `docker.io/grafana/mimir:${versions.mimir}`,
  cortex: `quay.io/cortexproject/cortex:${versions.cortex}`,
  victoriaMetrics: `docker.io/victoriametrics/victoria-metrics:${versions.victoriaMetrics}`,
  vmagent: `docker.io/victoriametrics/vmagent:${versions.victoriaMetrics}`,
  vmalert: `docker.io/victoriametrics/vmalert:${versions.victoriaMetrics}`,
  vmauth: `docker.io/victoriametrics/vmauth:${versions.victoriaMetrics}`,
  vmbackup: `docker.io/victoriametrics/vmbackup:${versions.victoriaMetrics}`,
  // Cluster builds are released with the others, from a branch of their own.
  vmstorage: `docker.io/victoriametrics/vmstorage:${versions.victoriaMetrics}-cluster`,
  vminsert: `docker.io/victoriametrics/vminsert:${versions.victoriaMetrics}-cluster`,
  vmselect: `docker.io/victoriametrics/vmselect:${versions.victoriaMetrics}-cluster`,
  memcached: `docker.io/library/memcached:${versions.memcached}`,
  memcachedExporter: `quay.io/prometheus/memcached-exporter:${versions.memcachedExporter}`,
} as const;
