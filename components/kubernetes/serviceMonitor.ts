import type { IServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { NetworkMember } from "../network/edges";
import { type DeepInput, serviceMonitorResource } from "./customResources";

type Endpoint = NonNullable<IServiceMonitor["spec"]>["endpoints"][number];

/** One rule of Prometheus' relabelling, in the operator's notation. */
export type Relabeling = NonNullable<Endpoint["metricRelabelings"]>[number];

/** How a port is scraped. */
export interface Scrape {
  /** How often. Default: Prometheus' own interval. */
  interval?: string;
  /** Whether labels of the scraped series win over those of the target. Default: false. */
  honorLabels?: boolean;
  /** Labels of the target. */
  relabelings?: Relabeling[];
  /** Labels of the series, and which of them are kept. */
  metricRelabelings?: Relabeling[];
}

/** What a scrape may bring; one that brings more fails as a whole. */
export interface ScrapeLimits {
  /** Samples that are left after relabelling. */
  samples: number;
  /** Targets of the monitor. */
  targets: number;
  /** Labels of one sample. */
  labels: number;
  /** Bytes of a response. Default: Prometheus' own limit. */
  bodySize?: string;
}

/** For the platform's own processes, which have 500 to 2 000 series and up to 20 labels; an order of magnitude above. */
export const ownProcessLimits: ScrapeLimits = { samples: 20_000, targets: 200, labels: 50 };

/** A Service whose pods are scraped. */
export interface ScrapedService {
  member: NetworkMember;
  labels: Record<string, string>;
  /** Labels of the Service. */
  serviceLabels: Record<string, string>;
  /** Which of the member's listeners; each must say how it is scraped. Default: all that do. */
  listeners?: string[];
  /** Default: {@link ownProcessLimits}. */
  limits?: ScrapeLimits;
  /** Whether relabelling sees the labels of the target's node. Default: false. */
  attachNodeMetadata?: boolean;
}

/** Has Prometheus scrape a workload of the platform; the label `job` is its Service's name. */
export function scrapeService(
  name: string,
  service: ScrapedService,
  opts: pulumi.CustomResourceOptions,
): k8s.apiextensions.CustomResource {
  const { samples, targets, labels, bodySize } = service.limits ?? ownProcessLimits;
  return serviceMonitorResource(
    name,
    {
      metadata: { name, namespace: service.member.namespace, labels: service.labels },
      spec: {
        selector: { matchLabels: service.serviceLabels },
        endpoints: endpoints(service.member, service.listeners),
        sampleLimit: samples,
        targetLimit: targets,
        labelLimit: labels,
        ...(bodySize === undefined ? {} : { bodySizeLimit: bodySize }),
        ...(service.attachNodeMetadata ? { attachMetadata: { node: true } } : {}),
      },
    },
    opts,
  );
}

function endpoints(member: NetworkMember, listeners = Object.keys(member.listens)): DeepInput<Endpoint>[] {
  return listeners.flatMap((port) => {
    const scrape = member.listens[port]?.scrape;
    return scrape === undefined ? [] : [{ port, ...scrape } as DeepInput<Endpoint>];
  });
}
