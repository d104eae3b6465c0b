import * as pulumi from "@pulumi/pulumi";
import { scrapeConfigResource } from "../kubernetes/customResources";
import { commonLabels } from "../kubernetes/labels";
import { jobs } from "../prometheus/jobs";
import { gpuLimits } from "./gpuTarget";
import { profileNamed } from "./profile";
import { signalRelabelings } from "./signals/relabelings";

/** A node with GPUs that is not in the cluster. */
export interface OutsideGpuNode {
  /** Its name, by which rules join. */
  node: string;
  /** HOST:PORT of its dcgm-exporter. */
  address: string;
  /** Its rack or NVLink domain. Default: none. */
  failureDomain?: string;
}

/** Arguments of {@link GpuNodesOutside}. */
export interface GpuNodesOutsideArgs {
  /** The namespace of the Prometheus. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** The nodes. */
  nodes: OutsideGpuNode[];
  /** The label `region`. Default: none. */
  region?: string;
  /** What their exporters collect: `essential`, `health` or `profiling`. Default: `health`. */
  profile?: string;
  /** How often they are scraped; their exporters should collect as often. Default: `30s`. */
  scrapeInterval?: string;
  /** A scrape with more samples fails as a whole. Default: {@link GPU_SAMPLE_LIMIT}. */
  sampleLimit?: number;
}

/**
 * GPU nodes outside Kubernetes, such as those of Slurm or bare metal, with the identity of those inside: the same job, the same
 * labels `node`, `region` and `failure_domain`, the same metrics. Rules and dashboards make no difference between them.
 *
 * ```typescript
 * new GpuNodesOutside("slurm", { namespace: "monitoring", nodes: [{ node: "c1", address: "10.0.0.1:9400" }] }, { provider });
 * ```
 */
export class GpuNodesOutside extends pulumi.ComponentResource {
  constructor(name: string, args: GpuNodesOutsideArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:GpuNodesOutside", name, {}, opts);
    const labels = commonLabels({ name: "gpu-nodes-outside", instance: name, component: "metrics" });
    const profile = profileNamed(args.profile ?? "health", "profile");
    const limits = gpuLimits(args.sampleLimit);
    scrapeConfigResource(
      name,
      {
        metadata: { name, namespace: args.namespace, labels },
        spec: {
          jobName: jobs.dcgmExporter,
          scrapeInterval: args.scrapeInterval ?? "30s",
          staticConfigs: args.nodes.map((node) => staticTarget(node, args.region)),
          // All of a node on one shard of Prometheus, as inside.
          relabelings: [{ sourceLabels: ["node"], targetLabel: "__tmp_hash", action: "replace" }],
          // Which job of a batch scheduler holds a GPU is not known by pods.
          metricRelabelings: signalRelabelings({ profile, sharedGpus: true, foreignCounterFile: true }),
          honorLabels: true,
          sampleLimit: limits.samples,
          targetLimit: limits.targets,
          labelLimit: limits.labels,
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

const staticTarget = ({ node, address, failureDomain }: OutsideGpuNode, region: string | undefined) => ({
  targets: [address],
  labels: {
    instance: node,
    node,
    ...(region === undefined ? {} : { region }),
    ...(failureDomain === undefined ? {} : { failure_domain: failureDomain }),
  },
});
