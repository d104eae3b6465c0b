import * as pulumi from "@pulumi/pulumi";
import { scrapeConfigResource } from "../../kubernetes/customResources";
import { commonLabels } from "../../kubernetes/labels";
import { jobs } from "../../prometheus/jobs";
import { KUBERNETES_SCRAPE_CLASS } from "../../prometheus/prometheusSpec";
import { metricRelabelings } from "../../prometheus/scrape/relabeling";
import { workloadDropLists } from "./engineDropLists";

/** Arguments of {@link KueueScrape}. */
export interface KueueScrapeArgs {
  /** The namespace of the Prometheus, which must have `clusterMetrics`. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** The namespace that Kueue runs in. Default: `kueue-system`. */
  kueueNamespace?: string;
  /** The Service of its metrics. Default: `kueue-controller-manager-metrics-service`, as its manifests and chart name it. */
  service?: string;
  /**
   * A Secret in the namespace of the Prometheus with the authority of Kueue's certificate as `ca.crt`, such as cert-manager
   * makes. Default: none; Kueue signs its own certificate then, and Prometheus' token goes to whoever answers as its Service.
   */
  caSecret?: string;
  /** How often. Default: Prometheus' own interval. */
  scrapeInterval?: string;
}

/** The port of Kueue's metrics, which Prometheus must reach. */
export const kueuePort = 8443;

/**
 * Scrapes Kueue's controller, which asks for a token that may read /metrics.
 *
 * ```typescript
 * new KueueScrape("kueue", { namespace: "monitoring" }, { provider });
 * ```
 */
export class KueueScrape extends pulumi.ComponentResource {
  constructor(name: string, args: KueueScrapeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:KueueScrape", name, {}, opts);
    const labels = commonLabels({ name: "kueue-scrape", instance: name, component: "metrics" });
    const kueueNamespace = args.kueueNamespace ?? "kueue-system";
    const service = args.service ?? "kueue-controller-manager-metrics-service";
    scrapeConfigResource(
      name,
      {
        metadata: { name: jobs.kueue, namespace: args.namespace, labels },
        spec: {
          jobName: jobs.kueue,
          ...(args.scrapeInterval === undefined ? {} : { scrapeInterval: args.scrapeInterval }),
          scheme: "HTTPS",
          scrapeClass: KUBERNETES_SCRAPE_CLASS,
          tlsConfig:
            args.caSecret === undefined
              ? { insecureSkipVerify: true }
              : {
                  ca: { secret: { name: args.caSecret, key: "ca.crt" } },
                  serverName: `${service}.${kueueNamespace}.svc`,
                },
          kubernetesSDConfigs: [{ role: "EndpointSlice", namespaces: { names: [kueueNamespace] } }],
          relabelings: [
            {
              sourceLabels: ["__meta_kubernetes_service_name", "__meta_kubernetes_endpointslice_port_name"],
              regex: `${service};https`,
              action: "keep",
            },
            { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "pod", action: "replace" },
          ],
          metricRelabelings: metricRelabelings(workloadDropLists.kueue),
          // 100 queues with 3 priorities have 6 000.
          sampleLimit: 20_000,
          targetLimit: 10,
          labelLimit: 30,
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
