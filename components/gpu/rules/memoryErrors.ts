import type { AlertingRule, RuleGroup } from "../../prometheus/rules/rule";
import { containedEcc, rowRemapFailure, rowRemapPending, sbeStorm, uncontainedEcc, uncorrectableEcc } from "../xid";
import type { GpuRuleContext } from "./context";
import { BY_GPU, inService, lastOfGpu, ON_GPU, perGpu, signal } from "./expressions";
import { byAction, GPU, LATCHED_FOR, latchedCodes, ofLastDay, withAction, xidAlert, xidAndName } from "./xidAlert";

const platform = { owner: "platform" } as const;

/** Of counters that begin anew when the driver is loaded. */
const increase = (metric: "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL" | "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL") =>
  `max by (${BY_GPU}) (increase(${signal(metric)}[1h]))`;

/** What an alert was seen by: an XID, or something that the GPU says without one. */
const reported = (codes: readonly number[], otherwise: string) =>
  `{{ if $labels.xid }}reported ${xidAndName(codes)}{{ else }}${otherwise}{{ end }}`;

/** Corrected errors of an hour; a few each day are nothing [judgement]. */
const STORM = 1000;

/** NVIDIA sets the failure flag at 512 rows (GPU memory error management); half of them leaves time [judgement]. */
const MANY_ROWS = 256;

// While the exporter is away the XID would speak for itself, as another alert and with a milder action.
const failed = lastOfGpu("DCGM_FI_DEV_ROW_REMAP_FAILURE");

/** Memory that will soon have nothing left to be repaired with, by what the profile knows. */
function budgetLow({ profile }: GpuRuleContext): string {
  const budget = (expr: string, what: string) => `label_replace(${expr}, "budget", "${what}", "", "")`;
  const rows = budget(`${perGpu("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS")} >= ${MANY_ROWS}`, "rows");
  // A bank has spares for eight rows: the next error after the last one is a failure, however few rows the card has used.
  const banks = (["DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_NONE", "DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_LOW"] as const)
    .map((metric) => `${perGpu(metric)} > 0`)
    .join(` or ${ON_GPU} `);
  const known = profile === "essential" ? rows : `${budget(banks, "banks")} or ${ON_GPU} ${rows}`;
  return inService(`(${known}) unless ${ON_GPU} ${failed} > 0`);
}

const uncorrectable: AlertingRule = {
  alert: "GpuUncorrectableEcc",
  // The counter also counts what another XID says more about.
  expr: inService(
    `${latchedCodes(uncorrectableEcc)} or ${ON_GPU} (${increase("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL")} > 0` +
      // After a reset it is 0.
      ` and ${ON_GPU} ${lastOfGpu("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL")} > 0` +
      ` unless ${ON_GPU} ${latchedCodes([...containedEcc, ...uncontainedEcc])})`,
  ),
  for: LATCHED_FOR,
  severity: "critical",
  ...platform,
  action: "drain-node",
  summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has memory errors that it cannot correct.",
  description: `${GPU} ${reported(uncorrectableEcc, "counted double-bit ECC errors within an hour")}. What used the memory was ended or computes with wrong data. Take the node out of service and reset the GPU.`,
};

const remapFailed = byAction(rowRemapFailure);

