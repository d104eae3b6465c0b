import { jobs } from "../../prometheus/jobs";
import type { RuleGroup } from "../../prometheus/rules/rule";
import type { GpuRuleContext } from "./context";
import { inferenceFailureGroup } from "./inferenceFailures";
import { BY_MODEL, MODEL, modelSeries, SERVERS_UP, theModel, vllm } from "./inferenceSeries";
import { inferenceServerGroup } from "./inferenceServers";
import { ofWorkload } from "./workloadsRecorded";

const { tokens, running, waiting, kvCache } = modelSeries;

const byModel = (expr: string, operator = "sum", also = "") => `${operator} by (${BY_MODEL}${also}) (${expr})`;
const rate = (metric: string) => `rate(${vllm(metric)}[5m])`;

/** How full the memory for requests is, under its name and an older one; some versions have both. */
const kvCacheUsage = `(${vllm("kv_cache_usage_perc")} or ${vllm("gpu_cache_usage_perc")})`;

/** The GPUs of all workloads that serve a model; where one of them serves two models, they count for both. */
const watts =
  `sum by (${BY_MODEL}) (group by (${BY_MODEL}, workload) (${vllm("num_requests_running")})` +
  ` * on (cluster, namespace, workload) group_left () sum by (cluster, namespace, workload) (${ofWorkload("gpu_power_watts:sum")}))`;

const recorded: RuleGroup["rules"] = [
  ...["prompt", "generation"].map((direction) => ({
    record: tokens,
    expr: byModel(rate(`${direction}_tokens_total`)),
    labels: { direction },
  })),
  { record: running, expr: byModel(vllm("num_requests_running")) },
  { record: waiting, expr: byModel(vllm("num_requests_waiting")) },
  { record: kvCache, expr: byModel(kvCacheUsage, "max") },
  {
    record: "model:vllm_prefix_cache_hits:ratio_rate5m",
    expr: `${byModel(rate("prefix_cache_hits_total"))} / (${byModel(rate("prefix_cache_queries_total"))} > 0)`,
  },
  {
    record: "model:vllm_ttft_seconds_bucket:sum_rate5m",
    expr: byModel(rate("time_to_first_token_seconds_bucket"), "sum", ", le"),
  },
  {
    record: "model:vllm_itl_seconds_bucket:sum_rate5m",
    expr: byModel(
      `${rate("inter_token_latency_seconds_bucket")} or ${rate("time_per_output_token_seconds_bucket")}`,
      "sum",
      ", le",
    ),
  },
  {
    record: SERVERS_UP,
    expr: `sum by (cluster, namespace, workload) (up{job=~"${[jobs.vllm, jobs.nim, jobs.triton].join("|")}", service="", workload!=""})`,
  },
];

const efficiency: RuleGroup["rules"] = [
  {
    // Tokens that are generated for each joule of the GPUs that hold the model, idle time included.
    record: "model:gpu_tokens_per_joule:ratio",
    expr: `sum by (${BY_MODEL}) (${tokens}{direction="generation"}) / (${watts} > 0)`,
  },
];

/** vLLM's gauges stay as they were when all clients give up at once (vllm#22545, #29928): only an engine that works counts. */
const atWork = `on (${BY_MODEL}) sum by (${BY_MODEL}) (${tokens}) > 0`;

const load: RuleGroup["rules"] = [
  {
    alert: "ModelKvCacheSaturated",
    // A full cache alone is how the engine should run; with a queue it is what limits it.
    expr: `avg by (${BY_MODEL}) (${kvCacheUsage}) > 0.95 and on (${BY_MODEL}) ${waiting} > 0 and ${atWork}`,
    for: "10m",
    severity: "warning",
    owner: "workload",
    summary: `${MODEL} has no memory left for requests.`,
    description: `The KV cache of ${theModel} has been {{ $value | humanizePercentage }} full on average for 10 minutes, and requests wait for it: they start late, and others are thrown out and computed again.`,
  },
  {
    alert: "ModelQueueLong",
    // judgement: ten requests are no burst of one client, and twice of what runs means that each waits for two others.
    expr: `${waiting} >= 10 and ${waiting} > 2 * ${running} and ${atWork}`,
    for: "10m",
    severity: "warning",
    owner: "workload",
    summary: `${MODEL} has a long queue.`,
    description: `{{ $value }} requests have been waiting for ${theModel} for 10 minutes, more than twice as many as are worked on: too few replicas for this load.`,
  },
  {
    alert: "ModelPreemptions",
    // judgement: one request in five is computed again at least in part, and one in 10 s.
    expr:
      `${byModel(rate("num_preemptions_total"))} > 0.1` +
      ` and ${byModel(rate("num_preemptions_total"))} > 0.2 * ${byModel(rate("request_success_total"))}`,
    for: "10m",
    severity: "warning",
    owner: "workload",
    summary: `${MODEL} computes requests again.`,
    description: `${MODEL} throws {{ printf "%.1f" $value }} requests per second out of memory to make room for others, and computes them again later: it does work twice, and their tokens pause.`,
  },
];

/** Rules about servers of models: what they do, when they are overloaded, and when they fail. */
export const inferenceRules = (context: GpuRuleContext): RuleGroup[] => [
  { name: "gpu-inference-recorded", scope: "global", rules: recorded },
  ...(context.podsKnown ? [{ name: "gpu-inference-efficiency", scope: "global" as const, rules: efficiency }] : []),
  { name: "gpu-inference-load", scope: "global", rules: load },
  inferenceFailureGroup(context),
  inferenceServerGroup,
];
