import assert from "node:assert/strict";
import { inferenceRules } from "../../components/gpu/rules/inference";
import { queueRules } from "../../components/gpu/rules/queue";
import { sloRules } from "../../components/gpu/rules/slo";
import { workloadDropLists } from "../../components/gpu/workloads/engineDropLists";
import { type EngineName, engineNamed, engineNames, engines } from "../../components/gpu/workloads/engines";
import { vllmLatencies } from "../../components/gpu/workloads/latencies";
import { jobs } from "../../components/prometheus/jobs";
import type { DropList } from "../../components/prometheus/scrape/relabeling";
import { isKept, metricRelabelings, relabel } from "../../components/prometheus/scrape/relabeling";
import { selectionsOf } from "../../tools/testing/promql";

type Labels = Record<string, string>;

/** A family as the client library for Python writes it, with the moment when each of its series was made. */
const counter = (name: string, labels: Labels = {}): Labels[] => [
  { __name__: `${name}_total`, ...labels },
  { __name__: `${name}_created`, ...labels },
];
const gauge = (name: string, labels: Labels = {}): Labels[] => [{ __name__: name, ...labels }];
const histogram = (name: string, edges: readonly number[], labels: Labels = {}): Labels[] => [
  ...[...edges.map((edge) => (Number.isInteger(edge) ? `${edge}.0` : String(edge))), "+Inf"].map((le) => ({
    __name__: `${name}_bucket`,
    le,
    ...labels,
  })),
  ...["count", "sum", "created"].map((part) => ({ __name__: `${name}_${part}`, ...labels })),
];

/** 1, 2, 5, 10 … up to a context of 131 072 tokens. */
const tokens = [0, 1, 2, 3, 4, 5]
  .flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))
  .filter((edge) => edge <= 131_072);
const { timeToFirstToken, interTokenLatency, endToEndLatency } = vllmLatencies;

/** What vLLM says with one engine, by the families of vllm/v1/metrics/loggers.py; without those of its web server and of Python. */
const vllm: Labels[] = [
  ...["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"].flatMap((name) => gauge(`vllm:${name}`)),
  ...["capacity", "deferred"].flatMap((reason) => gauge("vllm:num_requests_waiting_by_reason", { reason })),
  ...["awake", "weights_offloaded", "discard_all"].flatMap((sleep_state) =>
    gauge("vllm:engine_sleep_state", { sleep_state }),
  ),
  ...gauge("vllm:cache_config_info"),
  ...["prefix_cache", "external_prefix_cache", "mm_cache"].flatMap((name) => [
    ...counter(`vllm:${name}_queries`),
    ...counter(`vllm:${name}_hits`),
  ]),
  ...[
    "num_preemptions",
    "prompt_tokens",
    "prompt_tokens_cached",
    "prompt_tokens_recomputed",
    "generation_tokens",
  ].flatMap((name) => counter(`vllm:${name}`)),
  ...["local_compute", "local_cache_hit", "external_kv_transfer"].flatMap((source) =>
    counter("vllm:prompt_tokens_by_source", { source }),
  ),
  ...["stop", "length", "abort", "error", "repetition"].flatMap((finished_reason) =>
    counter("vllm:request_success", { finished_reason }),
  ),
  ...[
    "request_prompt_tokens",
    "request_generation_tokens",
    "request_max_num_generation_tokens",
    "request_params_max_tokens",
    "request_prefill_kv_computed_tokens",
  ].flatMap((name) => histogram(`vllm:${name}`, tokens)),
  ...histogram("vllm:iteration_tokens_total", [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]),
  ...histogram("vllm:request_params_n", [1, 2, 5, 10, 20]),
  ...histogram(timeToFirstToken.metric, timeToFirstToken.edges),
  ...[interTokenLatency.metric, "vllm:request_time_per_output_token_seconds"].flatMap((name) =>
    histogram(name, interTokenLatency.edges),
  ),
  ...[
    "e2e_request_latency",
    "request_queue_time",
    "request_inference_time",
    "request_prefill_time",
    "request_decode_time",
  ].flatMap((name) => histogram(`vllm:${name}_seconds`, endToEndLatency.edges)),
  ...[
    "virtual_memory_bytes",
    "resident_memory_bytes",
    "start_time_seconds",
    "open_fds",
    "max_fds",
    "cpu_seconds_total",
  ].flatMap((name) => gauge(`process_${name}`)),
];

const nim: Labels[] = [
  ...["num_requests_running", "num_requests_waiting", "num_request_max", "gpu_cache_usage_perc"].flatMap((name) =>
    gauge(name),
  ),
  ...["prompt_tokens", "generation_tokens", "request_success", "request_failure"].flatMap((name) => counter(name)),
  ...["stop", "length", "abort"].flatMap((finished_reason) => counter("request_finish", { finished_reason })),
  ...["request_prompt_tokens", "request_generation_tokens"].flatMap((name) => histogram(name, tokens)),
  ...histogram("time_to_first_token_seconds", timeToFirstToken.edges),
  ...histogram("time_per_output_token_seconds", interTokenLatency.edges),
  ...histogram("e2e_request_latency_seconds", endToEndLatency.edges),
  ...vllm.filter(({ __name__ }) => __name__?.startsWith("process_")),
];

