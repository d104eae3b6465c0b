import type { DropList, Kept } from "../../prometheus/scrape/relabeling";
import { latencies, vllmLatencies } from "./latencies";

const onlyKept = (keep: Kept[], labels: DropList["labels"] = []): DropList => ({
  keep,
  families: [],
  series: [],
  labels,
});

const process: Kept = {
  names: "process_(cpu_seconds_total|resident_memory_bytes|start_time_seconds)",
  why: "Whether it restarts, starves or leaks.",
};

/** The histograms that objectives are set for, with all their buckets. */
const latencyHistograms: Kept[] = latencies.map((latency) => {
  const { metric, older } = vllmLatencies[latency];
  return {
    names: `${older === undefined ? metric : `(${metric}|${older})`}_(bucket|count|sum)`,
    why: "Objectives may lie on any edge.",
  };
});

/**
 * What is kept of vLLM, under its own names. Most of what it says are histograms of how requests are set up and of parts of
 * their time; and with each histogram and counter the moment when it was made.
 */
const vllmKept: Kept[] = [
  { names: "vllm:num_requests_(running|waiting)", why: "Load, and the queue." },
  { names: "vllm:(kv|gpu)_cache_usage_perc", why: "Memory for requests, under its name and an older one." },
  { names: "vllm:num_preemptions_total", why: "Requests that are computed twice." },
  { names: "vllm:(prompt|generation)_tokens_total", why: "Work." },
  { names: "vllm:prompt_tokens_cached_total", why: "Work that was saved." },
  { names: "vllm:prefix_cache_(queries|hits)_total", why: "Whether the cache helps." },
  { names: "vllm:spec_decode_num_(draft|accepted)_tokens_total", why: "Whether guessing tokens helps." },
  { names: "vllm:request_success_total", why: "How requests end; failures are among them." },
  ...latencyHistograms,
  {
    names: "vllm:(request_queue_time_seconds|request_(prompt|generation)_tokens)_(count|sum)",
    why: "Averages; their buckets are 22 each.",
  },
];

const rayServeKept: Kept[] = [
  {
    names: "ray_serve_deployment_(request_counter|error_counter)_total",
    why: "Requests and exceptions; Ray also has each counter without _total.",
  },
  { names: "ray_serve_deployment_processing_latency_ms_(sum|count)", why: "Average time." },
  { names: "ray_serve_num_http_(error_)?requests_total", why: "What clients see." },
  { names: "ray_serve_(deployment_replica_healthy|health_check_failures_total)", why: "Replicas that are sick." },
  { names: "ray_serve_(deployment|application)_status", why: "What the controller thinks of them." },
  { names: "ray_serve_(deployment_queued_queries|autoscaling_target_replicas)", why: "Load." },
];

const tritonKept: Kept[] = [
  { names: "nv_inference_(request_success|request_failure|pending_request_count)", why: "Load, and how requests end." },
  { names: "nv_inference_(count|exec_count)", why: "How large batches are." },
  { names: "nv_inference_(request|queue|compute_infer)_duration_us", why: "Where the time goes." },
];

const kueueKept: Kept[] = [
  { names: "kueue_(pending_workloads|admitted_active_workloads|cluster_queue_status)", why: "What waits and runs." },
  { names: "kueue_(admitted|evicted|preempted)_workloads_total", why: "What the queues do." },
  {
    names: "kueue_admission_wait_time_seconds_(bucket|count|sum)",
    why: "How long workloads wait; 14 to 16 buckets for each queue and priority.",
  },
  {
    names: "kueue_cluster_queue_(nominal_quota|resource_usage|resource_reservation)",
    why: "Quotas, if Kueue says them.",
  },
  { names: "kueue_build_info", why: "Its version." },
  process,
];

/** What is kept of each engine and of Kueue, by the key of its job. */
export const workloadDropLists = {
  vllm: onlyKept([...vllmKept, process]),
  nim: onlyKept([...vllmKept, process]),
  rayServe: onlyKept(
    [...vllmKept, ...rayServeKept],
    [{ names: "SessionName|NodeAddress|Version", why: "The same on all of a target, and new with each start." }],
  ),
  triton: onlyKept(tritonKept, [{ names: "model", why: "It was copied to `model_name`." }]),
  kueue: onlyKept(kueueKept),
} as const satisfies Record<string, DropList>;
