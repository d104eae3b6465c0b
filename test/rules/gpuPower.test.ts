import { powerRules } from "../../components/gpu/rules/power";
import type { Profile } from "../../components/gpu/signals";
import { asOne, type Card, cardLabels, cards, exporterUp, gap, nodeLabels, outOfService } from "./gpuCardFixtures";
import { type Input, proveAlert, proveRecord } from "./promtool";

const rulesWith = (profile: Profile) =>
  asOne(powerRules({ namespace: "monitoring", profile, scrapeSeconds: 30, podsKnown: true }));
const rules = rulesWith("health");

const mask = (values: readonly string[], of: Card = {}) => cards("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", values, of);
const BRAKE = 8 + 128;

interface Work {
  mhz: string;
  watts: string;
  /** In percent. */
  busy: string;
  /** Why clocks are lowered. */
  reasons?: string;
}

const work = (gpus: readonly Work[], of: Card = {}): Input => ({
  ...cards(
    "DCGM_FI_DEV_SM_CLOCK",
    gpus.map(({ mhz }) => mhz),
    of,
  ),
  ...cards(
    "DCGM_FI_DEV_POWER_USAGE",
    gpus.map(({ watts }) => watts),
    of,
  ),
  ...cards(
    "DCGM_FI_DEV_GPU_UTIL",
    gpus.map(({ busy }) => busy),
    of,
    'namespace="ml", pod="p", container="c"',
  ),
  ...mask(
    gpus.map(({ reasons }) => reasons ?? "0x60"),
    of,
  ),
});

/** As measured on an H100 (bench/realGpu/h100.json). */
const matrixProducts: Work = { mhz: "1365x60", watts: "698x60", busy: "100x60", reasons: "4x60" };
const copies: Work = { mhz: "1980x60", watts: "385x60", busy: "100x60" };
const idle: Work = { mhz: "345x60", watts: "70x60", busy: "0x60", reasons: "1x60" };
const pinned: Work = { mhz: "900x60", watts: "380x60", busy: "100x60", reasons: "2x60" };

const lowClocks = (of: Card, mhz: number) => ({
  labels: cardLabels(of),
  summary: `GPU ${cardLabels(of).gpu} of node ${cardLabels(of).node} works at low clocks.`,
  description: `GPU ${cardLabels(of).gpu} (${cardLabels(of).UUID}, ${cardLabels(of).modelName}) of node ${cardLabels(of).node} has worked at ${mhz} MHz for at least 15 minutes, without being hot: less than half of what it can, or a fifth less than its peers in the node, who draw no less power. Clocks may have been set by somebody, or the card is broken.`,
});

