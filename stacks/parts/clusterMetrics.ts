import type { NetworkMember } from "../../components";
import { ClusterScrapes, KubeStateMetrics, NodeExporter, networkOf, type Prometheus } from "../../components";
import { names } from "../names";
import type { PartContext } from "./context";

/** The workloads that make the cluster's own metrics, by what the network has to let Prometheus reach. */
export interface ClusterMetrics {
  /** Pods with addresses of their own. */
  members: NetworkMember[];
  /** Ports on the nodes. */
  nodePorts: number[];
}

/** Exporters and scrapes of nodes, objects, API server and CoreDNS. */
export function createClusterMetrics(context: PartContext, prometheus: Prometheus): ClusterMetrics | undefined {
  const { settings, namespace, nodesNamespace, images, clusterScopedPrefix, provider } = context;
  const { clusterMetrics } = settings;
  if (clusterMetrics.kind === "none") return undefined;
  const { scrapeInterval, apiServerInterval, verifyKubelets, kubeStateMetrics, nodeExporter } = clusterMetrics;
  const objects = new KubeStateMetrics(
    names.kubeStateMetrics,
    {
      namespace,
      scrapeInterval,
      sampleLimit: kubeStateMetrics.samplesPerScrape,
      ...kubeStateMetrics.resources,
      clusterScopedPrefix,
      image: images.kubeStateMetrics,
    },
    { provider },
  );
  new NodeExporter(
    names.nodeExporter,
    {
      namespace: nodesNamespace,
      scrapeInterval,
      port: nodeExporter.port,
      ...nodeExporter.resources,
      image: images.nodeExporter,
    },
    { provider },
  );
  new ClusterScrapes(
    names.clusterScrapes,
    { namespace, scrapeInterval, apiServerInterval, verifyKubelets },
    // They name a scrape class of it: without the class the operator would refuse them.
    { provider, dependsOn: [prometheus] },
  );
  return { members: [networkOf(objects)], nodePorts: [nodeExporter.port] };
}
