import type { Owner, Severity } from "../../prometheus/rules/rule";

/** The generations of data centre GPUs that NVIDIA's catalogue has columns for: A100, H100, and B100 with GB200. */
export const generations = ["ampere", "hopper", "blackwell"] as const;

export type Generation = (typeof generations)[number];

/**
 * Which part reported. [judgement]: the catalogue has no such column.
 *
 * - `memory`: errors of DRAM or SRAM and their repair. `link`: NVLink, C2C or PCIe.
 * - `hardware`: any other part of the card. `firmware`: a micro-controller of the card. `driver`: the driver on the host.
 * - `application`: what a program did, or what ended it.
 * - `informational`: nothing is wrong, or another code says what.
 * - `unused`: codes that the catalogue calls unused on Ampere and later. Older GPUs may report them, with another meaning each.
 */
export type XidClass =
  | "hardware"
  | "memory"
  | "link"
  | "firmware"
  | "driver"
  | "application"
  | "informational"
  | "unused";

/**
 * What brings the GPU back into service: the catalogue's "immediate action", with its word for it.
 *
 * - `none` (IGNORE). `restartWorkload` (RESTART_APP). `resetGpu` (RESET_GPU). `rebootNode` (RESTART_BM).
 * - `restartVm` (RESTART_VM): the virtual machine that has the GPU, which in a cloud is the node.
 * - `drainAndReset` (WORKFLOW_XID_48): let work finish, then reset.
 * - `checkLinks` (WORKFLOW_NVLINK_ERR, WORKFLOW_NVLINK5_ERR): the kernel's log has the registers that decide.
 * - `checkMemoryMode` (CHECK_UVM): reset if unified memory or a vGPU is in use, else nothing.
 * - `checkMechanicals` (CHECK_MECHANICALS). `updateSoftware` (UPDATE_SWFW). `contactSupport` (CONTACT_SUPPORT).
 * - `followRecoveryAction` (XID_154): what the driver itself asks for, DCGM_FI_DEV_GPU_RECOVERY_ACTION.
 */
export type XidAction =
  | "none"
  | "restartWorkload"
  | "resetGpu"
  | "rebootNode"
  | "restartVm"
  | "drainAndReset"
  | "checkLinks"
  | "checkMemoryMode"
  | "checkMechanicals"
  | "updateSoftware"
  | "contactSupport"
  | "followRecoveryAction";

export type XidSeverity = Exclude<Severity, "none">;

/** The alert that covers a code. GpuUnknownXid also covers all codes that are not in the table. */
export type XidAlert =
  | "GpuFallenOffBus"
  | "GpuUncorrectableEcc"
  | "GpuUncontainedEcc"
  | "GpuContainedEcc"
  | "GpuRowRemapFailure"
  | "GpuRowRemapPending"
  | "GpuSingleBitEccStorm"
  | "GpuGspError"
  | "GpuNvlinkXid"
  | "GpuFatalXid"
  | "GpuPlatformXid"
  | "GpuApplicationXid"
  | "GpuUnknownXid";

/** What a code means for whom. */
export interface XidMeaning {
  class: XidClass;
  /**
   * How urgent. It follows from the action: critical where the GPU is out of service until a reset or reboot, info where
   * NVIDIA says to ignore it or to restart the workload, else warning. Where it does not follow, the note says why.
   */
  severity: XidSeverity;
  action: XidAction;
  owner: Owner;
  /** Whether the GPU cannot go on without a reset, a reboot or a replacement. */
  fatal: boolean;
}

/** One XID, a code by which NVIDIA's driver reports what happened to a GPU. */
export interface Xid extends XidMeaning {
  code: number;
  /** NVIDIA's name for it. */
  name: string;
  /** The alert that covers it. Default: none does, and the note says why. */
  alert?: XidAlert;
  /** On which GPUs it can be seen, as far as the catalogue has columns. Default: all generations. */
  on?: readonly Generation[];
  /** What differs on a generation. */
  generations?: Partial<Record<Generation, Partial<XidMeaning>>>;
  /** What the person who looks should know, and why an entry departs from the catalogue. */
  note?: string;
  source: string;
}

/** Without another source named, an entry is what the catalogue says. Its codes 162 to 172 have no action yet. */
export const CATALOGUE = "NVIDIA XID catalogue, 2026";

/** Codes that the driver has and the catalogue does not. */
export const DRIVER = "NVIDIA open GPU kernel modules, nverror.h, 2026";

/** What the driver writes to the kernel's log, by which it can be told what a code is about. */
export const DRIVER_MESSAGES = "NVIDIA open GPU kernel modules, ras_events.c, 2026";

/** Marks the actions of codes for which the catalogue has none. */
export const NO_ACTION_YET = "The catalogue has no action for it yet; this one is a judgement";

/** The GPU is out of service, and the platform's team has to act. */
export const fatal = { severity: "critical", owner: "platform", fatal: true } as const;

/** Somebody of the platform's team should look within a day. */
export const attention = { severity: "warning", owner: "platform", fatal: false } as const;

/** Nobody has to act. */
export const harmless = { severity: "info", owner: "platform", action: "none", fatal: false } as const;
