import * as pulumi from "@pulumi/pulumi";
import { jobs } from "../../prometheus/jobs";
import type { DropList, MetricRelabeling } from "../../prometheus/scrape/relabeling";
import { workloadDropLists } from "./engineDropLists";
import { type Latency, type LatencyHistogram, vllmLatencies } from "./latencies";

/** A server of models, as its pods are scraped. */
export interface InferenceEngine {
  /** The name of the port of its container. */
  portName: string;
  /** The port that it serves metrics on unless it is told otherwise. */
  port: number;
  path: string;
  /** Names and labels as rules know them, before anything is dropped. */
  normalised: MetricRelabeling[];
  dropList: DropList;
  /** What objectives can be set for. */
  latencies: Partial<Readonly<Record<Latency, LatencyHistogram>>>;
  /** Series of one replica with one model on one engine: all that it says, and what is stored. */
  seriesPerReplica: { said: number; stored: number };
  /** Samples that one target may bring: twice what eight engines or models in it have, and more. */
  sampleLimit: number;
}

const renamed = (regex: string, replacement: string): MetricRelabeling => ({
  sourceLabels: ["__name__"],
  regex,
  targetLabel: "__name__",
  replacement,
  action: "replace",
});

/** The engines, by the key of their job, which is also the value of the label that pods choose one with. */
export const engines = {
  vllm: {
    portName: "http",
    port: 8000,
    path: "/metrics",
    // Some versions of its Python client escape the colon where Prometheus would take it (prometheus/client_python#1180).
    normalised: [renamed("vllm_(.+)", "vllm:$1")],
    dropList: workloadDropLists.vllm,
    latencies: vllmLatencies,
    // Counted by test/unit/engines.test.ts over the families of vllm/v1/metrics/loggers.py, for a context of 131 072 tokens;
    // its web server and Python say some 50 more.
    seriesPerReplica: { said: 376, stored: 94 },
    sampleLimit: 5_000,
  },
  nim: {
    portName: "http",
    port: 8000,
    // Its first versions have /metrics: the annotation of the pod says it.
    path: "/v1/metrics",
    // NVIDIA's table of metrics has the names of older vLLMs without their prefix; images with a newer vLLM have it.
    normalised: [
      renamed("(num_requests_(?:running|waiting)|(?:prompt|generation)_tokens_total)", "vllm:$1"),
      renamed("((?:time_to_first_token|e2e_request_latency)_seconds_(?:bucket|count|sum))", "vllm:$1"),
      renamed("time_per_output_token_seconds_(bucket|count|sum)", "vllm:inter_token_latency_seconds_$1"),
      renamed("(request_(?:prompt|generation)_tokens_(?:count|sum))", "vllm:$1"),
      renamed("gpu_cache_usage_perc", "vllm:kv_cache_usage_perc"),
      // Its request_failure_total is the sum of all reasons but two, clients that cancel among them, and says no more.
      renamed("request_finish_total", "vllm:request_success_total"),
    ],
    dropList: workloadDropLists.nim,
    // Its documents name no edges. Where they are others, InferenceSloUnmeasured says so.
    latencies: vllmLatencies,
    seriesPerReplica: { said: 138, stored: 86 },
    sampleLimit: 5_000,
  },
  rayServe: {
    portName: "metrics",
    port: 8080,
    path: "/metrics",
    // Ray knows no ":" in names.
    normalised: [renamed("ray_vllm_(.+)", "vllm:$1")],
    dropList: workloadDropLists.rayServe,
    latencies: vllmLatencies,
    // judgement: of Ray itself as many again as of vLLM, and each of its counters twice.
    seriesPerReplica: { said: 1_000, stored: 120 },
    sampleLimit: 10_000,
  },
  triton: {
    portName: "metrics",
    port: 8002,
    path: "/metrics",
    normalised: [
      { sourceLabels: ["model"], regex: "(.+)", targetLabel: "model_name", replacement: "$1", action: "replace" },
    ],
    dropList: workloadDropLists.triton,
    // Its times are sums.
    latencies: {},
    // docs/user_guide/metrics.md: of one model with 4 reasons of failure, a cache, one GPU, and the CPU.
    seriesPerReplica: { said: 27, stored: 11 },
    sampleLimit: 5_000,
  },
} as const satisfies Partial<Record<keyof typeof jobs, InferenceEngine>>;

export type EngineName = keyof typeof engines;

export const engineNames = Object.keys(engines) as EngineName[];

/** The label `job` of an engine, and the value of the label of its pods. */
export const engineJob = (engine: EngineName): string => jobs[engine];

/**
 * The engine of that job.
 * @throws InputPropertyError at `propertyPath` for one that does not exist.
 */
export function engineNamed(job: string, propertyPath: string): EngineName {
  const engine = engineNames.find((name) => engineJob(name) === job);
  if (engine !== undefined) return engine;
  const known = engineNames.map(engineJob).join(", ");
  throw new pulumi.InputPropertyError({ propertyPath, reason: `'${job}' is none of ${known}` });
}
