import type { RuleGroup } from "../../prometheus/rules/rule";
import { byFact } from "../models";
import type { SignalName } from "../signals";
import type { GpuRuleContext } from "./context";
import { BY_GPU, BY_NODE, inService, perGpu, signal } from "./expressions";
import { inDomain } from "./thermal";

const FABRIC_FAILED = "node:gpu_fabric_failed:count";

const perSecond = (metric: SignalName) => `max by (${BY_GPU}) (rate(${signal(metric)}[10m]))`;

/** Errors above so many each second, named by a label. */
const above = (metric: SignalName, rate: number, error: string) =>
  `label_replace(${perSecond(metric)} > ${rate}, "error", "${error}", "", "")`;

// Each generation has names of its own, and no GPU has two of them. CRC errors matter from 100 each second on, by DCGM's own
// limit (dcgm_gpu_hardware_limits.h). Replays: judgement, 6 each minute; DCGM calls the first one a failure, which ends no job.
// Effective errors: judgement, as many; of the 7.2e12 bits that a Blackwell can send each second it is one in 7e13.
const errors = [
  above("DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", 100, "CRC of flow control"),
  above("DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL", 100, "CRC of data"),
  above("DCGM_FI_DEV_NVLINK_ERROR_DL_CRC", 100, "CRC"),
  above("DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", 0.1, "replay"),
  above("DCGM_FI_DEV_NVLINK_ERROR_DL_REPLAY", 0.1, "replay"),
  above("DCGM_FI_DEV_NVLINK_COUNT_EFFECTIVE_ERRORS", 0.1, "not corrected"),
].join(" or ");

const increased = (metric: SignalName) => `max by (${BY_GPU}) (increase(${signal(metric)}[15m])) > 0`;
const recoveries = [
  increased("DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL"),
  increased("DCGM_FI_DEV_NVLINK_ERROR_DL_RECOVERY"),
  increased("DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_EVENTS"),
].join(" or ");

/** DCGM's numbers: 0 not supported, 1 not started, 2 in progress, 3 success, 4 failure. */
const fabric = (matchers = "") => perGpu("DCGM_FI_DEV_FABRIC_MANAGER_STATUS", matchers);

const withNvSwitch = byFact("nvSwitch").map(({ matcher }) => fabric(matcher));
const notReady =
  `count by (${BY_NODE}) (${withNvSwitch.map((status) => `(${status} > 0) < 3`).join(" or ")})` +
  // A machine with one GPU of a larger board uses no NVLink and never joins.
  ` and count by (${BY_NODE}) (${fabric()}) > 1`;

const OF_POD = "cluster, node, namespace, pod";
const sent = `max by (${BY_GPU}, namespace, pod) (avg_over_time(${signal("DCGM_FI_PROF_NVLINK_TX_BYTES", 'pod!=""')}[15m]))`;
// Judgement: half of the median; a pod of at least 4 GPUs that sends 1 GB/s.
const sendsLittle =
  `${sent} < on (${OF_POD}) group_left () 0.5 * (quantile by (${OF_POD}) (0.5, ${sent}) > 1e9` +
  ` and count by (${OF_POD}) (${sent}) > 3)`;

export const nvlinkRules = ({ podsKnown }: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-nvlink",
    scope: "shard",
    rules: [
      {
        alert: "GpuNvlinkErrors",
        expr: inService(errors),
        for: "10m",
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary: "NVLinks of GPU {{ $labels.gpu }} of node {{ $labels.node }} have errors ({{ $labels.error }}).",
        description:
          'The NVLinks of GPU {{ $labels.gpu }} ({{ $labels.UUID }}) of node {{ $labels.node }} have {{ printf "%.1f" $value }} errors each second ({{ $labels.error }}). Each is repaired by sending again, so that the links are slower, and often fail next.',
      },
      {
        alert: "GpuNvlinkRecoveries",
        // A warning: the link works again. If it does not, an XID says so.
        expr: inService(recoveries),
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary: "An NVLink of GPU {{ $labels.gpu }} of node {{ $labels.node }} had to be trained again.",
        description:
          'NVLinks of GPU {{ $labels.gpu }} ({{ $labels.UUID }}) of node {{ $labels.node }} recovered from errors {{ printf "%.0f" $value }} times within 15 minutes. Nothing passes meanwhile, and a link that has to recover soon fails for good.',
      },
      {
        alert: "GpuNvlinkRecoveryFailed",
        expr: inService(increased("DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS")),
        keepFiringFor: "1h",
        // A warning: what it does to programs, XIDs and the recovery action say, which wake somebody.
        severity: "warning",
        owner: "platform",
        action: "reset-gpu",
        summary: "An NVLink of GPU {{ $labels.gpu }} of node {{ $labels.node }} is down for good.",
        description:
          'NVLinks of GPU {{ $labels.gpu }} ({{ $labels.UUID }}) of node {{ $labels.node }} failed to recover {{ printf "%.0f" $value }} times within 15 minutes. They stay down until the GPU is reset, and programs that use them fail.',
      },
      { record: FABRIC_FAILED, expr: `count by (${BY_NODE}) (${fabric()} == 4)` },
      {
        alert: "GpuFabricFailed",
        expr: inService(FABRIC_FAILED),
        for: "2m",
        severity: "critical",
        owner: "platform",
        action: "reboot-node",
        summary: "GPUs of node {{ $labels.node }} could not join the NVLink fabric.",
        description:
          "{{ $value }} GPUs of node {{ $labels.node }} say that joining the NVLink fabric has failed. CUDA programs do not start on them, while the scheduler goes on placing pods there.",
      },
      {
        alert: "GpuFabricNotReady",
        expr: inService(notReady),
        // Judgement: after a boot it takes some minutes.
        for: "15m",
        severity: "warning",
        owner: "platform",
        action: "reboot-node",
        summary: "GPUs of node {{ $labels.node }} have not joined the NVLink fabric.",
        description:
          "{{ $value }} GPUs of node {{ $labels.node }} have been waiting for the NVLink fabric for 15 minutes: its fabric manager does not run, or does not get on. CUDA programs do not start on them.",
      },
      ...(podsKnown
        ? [
            {
              alert: "GpuNvlinkTrafficLow",
              expr: inService(sendsLittle),
              for: "15m",
              // Info: the stages of a pipeline rightly differ.
              severity: "info",
              owner: "platform",
              action: "none",
              summary:
                "GPU {{ $labels.gpu }} of node {{ $labels.node }} sends less over NVLink than the others of its pod.",
              description:
                "GPU {{ $labels.gpu }} ({{ $labels.UUID }}) of node {{ $labels.node }} sends {{ $value | humanize1024 }}B/s over NVLink, less than half of the median of pod {{ $labels.namespace }}/{{ $labels.pod }}. Some of its links may be down.",
            } as const,
          ]
        : []),
    ],
  },
  {
    name: "gpu-nvlink-domains",
    scope: "global",
    rules: [
      {
        alert: "GpuFabricFailedInDomain",
        expr: inDomain(`${FABRIC_FAILED}{failure_domain!=""}`),
        for: "2m",
        severity: "critical",
        owner: "platform",
        action: "none",
        summary: "GPUs all over {{ $labels.failure_domain }} could not join the NVLink fabric.",
        description:
          "{{ $value }} nodes of failure domain {{ $labels.failure_domain }}, at least half of it, have GPUs that failed to join the NVLink fabric: what they share, such as the rack's NVSwitch trays or a new driver, is at fault.",
      },
    ],
  },
];
