import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { serviceMonitorResource } from "./customResources";

/** One scraped port of a Service. */
export interface ScrapedService {
  namespace: pulumi.Input<string>;
  labels: Record<string, string>;
  /** Labels of the Service. */
  matchLabels: Record<string, string>;
  /** The name of its port. */
  port: string;
}

/** Has Prometheus scrape a workload of the platform; the label `job` is its Service's name. */
export function scrapeService(
  name: string,
  service: ScrapedService,
  opts: pulumi.CustomResourceOptions,
): k8s.apiextensions.CustomResource {
  return serviceMonitorResource(
    name,
    {
      metadata: { name, namespace: service.namespace, labels: service.labels },
      spec: {
        selector: { matchLabels: service.matchLabels },
        endpoints: [{ port: service.port }],
      },
    },
    opts,
  );
}