const remapping = (context: GpuRuleContext): AlertingRule[] => [
  {
    alert: "GpuRowRemapFailure",
    expr: inService(
      `${withAction(`${failed} > 0`, "replace-gpu")} or ${ON_GPU} (${remapFailed.action === undefined ? remapFailed.expr : withAction(remapFailed.expr, remapFailed.action)})`,
    ),
    // The flag may also come a scrape after the XID.
    for: LATCHED_FOR,
    severity: "critical",
    ...platform,
    summary: "Memory of GPU {{ $labels.gpu }} of node {{ $labels.node }} could not be repaired.",
    description: `${GPU} ${reported(rowRemapFailure, "says that the remapping of a row has failed, which is NVIDIA's criterion for a replacement")}. Errors of this memory come again.`,
  },
  {
    alert: "GpuRowRemapPending",
    expr: inService(
      `(${lastOfGpu("DCGM_FI_DEV_ROW_REMAP_PENDING")} > 0 or ${ON_GPU} ${latchedCodes(rowRemapPending)}) unless ${ON_GPU} ${failed} > 0`,
    ),
    // Who resets it at once needs no word [judgement].
    for: "15m",
    severity: "warning",
    ...platform,
    action: "reset-gpu",
    summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} waits for a reset to repair its memory.",
    description: `${GPU} ${reported(rowRemapPending, "has rows of memory that are marked for remapping")}. The repair happens at the next reset of the GPU; what runs may go on until then.`,
  },
  {
    alert: "GpuRemapBudgetLow",
    expr: budgetLow(context),
    for: "15m",
    severity: "warning",
    ...platform,
    action: "replace-gpu",
    summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has little left to repair its memory with.",
    description: `${GPU} has {{ if eq $labels.budget "banks" }}{{ $value }} banks of memory with few or no spare rows{{ else }}remapped {{ $value }} of the 512 rows that it may{{ end }}. Some of the next errors cannot be repaired, and the card must be replaced then.`,
  },
];

const storm = ({ profile }: GpuRuleContext): AlertingRule => {
  const byXid = ofLastDay(latchedCodes(sbeStorm));
  return {
    alert: "GpuSingleBitEccStorm",
    expr: inService(
      profile === "essential" ? byXid : `${byXid} or ${ON_GPU} ${increase("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL")} > ${STORM}`,
    ),
    severity: "warning",
    ...platform,
    action: "none",
    summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} corrects memory errors in masses.",
    description: `${GPU} ${reported(sbeStorm, 'corrected {{ printf "%.0f" $value }} single-bit errors within an hour')}. Nothing is lost yet; errors that cannot be corrected may follow.`,
  };
};

/** Errors of the GPUs' memory and what is left to repair it with. */
export const memoryErrorRules = (context: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-memory-errors",
    scope: "shard",
    rules: [
      uncorrectable,
      xidAlert({
        alert: "GpuUncontainedEcc",
        codes: uncontainedEcc,
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} may have computed with wrong data.",
        description: `${GPU} reported ${xidAndName(uncontainedEcc)}: a memory error that could not be confined to one program. No result since then can be trusted, whoever's.`,
      }),
      xidAlert({
        alert: "GpuContainedEcc",
        codes: containedEcc,
        summary: "A memory error of GPU {{ $labels.gpu }} of node {{ $labels.node }} ended a program.",
        description: `${GPU} reported ${xidAndName(containedEcc)} within a day: a memory error that ended the program that met it, and no other.`,
      }),
      ...remapping(context),
      storm(context),
      {
        alert: "GpuSramThresholdExceeded",
        expr: inService(`${lastOfGpu("DCGM_FI_DEV_THRESHOLD_SRM")} > 0`),
        for: LATCHED_FOR,
        // A warning: the GPU works, and the error that set it has an XID of its own [judgement].
        severity: "warning",
        ...platform,
        action: "replace-gpu",
        summary: "The caches of GPU {{ $labels.gpu }} of node {{ $labels.node }} have too many memory errors.",
        description: `${GPU} says that uncorrectable errors of one part of its SRAM are past NVIDIA's threshold (flag {{ $value }}): its criterion for a replacement.`,
      },
      {
        alert: "GpuMemoryUnrepairable",
        expr: inService(`${lastOfGpu("DCGM_FI_DEV_MEMORY_UNREPAIRABLE_FLAG")} > 0 unless ${ON_GPU} ${failed} > 0`),
        for: LATCHED_FOR,
        severity: "critical",
        ...platform,
        action: "replace-gpu",
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has memory that cannot be repaired.",
        description: `${GPU} says that it has memory that no spare can replace (flag {{ $value }}). Errors of it come again until the card is replaced.`,
      },
    ],
  },
];
