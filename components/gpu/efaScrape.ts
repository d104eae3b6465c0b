import * as pulumi from "@pulumi/pulumi";
import { scrapeConfigResource } from "../kubernetes/customResources";
import { commonLabels } from "../kubernetes/labels";
import { onNode } from "../prometheus/clusterMetrics/nodeLabels";
import { jobs } from "../prometheus/jobs";
import { type DropList, metricRelabelings } from "../prometheus/scrape/relabeling";

/** Arguments of {@link EfaScrape}. */
export interface EfaScrapeArgs {
  /** The namespace of the Prometheus. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** The namespace of the exporter's pods. */
  exporterNamespace: string;
  /** A label that its pods have: `app=efa-node-exporter`. */
  podSelector: string;
  /** The port on which it serves metrics; Prometheus must reach it. Default: 9100. */
  port?: number;
  /** How often. Default: Prometheus' own interval. */
  scrapeInterval?: string;
}

/** The exporter is a node-exporter with one collector more: what it says of the node itself is there already. */
export const efaDropList: DropList = {
  keep: [
    {
      names: "node_amazonefa_(tx_bytes|rx_bytes|rdma_read_bytes|rdma_write_bytes)",
      why: "Traffic: without it a job does not use EFA at all.",
    },
    {
      names:
        "node_amazonefa_(rx_drops|rdma_(read|write)_wr_err|retrans_timeout_events|(impaired|unresponsive)_remote.*)",
      why: "Errors of the transport.",
    },
  ],
  families: [],
  series: [],
  labels: [],
};

/**
 * Scrapes an EFA exporter that runs already, such as the one of AWS' samples for distributed training: node-exporter itself does
 * not read EFA's counters. Its pods may be on the node's network.
 *
 * ```typescript
 * new EfaScrape("efa", { namespace: "monitoring", exporterNamespace: "efa", podSelector: "app=efa-node-exporter" }, { provider });
 * ```
 */
export class EfaScrape extends pulumi.ComponentResource {
  constructor(name: string, args: EfaScrapeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:EfaScrape", name, {}, opts);
    const labels = commonLabels({ name: "efa-scrape", instance: name, component: "metrics" });
    scrapeConfigResource(
      name,
      {
        metadata: { name: jobs.efaExporter, namespace: args.namespace, labels },
        spec: {
          jobName: jobs.efaExporter,
          ...(args.scrapeInterval === undefined ? {} : { scrapeInterval: args.scrapeInterval }),
          kubernetesSDConfigs: [
            {
              role: "Pod",
              namespaces: { names: [args.exporterNamespace] },
              selectors: [{ role: "Pod", label: args.podSelector }],
            },
          ],
          relabelings: [
            ...onNode("__meta_kubernetes_pod_node_name"),
            // Pods without a declared port are one target each, at this port.
            {
              sourceLabels: ["__meta_kubernetes_pod_ip"],
              targetLabel: "__address__",
              replacement: `$1:${args.port ?? EFA_EXPORTER_PORT}`,
              action: "replace",
            },
          ],
          metricRelabelings: metricRelabelings(efaDropList),
          // 32 devices with 10 series each.
          sampleLimit: 2_000,
          targetLimit: 10_000,
          labelLimit: 30,
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** The port of a node-exporter. */
export const EFA_EXPORTER_PORT = 9100;
