import type { Relabeling, Scrape, ScrapeLimits } from "../kubernetes/serviceMonitor";
import { onNode } from "../prometheus/clusterMetrics/nodeLabels";
import { type SignalRelabeling, signalRelabelings } from "./signals/relabelings";

/**
 * Labels of nodes that say what fails together, the most precise first: the NVLink domain of a rack (GB200 and later), the
 * network switch next to the instance (EC2), the zone.
 */
export const failureDomainLabels: readonly string[] = [
  "gpu-observability/failure-domain",
  "nvidia.com/gpu.clique",
  "topology.k8s.aws/network-node-layer-3",
  "topology.kubernetes.io/zone",
];

const REGION_LABEL = "topology.kubernetes.io/region";

const metaLabel = (label: string) => `__meta_kubernetes_node_label_${label.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`;

/**
 * Where a GPU is, as labels of every series of its node: a rack that fails is one alert without any join, also while
 * kube-state-metrics is away. They do not change while the node lives, so they make no new series.
 */
function placeOf(domainLabels: readonly string[]): Relabeling[] {
  const copy = (label: string, targetLabel: string): Relabeling => ({
    sourceLabels: [metaLabel(label)],
    regex: "(.+)",
    targetLabel,
    action: "replace",
  });
  // The last one that matches stays.
  return [copy(REGION_LABEL, "region"), ...[...domainLabels].reverse().map((label) => copy(label, "failure_domain"))];
}

/** How exporters are scraped. */
export interface GpuScrape extends SignalRelabeling {
  interval: string;
  /** Default: {@link failureDomainLabels}. */
  failureDomainLabels?: readonly string[] | undefined;
}

/** How the exporters in a cluster are scraped. */
export function gpuScrape(args: GpuScrape): Scrape {
  return {
    interval: args.interval,
    // `namespace` and `pod` are of the pod that holds the GPU, not of the exporter.
    honorLabels: true,
    relabelings: [
      ...onNode("__meta_kubernetes_pod_node_name"),
      ...placeOf(args.failureDomainLabels ?? failureDomainLabels),
      // They change with every pod of the exporter, and the series would with them.
      { regex: "namespace|pod|service|endpoint|container", action: "labeldrop" },
    ],
    metricRelabelings: signalRelabelings(args),
  };
}

/**
 * Samples that one exporter may bring: twice what 16 GPUs have with the profile `profiling`, each divided into 7 instances.
 * Past the limit nothing of the node is seen at all, so an alert comes before.
 */
export const GPU_SAMPLE_LIMIT = 4_000;

export const gpuLimits = (samples = GPU_SAMPLE_LIMIT): ScrapeLimits => ({ samples, targets: 10_000, labels: 30 });