const triton: Labels[] = [
  ...["REJECTED", "CANCELED", "BACKEND", "OTHER"].map((reason) => ({
    __name__: "nv_inference_request_failure",
    model: "m",
    reason,
  })),
  ...[
    ...["request_success", "count", "exec_count", "pending_request_count", "request_duration_us", "queue_duration_us"],
    ...["compute_input_duration_us", "compute_infer_duration_us", "compute_output_duration_us"],
  ].map((name) => ({ __name__: `nv_inference_${name}`, model: "m" })),
  ...["num_hits", "num_misses", "hit_duration", "miss_duration"].map((name) => ({
    __name__: `nv_cache_${name}_per_model`,
    model: "m",
  })),
  ...[
    "gpu_power_usage",
    "gpu_power_limit",
    "energy_consumption",
    "gpu_utilization",
    "gpu_memory_total_bytes",
    "gpu_memory_used_bytes",
  ]
    .concat("gpu_memory_free_bytes", "cpu_utilization", "cpu_memory_total_bytes", "cpu_memory_used_bytes")
    .map((name) => ({ __name__: `nv_${name}` })),
];

const steps = (name: EngineName) => [...engines[name].normalised, ...metricRelabelings(engines[name].dropList)];
const stored = (name: EngineName, said: readonly Labels[]): Labels[] =>
  said.flatMap((series) => {
    const labels = relabel(steps(name), series);
    return labels === undefined ? [] : [labels];
  });

describe("inference engines", () => {
  it("have the series per replica that they are said to have, and each is stored once", () => {
    for (const [name, said] of Object.entries({ vllm, nim, triton })) {
      const left = stored(name as EngineName, said);
      assert.deepEqual({ said: said.length, stored: left.length }, engines[name as EngineName].seriesPerReplica, name);
      assert.equal(new Set(left.map((labels) => JSON.stringify(labels))).size, left.length);
      assert.ok(left.length <= 120);
    }
  });

  it("have one name for the same thing", () => {
    const names = (list: readonly Labels[]) => new Set(list.map(({ __name__ }) => __name__));
    const ofVllm = names(stored("vllm", vllm));
    for (const name of names(stored("nim", nim))) assert.ok(ofVllm.has(name), name);
    const ofRay = (line: Labels) => relabel(steps("rayServe"), { SessionName: "s", WorkerId: "w", ...line });
    assert.deepEqual(ofRay({ __name__: "ray_vllm_prompt_tokens_total" }), {
      __name__: "vllm:prompt_tokens_total",
      WorkerId: "w",
    });
    assert.equal(ofRay({ __name__: "ray_vllm_prompt_tokens" }), undefined);
    assert.equal(ofRay({ __name__: "ray_serve_deployment_error_counter" }), undefined);
    assert.deepEqual(relabel(steps("triton"), { __name__: "nv_inference_count", model: "m", version: "1" }), {
      __name__: "nv_inference_count",
      model_name: "m",
      version: "1",
    });
  });

  it("keep what rules ask for", () => {
    const context = { namespace: "monitoring", profile: "profiling" as const, scrapeSeconds: 30, podsKnown: true };
    const asked = [...inferenceRules(context), ...sloRules(), ...queueRules()]
      .flatMap(({ rules }) => rules)
      .flatMap(({ expr }) => selectionsOf(expr))
      .flatMap(({ name, matchers }) => {
        const job = matchers.find(({ label }) => label === "job");
        return job === undefined || name === "up" ? [] : [{ name, jobs: job.value.split("|") }];
      });
    const lists = new Map<string, DropList>(
      Object.entries(workloadDropLists).map(([key, list]) => [jobs[key as keyof typeof jobs], list]),
    );
    for (const [job, list] of lists) {
      const ofJob = asked.filter((selection) => selection.jobs.includes(job));
      assert.ok(ofJob.length > 0, `no rule asks about ${job}`);
      for (const { name } of ofJob)
        assert.ok(isKept(list, { __name__: name }), `${name} of ${job} is asked for, and dropped`);
    }
  });

  it("say why something is kept", () => {
    for (const { keep, labels } of Object.values<DropList>(workloadDropLists)) {
      for (const { why } of [...keep, ...labels]) assert.match(why, /^[A-Z].+\.$/);
    }
  });

  it("are known by the names of their jobs", () => {
    assert.deepEqual(
      engineNames.map((name) => engineNamed(jobs[name], "engines[0]")),
      engineNames,
    );
    assert.throws(() => engineNamed("rayServe", "engines[0]"), {
      message: /'rayServe' is none of vllm, nim, ray-serve, triton/,
    });
  });
});
