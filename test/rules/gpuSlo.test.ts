import { defaultSlos, type InferenceSlo, sloRules } from "../../components/gpu/rules/slo";
import { LABELS, onlyRules } from "./gpuInferenceInput";
import { type Input, proveAlert, proveRecord } from "./promtool";

const REQUESTS = "model_slo:inference_requests:rate5m";
const BUDGET_USED = "model_slo:inference_budget_used:rate5m";
const GOOD = "model_slo:inference_good:ratio_rate1h";

/** A histogram with as many observations per minute, and as many of them below the edge. */
const histogram = (metric: string, edge: string, all: string, below: string, pod = "llm-a"): Input => ({
  [`vllm:${metric}_count{${LABELS}, pod="${pod}"}`]: all,
  [`vllm:${metric}_bucket{${LABELS}, pod="${pod}", le="${edge}"}`]: below,
  [`vllm:${metric}_bucket{${LABELS}, pod="${pod}", le="+Inf"}`]: all,
});
const firstTokens = (all: string, below: string, edge = "2.5") =>
  histogram("time_to_first_token_seconds", edge, all, below);
const SLO = { kind: "timeToFirstToken", thresholdSeconds: 2.5, objective: 0.95 } as const;
const slo = "first token within 2.5 s for 95 %";
const model = '{cluster="c1", namespace="chat", model_name="llama"';

describe("rules: objectives of models", () => {
  const input = {
    ...firstTokens("0+60x90", "0+45x90"),
    // An older engine, whose histogram of tokens has another name, and one with both names.
    ...histogram("inter_token_latency_seconds", "0.1", "0+600x90", "0+600x90"),
    ...histogram("time_per_output_token_seconds", "0.1", "0+600x90", "0+600x90"),
    ...histogram("time_per_output_token_seconds", "0.1", "0+600x90", "0+300x90", "llm-old"),
    [`vllm:request_success_total{${LABELS}, pod="llm-a", finished_reason="stop"}`]: "0+450x90",
    [`vllm:request_success_total{${LABELS}, pod="llm-a", finished_reason="error"}`]: "0+150x90",
    // Nobody knows whether it fails.
    [`vllm:request_success_total{${LABELS.replace('"vllm"', '"nim"')}, pod="nim-a", finished_reason="stop"}`]:
      "0+900x90",
  };
  const names = [
    `page="false", slo="${slo}"`,
    'page="false", slo="each token within 0.1 s for 95 %"',
    'page="true", slo="no errors for 99.9 %"',
  ];
  const samples = (...values: number[]) =>
    Object.fromEntries(values.map((value, index) => [`${model}, ${names[index]}}`, value]));
  const rules = sloRules(defaultSlos);
  proveRecord(rules, REQUESTS, { input, at: "80m", samples: samples(1, 20, 10) });
  // A quarter of each is bad.
  proveRecord(rules, BUDGET_USED, { input, at: "80m", samples: samples(5, 100, 2_500) });
  proveRecord(rules, GOOD, { input, at: "80m", samples: samples(0.75, 0.75, 0.75) });
});

