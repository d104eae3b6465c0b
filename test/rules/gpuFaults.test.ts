import { faultRules } from "../../components/gpu/rules/faults";
import { isAlertingRule } from "../../components/prometheus/rules/rule";
import { type Card, card, cardLabels, exporterUp, nodeLabels } from "./gpuCardFixtures";
import { boot, cordoned, event, once, proveStory, withBase } from "./gpuFaultInput";
import { type Input, proveAlert, proveRecord } from "./promtool";

const all = withBase(faultRules());
const rules = (alert: string) =>
  all.map((group) => ({
    ...group,
    rules: group.rules.filter((rule) => !isAlertingRule(rule) || rule.alert === alert),
  }));

const up = exporterUp();
const H100 = "GPU 0 (GPU-n1-0, NVIDIA H100 80GB HBM3) of node n1";

describe("rules: GPUs, what driver and DCGM say", () => {
  const recovery = (at: string, of: Card = {}): Input => ({ [card("DCGM_FI_DEV_GPU_RECOVERY_ACTION", of)]: at });
  const asks = (gpu: number, value: number, action: string) => ({
    labels: { ...cardLabels({ gpu }), action },
    summary: `The driver asks for GPU ${gpu} of node n1: ${action}.`,
    description: `The driver says that GPU ${gpu} (GPU-n1-${gpu}, NVIDIA H100 80GB HBM3) of node n1 does not work until somebody acts (recovery action ${value}): ${action}.`,
  });
  proveAlert(rules("GpuRecoveryActionRequired"), "GpuRecoveryActionRequired", {
    input: Object.assign(
      {},
      ...[1, 2, 3, 4, 5, 6].map((action) => recovery(`0x9 ${action}x60`, { gpu: action })),
      // The card is gone soon after.
      recovery("0x9 2x5 stale", { gpu: 7 }),
    ),
    quiet: "11m",
    fires: {
      at: "20m",
      alerts: [
        asks(1, 1, "reset-gpu"),
        asks(2, 2, "reboot-node"),
        asks(3, 3, "drain-node"),
        asks(4, 4, "drain-node"),
        asks(5, 5, "reset-gpu"),
        asks(6, 6, "reboot-node"),
        asks(7, 2, "reboot-node"),
      ],
    },
    silent: [
      { why: "a healthy GPU, also after XIDs of programs", input: { ...recovery("0x60"), ...once(31), ...up } },
      { why: "a GPU that is being reset", input: recovery("0x9 1x1 0x60") },
      { why: "a fault that pages by its XID", input: { ...recovery("0x9 2x60"), ...once(79), ...up } },
      { why: "a node that is cordoned", input: { ...recovery("1x60"), ...cordoned() } },
    ],
  });

  const health = (watch: string, code: string, at: string, of: Card = {}): Input => ({
    [card("DCGM_EXP_GPU_HEALTH_STATUS", of, `health_watch="${watch}", health_error_code="DCGM_FR_${code}"`)]: at,
  });
  const dbe = (at: string): Input => ({ [card("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL")]: at });
  const fails = { ...health("INFOROM", "CORRUPT_INFOROM", "_x10 20x60"), ...health("NVLINK", "OK", "0x60") };
  const explained = (status: number) => [
    {
      why: "a fault that pages by its XID",
      input: { ...health("ALL", "XID", `${status}x60`), ...event(79, 1), ...up },
    },
    {
      why: "memory errors that have their alerts",
      input: { ...health("MEM", "VOLATILE_DBE", `${status}x60`), ...dbe("1x60") },
    },
    {
      why: "an NVLink that had an error long ago",
      input: health("NVLINK", "NVLINK_ERROR_CRITICAL", `${status}x60`),
    },
    { why: "a card without a bridge", input: health("NVLINK", "NVLINK_DOWN", `${status}x60`) },
    {
      why: "a rack without a fabric manager",
      input: health("NVLINK", "FABRIC_PROBE_STATE", `${status}x60`, { model: "NVIDIA GB200" }),
    },
    { why: "a rack without IMEX", input: health("NVLINK", "IMEX_UNHEALTHY", `${status}x60`) },
    { why: "the same of all watches", input: health("ALL", "NVLINK_ERROR_CRITICAL", `${status}x60`) },
    {
      why: "what the driver asks for",
      input: { ...health("INFOROM", "CORRUPT_INFOROM", `${status}x60`), ...recovery("1x60") },
    },
    {
      why: "a node that is cordoned",
      input: { ...health("INFOROM", "CORRUPT_INFOROM", `${status}x60`), ...cordoned() },
    },
  ];
  const unhealthy = (watch: string, code: string) => ({
    labels: { ...cardLabels(), health_watch: watch, health_error_code: `DCGM_FR_${code}` },
    summary: `GPU 0 of node n1 fails DCGM's health check (${watch}).`,
    description: `DCGM says that ${H100} is not healthy: ${watch}, DCGM_FR_${code} (status 20). No other alert says why.`,
  });
  proveAlert(rules("GpuHealthCheckFailed"), "GpuHealthCheckFailed", {
    // A card that also has old memory errors.
    input: { ...fails, ...health("PCIE", "FIELD_VIOLATION", "_x10 20x60"), ...dbe("1x60") },
    quiet: "14m",
    fires: { at: "20m", alerts: [unhealthy("INFOROM", "CORRUPT_INFOROM"), unhealthy("PCIE", "FIELD_VIOLATION")] },
    silent: [
      ...explained(20),
      { why: "a warning", input: health("PCIE", "PCI_REPLAY_RATE", "10x60") },
      { why: "a healthy GPU", input: health("ALL", "OK", "0x60") },
    ],
  });
  proveAlert(rules("GpuHealthCheckWarning"), "GpuHealthCheckWarning", {
    input: health("INFOROM", "CORRUPT_INFOROM", "_x10 10x60"),
    quiet: "24m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: { ...cardLabels(), health_watch: "INFOROM", health_error_code: "DCGM_FR_CORRUPT_INFOROM" },
          summary: "DCGM warns of GPU 0 of node n1 (INFOROM).",
          description: `DCGM's health check has a warning for ${H100}: INFOROM, DCGM_FR_CORRUPT_INFOROM (status 10). The GPU works.`,
        },
      ],
    },
    silent: [
      ...explained(10),
      { why: "a failure", input: health("INFOROM", "CORRUPT_INFOROM", "20x60") },
      { why: "one that passes", input: health("INFOROM", "CORRUPT_INFOROM", "10x12 stale") },
      { why: "replays, which have their alert", input: health("PCIE", "PCI_REPLAY_RATE", "10x60") },
    ],
  });
});

