import assert from "node:assert/strict";
import { inferenceRules } from "../../components/gpu/rules/inference";
import { isAlertingRule, type RuleGroup } from "../../components/prometheus/rules/rule";
import { LABELS, onlyRules, serving } from "./gpuInferenceInput";
import { proveAlert, proveRecord } from "./promtool";

const groups = inferenceRules({ namespace: "monitoring", profile: "health", scrapeSeconds: 30, podsKnown: true });
const LOAD = ["model:vllm_tokens:rate5m", "model:vllm_running:sum", "model:vllm_waiting:sum"];
const MODEL = '{cluster="c1", namespace="chat", model_name="llama"';

describe("rules: what models do", () => {
  const two = {
    ...serving({ generation: "0+120x20", prompt: "0+600x20", running: "3x20", waiting: "1x20", kv: "0.5x20" }),
    ...serving({
      pod: "llm-b",
      generation: "0+60x20",
      prompt: "0+60x20",
      running: "1x20",
      waiting: "0x20",
      kv: "0.9x20",
    }),
    // A team's own monitor of a Service of this name.
    ...serving({
      pod: "llm-z",
      more: 'service="vllm"',
      generation: "0+600x20",
      running: "9x20",
      waiting: "9x20",
      kv: "1x20",
    }),
  };
  proveRecord(groups, "model:vllm_tokens:rate5m", {
    input: two,
    at: "15m",
    samples: { [`${MODEL}, direction="prompt"}`]: 11, [`${MODEL}, direction="generation"}`]: 3 },
  });
  proveRecord(groups, "model:vllm_running:sum", { input: two, at: "15m", samples: { [`${MODEL}}`]: 4 } });
  proveRecord(groups, "model:vllm_waiting:sum", { input: two, at: "15m", samples: { [`${MODEL}}`]: 1 } });
  proveRecord(groups, "model:vllm_kv_cache_usage:max", {
    // One engine of a newer and one of an older version; in between, an engine has both names.
    input: {
      ...two,
      [`vllm:gpu_cache_usage_perc{${LABELS}, instance="llm-a", pod="llm-a", workload="llm"}`]: "0.5x20",
      [`vllm:gpu_cache_usage_perc{${LABELS}, instance="llm-c", pod="llm-c", workload="llm"}`]: "0.95x20",
    },
    at: "15m",
    samples: { [`${MODEL}}`]: 0.95 },
  });
  proveRecord(groups, "model:vllm_prefix_cache_hits:ratio_rate5m", {
    input: {
      [`vllm:prefix_cache_queries_total{${LABELS}, pod="llm-a"}`]: "0+600x20",
      [`vllm:prefix_cache_hits_total{${LABELS}, pod="llm-a"}`]: "0+150x20",
    },
    at: "15m",
    samples: { [`${MODEL}}`]: 0.25 },
  });
  for (const [record, metric] of [
    ["model:vllm_ttft_seconds_bucket:sum_rate5m", "time_to_first_token_seconds"],
    ["model:vllm_itl_seconds_bucket:sum_rate5m", "inter_token_latency_seconds"],
  ] as const) {
    proveRecord(groups, record, {
      input: {
        [`vllm:${metric}_bucket{${LABELS}, pod="llm-a", le="2.5"}`]: "0+60x20",
        [`vllm:${metric}_bucket{${LABELS}, pod="llm-b", le="2.5"}`]: "0+120x20",
        [`vllm:${metric}_bucket{${LABELS}, pod="llm-b", le="+Inf"}`]: "0+180x20",
      },
      at: "15m",
      samples: { [`${MODEL}, le="2.5"}`]: 3, [`${MODEL}, le="+Inf"}`]: 3 },
    });
  }
  proveRecord(groups, "namespace_workload:inference_servers_up:sum", {
    input: {
      'up{job="vllm", cluster="c1", namespace="chat", workload="llm", pod="llm-a"}': "1x20",
      'up{job="vllm", cluster="c1", namespace="chat", workload="llm", pod="llm-b"}': "0x20",
      'up{job="vllm", service="vllm", cluster="c1", namespace="chat", workload="llm", pod="llm-b"}': "1x20",
      'up{job="node-exporter", cluster="c1", workload="llm"}': "1x20",
    },
    at: "15m",
    samples: { '{cluster="c1", namespace="chat", workload="llm"}': 1 },
  });
  proveRecord(
    onlyRules(groups, "model:gpu_tokens_per_joule:ratio", "model:vllm_tokens:rate5m"),
    "model:gpu_tokens_per_joule:ratio",
    {
      input: {
        ...two,
        // Of the workload and its namesake of another kind; another namespace has one, too.
        'namespace_workload:gpu_power_watts:sum{cluster="c1", namespace="chat", workload="llm", workload_kind="Deployment"}':
          "500x20",
        'namespace_workload:gpu_power_watts:sum{cluster="c1", namespace="chat", workload="llm", workload_kind="Job"}':
          "100x20",
        'namespace_workload:gpu_power_watts:sum{cluster="c1", namespace="other", workload="llm", workload_kind="Deployment"}':
          "9000x20",
      },
      at: "15m",
      samples: { [`${MODEL}}`]: 0.005 },
    },
  );
});

