import type { AlertingRule, RuleGroup } from "../../prometheus/rules/rule";
import {
  containedEcc,
  rowRemapFailure,
  rowRemapPending,
  sbeStorm,
  uncontainedEcc,
  uncorrectableEcc,
  xidCodes,
} from "../xid";
import { BY_GPU, BY_NODE, inService, ON_GPU, ON_NODE, perGpu, signal } from "./expressions";
import { paged } from "./xid";
import { GPU, latchedCodes, withAction } from "./xidAlert";

const hardware = { owner: "platform" } as const;

const recovery = perGpu("DCGM_FI_DEV_GPU_RECOVERY_ACTION");

// NVML's numbers (nvmlDeviceGpuRecoveryAction_t): 3 is to drain what uses peers, 4 to drain and reset, 5 to reset through the
// bus. What later drivers add is taken for a reboot [judgement].
const asked = [
  withAction(`${recovery} == 1 or ${recovery} == 5`, "reset-gpu"),
  withAction(`${recovery} == 2 or ${recovery} > 5`, "reboot-node"),
  withAction(`${recovery} == 3 or ${recovery} == 4`, "drain-node"),
].join(" or ");

/**
 * DCGM's verdicts of a kind, one series for each watch and error. Not those on NVLinks: DCGM 4.6.1 fails them from the first
 * error in a card's life on (aws/eks-node-monitoring-agent, pull request 261), without a bridge (NVIDIA/NVSentinel, issue 1481),
 * and while no fabric manager has started, as is normal on GB200. Increases and fabrics that fail have alerts of their own.
 */
const verdict = (watchesWithout: string, comparison: string) =>
  `max by (${BY_GPU}, health_watch, health_error_code) (${signal("DCGM_EXP_GPU_HEALTH_STATUS", `health_watch!~"${watchesWithout}", health_error_code!~"DCGM_FR_(NVLINK_.+|FABRIC_PROBE_STATE)"`)}) ${comparison}`;

const anyOf = (conditions: readonly string[]) => `(${conditions.join(" or ")})`;

/** What has an alert of its own that says more. */
const broken = anyOf([latchedCodes(paged), `${recovery} > 0`, `${perGpu("DCGM_FI_DEV_ROW_REMAP_FAILURE")} > 0`]);

const memoryAlerts = [containedEcc, uncontainedEcc, uncorrectableEcc, rowRemapFailure, rowRemapPending, sbeStorm];
const memoryErrors = anyOf([
  latchedCodes(memoryAlerts.flat()),
  ...(
    [
      "DCGM_FI_DEV_ROW_REMAP_PENDING",
      "DCGM_FI_DEV_THRESHOLD_SRM",
      "DCGM_FI_DEV_MEMORY_UNREPAIRABLE_FLAG",
      "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
    ] as const
  ).map((metric) => `${perGpu(metric)} > 0`),
]);

/** Only what no other alert tells: each fault is told once. */
const unexplained = (verdicts: string) =>
  inService(verdicts) +
  ` unless ${ON_GPU} ${broken}` +
  ` unless on (cluster, node, UUID, health_watch) label_replace(${memoryErrors}, "health_watch", "MEM", "", "")`;

const health: AlertingRule[] = [
  {
    alert: "GpuRecoveryActionRequired",
    // What the XID itself says comes first; it also holds when the card is gone.
    expr: `${inService(asked)} unless ${ON_GPU} ${latchedCodes(paged)}`,
    for: "2m",
    // A GPU that is lost may take the metrics of the whole node along.
    keepFiringFor: "15m",
    severity: "critical",
    ...hardware,
    summary: "The driver asks for GPU {{ $labels.gpu }} of node {{ $labels.node }}: {{ $labels.action }}.",
    description: `The driver says that ${GPU} does not work until somebody acts (recovery action {{ $value }}): {{ $labels.action }}.`,
  },
  {
    alert: "GpuHealthCheckFailed",
    expr: unexplained(verdict("NVLINK", ">= 20")),
    for: "5m",
    keepFiringFor: "15m",
    severity: "critical",
    ...hardware,
    action: "drain-node",
    summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} fails DCGM's health check ({{ $labels.health_watch }}).",
    description: `DCGM says that ${GPU} is not healthy: {{ $labels.health_watch }}, {{ $labels.health_error_code }} (status {{ $value }}). No other alert says why.`,
  },
  {
    alert: "GpuHealthCheckWarning",
    // PCIE: that it sends again, GpuPcieReplays tells.
    expr: unexplained(verdict("NVLINK|PCIE", "== 10")),
    for: "15m",
    severity: "warning",
    ...hardware,
    action: "none",
    summary: "DCGM warns of GPU {{ $labels.gpu }} of node {{ $labels.node }} ({{ $labels.health_watch }}).",
    description: `DCGM's health check has a warning for ${GPU}: {{ $labels.health_watch }}, {{ $labels.health_error_code }} (status {{ $value }}). The GPU works.`,
  },
];