describe("rules: GPUs, NVSwitches", () => {
  const sxid = (kind: string, at: string): Input => ({
    [`DCGM_FI_DEV_NVSWITCH_${kind}_ERRORS{job="dcgm-exporter", instance="n1", cluster="c1", region="r1", failure_domain="rack1", node="n1", nvswitch="nvswitch2"}`]:
      at,
  });
  const labels = { ...nodeLabels(), nvswitch: "nvswitch2" };
  proveAlert(rules("GpuNvswitchFatal"), "GpuNvswitchFatal", {
    input: sxid("FATAL", "_x10 20034x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels,
          summary: "nvswitch2 of node n1 has failed.",
          description:
            "nvswitch2 of node n1 reported the fatal SXid 20034. Programs that use several GPUs of the node were ended, and no new ones start until GPUs and switches are reset together.",
        },
      ],
    },
    silent: [
      { why: "a switch without errors", input: sxid("FATAL", "0x60") },
      { why: "errors that are not fatal", input: sxid("NON_FATAL", "12028x60") },
      { why: "a node that is cordoned", input: { ...sxid("FATAL", "20034x60"), ...cordoned() } },
    ],
  });
  const errors = (code: number) => ({
    labels,
    summary: "nvswitch2 of node n1 has errors.",
    description: `nvswitch2 of node n1 reported SXid ${code} within a day, which is not fatal. Jobs go on; one that hangs there may have this cause.`,
  });
  proveAlert(rules("GpuNvswitchErrors"), "GpuNvswitchErrors", {
    input: sxid("NON_FATAL", "_x10 12028x60"),
    quiet: "9m",
    fires: { at: "10m", alerts: [errors(12028)] },
    silent: [
      { why: "a switch without errors", input: sxid("NON_FATAL", "0x60") },
      { why: "a fatal error", input: sxid("FATAL", "20034x60") },
      { why: "a node that is cordoned", input: { ...sxid("NON_FATAL", "12028x60"), ...cordoned() } },
    ],
  });
  proveStory(
    rules("GpuNvswitchErrors"),
    "GpuNvswitchErrors is over after a day, until another comes",
    sxid("NON_FATAL", "_x10 12028x1500 12030x20"),
    [
      { at: "1440m", firing: { GpuNvswitchErrors: 1 } },
      { at: "1460m", firing: {} },
      { at: "1515m", firing: { GpuNvswitchErrors: 1 } },
    ],
  );
});

