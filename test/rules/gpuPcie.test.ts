import { pcieRules } from "../../components/gpu/rules/pcie";
import type { Profile } from "../../components/gpu/signals";
import { failedScrapes, outages } from "./failedScrapes";
import { asOne, type Card, cardLabels, cards, gap, outOfService } from "./gpuCardFixtures";
import { type Input, proveAlert } from "./promtool";

const rulesWith = (profile: Profile) =>
  asOne(pcieRules({ namespace: "monitoring", profile, scrapeSeconds: 30, podsKnown: true }));
const rules = rulesWith("health");

const replays = (values: readonly string[]) => cards("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", values);
const links = (lanes: readonly string[], generations: readonly string[], of: Card = {}): Input => ({
  ...cards("DCGM_FI_DEV_PCIE_LINK_WIDTH", lanes, of),
  ...cards("DCGM_FI_DEV_PCIE_LINK_GEN", generations, of),
});
const busy = (values: readonly string[], of: Card = {}) => cards("DCGM_FI_DEV_GPU_UTIL", values, of, 'pod="p"');

const slower = (of: Card, property: string, value: number) => ({
  labels: { ...cardLabels(of), property },
  summary: `The PCIe link of GPU ${cardLabels(of).gpu} of node n1 is slower than it should be.`,
  description: `The PCIe link of GPU ${cardLabels(of).gpu} (${cardLabels(of).UUID}, ${cardLabels(of).modelName}) of node n1 works with ${property} ${value} under load, less than its model or its peers in the node. Loading of data and models, and RDMA, are slower by as much.`,
});

describe("rules: GPUs, PCIe", () => {
  proveAlert(rules, "GpuPcieReplays", {
    input: replays(["0+9x60", "0+7x60"]),
    // Fifteen minutes until the rate is what it is, and as long again.
    quiet: "28m",
    fires: {
      at: "29m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "The PCIe link of GPU 0 of node n1 has errors.",
          description:
            "The PCIe link of GPU 0 (GPU-n1-0) of node n1 sends 9 times each minute again what did not arrive, more than the 8 that NVIDIA allows. The GPU may fall off the bus.",
        },
      ],
    },
    silent: [
      { why: "a few", input: replays(["0+8x60"]) },
      { why: "many, long ago", input: replays(["90000x60"]) },
      { why: "the driver is loaded again", input: replays([gap("90000x20", "0x40")]) },
      { why: "a burst", input: replays(["0x10 150x60"]), until: "50m" },
      { why: "the node is cordoned", input: { ...replays(["0+9x60"]), ...outOfService } },
    ],
  });

  proveAlert(rules, "GpuPcieLinkDegraded", {
    input: {
      ...links(["8x60", "16x60", "16x60"], ["5x60", "4x60", "5x60"]),
      // Work pauses, and the exporter restarts.
      ...busy(["100x16 0x12 100x30", gap("50x16", "50x30"), "100x60"]),
    },
    quiet: "14m",
    fires: { at: "21m", alerts: [slower({}, "lanes", 8), slower({ gpu: 1 }, "generation", 4)] },
    silent: [
      { why: "idle", input: { ...links(["16x60", "8x60"], ["1x60", "5x60"]), ...busy(["0x60", "0x60"]) } },
      {
        why: "a card in a server whose slots have 8 lanes",
        input: {
          ...links(["8x60", "8x60"], ["3x60", "3x60"], { model: "Tesla T4" }),
          ...busy(["100x60", "100x60"], { model: "Tesla T4" }),
        },
      },
      { why: "as it should be", input: { ...links(["16x60"], ["5x60"]), ...busy(["100x60"]) } },
      { why: "the node is cordoned", input: { ...links(["8x60"], ["5x60"]), ...busy(["100x60"]), ...outOfService } },
      { why: "nobody knows whether it works", input: links(["8x60"], ["1x60"]) },
    ],
  });

  const halved = { ...links(["8x60"], ["5x60"]), ...busy(["100x60"]) };
  proveAlert(rules, "GpuPcieLinkDegraded", {
    input: failedScrapes(halved, [8]),
    quiet: "14m",
    fires: { at: "15m", alerts: [slower({}, "lanes", 8)] },
    silent: [
      { why: "its exporter is away again and again", input: failedScrapes(halved, outages), until: "60m" },
      {
        why: "one pod after another, between which it rests",
        input: {
          ...links(["16x60"], [Array(12).fill("5 5 5 1 1").join(" ")]),
          ...busy([Array(12).fill("100x2 stale _").join(" ")]),
        },
        until: "60m",
      },
    ],
  });

  describe("against peers", () => {
    const card = { model: "NVIDIA L40S" };
    proveAlert(rules, "GpuPcieLinkDegraded", {
      input: {
        ...links(["16x60", "16x60"], ["1x60", "4x60"], card),
        ...busy(["100x60", "100x60"], card),
      },
      fires: { at: "15m", alerts: [slower(card, "generation", 1)] },
      silent: [
        {
          why: "it does nothing and the other one does",
          input: { ...links(["16x60", "16x60"], ["1x60", "4x60"], card), ...busy(["0x60", "100x60"], card) },
        },
      ],
    });
  });

  describe("by hardware counters", () => {
    const active = (at: string) => cards("DCGM_FI_PROF_GR_ENGINE_ACTIVE", [at]);
    proveAlert(rulesWith("profiling"), "GpuPcieLinkDegraded", {
      input: { ...links(["4x60"], ["5x60"]), ...active("0.9x60") },
      fires: { at: "15m", alerts: [slower({}, "lanes", 4)] },
      silent: [{ why: "idle", input: { ...links(["4x60"], ["5x60"]), ...active("0x60") } }],
    });
  });
});