describe("rules: GPUs, power and clocks", () => {
  proveRecord(rules, "node:gpu_power_brake:sum", {
    input: mask([`${BRAKE}x5`, "128x5", "64x5", "4x5"]),
    at: "5m",
    samples: { '{cluster="c1", region="r1", failure_domain="rack1", node="n1"}': 2 },
  });
  proveRecord(rules, "node:gpu_hardware_slowdown:sum", {
    input: mask(["8x5", "12x5", `${BRAKE}x5`, "72x5", "4x5"]),
    at: "5m",
    samples: { '{cluster="c1", region="r1", failure_domain="rack1", node="n1"}': 2 },
  });

  proveAlert(rules, "GpuPowerBrake", {
    input: mask([`${BRAKE}x60`, `${BRAKE}x60`, "4x60"]),
    quiet: "2m",
    fires: {
      at: "3m",
      alerts: [
        {
          labels: nodeLabels(),
          summary: "The power supply of node n1 slows its GPUs down.",
          description:
            "On average 2.0 GPUs of node n1 were slowed down by half or more within 5 minutes, because the server told them that its power supply is at its limit (power brake).",
        },
      ],
    },
    silent: [
      { why: "the node is cordoned", input: { ...mask([`${BRAKE}x60`]), ...outOfService } },
      { why: "out of power, as when it computes", input: mask(["4x60"]) },
      { why: "heat", input: mask(["72x60"]) },
      { why: "one sample", input: mask([`0x9 ${BRAKE} 0x60`]), until: "30m" },
    ],
  });

  proveAlert(rules, "GpuHardwareSlowdown", {
    input: mask(["8x60", "0x60"]),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels: nodeLabels(),
          summary: "GPUs of node n1 slow themselves down, and neither heat nor the power supply says why.",
          description:
            "On average 1.0 GPUs of node n1 were slowed down by their own hardware within 5 minutes, without the driver naming heat or a power brake as the cause. Draw of power above what the card can take, in bursts, is one.",
        },
      ],
    },
    silent: [
      { why: "heat, which has an alert", input: mask(["72x60"]) },
      { why: "a power brake, which has an alert", input: mask([`${BRAKE}x60`]) },
      { why: "clocks that somebody has set", input: mask(["2x60"]) },
      { why: "the node is cordoned", input: { ...mask(["8x60"]), ...outOfService } },
    ],
  });

  const limits = (values: readonly string[], of: Card = {}) => cards("DCGM_FI_DEV_ENFORCED_POWER_LIMIT", values, of);
  proveAlert(rules, "GpuPowerLimitLow", {
    // The exporter restarts in the meantime.
    input: {
      ...limits([gap("700x5", "700x60"), gap("600x5", "600x60"), gap("690x5", "690x60")]),
      ...limits(["400x60"], { node: "n2" }),
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: cardLabels({ gpu: 1 }),
          summary: "GPU 1 of node n1 may draw less power than the others of its node.",
          description:
            "The power limit of GPU 1 (GPU-n1-1) of node n1 is 600 W, that of others of the same model there is higher. Jobs on several GPUs run at the pace of this one.",
        },
      ],
    },
    silent: [
      { why: "a limit for the whole node", input: limits(["500x60", "500x60"]) },
      {
        why: "another model in the node",
        input: { ...limits(["700x60"]), ...limits(["_x60", "70x60"], { model: "Tesla T4" }) },
      },
      { why: "the node is cordoned", input: { ...limits(["700x60", "600x60"]), ...outOfService } },
      { why: "the driver is loaded again", input: limits(["700x60", gap("700x10", "700x40")]) },
      { why: "what somebody puts right", input: limits(["700x60", "600x13 700x60"]) },
    ],
  });

  proveAlert(rules, "GpuClocksLow", {
    input: {
      ...work([pinned, matrixProducts]),
      // Alone on its node, and at work all the same.
      ...work([{ ...pinned, mhz: "600x60" }], { node: "n2", model: "NVIDIA A100-SXM4-80GB" }),
    },
    quiet: "14m",
    fires: {
      at: "16m",
      alerts: [lowClocks({}, 900), lowClocks({ node: "n2", model: "NVIDIA A100-SXM4-80GB" }, 600)],
    },
    silent: [
      { why: "measured: out of power", input: work([matrixProducts, copies, copies, copies]) },
      { why: "far out of power", input: work([{ ...matrixProducts, mhz: "900x60" }]) },
      { why: "idle", input: work([idle, idle, idle, idle]) },
      { why: "it works half of the time", input: work([{ ...pinned, busy: "50x60" }]) },
      { why: "idle beside others that work", input: work([idle, copies, copies, copies, copies]) },
      { why: "hot, which has an alert", input: work([{ ...pinned, reasons: "32x60" }]) },
      { why: "slowed down by the hardware, which has an alert", input: work([{ ...pinned, reasons: "72x60" }]) },
      { why: "a model whose clocks nobody knows", input: work([pinned], { model: "NVIDIA X1" }) },
      { why: "the node is cordoned", input: { ...work([pinned]), ...outOfService } },
      { why: "a GPU of which nobody knows whether it works", input: cards("DCGM_FI_DEV_SM_CLOCK", ["900x60"]) },
    ],
  });

  describe("against peers", () => {
    const slow: Work = { mhz: "1500x60", watts: "380x60", busy: "100x60" };
    proveAlert(rules, "GpuClocksLow", {
      input: work([slow, copies, copies, copies]),
      fires: { at: "16m", alerts: [lowClocks({}, 1500)] },
      silent: [
        { why: "it works harder than the others", input: work([{ ...slow, watts: "690x60" }, copies, copies, copies]) },
        { why: "a little slower", input: work([{ ...slow, mhz: "1600x60" }, copies, copies, copies]) },
        { why: "too few that work", input: work([slow, copies, copies, idle]) },
        {
          why: "a job starts on a GPU that was idle, beside others that work",
          input: work([
            { mhz: "345x29 1980x60", watts: "70x29 385x60", busy: "_x30 100x60" },
            ...Array(3).fill({ mhz: "1980x90", watts: "385x90", busy: "100x90" }),
          ]),
          until: "60m",
        },
      ],
    });
  });

  describe("by hardware counters", () => {
    const profiling = rulesWith("profiling");
    const active = (values: readonly string[]) => cards("DCGM_FI_PROF_GR_ENGINE_ACTIVE", values);
    const clocks = cards("DCGM_FI_DEV_SM_CLOCK", ["900x60"]);
    proveAlert(profiling, "GpuClocksLow", {
      input: { ...clocks, ...active(["0.99x60"]) },
      fires: { at: "16m", alerts: [lowClocks({}, 900)] },
      silent: [{ why: "it does little", input: { ...clocks, ...active(["0.5x60"]) } }],
    });
  });

  const rack = (values: Record<string, string>, domain = "rack1"): Input =>
    Object.assign(
      {},
      ...Object.entries(values).map(([node, at]) => ({ ...mask([at], { node, domain }), ...exporterUp(node, domain) })),
    );
  proveAlert(rules, "GpuPowerBrakeInDomain", {
    input: rack({ n1: `${BRAKE}x60`, n2: `${BRAKE}x60`, n3: "128x60", n4: "4x60" }),
    quiet: "2m",
    fires: {
      at: "3m",
      alerts: [
        {
          labels: { cluster: "c1", region: "r1", failure_domain: "rack1" },
          summary: "The power supply of rack1 slows its GPUs down.",
          description:
            "3 nodes of failure domain rack1, at least half of it, have GPUs that are slowed down by a power brake: what they share, such as a power shelf or a feed, is at its limit or has failed.",
        },
      ],
    },
    silent: [
      { why: "two nodes", input: rack({ n1: `${BRAKE}x60`, n2: `${BRAKE}x60`, n3: "4x60" }) },
      { why: "all out of power, as when they compute", input: rack({ n1: "4x60", n2: "4x60", n3: "4x60" }) },
      { why: "nobody says where they are", input: rack({ n1: "136x60", n2: "136x60", n3: "136x60" }, "") },
    ],
  });
});
