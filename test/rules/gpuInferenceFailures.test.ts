import { inferenceRules } from "../../components/gpu/rules/inference";
import { LABELS, onlyRules, serving } from "./gpuInferenceInput";
import { type Input, proveAlert } from "./promtool";

const rules = (podsKnown: boolean) =>
  inferenceRules({ namespace: "monitoring", profile: "health", scrapeSeconds: 30, podsKnown });
const groups = rules(true);

/** The utilisation of the two GPUs of a pod. */
const gpus = (first: string, second = first, pod = "llm-a"): Input =>
  Object.fromEntries(
    [first, second].map((values, index) => [
      `DCGM_FI_DEV_GPU_UTIL{job="dcgm-exporter", cluster="c1", node="n1", UUID="GPU-${index}", gpu="${index}", namespace="chat", pod="${pod}", container="server"}`,
      values,
    ]),
  );
const finished = (values: string, reason = "stop", pod = "llm-a"): Input => ({
  [`vllm:request_success_total{${LABELS}, pod="${pod}", finished_reason="${reason}"}`]: values,
});
const engine = { cluster: "c1", namespace: "chat", pod: "llm-a", model_name: "llama", engine: "0" };

/** Works for 20 minutes, and then stands still with requests. */
const standsStill = {
  ...serving({ generation: "0+600x20 12000x80", prompt: "0+600x20 12000x80", running: "3x100" }),
  ...finished("0+6x20 120x80"),
};

describe("rules: models that stand still", () => {
  const hung = onlyRules(groups, "ModelHung");
  const works: Record<string, Input> = {
    "a decoder that reads no prompts": serving({ generation: "0+1x100", prompt: "0x100", running: "3x100" }),
    "a model that generates nothing": { ...serving({ generation: "0x100", prompt: "0+99x100", running: "3x100" }) },
    "a model that only finishes": {
      ...serving({ generation: "0x100", prompt: "0x100", running: "3x100" }),
      ...finished("0+1x100"),
    },
    "one without requests": serving({ generation: "0x100", prompt: "0x100", running: "0x100" }),
    "one that reads a long prompt": serving({ generation: "0+9x20 180x5 180+9x70", prompt: "0x100", running: "1x100" }),
  };
  const alsoSilent = Object.entries(works).map(([why, input]) => ({ why, input: { ...input, ...gpus("100x100") } }));

  proveAlert(hung, "ModelHung", {
    input: { ...standsStill, ...gpus("100x100") },
    quiet: "28m",
    fires: {
      at: "32m",
      alerts: [
        {
          labels: engine,
          summary: "llm-a in chat hangs with requests for llama.",
          description:
            "Pod llm-a in namespace chat, engine 0, has 3 requests for model llama, and for 10 minutes has read no prompt, made no token and finished nothing, while its GPUs run kernels without a pause: they wait for each other or for ever.",
        },
      ],
    },
    silent: [
      ...alsoSilent,
      { why: "idle GPUs, as when all clients gave up", input: { ...standsStill, ...gpus("0x100") } },
      { why: "a GPU of two that is idle", input: { ...standsStill, ...gpus("100x100", "0x100") } },
      { why: "busy GPUs of another pod", input: { ...standsStill, ...gpus("100x100", "100x100", "llm-b") } },
    ],
  });

  const stands = {
    labels: engine,
    summary: "llm-a in chat does nothing for requests for llama.",
    description:
      "Pod llm-a in namespace chat, engine 0, says that it works on 3 requests for model llama, and for 20 minutes has read no prompt, made no token and finished nothing: it is stuck, or its clients are gone and nobody told its gauges.",
  };
  proveAlert(onlyRules(groups, "ModelNoProgress"), "ModelNoProgress", {
    input: { ...standsStill, ...gpus("0x100") },
    quiet: "38m",
    fires: { at: "42m", alerts: [stands] },
    silent: [
      ...alsoSilent,
      { why: "busy GPUs, which is another alert", input: { ...standsStill, ...gpus("100x100") } },
      { why: "one that has just started", input: serving({ generation: "0x15", prompt: "0x15", running: "3x15" }) },
    ],
  });
  describe("where pods share GPUs", () =>
    proveAlert(onlyRules(rules(false), "ModelNoProgress"), "ModelNoProgress", {
      input: { ...standsStill, ...gpus("100x100") },
      quiet: "38m",
      fires: { at: "42m", alerts: [stands] },
      silent: alsoSilent,
    }));
});

describe("rules: requests that fail", () => {
  const labels = { cluster: "c1", namespace: "chat", model_name: "llama" };
  proveAlert(onlyRules(groups, "ModelRequestsFailing"), "ModelRequestsFailing", {
    input: { ...finished("0+9x60"), ...finished("0+1x60", "error") },
    quiet: "14m",
    fires: {
      at: "20m",
      alerts: [
        {
          labels,
          summary: "Model llama in namespace chat fails requests.",
          description:
            "10% of the requests to model llama in namespace chat ended in an error of the engine in the last 10 minutes, such as a KV cache that could not be loaded: clients got an error 500.",
        },
      ],
    },
    silent: [
      { why: "few among many", input: { ...finished("0+30x60"), ...finished("0+1x60", "error") } },
      { why: "one of two", input: { ...finished("0x20 1x40"), ...finished("0x20 1x40", "error") } },
      { why: "clients that give up", input: { ...finished("0+9x60"), ...finished("0+9x60", "abort") } },
      { why: "answers that are cut off", input: { ...finished("0+9x60"), ...finished("0+9x60", "length") } },
    ],
  });
  proveAlert(onlyRules(groups, "ModelRequestsAborted"), "ModelRequestsAborted", {
    input: { ...finished("0+9x60"), ...finished("0+3x60", "abort") },
    quiet: "15m",
    fires: {
      at: "26m",
      alerts: [
        {
          labels,
          summary: "Clients of model llama in namespace chat give up.",
          description:
            "25% of the requests to model llama in namespace chat were given up by their clients in the last 10 minutes: answers take longer than clients wait, or a client is broken.",
        },
      ],
    },
    silent: [
      { why: "some who close the window", input: { ...finished("0+9x60"), ...finished("0+2x60", "abort") } },
      { why: "a single client", input: { ...finished("0x20 1x40"), ...finished("0x20 4x40", "abort") } },
      { why: "errors", input: { ...finished("0+9x60"), ...finished("0+9x60", "error") } },
    ],
  });
});
