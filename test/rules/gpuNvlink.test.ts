import assert from "node:assert/strict";
import { nvlinkRules } from "../../components/gpu/rules/nvlink";
import { isAlertingRule } from "../../components/prometheus/rules/rule";
import {
  asOne,
  type Card,
  card,
  cardLabels,
  cards,
  exporterUp,
  gap,
  nodeLabels,
  outOfService,
} from "./gpuCardFixtures";
import { type Input, proveAlert, proveRecord } from "./promtool";

const context = { namespace: "monitoring", profile: "profiling", scrapeSeconds: 30, podsKnown: true } as const;
const rules = asOne(nvlinkRules(context));

const counted = (kind: string, values: readonly string[], of: Card = {}) =>
  cards(`DCGM_FI_DEV_NVLINK_${kind}_ERROR_COUNT_TOTAL`, values, of);
const hopper = (kind: string, gpu: number, at: string): Input => ({
  [card(`DCGM_FI_DEV_NVLINK_ERROR_DL_${kind}`, { gpu })]: at,
});
const fabric = (values: readonly string[], of: Card = {}) => cards("DCGM_FI_DEV_FABRIC_MANAGER_STATUS", values, of);

const errors = (gpu: number, error: string, rate: string) => ({
  labels: { ...cardLabels({ gpu }), error },
  summary: `NVLinks of GPU ${gpu} of node n1 have errors (${error}).`,
  description: `The NVLinks of GPU ${gpu} (GPU-n1-${gpu}) of node n1 have ${rate} errors each second (${error}). Each is repaired by sending again, so that the links are slower, and often fail next.`,
});

const failed = (node: string, gpus: number) => ({
  labels: nodeLabels(node),
  summary: `GPUs of node ${node} could not join the NVLink fabric.`,
  description: `${gpus} GPUs of node ${node} say that joining the NVLink fabric has failed. CUDA programs do not start on them, while the scheduler goes on placing pods there.`,
});

