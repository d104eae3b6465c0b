import { xidRules } from "../../components/gpu/rules/xid";
import { isAlertingRule } from "../../components/prometheus/rules/rule";
import { type Card, card, cardLabels, exporterUp, nodeLabels } from "./gpuCardFixtures";
import { boot, context, cordoned, energy, event, knownNode, once, proveStory, withBase } from "./gpuFaultInput";
import { type Input, proveAlert } from "./promtool";

const all = withBase(xidRules(context()));
/** Without the alerts that are not looked at, which take most of the time. */
const rules = (alert: string, groups = all) =>
  groups.map((group) => ({
    ...group,
    rules: group.rules.filter((rule) => !isAlertingRule(rule) || rule.alert === alert),
  }));

const up = exporterUp();
const H100 = "GPU 0 (GPU-n1-0, NVIDIA H100 80GB HBM3) of node n1";
const restart = "1x14 stale _x9 1x60";
const inService = (code: number): { why: string; input: Input }[] => [
  { why: "a node that is cordoned", input: { ...once(code), ...up, ...cordoned() } },
  {
    why: "a node that is cordoned, and kube-state-metrics restarts",
    input: { ...once(code), ...up, ...cordoned(restart), ...knownNode("n1", restart) },
  },
];

describe("rules: GPUs, XIDs", () => {
  proveAlert(rules("GpuFallenOffBus"), "GpuFallenOffBus", {
    // The card takes its series along, and the exporter answers with errors for two minutes.
    input: {
      ...event(79, 10),
      ...energy("1000+9x11 stale"),
      ...exporterUp("n1", "rack1", "1x11 0x2 1x60"),
      ...knownNode(),
    },
    quiet: "10m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { ...cardLabels(), xid: "79" },
          summary: "GPU 0 of node n1 has fallen off the bus.",
          description: `The driver lost ${H100}: XID 79 (ROBUST_CHANNEL_GPU_HAS_FALLEN_OFF_THE_BUS). What ran on it is dead, its metrics end, and nothing but a reboot brings it back.`,
        },
      ],
    },
    silent: [
      ...inService(79),
      { why: "a program's error", input: { ...once(31), ...up } },
      { why: "a reboot soon after", input: { ...event(79, 1), ...up, ...boot(`-60x6 ${7 * 60}x60`) } },
      { why: "a GPU without XIDs", input: { [card("DCGM_EXP_XID_ERRORS_COUNT")]: "0x60", ...up } },
    ],
  });
  proveAlert(rules("GpuGspError"), "GpuGspError", {
    input: { ...once(119), ...up },
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...cardLabels(), xid: "119" },
          summary: "The system processor of GPU 0 of node n1 has failed.",
          description: `${H100} reported XID 119 (GSP_RPC_TIMEOUT). Programs on it hang or fail, and nvidia-smi may hang, until the GPU is reset.`,
        },
      ],
    },
    silent: [...inService(120), { why: "another fault", input: { ...once(62), ...up } }],
  });
  proveAlert(rules("GpuFatalXid"), "GpuFatalXid", {
    input: { ...once(62), ...once(151), ...once(167), ...up },
    quiet: "10m",
    fires: {
      at: "60m",
      alerts: [
        { xid: "62", name: "PMU_HALT_ERROR", action: "reset-gpu" },
        { xid: "151", name: "ROBUST_CHANNEL_KEY_ROTATION_ERROR", action: "reboot-node" },
        { xid: "167", name: "PCIE_FATAL_TIMEOUT", action: "none" },
      ].map(({ xid, name, action }) => ({
        labels: { ...cardLabels(), xid, action },
        summary: `GPU 0 of node n1 has failed with XID ${xid}.`,
        description: `${H100} reported XID ${xid} (${name}). By NVIDIA's table it does no more work until it is reset or its node booted.`,
      })),
    },
    silent: [...inService(62), { why: "one with an alert of its own", input: { ...once(79), ...up } }],
  });
  proveAlert(rules("GpuPlatformXid"), "GpuPlatformXid", {
    input: { ...once(32), ...up },
    quiet: "9m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { ...cardLabels(), xid: "32", action: "restart-workload" },
          summary: "GPU 0 of node n1 reported XID 32.",
          description: `${H100} reported XID 32 (ROBUST_CHANNEL_PBDMA_ERROR) within a day. It works, but something about it or its node is not as it should be.`,
        },
      ],
    },
    silent: [...inService(54), { why: "what ends a program by intention", input: { ...once(45), ...up } }],
  });
  proveStory(
    rules("GpuPlatformXid"),
    "GpuPlatformXid is over after a day",
    { ...once(32), ...exporterUp("n1", "rack1", "1x1500") },
    [
      { at: "1453m", firing: { GpuPlatformXid: 1 } },
      { at: "1455m", firing: {} },
    ],
  );
  proveAlert(rules("GpuUnknownXid"), "GpuUnknownXid", {
    input: { ...once(999), ...once(58), ...up },
    quiet: "9m",
    fires: {
      at: "60m",
      alerts: ["999", "58"].map((xid) => ({
        labels: { ...cardLabels(), xid },
        summary: `GPU 0 of node n1 reported the unexpected XID ${xid}.`,
        description: `${H100} reported XID ${xid} within a day. NVIDIA's table does not have it, or calls it unused: nobody has decided what it means here.`,
      })),
    },
    silent: [
      ...inService(999),
      { why: "codes that need nobody", input: { ...once(45), ...once(154), ...up } },
      { why: "codes with other alerts", input: { ...once(13), ...once(145), ...once(79), ...up } },
    ],
  });
});