describe("rules: GPUs, nodes that fail again", () => {
  const groups = rules("GpuNodeFaultsRepeated");
  const FORMER = "node:gpu_fault_former:timestamp";
  const labels = '{cluster="c1", region="r1", failure_domain="rack1", node="n1"}';
  /** Faults at these minutes, each with a reboot ten minutes after. */
  const faults = (...at: number[]): Input =>
    Object.assign(
      {},
      ...at.map((minute, gpu) => event(79, minute, { gpu })),
      boot(
        at
          .map(
            (minute, index) =>
              `${minute === at[0] ? -3600 : 60 * ((at[index - 1] ?? 0) + 10)}x${minute + 9 - (index === 0 ? 0 : (at[index - 1] ?? 0) + 10)}`,
          )
          .concat(`${60 * ((at.at(-1) ?? 0) + 10)}x300`)
          .join(" "),
      ),
      up,
    );
  proveRecord(groups, "node:gpu_fault_since:timestamp", {
    input: { ...once(79), ...event(48, 14, { gpu: 1 }), ...up },
    at: "40m",
    samples: { [labels]: 600 },
  });
  proveRecord(groups, "node:gpu_fault_since:timestamp", {
    input: { ...once(79), ...exporterUp("n1", "rack1", "1x29 stale _x19 1x200") },
    at: "60m",
    samples: { [labels]: 600 },
  });
  proveRecord(groups, FORMER, {
    // The second one ended after 70 minutes.
    input: faults(10, 60),
    at: "110m",
    samples: { [labels]: 3600 },
  });
  proveRecord(groups, FORMER, {
    input: faults(10, 60),
    at: "62m",
    samples: { [labels]: 600 },
  });
  proveRecord(
    rules("").map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => !isAlertingRule(rule) && rule.record === FORMER),
    })),
    FORMER,
    {
      // The evaluator was away for longer than latches are looked for: it has not seen the fault end.
      input: {
        [`node:gpu_fault_since:timestamp${labels}`]: "600x10 stale",
        [`node_gpu_xid:dcgm_xid_seen:latched${labels.replace("}", ', xid="79"}')}`]: "600x10 stale",
      },
      at: "50m",
      samples: {},
    },
  );
  proveAlert(groups, "GpuNodeFaultsRepeated", {
    // The second fault is over before anybody looks.
    input: faults(10, 90),
    quiet: "89m",
    fires: {
      at: "120m",
      alerts: [
        {
          labels: nodeLabels(),
          summary: "GPUs of node n1 fail again and again.",
          description:
            "A GPU of node n1 has failed, and the fault before this one began 0.1 days ago. Resets do not help it: each costs the jobs that run there.",
        },
      ],
    },
    silent: [
      {
        why: "one fault of several GPUs",
        input: { ...once(79), ...event(79, 30, { gpu: 1 }), ...event(48, 50, { gpu: 2 }), ...up },
      },
      { why: "one fault and its reboot", input: faults(10) },
      {
        why: "one fault, while neither its exporter nor its node is known for some minutes",
        input: { ...once(79), ...exporterUp("n1", "rack1", "1x29 stale _x19 1x200") },
      },
      { why: "a fault that comes again soon after the reboot", input: faults(10, 40) },
      { why: "programs that fail", input: { ...event(31, 10), ...event(13, 60), ...up } },
      { why: "a node that is cordoned", input: { ...faults(10, 90), ...cordoned() } },
    ],
  });
});