describe("rules: GPUs, NVLink", () => {
  proveAlert(rules, "GpuNvlinkErrors", {
    input: {
      ...counted("CRC_FLIT", ["0+6600x60", "0+5400x60"]),
      ...counted("CRC_DATA", ["0x60", "0+12000x60"]),
      ...counted("REPLAY", ["0+5x60", "0x60", "0+9x60"]),
      ...hopper("CRC", 3, "0+7200x60"),
      ...hopper("REPLAY", 3, "0+60x60"),
      ...cards("DCGM_FI_DEV_NVLINK_COUNT_EFFECTIVE_ERRORS", ["_x60", "_x60", "_x60", "_x60", "0+12x60"]),
    },
    // Ten minutes until the rates are what they are, and as long again.
    quiet: "10m",
    fires: {
      at: "20m",
      alerts: [
        errors(0, "CRC of flow control", "110.0"),
        errors(1, "CRC of data", "200.0"),
        errors(2, "replay", "0.1"),
        errors(3, "CRC", "120.0"),
        errors(3, "replay", "1.0"),
        errors(4, "not corrected", "0.2"),
      ],
    },
    silent: [
      { why: "no NVLink", input: { ...exporterUp(), ...fabric(["0x60"]) } },
      { why: "many, long ago", input: counted("CRC_FLIT", ["9000000x60"]) },
      { why: "the driver is loaded again", input: counted("CRC_DATA", [gap("9000000x20", "0x40")]) },
      { why: "a burst", input: counted("REPLAY", ["0x10 100x60"]), until: "40m" },
      { why: "the node is cordoned", input: { ...counted("CRC_FLIT", ["0+9000x60"]), ...outOfService } },
    ],
  });

  const recovered = (gpu: number) => ({
    labels: cardLabels({ gpu }),
    summary: `An NVLink of GPU ${gpu} of node n1 had to be trained again.`,
    description: `NVLinks of GPU ${gpu} (GPU-n1-${gpu}) of node n1 recovered from errors 1 times within 15 minutes. Nothing passes meanwhile, and a link that has to recover soon fails for good.`,
  });
  proveAlert(rules, "GpuNvlinkRecoveries", {
    input: {
      ...counted("RECOVERY", ["0x20 1x60", "0x60"]),
      ...hopper("RECOVERY", 2, "0x20 1x60"),
      ...cards("DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_EVENTS", ["_x60", "_x60", "_x60", "0x20 1x60"]),
    },
    quiet: "20m",
    fires: { at: "21m", alerts: [recovered(0), recovered(2), recovered(3)] },
    silent: [
      { why: "no NVLink", input: exporterUp() },
      { why: "before it was seen for the first time", input: counted("RECOVERY", ["_x20 3x60"]), until: "40m" },
      { why: "the driver is loaded again", input: counted("RECOVERY", [gap("3x20", "0x40")]), until: "50m" },
      { why: "the node is cordoned", input: { ...counted("RECOVERY", ["0x8 1x60"]), ...outOfService } },
    ],
  });

  const failures = (at: string) => cards("DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS", [at]);
  proveAlert(rules, "GpuNvlinkRecoveryFailed", {
    input: failures("0x20 1x90"),
    quiet: "20m",
    // Longer than the count: the link does not come back by itself.
    fires: {
      at: "80m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "An NVLink of GPU 0 of node n1 is down for good.",
          description:
            "NVLinks of GPU 0 (GPU-n1-0) of node n1 failed to recover 1 times within 15 minutes. They stay down until the GPU is reset, and programs that use them fail.",
        },
      ],
    },
    silent: [
      { why: "none failed", input: failures("0x60") },
      { why: "it failed long ago", input: failures("1x60") },
      { why: "the node is cordoned", input: { ...failures("0x8 1x60"), ...outOfService } },
    ],
  });

  proveRecord(rules, "node:gpu_fabric_failed:count", {
    input: { ...fabric(["4x5", "3x5", "4x5"]), ...fabric(["3x5"], { node: "n2" }) },
    at: "5m",
    samples: { '{cluster="c1", region="r1", failure_domain="rack1", node="n1"}': 2 },
  });
  proveAlert(rules, "GpuFabricFailed", {
    input: { ...fabric(["4x60", "4x60"]), ...fabric(["3x60"], { node: "n2" }) },
    quiet: "1m",
    fires: { at: "2m", alerts: [failed("n1", 2)] },
    silent: [
      { why: "not supported", input: fabric(["0x60"]) },
      { why: "it does not matter there", input: fabric(["1x60"], { model: "NVIDIA GB200" }) },
      { why: "in progress", input: fabric(["2x60", "2x60"]) },
      { why: "a driver that DCGM does not know", input: fabric(["6x60"]) },
      { why: "the node is cordoned", input: { ...fabric(["4x60"]), ...outOfService } },
    ],
  });

  proveAlert(rules, "GpuFabricNotReady", {
    input: { ...fabric(["1x60", "2x60", "3x60"]), ...fabric(["3x60", "3x60"], { node: "n2" }) },
    quiet: "10m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: nodeLabels(),
          summary: "GPUs of node n1 have not joined the NVLink fabric.",
          description:
            "2 GPUs of node n1 have been waiting for the NVLink fabric for 15 minutes: its fabric manager does not run, or does not get on. CUDA programs do not start on them.",
        },
      ],
    },
    silent: [
      { why: "not supported", input: fabric(["0x60", "0x60"]) },
      { why: "a rack's fabric, which nodes do not start", input: fabric(["1x60", "1x60"], { model: "NVIDIA GB200" }) },
      { why: "cards without NVSwitches", input: fabric(["1x60", "1x60"], { model: "NVIDIA H100 NVL" }) },
      { why: "a machine with one GPU of a board", input: fabric(["1x60"]) },
      { why: "a boot", input: fabric(["1x4 2x8 3x60", "1x4 2x8 3x60"]), until: "30m" },
      { why: "a failure, which has an alert", input: fabric(["4x60", "4x60"]) },
      { why: "the node is cordoned", input: { ...fabric(["1x60", "1x60"]), ...outOfService } },
    ],
  });

  const sends = (values: readonly string[], pod = "p", first = 0): Input =>
    Object.fromEntries(
      values.map((at, index) => [
        card(
          "DCGM_FI_PROF_NVLINK_TX_BYTES",
          { gpu: first + index },
          pod && `namespace="ml", pod="${pod}", container="c"`,
        ),
        at,
      ]),
    );
  proveAlert(rules, "GpuNvlinkTrafficLow", {
    input: sends(["4294967296x60", "10e9x60", "10e9x60", "11e9x60"]),
    quiet: "10m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: { ...cardLabels(), namespace: "ml", pod: "p" },
          summary: "GPU 0 of node n1 sends less over NVLink than the others of its pod.",
          description:
            "GPU 0 (GPU-n1-0) of node n1 sends 4GiB/s over NVLink, less than half of the median of pod ml/p. Some of its links may be down.",
        },
      ],
    },
    silent: [
      { why: "little is sent", input: sends(["1e8x60", "9e8x60", "9e8x60", "9e8x60"]) },
      { why: "half", input: sends(["5e9x60", "10e9x60", "10e9x60", "10e9x60"]) },
      { why: "another pod's GPU", input: { ...sends(["10e9x60", "10e9x60", "10e9x60"]), ...sends(["0x60"], "q", 3) } },
      { why: "nobody's GPU", input: { ...sends(["10e9x60", "10e9x60", "10e9x60"]), ...sends(["0x60"], "", 3) } },
      { why: "GPUs of nobody knows whom", input: sends(["1e9x60", "9e9x60", "9e9x60", "9e9x60"], "") },
      { why: "the node is cordoned", input: { ...sends(["1e9x60", "9e9x60", "9e9x60", "9e9x60"]), ...outOfService } },
    ],
  });

  it("says nothing about pods where several may hold one GPU", () => {
    const shared = nvlinkRules({ ...context, podsKnown: false }).flatMap((group) => group.rules.filter(isAlertingRule));
    assert.deepEqual(
      shared.map(({ alert }) => alert),
      [
        "GpuNvlinkErrors",
        "GpuNvlinkRecoveries",
        "GpuNvlinkRecoveryFailed",
        "GpuFabricFailed",
        "GpuFabricNotReady",
        "GpuFabricFailedInDomain",
      ],
    );
  });

  const rack = (values: Record<string, string>, domain = "rack1"): Input =>
    Object.assign(
      {},
      ...Object.entries(values).map(([node, at]) => ({
        ...fabric([at, at], { node, domain, model: "NVIDIA GB200" }),
        ...exporterUp(node, domain),
      })),
    );
  proveAlert(rules, "GpuFabricFailedInDomain", {
    input: rack({ n1: "4x60", n2: "4x60", n3: "4x60", n4: "3x60" }),
    quiet: "1m",
    fires: {
      at: "2m",
      alerts: [
        {
          labels: { cluster: "c1", region: "r1", failure_domain: "rack1" },
          summary: "GPUs all over rack1 could not join the NVLink fabric.",
          description:
            "3 nodes of failure domain rack1, at least half of it, have GPUs that failed to join the NVLink fabric: what they share, such as the rack's NVSwitch trays or a new driver, is at fault.",
        },
      ],
    },
    silent: [
      { why: "two nodes", input: rack({ n1: "4x60", n2: "4x60", n3: "3x60" }) },
      { why: "none has to join", input: rack({ n1: "1x60", n2: "1x60", n3: "1x60" }) },
      { why: "nobody says where they are", input: rack({ n1: "4x60", n2: "4x60", n3: "4x60" }, "") },
    ],
  });
});
