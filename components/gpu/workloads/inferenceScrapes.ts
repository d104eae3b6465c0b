import type { IScrapeConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1/ScrapeConfig";
import * as pulumi from "@pulumi/pulumi";
import { type DeepInput, scrapeConfigResource } from "../../kubernetes/customResources";
import { commonLabels } from "../../kubernetes/labels";
import type { Relabeling } from "../../kubernetes/serviceMonitor";
import { metricRelabelings } from "../../prometheus/scrape/relabeling";
import { type EngineName, engineJob, engineNamed, engineNames, engines, type InferenceEngine } from "./engines";

/** The label by which a pod says which engine it runs: `vllm`, `nim`, `ray-serve` or `triton`. */
export const ENGINE_LABEL = "gpu-observability/engine";

/** The label with the name of the container's port that serves metrics. Default: the engine's, `http` or `metrics`. */
export const METRICS_PORT_LABEL = "gpu-observability/metrics-port";

/** The annotation with the path of the metrics. Default: the engine's. */
export const METRICS_PATH_ANNOTATION = "gpu-observability/metrics-path";

/** Arguments of {@link InferenceScrapes}. */
export interface InferenceScrapesArgs {
  /** The namespace of the Prometheus. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** The namespaces whose pods are looked at. */
  workloadNamespaces: string[];
  /** Which engines are scraped: `vllm`, `nim`, `ray-serve`, `triton`. Default: all. */
  engines?: string[];
  /** How often. Default: Prometheus' own interval. */
  scrapeInterval?: string;
}

/** Ports on which engines serve metrics unless they are told otherwise; Prometheus must reach them. */
export const inferencePorts: number[] = [...new Set(engineNames.map((engine) => engines[engine].port))];

const metaOf = (kind: "label" | "annotation", name: string) =>
  `__meta_kubernetes_pod_${kind}_${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`;

/**
 * Scrapes servers of models. A pod takes part by a label, {@link ENGINE_LABEL}; all engines that are made of vLLM have its
 * names for metrics then, and only what rules and dashboards need is stored. Series carry `namespace`, `pod`, and as
 * `workload` the Deployment or other object that the pod belongs to.
 *
 * ```typescript
 * new InferenceScrapes("inference", { namespace: "monitoring", workloadNamespaces: ["chat"] }, { provider });
 * ```
 */
export class InferenceScrapes extends pulumi.ComponentResource {
  constructor(name: string, args: InferenceScrapesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:InferenceScrapes", name, {}, opts);
    const labels = commonLabels({ name: "inference-scrapes", instance: name, component: "metrics" });
    const wanted = args.engines?.map((job, index) => engineNamed(job, `engines[${index}]`)) ?? engineNames;
    for (const engine of wanted) {
      const job = engineJob(engine);
      scrapeConfigResource(
        `${name}-${job}`,
        { metadata: { name: job, namespace: args.namespace, labels }, spec: scrapeOf(engine, args) },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

function scrapeOf(name: EngineName, args: InferenceScrapesArgs): DeepInput<NonNullable<IScrapeConfig["spec"]>> {
  const engine: InferenceEngine = engines[name];
  return {
    jobName: engineJob(name),
    ...(args.scrapeInterval === undefined ? {} : { scrapeInterval: args.scrapeInterval }),
    metricsPath: engine.path,
    kubernetesSDConfigs: [
      {
        role: "Pod",
        namespaces: { names: args.workloadNamespaces },
        selectors: [{ role: "Pod", label: `${ENGINE_LABEL}=${engineJob(name)}` }],
      },
    ],
    relabelings: podRelabelings(engine.portName),
    metricRelabelings: [...engine.normalised, ...metricRelabelings(engine.dropList)],
    sampleLimit: engine.sampleLimit,
    targetLimit: 1_000,
    labelLimit: 30,
  };
}

const copied = (source: string, targetLabel: string): Relabeling => ({
  sourceLabels: [source],
  regex: "(.+)",
  targetLabel,
  action: "replace",
});

function podRelabelings(portName: string): Relabeling[] {
  const controller = ["kind", "name"].map((part) => `__meta_kubernetes_pod_controller_${part}`);
  return [
    { sourceLabels: ["__meta_kubernetes_pod_phase"], regex: "Pending|Succeeded|Failed", action: "drop" },
    { targetLabel: "__tmp_port", replacement: portName, action: "replace" },
    copied(metaOf("label", METRICS_PORT_LABEL), "__tmp_port"),
    {
      sourceLabels: ["__meta_kubernetes_pod_container_port_name"],
      targetLabel: "__tmp_port",
      action: "keepequal",
    },
    copied(metaOf("annotation", METRICS_PATH_ANNOTATION), "__metrics_path__"),
    copied("__meta_kubernetes_namespace", "namespace"),
    copied("__meta_kubernetes_pod_name", "pod"),
    // The address is new when the pod is.
    copied("__meta_kubernetes_pod_name", "instance"),
    copied("__meta_kubernetes_pod_name", "workload"),
    copied("__meta_kubernetes_pod_controller_name", "workload"),
    {
      sourceLabels: controller,
      separator: ";",
      // A Deployment's ReplicaSet has its name, and a hash.
      regex: "ReplicaSet;(.+)-[^-]+",
      targetLabel: "workload",
      action: "replace",
    },
  ];
}
