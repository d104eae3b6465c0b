import type { IScrapeConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1/ScrapeConfig";
import * as pulumi from "@pulumi/pulumi";
import { type DeepInput, scrapeConfigResource } from "../../kubernetes/customResources";
import { commonLabels } from "../../kubernetes/labels";
import { jobs } from "../jobs";
import { KUBERNETES_SCRAPE_CLASS } from "../prometheusSpec";
import { dropLists, metricRelabelings } from "../scrape/dropLists";
import { onNode } from "./nodeLabels";

/** Arguments of {@link ClusterScrapes}. */
export interface ClusterScrapesArgs {
  /** The namespace of the Prometheus, which must have `clusterMetrics`. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** How often nodes and CoreDNS are scraped. Default: Prometheus' own interval. */
  scrapeInterval?: string;
  /** How often the API server is scraped, whose answers are large. Default: `60s`. */
  apiServerInterval?: string;
  /**
   * Whether the certificates of the kubelets must be of the cluster's own authority, as they are on EKS. Default: true. False
   * for clusters whose kubelets sign their own: Prometheus' token then goes to whoever answers on the node's port.
   */
  verifyKubelets?: boolean;
}

type ScrapeConfigSpec = DeepInput<NonNullable<IScrapeConfig["spec"]>>;

/** Ports that Prometheus must reach for them: of nodes, of CoreDNS' pods. The API server's is the cluster's matter. */
export const clusterScrapePorts = { kubelet: 10250, coreDns: 9153 };

/**
 * Scrapes what Kubernetes itself serves: kubelets, their cAdvisors, the API server and CoreDNS. Scheduler and controller manager
 * are not among them: EKS does not let them be scraped.
 *
 * ```typescript
 * new ClusterScrapes("cluster", { namespace: "monitoring" }, { provider });
 * ```
 */
export class ClusterScrapes extends pulumi.ComponentResource {
  constructor(name: string, args: ClusterScrapesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:ClusterScrapes", name, {}, opts);
    const labels = commonLabels({ name: "cluster-scrapes", instance: name, component: "metrics" });
    const scrapes = { ...nodeScrapes(args), ...serviceScrapes(args) };
    for (const [job, spec] of Object.entries(scrapes)) {
      scrapeConfigResource(
        job,
        { metadata: { name: job, namespace: args.namespace, labels }, spec: { jobName: job, ...spec } },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

const intervalOf = (interval: string | undefined) => (interval === undefined ? {} : { scrapeInterval: interval });

function nodeScrapes({ scrapeInterval, verifyKubelets }: ClusterScrapesArgs): Record<string, ScrapeConfigSpec> {
  const kubelet: ScrapeConfigSpec = {
    ...intervalOf(scrapeInterval),
    scheme: "HTTPS",
    scrapeClass: KUBERNETES_SCRAPE_CLASS,
    tlsConfig: verifyKubelets === false ? { insecureSkipVerify: true } : {},
    kubernetesSDConfigs: [{ role: "Node" }],
    relabelings: onNode("__meta_kubernetes_node_name"),
    targetLimit: 10_000,
    labelLimit: 30,
  };
  return {
    [jobs.kubelet]: {
      ...kubelet,
      metricsPath: "/metrics",
      metricRelabelings: metricRelabelings(dropLists.kubelet),
      // Labels such as the namespace of a volume are those of the series.
      honorLabels: true,
      sampleLimit: 10_000,
    },
    [jobs.cadvisor]: {
      ...kubelet,
      metricsPath: "/metrics/cadvisor",
      metricRelabelings: metricRelabelings(dropLists.cadvisor),
      honorLabels: true,
      // cAdvisor stamps samples with the moment of its own last look, up to 15 s ago: series would end late and with holes.
      honorTimestamps: false,
      // 250 pods of three containers with 40 series each.
      sampleLimit: 50_000,
    },
  };
}

function serviceScrapes({ scrapeInterval, apiServerInterval }: ClusterScrapesArgs): Record<string, ScrapeConfigSpec> {
  const ofService = (namespace: string, service: string, port: string): ScrapeConfigSpec => ({
    kubernetesSDConfigs: [{ role: "EndpointSlice", namespaces: { names: [namespace] } }],
    relabelings: [
      {
        sourceLabels: ["__meta_kubernetes_service_name", "__meta_kubernetes_endpointslice_port_name"],
        regex: `${service};${port}`,
        action: "keep",
      },
    ],
  });
  const coreDns = ofService("kube-system", "kube-dns", "metrics");
  return {
    [jobs.apiServer]: {
      ...ofService("default", "kubernetes", "https"),
      scrapeInterval: apiServerInterval ?? "60s",
      scheme: "HTTPS",
      scrapeClass: KUBERNETES_SCRAPE_CLASS,
      // Its endpoints are addresses, and its certificate has this name everywhere.
      tlsConfig: { serverName: "kubernetes.default.svc" },
      metricRelabelings: metricRelabelings(dropLists.apiServer),
      sampleLimit: 20_000,
      targetLimit: 20,
      labelLimit: 30,
      // Before anything is dropped: tens of megabytes on clusters with many custom resources.
      bodySizeLimit: "128MB",
    },
    [jobs.coreDns]: {
      ...coreDns,
      ...intervalOf(scrapeInterval),
      relabelings: [
        ...((coreDns.relabelings as object[]) ?? []),
        { sourceLabels: ["__meta_kubernetes_namespace"], targetLabel: "namespace", action: "replace" as const },
        { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "pod", action: "replace" as const },
      ],
      metricRelabelings: metricRelabelings(dropLists.coreDns),
      sampleLimit: 5_000,
      targetLimit: 200,
      labelLimit: 30,
    },
  };
}
