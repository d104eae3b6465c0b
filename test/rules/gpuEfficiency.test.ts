import assert from "node:assert/strict";
import { efficiencyRules } from "../../components/gpu/rules/efficiency";
import { gpus, type Holding, measured, podOf, profiling, type Values, withRecorded } from "./gpuWorkloadsInput";
import { type AlertProof, type Input, proveAlert } from "./promtool";

const server = { pod: "chat-0" };

/** Two GPUs of a StatefulSet. */
const chat = (values: Values, holding: Holding = server): Input => ({
  ...gpus([0, 1], holding, values),
  ...podOf({ pod: "chat-0", kind: "StatefulSet", workload: "chat", node: "n1", gpus: 2 }),
});

const ofChat = { cluster: "c1", namespace: "ml", workload: "chat", workload_kind: "StatefulSet" };

/** It has started CUDA and does nothing with it. */
const empty = { ...measured(["idle", 600]), DCGM_FI_DEV_FB_USED: "1008x600", DCGM_FI_DEV_FB_FREE: "80551x600" };
const parked = measured(["memory held, nothing computed", 600]);
const decoder = measured(["serving with gaps", 600]);
const waits = measured(["waiting, 24 blocks", 600]);

/** Kernels all the time, and hardly anything for tensor cores and memory. */
const smallKernels: Values = {
  ...decoder,
  DCGM_FI_DEV_GPU_UTIL: "97x600",
  DCGM_FI_PROF_GR_ENGINE_ACTIVE: "0.95x600",
  DCGM_FI_PROF_PIPE_TENSOR_ACTIVE: "0.01x600",
  DCGM_FI_PROF_DRAM_ACTIVE: "0.06x600",
};

const memory = (used: string): Values => ({
  ...measured(["matrix products", 600]),
  DCGM_FI_DEV_FB_USED: used,
  DCGM_FI_DEV_FB_FREE: used.replaceAll(/(\d+)([+-]\d+)?x/g, (_, from, step = "") => {
    const down = step === "" ? "" : step.startsWith("+") ? `-${step.slice(1)}` : `+${step.slice(1)}`;
    return `${80_000 - Number(from)}${down}x`;
  }),
});

