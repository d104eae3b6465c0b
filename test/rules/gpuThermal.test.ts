import { thermalRules } from "../../components/gpu/rules/thermal";
import {
  asOne,
  type Card,
  card,
  cardLabels,
  cards,
  exporterUp,
  gap,
  nodeLabels,
  otherOutOfService,
  outOfService,
} from "./gpuCardFixtures";
import { type Input, proveAlert, proveRecord } from "./promtool";

const rules = asOne(thermalRules());

const MASK = "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS";
const mask = (values: readonly string[], of: Card = {}) => cards(MASK, values, of);
const HOT = 8 + 64;

/** Temperature and what the driver says is left until it slows the GPU down. */
const heat = (celsius: string, left: string | undefined, of: Card = {}): Input => ({
  [card("DCGM_FI_DEV_GPU_TEMP", of)]: celsius,
  ...(left === undefined ? {} : { [card("DCGM_FI_DEV_GPU_TEMP_LIMIT", of)]: left }),
});

const A100 = "NVIDIA A100-SXM4-80GB";

describe("rules: GPUs, heat", () => {
  for (const [name, bit] of [
    ["hardware", 64],
    ["software", 32],
  ] as const) {
    proveRecord(rules, `node:gpu_${name}_thermal_slowdown:sum`, {
      // 4: out of power, as a healthy GPU is.
      input: { ...mask([`${bit}x5`, `${bit + 8 + 4}x5`, "4x5", "0x5"]), ...mask(["1x5"], { node: "n2" }) },
      at: "5m",
      samples: {
        '{cluster="c1", region="r1", failure_domain="rack1", node="n1"}': 2,
        '{cluster="c1", region="r1", failure_domain="rack1", node="n2"}': 0,
      },
    });
  }

  const halved = (value: string) => ({
    labels: nodeLabels(),
    summary: "GPUs of node n1 are so hot that they halve their clocks.",
    description: `On average ${value} GPUs of node n1 were slowed down by their own protection within 5 minutes: by half or more, and a few degrees before they switch themselves off. Jobs over several nodes run at their pace.`,
  });
  proveAlert(rules, "GpuHardwareThermalSlowdown", {
    // It cools down while it is slow, and so goes back and forth.
    input: { ...mask([`${HOT} ${HOT} 0 `.repeat(20), "0x60"]), ...otherOutOfService },
    quiet: "2m",
    fires: { at: "3m", alerts: [halved("0.8")] },
    silent: [
      { why: "the node is cordoned", input: { ...mask([`${HOT}x60`]), ...outOfService } },
      { why: "out of power, as when it computes", input: mask(["4x60", "4x60"]) },
      { why: "idle", input: mask(["1x60"]) },
      { why: "the driver slows it down", input: mask(["32x60"]) },
      { why: "a power brake", input: mask(["136x60"]) },
      { why: "one sample", input: mask([`0x10 ${HOT} 0x60`]), until: "30m" },
    ],
  });

  proveAlert(rules, "GpuSoftwareThermalSlowdown", {
    input: mask(["36x60", "32x60", "4x60"]),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: nodeLabels(),
          summary: "The driver slows GPUs of node n1 down, because they or their memory are hot.",
          description:
            "On average 2.0 GPUs of node n1 were slowed down by the driver within 5 minutes, to stay below their highest operating temperature or that of their memory. The node is not cooled enough for what it does.",
        },
      ],
    },
    silent: [
      { why: "the node is cordoned", input: { ...mask(["32x60"]), ...outOfService } },
      { why: "the hardware slows them down, which has an alert", input: mask([`${HOT + 32}x60`]) },
      { why: "for ten minutes", input: mask(["32x10 0x60"]), until: "40m" },
      { why: "the exporter restarts", input: mask([gap("32x8", "0x40")]), until: "40m" },
    ],
  });

  proveAlert(rules, "GpuTemperatureNearLimit", {
    input: { ...heat("83x60", "4x60"), ...heat("60x60", "27x60", { gpu: 1 }) },
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "GPU 0 of node n1 is nearly too hot.",
          description:
            "GPU 0 (GPU-n1-0, NVIDIA H100 80GB HBM3) of node n1 has been 4 °C from where the driver slows it down for 10 minutes.",
        },
      ],
    },
    silent: [
      { why: "measured: large matrix products", input: heat("63x60", "24x60") },
      { why: "five degrees left", input: heat("82x60", "5x60") },
      { why: "an old driver, whose margin is always 0", input: heat("60x60", "0x60") },
      { why: "an old driver on a model that nobody knows", input: heat("78x60", "0x60", { model: "NVIDIA X1" }) },
      { why: "a model that nobody knows, without a margin", input: heat("99x60", undefined, { model: "NVIDIA X1" }) },
      {
        why: "a model that takes more than the table says, by its own margin",
        input: heat("84x60", "11x60", { model: A100 }),
      },
      { why: "the node is cordoned", input: { ...heat("86x60", "1x60"), ...outOfService } },
      { why: "for a moment", input: heat("83x5 70x60", "4x5 17x60"), until: "30m" },
      { why: "the driver is loaded again", input: heat(gap("83x6", "60x30"), gap("4x6", "27x30")), until: "40m" },
    ],
  });

  describe("without the driver's margin", () => {
    proveAlert(rules, "GpuTemperatureNearLimit", {
      input: {
        ...heat("83x60", "0x60"),
        ...heat("81x60", undefined, { gpu: 1, model: A100 }),
        ...heat("80x60", undefined, { gpu: 2, model: A100 }),
        ...heat("88x60", "-1x60", { gpu: 3, model: "NVIDIA X1" }),
      },
      fires: {
        at: "10m",
        alerts: (
          [
            [{}, "-0"],
            [{ gpu: 1, model: A100 }, "4"],
            [{ gpu: 3, model: "NVIDIA X1" }, "-1"],
          ] as const
        ).map(([of, left]) => ({
          labels: cardLabels(of),
          summary: `GPU ${cardLabels(of).gpu} of node n1 is nearly too hot.`,
          description: `GPU ${cardLabels(of).gpu} (${cardLabels(of).UUID}, ${cardLabels(of).modelName}) of node n1 has been ${left === "-0" ? "0" : left} °C from where the driver slows it down for 10 minutes.`,
        })),
      },
      silent: [{ why: "no metric at all", input: exporterUp() }],
    });
  });

  const memory = (values: readonly string[], of: Card = {}) => cards("DCGM_FI_DEV_MEMORY_TEMP", values, of);
  const hotMemory = (of: Card, celsius: number) => ({
    labels: cardLabels(of),
    summary: `The memory of GPU ${of.gpu} of node ${of.node} is too hot.`,
    description: `The memory of GPU ${of.gpu} (${cardLabels(of).UUID}, ${cardLabels(of).modelName}) of node ${of.node} has ${celsius} °C, which is where the driver slows the GPU down. Hot memory also has more errors.`,
  });
  proveAlert(rules, "GpuMemoryTemperatureHigh", {
    input: {
      ...memory(["93x60", "92x60"]),
      ...memory(["83x60"], { node: "n2", model: "Tesla V100-SXM2-16GB" }),
      ...memory(["93x60", "90x60"], { node: "n3", model: "NVIDIA X1" }),
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        hotMemory({ gpu: 0, node: "n1" }, 93),
        hotMemory({ gpu: 0, node: "n2", model: "Tesla V100-SXM2-16GB" }, 83),
        hotMemory({ gpu: 0, node: "n3", model: "NVIDIA X1" }, 93),
      ],
    },
    silent: [
      { why: "measured: memory at work", input: memory(["62x60"]) },
      { why: "memory that an H100 bears and a V100 does not", input: memory(["88x60"]) },
      { why: "a card without a sensor", input: memory(["0x60"], { model: "Tesla T4" }) },
      { why: "the node is cordoned", input: { ...memory(["94x60"]), ...outOfService } },
      { why: "for ten minutes", input: memory(["94x10 80x60"]), until: "40m" },
    ],
  });

  const temps = (values: readonly string[], of: Card = {}) => cards("DCGM_FI_DEV_GPU_TEMP", values, of);
  const watts = (values: readonly string[], of: Card = {}) => cards("DCGM_FI_DEV_POWER_USAGE", values, of);
  proveAlert(rules, "GpuTemperatureOutlier", {
    input: { ...temps(["76x90", "60x90", "58x90", "60x90"]), ...watts(["500x90", "500x90", "490x90", "510x90"]) },
    quiet: "14m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "GPU 0 of node n1 is much hotter than the others.",
          description:
            "GPU 0 (GPU-n1-0) of node n1 is 16 °C hotter than the median of the node and draws no more power: its heat sink, fan or cold plate cools it badly.",
        },
      ],
    },
    silent: [
      {
        why: "it works and the others do not",
        input: { ...temps(["63x90", "33x90", "33x90", "33x90"]), ...watts(["698x90", "70x90", "70x90", "70x90"]) },
      },
      {
        why: "it works a fifth harder",
        input: { ...temps(["76x90", "60x90", "58x90", "60x90"]), ...watts(["600x90", "500x90", "500x90", "500x90"]) },
      },
      {
        why: "the air that others have warmed",
        input: { ...temps(["70x90", "70x90", "58x90", "56x90"]), ...watts(["500x90", "500x90", "500x90", "500x90"]) },
      },
      {
        why: "three GPUs",
        input: { ...temps(["80x90", "60x90", "60x90"]), ...watts(["500x90", "500x90", "500x90"]) },
      },
      {
        why: "the node is cordoned",
        input: {
          ...temps(["76x90", "60x90", "58x90", "60x90"]),
          ...watts(["500x90", "500x90", "490x90", "510x90"]),
          ...outOfService,
        },
      },
      {
        why: "another model in the node",
        input: {
          ...temps(["60x90", "60x90", "58x90", "60x90"]),
          ...watts(["300x90", "300x90", "300x90", "300x90"]),
          [card("DCGM_FI_DEV_GPU_TEMP", { gpu: 9, model: "Tesla T4" })]: "80x90",
          [card("DCGM_FI_DEV_POWER_USAGE", { gpu: 9, model: "Tesla T4" })]: "70x90",
        },
      },
    ],
  });

  const rack = (values: Record<string, string>, domain = "rack1"): Input =>
    Object.assign(
      {},
      ...Object.entries(values).map(([node, at]) => ({ ...mask([at], { node, domain }), ...exporterUp(node, domain) })),
    );
  proveAlert(rules, "GpuThermalSlowdownInDomain", {
    input: {
      ...rack({ n1: `${HOT}x60`, n2: "32x60", n3: "32x60", n4: "4x60", n5: "0x60", n6: "1x60" }),
      ...rack({ m1: `${HOT}x60`, m2: "0x60" }, "rack2"),
    },
    quiet: "2m",
    fires: {
      at: "3m",
      alerts: [
        {
          labels: { cluster: "c1", region: "r1", failure_domain: "rack1" },
          summary: "GPUs all over rack1 are too hot.",
          description:
            "3 nodes of failure domain rack1, at least half of it, have GPUs that are slowed down because of heat: the cooling that they share fails.",
        },
      ],
    },
    silent: [
      { why: "two nodes", input: rack({ n1: `${HOT}x60`, n2: `${HOT}x60`, n3: "0x60" }) },
      {
        why: "three of seven",
        input: rack({ n1: "32x60", n2: "32x60", n3: "32x60", n4: "4x60", n5: "4x60", n6: "4x60", n7: "0x60" }),
      },
      { why: "nodes of which nobody says where they are", input: rack({ n1: "32x60", n2: "32x60", n3: "32x60" }, "") },
    ],
  });
});