describe("rules: objectives that are missed", () => {
  const prove = (slos: InferenceSlo[], alert: string, proof: Parameters<typeof proveAlert>[2]) =>
    proveAlert(onlyRules(sloRules(slos), alert, REQUESTS, BUDGET_USED), alert, proof);
  const labels = { cluster: "c1", namespace: "chat", model_name: "llama", page: "true", slo };

  prove([SLO], "InferenceSloBurn", {
    // Three quarters are too slow: 15 times what may be.
    input: firstTokens("0+60x300", "0+15x300"),
    quiet: "30m",
    fires: {
      at: "70m",
      alerts: [
        {
          labels,
          summary: `Model llama in namespace chat misses its objective by far: ${slo}.`,
          description: `Model llama in namespace chat uses up what its objective (${slo}) allows 15.0 times faster than evenly, over an hour or over six, and it has not ended: at this pace the budget of 30 days is gone in five days or sooner.`,
        },
      ],
    },
    silent: [
      { why: "a fifth that is slow, within two hours", input: firstTokens("0+60x100", "0+48x100"), until: "90m" },
      { why: "five bad minutes", input: firstTokens("0+60x100", "0+60x40 2400x5 2460+60x50"), until: "90m" },
      { why: "a bad start that has ended", input: firstTokens("0+60x100", "0x28 60+60x70"), until: "50m" },
      { why: "few requests", input: firstTokens("0+1x90", "0x90"), until: "80m" },
      { why: "no requests", input: firstTokens("50x300", "0x300"), until: "280m" },
      { why: "an engine with other buckets", input: firstTokens("0+60x300", "0+15x300", "2.0"), until: "280m" },
      { why: "a model that the objective is not about", input: {} },
    ],
  });
  describe("with another one for which nobody is woken", () => {
    const each = { kind: "interTokenLatency", thresholdSeconds: 0.1, objective: 0.95, page: false } as const;
    const tokens = histogram("inter_token_latency_seconds", "0.1", "0+600x500", "0x500");
    prove([{ kind: "availability", objective: 0.999 }, each], "InferenceSloBurn", {
      input: {
        ...tokens,
        // No other reason yet, as Ray says it.
        [`vllm:request_success_total{${LABELS}, pod="llm-a", finished_reason="error"}`]: "0+60x500",
      },
      fires: {
        at: "70m",
        alerts: [
          {
            labels: { ...labels, slo: "no errors for 99.9 %" },
            summary: "Model llama in namespace chat misses its objective by far: no errors for 99.9 %.",
            description:
              "Model llama in namespace chat uses up what its objective (no errors for 99.9 %) allows 1000.0 times faster than evenly, over an hour or over six, and it has not ended: at this pace the budget of 30 days is gone in five days or sooner.",
          },
        ],
      },
      silent: [{ why: "times alone", input: tokens, until: "480m" }],
    });
    const slo = "each token within 0.1 s for 95 %";
    prove([each], "InferenceSloBurnSlow", {
      input: tokens,
      fires: {
        at: "490m",
        alerts: [
          {
            labels: { ...labels, page: "false", slo },
            summary: `Model llama in namespace chat has missed its objective for a day or longer: ${slo}.`,
            description: `Model llama in namespace chat has used up what its objective (${slo}) allows 20.0 times faster than evenly, over a day or over three, and still does: the budget of 30 days will not do.`,
          },
        ],
      },
      silent: [
        {
          why: "tokens that are in time",
          input: histogram("inter_token_latency_seconds", "0.1", "0+600x500", "0+600x500"),
        },
      ],
    });
  });
  describe("over six hours", () =>
    prove([SLO], "InferenceSloBurn", {
      // A third is too slow: 6.7 times what may be.
      input: firstTokens("0+60x500", "0+40x500"),
      quiet: "120m",
      fires: {
        at: "400m",
        alerts: [
          {
            labels,
            summary: `Model llama in namespace chat misses its objective by far: ${slo}.`,
            description: `Model llama in namespace chat uses up what its objective (${slo}) allows 6.7 times faster than evenly, over an hour or over six, and it has not ended: at this pace the budget of 30 days is gone in five days or sooner.`,
          },
        ],
      },
      silent: [{ why: "a quarter", input: firstTokens("0+60x500", "0+45x500"), until: "480m" }],
    }));

  const slow = (times: string) => ({
    labels,
    summary: `Model llama in namespace chat has missed its objective for a day or longer: ${slo}.`,
    description: `Model llama in namespace chat has used up what its objective (${slo}) allows ${times} times faster than evenly, over a day or over three, and still does: the budget of 30 days will not do.`,
  });
  /** The same of another model, which must have no alert. */
  const ofAnother = (input: Input): Input =>
    Object.fromEntries(Object.entries(input).map(([series, values]) => [series.replace('"llama"', '"qwen"'), values]));

  prove([SLO], "InferenceSloBurnSlow", {
    // A fifth is too slow: 4 times what may be. Of the other model a tenth, which is twice.
    input: { ...firstTokens("0+60x500", "0+48x500"), ...ofAnother(firstTokens("0+60x500", "0+54x500")) },
    quiet: "400m",
    fires: { at: "490m", alerts: [slow("4.0")] },
    silent: [
      { why: "all of the first hours", input: firstTokens("0+60x200", "0+0x200"), until: "190m" },
      {
        why: "what ended two hours ago",
        input: firstTokens("0+60x600", "0+60x60 3600+30x120 7200+60x420"),
        until: "500m",
      },
    ],
  });
  describe("over three days", () =>
    prove([SLO], "InferenceSloBurnSlow", {
      // 6.25 % are too slow: 1.25 times what may be.
      input: firstTokens("0+64x1900", "0+60x1900"),
      quiet: "1800m",
      fires: { at: "1880m", alerts: [slow("1.2")] },
      silent: [{ why: "a few hours", input: firstTokens("0+64x300", "0+60x300"), until: "290m" }],
    }));

  prove([SLO], "InferenceSloUnmeasured", {
    input: firstTokens("0+60x90", "0+60x90", "2.0"),
    quiet: "30m",
    fires: {
      at: "36m",
      alerts: [
        {
          labels,
          summary: `Nobody can say whether model llama in namespace chat meets its objective: ${slo}.`,
          description: `Model llama in namespace chat has 1.00 requests per second, and no bucket of its histogram ends at the threshold of its objective (${slo}): its engine has other buckets, and no alert on this objective can fire.`,
        },
      ],
    },
    silent: [
      { why: "an engine with that bucket", input: firstTokens("0+60x90", "0+60x90") },
      { why: "one that has nothing to do", input: firstTokens("5x90", "5x90", "2.0") },
    ],
  });
});
