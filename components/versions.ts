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
} as const;