describe("rules: GPUs, XIDs of NVLink", () => {
  const B200: Card = { model: "NVIDIA B200" };
  const rack = (node: string, gpu = 0): Card => ({ gpu, node, domain: "nvl72", model: "NVIDIA GB200" });
  const recovery = (at: string, of: Card) => ({ [card("DCGM_FI_DEV_GPU_RECOVERY_ACTION", of)]: at });
  const health = (at: string, of: Card) => ({
    [card("DCGM_EXP_GPU_HEALTH_STATUS", of, 'health_watch="NVLINK", health_error_code="DCGM_FR_NVLINK_DOWN"')]: at,
  });
  const failed = (node: string, gpus: number) => ({
    summary: `NVLinks of node ${node} have failed.`,
    description: `${gpus} GPUs of node ${node} reported XIDs of NVLink after which they need a reset. Jobs that use several GPUs there fail or hang.`,
  });
  proveAlert(rules("GpuNvlinkFault"), "GpuNvlinkFault", {
    input: {
      // A failing GPU makes its peers report it too.
      ...once(74),
      ...once(74, { gpu: 1 }),
      ...up,
      // On the scale of a rack, of which the failure domain may be more.
      ...once(145, rack("g1")),
      ...recovery("0x10 1x60", rack("g1")),
      ...once(149, rack("g2")),
      // The card goes dark soon after.
      ...recovery("0x10 1x3 stale", rack("g2")),
      ...once(145, rack("g2", 1)),
      ...exporterUp("g1", "nvl72"),
      ...exporterUp("g2", "nvl72"),
    },
    quiet: "10m",
    fires: {
      at: "20m",
      alerts: [
        { labels: nodeLabels(), ...failed("n1", 2) },
        { labels: nodeLabels("g1", "nvl72"), ...failed("g1", 1) },
        { labels: nodeLabels("g2", "nvl72"), ...failed("g2", 1) },
      ],
    },
    silent: [
      ...inService(74),
      {
        why: "subcodes that do not matter, and DCGM's watch, which fails from the first error in a card's life on",
        input: { ...once(145, B200), ...recovery("0x60", B200), ...health("20x60", B200), ...up },
      },
      {
        why: "another GPU that needs a reset",
        input: { ...once(145, B200), ...recovery("1x60", { ...B200, gpu: 1 }), ...up },
      },
    ],
  });
  const errors = (xid: string, name: string, node: string, gpus: number) => ({
    summary: `GPUs of node ${node} reported errors of NVLink (XID ${xid}).`,
    description: `${gpus} GPUs of node ${node} reported XID ${xid} (${name}) within a day. Whether it was a fatal kind the code does not tell; the driver asks for no reset.`,
  });
  proveAlert(rules("GpuNvlinkXid"), "GpuNvlinkXid", {
    input: {
      ...once(145, B200),
      ...recovery("0x60", B200),
      ...health("20x60", B200),
      ...up,
      ...once(149, rack("g1")),
      ...once(149, rack("g1", 1)),
      ...exporterUp("g1", "nvl72"),
    },
    quiet: "9m",
    fires: {
      at: "60m",
      alerts: [
        { labels: { ...nodeLabels(), xid: "145" }, ...errors("145", "NVLINK_RLW_ERROR", "n1", 1) },
        {
          labels: { ...nodeLabels("g1", "nvl72"), xid: "149" },
          ...errors("149", "NVLINK_NETIR_ERROR", "g1", 2),
        },
      ],
    },
    silent: [
      { why: "what pages", input: { ...once(145, B200), ...recovery("1x90", B200), ...up } },
      { why: "a fault that pages", input: { ...once(74), ...up } },
      { why: "a node that is cordoned", input: { ...once(145, B200), ...up, ...cordoned() } },
    ],
  });
});