/** The SXid that a switch reported last, which stays until its driver is loaded again. */
const sxid = (metric: "DCGM_FI_DEV_NVSWITCH_FATAL_ERRORS" | "DCGM_FI_DEV_NVSWITCH_NON_FATAL_ERRORS") =>
  `max by (${BY_NODE}, nvswitch) (${signal(metric)}) > 0`;
const nonFatal = sxid("DCGM_FI_DEV_NVSWITCH_NON_FATAL_ERRORS");
const ofYesterday = `max by (${BY_NODE}, nvswitch) (${signal("DCGM_FI_DEV_NVSWITCH_NON_FATAL_ERRORS")} offset 1d)`;

const switches: AlertingRule[] = [
  {
    alert: "GpuNvswitchFatal",
    expr: inService(sxid("DCGM_FI_DEV_NVSWITCH_FATAL_ERRORS")),
    severity: "critical",
    ...hardware,
    action: "reboot-node",
    summary: "{{ $labels.nvswitch }} of node {{ $labels.node }} has failed.",
    description:
      "{{ $labels.nvswitch }} of node {{ $labels.node }} reported the fatal SXid {{ $value }}. Programs that use several GPUs of the node were ended, and no new ones start until GPUs and switches are reset together.",
  },
  {
    alert: "GpuNvswitchErrors",
    // The same one a day later is an old one.
    expr: inService(`${nonFatal} unless ${nonFatal} == ${ofYesterday}`),
    severity: "warning",
    ...hardware,
    action: "check-links",
    summary: "{{ $labels.nvswitch }} of node {{ $labels.node }} has errors.",
    description:
      "{{ $labels.nvswitch }} of node {{ $labels.node }} reported SXid {{ $value }} within a day, which is not fatal. Jobs go on; one that hangs there may have this cause.",
  },
];

/** When the fault of a node began that is not over; nodes without faults have none. */
const SINCE = "node:gpu_fault_since:timestamp";

/** When the fault before that began. */
const FORMER = "node:gpu_fault_former:timestamp";

// Half an hour [judgement]: a latch is not seen while neither exporter nor node is known, or before an evaluator that restarts
// has recorded it again. A fault that comes again sooner after a reset was not over.
const faulty = `group by (${BY_NODE}) (last_over_time(${latchedCodes(xidCodes({ fatal: true }))}[30m]))`;
const last = (series: string) => `last_over_time(${series}[1d])`;

/**
 * Moments are carried on, so that a month can be looked back on without its samples. A fault becomes the former one only where
 * it was seen to end: if it was recorded just before.
 */
const repeated: RuleGroup = {
  name: "gpu-faults-repeated",
  scope: "shard",
  rules: [
    {
      record: FORMER,
      expr: `(${SINCE} unless ${ON_NODE} ${faulty} or ${ON_NODE} ${last(FORMER)}) > time() - ${30 * 86_400}`,
    },
    {
      record: SINCE,
      expr:
        `${last(SINCE)} and ${ON_NODE} ${faulty} unless ${ON_NODE} ${last(SINCE)} == ${FORMER}` +
        ` or ${ON_NODE} timestamp(${faulty})`,
    },
    {
      alert: "GpuNodeFaultsRepeated",
      expr: inService(`(time() - ${FORMER}) / 86400 and ${ON_NODE} ${SINCE}`),
      // It is about the node's history, so a reboot that ends the fault must not end it before somebody has looked.
      keepFiringFor: "24h",
      severity: "warning",
      ...hardware,
      action: "drain-node",
      summary: "GPUs of node {{ $labels.node }} fail again and again.",
      description:
        'A GPU of node {{ $labels.node }} has failed, and the fault before this one began {{ printf "%.1f" $value }} days ago. Resets do not help it: each costs the jobs that run there.',
    },
  ],
};

/** What the driver, DCGM and NVSwitches say is broken, and nodes that break again and again. */
export const faultRules = (): RuleGroup[] => [
  { name: "gpu-faults", scope: "shard", rules: [...health, ...switches] },
  repeated,
];
