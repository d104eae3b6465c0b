import { DcgmExporter, GpuNodesOutside, type NetworkMember, networkOf, type Prometheus } from "../../components";
import { names } from "../names";
import type { Settings } from "../settings";
import { milliseconds } from "../settings/fields";
import { type CustomResourceContext, optionsOf, unreachable } from "./context";

/** What watches GPUs, by what the network has to let Prometheus reach. */
export interface GpuMetrics {
  /** Pods with addresses of their own. */
  members: NetworkMember[];
  /** Whether they ask the API server. */
  callApiServer: boolean;
  /** Nodes outside the cluster. */
  outside: { name: string; cidrs: string[]; ports: number[] }[];
}

export const hasGpus = ({ gpu }: Settings) => gpu.kind === "install";

/** Exporters on the nodes with GPUs, and scrapes of those outside. */
export function createGpuMetrics(context: CustomResourceContext, prometheus: Prometheus): GpuMetrics {
  const { settings, namespace, nodesNamespace, images, clusterScopedPrefix, provider } = context;
  const { gpu } = settings;
  switch (gpu.kind) {
    case "none":
      return { members: [], callApiServer: false, outside: [] };
    case "install": {
      const { profile, scrapeInterval, samplesPerScrape: sampleLimit } = gpu;
      const exporter = new DcgmExporter(
        names.dcgmExporter,
        {
          namespace: nodesNamespace,
          profile,
          scrapeInterval,
          sharedGpus: gpu.sharedGpus,
          dynamicResourceAllocation: gpu.dynamicResourceAllocation,
          ...(gpu.runtimeClassName === undefined ? {} : { runtimeClassName: gpu.runtimeClassName }),
          failureDomainLabels: gpu.failureDomainLabels,
          sampleLimit,
          ...gpu.resources,
          clusterScopedPrefix,
          image: images.dcgmExporter,
        },
        { provider },
      );
      for (const { name, region, targets } of gpu.outside) {
        new GpuNodesOutside(
          `${names.gpuNodesOutside}-${name}`,
          {
            namespace,
            profile,
            scrapeInterval,
            sampleLimit,
            ...(region === undefined ? {} : { region }),
            nodes: targets.map(({ node, address, failureDomain }) => ({
              node,
              address,
              ...(failureDomain === undefined ? {} : { failureDomain }),
            })),
          },
          { ...optionsOf(context), dependsOn: [prometheus] },
        );
      }
      return {
        members: [networkOf(exporter)],
        callApiServer: gpu.dynamicResourceAllocation && !gpu.sharedGpus,
        outside: gpu.outside.map(outsideNodes),
      };
    }
    default:
      return unreachable(gpu);
  }
}

type Outside = Extract<Settings["gpu"], { kind: "install" }>["outside"][number];

const outsideNodes = ({ name, cidrs, targets }: Outside) => ({
  name: `GPU nodes of ${name}`,
  cidrs,
  ports: [...new Set(targets.map(({ address }) => Number(address.split(":").at(-1))))].sort((a, b) => a - b),
});

/** What the rules about GPUs are made from. */
export function gpuRuleArgs({ gpu, clusterMetrics, prometheus }: Settings) {
  if (gpu.kind === "none") return { gpus: false };
  const intervals = [
    prometheus.scrapeInterval,
    ...(clusterMetrics.kind === "none" ? [] : [clusterMetrics.scrapeInterval]),
  ];
  return {
    gpus: true,
    gpuProfile: gpu.profile,
    gpuScrapeSeconds: (milliseconds(gpu.scrapeInterval) ?? 0) / 1000,
    slowestSeconds: Math.max(...intervals.map((interval) => (milliseconds(interval) ?? 0) / 1000)),
    sharedGpus: gpu.sharedGpus,
  };
}
