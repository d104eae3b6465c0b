import { jobs } from "../../prometheus/jobs";

/** Engines that have vLLM's metrics. A team's own monitor of such a job has the label `service`. */
const vllmJobs = [jobs.vllm, jobs.nim, jobs.rayServe].join("|");

/** A metric of the engines that are made of vLLM. */
export const vllm = (metric: string, matchers = "") =>
  `vllm:${metric}{job=~"${vllmJobs}", service=""${matchers === "" ? "" : `, ${matchers}`}}`;

/** Which model; its name is the one under which clients ask for it. */
export const BY_MODEL = "cluster, namespace, model_name";

/** The recorded series of models. */
export const modelSeries = {
  tokens: "model:vllm_tokens:rate5m",
  running: "model:vllm_running:sum",
  waiting: "model:vllm_waiting:sum",
  kvCache: "model:vllm_kv_cache_usage:max",
} as const;

/** Servers of a workload that answer. */
export const SERVERS_UP = "namespace_workload:inference_servers_up:sum";

/** The model of an alert within a sentence. */
export const theModel = "model {{ $labels.model_name }} in namespace {{ $labels.namespace }}";

/** The same at the beginning of a sentence. */
export const MODEL = theModel.replace(/^m/, "M");