describe("rules: models that are overloaded", () => {
  const prove = (alert: string, proof: Parameters<typeof proveAlert>[2]) =>
    proveAlert(onlyRules(groups, alert, ...LOAD), alert, proof);
  const labels = { cluster: "c1", namespace: "chat", model_name: "llama" };
  const busy = { generation: "0+120x60", running: "3x60" };

  prove("ModelKvCacheSaturated", {
    input: serving({ ...busy, waiting: "1x60", kv: "0.97x60" }),
    quiet: "10m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "Model llama in namespace chat has no memory left for requests.",
          description:
            "The KV cache of model llama in namespace chat has been 97% full on average for 10 minutes, and requests wait for it: they start late, and others are thrown out and computed again.",
        },
      ],
    },
    silent: [
      { why: "a full cache without a queue", input: serving({ ...busy, waiting: "0x60", kv: "1x60" }) },
      { why: "a queue with memory left", input: serving({ ...busy, waiting: "9x60", kv: "0.94x60" }) },
      {
        why: "a replica that is full beside one that is not",
        input: {
          ...serving({ ...busy, waiting: "1x60", kv: "1x60" }),
          ...serving({ pod: "llm-b", ...busy, waiting: "0x60", kv: "0.5x60" }),
        },
      },
      {
        why: "what an idle engine says whose clients gave up all at once",
        input: serving({ generation: "50x60", prompt: "50x60", running: "106x60", waiting: "15x60", kv: "0.97x60" }),
      },
      { why: "a burst of some minutes", input: serving({ ...busy, waiting: "9x8 0x50", kv: "1x60" }) },
    ],
  });

  prove("ModelQueueLong", {
    input: serving({ ...busy, waiting: "12x60", kv: "0.5x60" }),
    quiet: "10m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "Model llama in namespace chat has a long queue.",
          description:
            "12 requests have been waiting for model llama in namespace chat for 10 minutes, more than twice as many as are worked on: too few replicas for this load.",
        },
      ],
    },
    silent: [
      { why: "a short queue", input: serving({ ...busy, waiting: "9x60" }) },
      {
        why: "a large server with a part of its work in the queue",
        input: serving({ ...busy, running: "30x60", waiting: "50x60" }),
      },
      {
        why: "what an idle engine says whose clients are gone",
        input: serving({ generation: "5x60", prompt: "5x60", running: "1x60", waiting: "50x60" }),
      },
      { why: "a burst", input: serving({ ...busy, waiting: "50x8 0x50" }) },
    ],
  });

  const preempted = (values: string, finished: string) => ({
    [`vllm:num_preemptions_total{${LABELS}, pod="llm-a"}`]: values,
    [`vllm:request_success_total{${LABELS}, pod="llm-a", finished_reason="stop"}`]: finished,
  });
  prove("ModelPreemptions", {
    input: preempted("0+18x60", "0+60x60"),
    quiet: "10m",
    fires: {
      at: "14m",
      alerts: [
        {
          labels,
          summary: "Model llama in namespace chat computes requests again.",
          description:
            "Model llama in namespace chat throws 0.3 requests per second out of memory to make room for others, and computes them again later: it does work twice, and their tokens pause.",
        },
      ],
    },
    silent: [
      { why: "few among many", input: preempted("0+18x60", "0+120x60") },
      { why: "few at all", input: preempted("0+5x60", "0+6x60") },
    ],
  });
});

const names = (all: readonly RuleGroup[]) =>
  all.flatMap(({ rules }) => rules.map((rule) => (isAlertingRule(rule) ? rule.alert : rule.record)));

describe("rules: models where pods share GPUs", () => {
  it("do without what asks who holds a GPU", () => {
    const shared = names(
      inferenceRules({ namespace: "monitoring", profile: "health", scrapeSeconds: 30, podsKnown: false }),
    );
    const missing = names(groups).filter((name) => !shared.includes(name));
    assert.deepEqual(missing, ["model:gpu_tokens_per_joule:ratio", "ModelHung"]);
  });
});
