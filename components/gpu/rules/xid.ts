import type { RuleGroup } from "../../prometheus/rules/rule";
import {
  expected,
  fallenOffBus,
  gsp,
  nvlink,
  otherFatal,
  platform,
  type XidSeverity,
  xidCodes,
  xidPattern,
} from "../xid";
import type { GpuRuleContext } from "./context";
import { BY_GPU, BY_NODE, inService, ON_GPU, perGpu } from "./expressions";
import { GPU, LATCHED_FOR, latchedCodes, ofLastDay, xidAlert, xidAndName } from "./xidAlert";
import { XID_LATCHED } from "./xidEvents";

const ofNvlink = (severity: XidSeverity) => xidCodes({ alert: "GpuNvlinkXid", severity });

/**
 * How many GPUs of each node: a link has two ends, and all GPUs of a node may report one that fails. A rack is no better place
 * to say, also where NVLinks reach through it: the failure domain may be a whole zone.
 */
const ofNodes = (expr: string, label = "") =>
  `count by (${BY_NODE}${label}) (${inService(`group by (${BY_GPU}${label}) (${expr})`)})`;

// What says that an NVLink error was one of the fatal kinds, which its code does not tell. Not DCGM's watch of NVLinks, which
// fails from the first error in a card's life on.
const confirmed = `${perGpu("DCGM_FI_DEV_GPU_RECOVERY_ACTION")} > 0`;
const uncertain = latchedCodes(ofNvlink("warning"));

/** Alerts on codes, by the table; those of memory are with the other signs of it. */
export const xidRules: (context: GpuRuleContext) => RuleGroup[] = () => [
  {
    name: "gpu-xid",
    scope: "shard",
    rules: [
      xidAlert({
        alert: "GpuFallenOffBus",
        codes: fallenOffBus,
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has fallen off the bus.",
        description: `The driver lost ${GPU}: ${xidAndName(fallenOffBus)}. What ran on it is dead, its metrics end, and nothing but a reboot brings it back.`,
      }),
      xidAlert({
        alert: "GpuGspError",
        codes: gsp,
        summary: "The system processor of GPU {{ $labels.gpu }} of node {{ $labels.node }} has failed.",
        description: `${GPU} reported ${xidAndName(gsp)}. Programs on it hang or fail, and nvidia-smi may hang, until the GPU is reset.`,
      }),
      xidAlert({
        alert: "GpuFatalXid",
        codes: otherFatal,
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has failed with XID {{ $labels.xid }}.",
        description: `${GPU} reported ${xidAndName(otherFatal)}. By NVIDIA's table it does no more work until it is reset or its node booted.`,
      }),
      xidAlert({
        alert: "GpuPlatformXid",
        codes: platform,
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} reported XID {{ $labels.xid }}.",
        description: `${GPU} reported ${xidAndName(platform)} within a day. It works, but something about it or its node is not as it should be.`,
      }),
      {
        alert: "GpuUnknownXid",
        expr: inService(ofLastDay(`${XID_LATCHED}{xid!~"${xidPattern(expected)}"}`)),
        severity: "warning",
        owner: "platform",
        action: "none",
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} reported the unexpected XID {{ $labels.xid }}.",
        description: `${GPU} reported XID {{ $labels.xid }} within a day. NVIDIA's table does not have it, or calls it unused: nobody has decided what it means here.`,
      },
    ],
  },
  {
    name: "gpu-xid-nvlink",
    scope: "shard",
    rules: [
      {
        alert: "GpuNvlinkFault",
        expr: ofNodes(`${latchedCodes(ofNvlink("critical"))} or (${uncertain} and ${ON_GPU} ${confirmed})`),
        for: LATCHED_FOR,
        // The card that confirmed it may go dark.
        keepFiringFor: "15m",
        severity: "critical",
        owner: "platform",
        action: "check-links",
        summary: "NVLinks of node {{ $labels.node }} have failed.",
        description: `{{ $value }} GPUs of node {{ $labels.node }} reported XIDs of NVLink after which they need a reset. Jobs that use several GPUs there fail or hang.`,
      },
      {
        alert: "GpuNvlinkXid",
        expr: ofNodes(`${ofLastDay(uncertain)} unless ${ON_GPU} ${confirmed}`, ", xid"),
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary: `GPUs of node {{ $labels.node }} reported errors of NVLink (XID {{ $labels.xid }}).`,
        description: `{{ $value }} GPUs of node {{ $labels.node }} reported ${xidAndName(ofNvlink("warning"))} within a day. Whether it was a fatal kind the code does not tell; the driver asks for no reset.`,
      },
    ],
  },
];

/** Codes that have a critical alert, some only together with what the driver or DCGM says. */
export const paged = [...xidCodes({ fatal: true }), ...nvlink.filter((code) => !ofNvlink("critical").includes(code))];