describe("rules: how GPUs are used", () => {
  const prove = (alert: string, proof: AlertProof, profile = profiling) =>
    proveAlert(withRecorded(profile, efficiencyRules(profile)), alert, proof);

  const idle = (input: Input): AlertProof => ({
    input,
    quiet: "59m",
    fires: {
      at: "65m",
      alerts: [
        {
          labels: ofChat,
          summary: "StatefulSet ml/chat holds GPUs and does not use them.",
          description:
            "StatefulSet chat in namespace ml has held 2 GPUs for at least an hour, computed nothing and kept hardly anything in their memory.",
        },
      ],
    },
    silent: [
      { why: "a model is loaded", input: chat(parked) },
      { why: "few requests", input: chat(decoder) },
      { why: "one of the two is used", input: { ...chat(empty), ...gpus([1], server, decoder) } },
      { why: "a burst each half hour", input: chat({ ...empty, ...bursts("0 40 40 _x27", "0 0.3 0.3 _x27") }) },
      { why: "nobody holds them", input: gpus([0, 1], {}, empty) },
      { why: "it does not know: hardware counters are paused, or it is MIG", input: chat(withoutUse(empty)) },
    ],
  });
  prove("GpuWorkloadIdle", idle(chat(empty)));
  prove("GpuWorkloadIdle", idle(chat(empty)), { ...profiling, profile: "health" });
  // Of which instances of MIG are part.
  prove("GpuWorkloadIdle", idle(chat(withoutUtil(empty), { ...server, instance: 1 })));

  prove("GpuWorkloadMemoryParked", {
    input: chat(parked),
    quiet: "119m",
    fires: {
      at: "125m",
      alerts: [
        {
          labels: ofChat,
          summary: "StatefulSet ml/chat keeps GPUs' memory filled and computes nothing.",
          description:
            "StatefulSet chat in namespace ml has filled more than half of the memory of 2 GPUs and has computed nothing for two hours: a model that nobody asks, or a program that stopped.",
        },
      ],
    },
    silent: [
      { why: "little memory", input: chat(empty) },
      {
        why: "few requests",
        input: chat({ ...decoder, DCGM_FI_DEV_FB_USED: "62446x600", DCGM_FI_DEV_FB_FREE: "19113x600" }),
      },
      {
        why: "it hangs",
        input: chat({ ...waits, DCGM_FI_DEV_FB_USED: "62446x600", DCGM_FI_DEV_FB_FREE: "19113x600" }),
      },
      {
        why: "a quiet hour",
        input: chat(measured(["memory held, nothing computed", 100], ["serving with gaps", 500])),
      },
    ],
  });

  prove("GpuWorkloadLowTensorUse", {
    input: chat(smallKernels),
    quiet: "59m",
    fires: {
      at: "65m",
      alerts: [
        {
          labels: ofChat,
          summary: "StatefulSet ml/chat keeps GPUs busy with little of what they can do.",
          description:
            "The 2 GPUs of StatefulSet chat in namespace ml have run kernels all the time for an hour, and hardly used tensor cores or memory: small kernels, or arithmetic that tensor cores cannot do.",
        },
      ],
    },
    silent: [
      { why: "a decoder, which uses memory", input: chat({ ...decoder, DCGM_FI_DEV_GPU_UTIL: "97x600" }) },
      { why: "copies of memory", input: chat(measured(["memory copies", 600])) },
      { why: "large products", input: chat(measured(["matrix products", 600])) },
      { why: "it hangs", input: chat(waits) },
      { why: "half idle", input: chat({ ...smallKernels, DCGM_FI_DEV_GPU_UTIL: "55x600" }) },
    ],
  });

  prove("GpuWorkloadMemoryGrowing", {
    // From 80 % on, a sixth of a per cent each 5 minutes.
    input: chat(memory("64000+40x600")),
    quiet: "215m",
    fires: {
      at: "220m",
      alerts: [
        {
          labels: ofChat,
          summary: "StatefulSet ml/chat takes more and more GPU memory.",
          description:
            "StatefulSet chat in namespace ml uses 91 % of the memory of its GPUs, and this has grown for three hours. When it is full, it ends with an error of CUDA.",
        },
      ],
    },
    silent: [
      { why: "taken in advance", input: chat(memory("75000x600")) },
      { why: "a cache that has filled", input: chat(memory("20000+600x95 77000x600")), until: "300m" },
      { why: "a step, and an hour later another", input: chat(memory("60000x60 72500x60 74500x600")), until: "360m" },
      { why: "slowly", input: chat(memory("72500+10x600")) },
      { why: "far from full", input: chat(memory("20000+40x600")) },
    ],
  });

  const eight = (idleOnes: number, values = parked): Input => ({
    ...chat(values),
    ...gpus([0, 1, 2, 3, 4, 5, 6, 7].slice(0, idleOnes), server, values),
    ...gpus([0, 1, 2, 3, 4, 5, 6, 7].slice(idleOnes), server, decoder),
  });
  prove("GpuNamespaceIdle", {
    input: eight(5),
    quiet: "238m",
    fires: {
      at: "246m",
      alerts: [
        {
          labels: { cluster: "c1", namespace: "ml" },
          summary: "Most GPUs that namespace ml holds are idle.",
          description:
            "62 % of the GPUs that namespace ml holds compute nothing, for more than four hours. Others may wait for them.",
        },
      ],
    },
    silent: [
      { why: "half of them", input: eight(4) },
      { why: "only two GPUs", input: chat(parked) },
      { why: "they hang, but not idly", input: eight(8, waits) },
      {
        why: "for three hours",
        input: eight(8, measured(["memory held, nothing computed", 180], ["serving with gaps", 400])),
        until: "360m",
      },
    ],
  });

  it("says nothing where pods share GPUs", () =>
    assert.deepEqual(efficiencyRules({ ...profiling, podsKnown: false }), []));
});

function bursts(util: string, share: string): Values {
  const repeat = (values: string, fill: string) =>
    Array.from({ length: 8 }, () => values.replace("_x27", `${fill}x26`)).join(" ");
  return {
    DCGM_FI_DEV_GPU_UTIL: repeat(util, "0"),
    DCGM_FI_PROF_GR_ENGINE_ACTIVE: repeat(share, "0"),
  };
}

function withoutUtil({ DCGM_FI_DEV_GPU_UTIL: _, ...others }: Values): Values {
  return others;
}

function withoutUse({ DCGM_FI_PROF_GR_ENGINE_ACTIVE: _, ...others }: Values): Values {
  return withoutUtil(others);
}
