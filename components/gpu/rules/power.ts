import type { RuleGroup } from "../../prometheus/rules/rule";
import { byFact } from "../models";
import type { GpuRuleContext } from "./context";
import { BY_NODE, bit, inService, lastOfGpu, ON_GPU } from "./expressions";
import { clockReasons, inDomain, medianOfPeers, oftenSlowed, PEERS, recent, slowedBy } from "./thermal";

const BRAKE = "node:gpu_power_brake:sum";
const OTHER = "node:gpu_hardware_slowdown:sum";

const POWER_CAP = 4;
const HARDWARE_SLOWDOWN = 8;
const HARDWARE_THERMAL = 64;
const POWER_BRAKE = 128;

const is = (value: number) => `${bit(clockReasons, value)} == 1`;

// Both causes of the hardware's slowdown that the driver can name are bits of their own, and set this one too.
const withoutCause = `sum by (${BY_NODE}) (${bit(clockReasons, HARDWARE_SLOWDOWN)} * (1 - ${bit(clockReasons, HARDWARE_THERMAL)}) * (1 - ${bit(clockReasons, POWER_BRAKE)}))`;

const limit = lastOfGpu("DCGM_FI_DEV_ENFORCED_POWER_LIMIT");
// Judgement: 5 %, what no rounding makes.
const lowerThanPeers = `${limit} < on (${PEERS}) group_left () 0.95 * max by (${PEERS}) (${limit})`;

const busy = ({ profile }: GpuRuleContext, matchers: string) =>
  profile === "profiling"
    ? `${recent("DCGM_FI_PROF_GR_ENGINE_ACTIVE", matchers)} > 0.8`
    : `${recent("DCGM_FI_DEV_GPU_UTIL", matchers)} > 80`;

/**
 * GPUs at work whose clocks are low, and neither heat nor the hardware's protection says why. A lower clock alone says little:
 * measured on an H100, large matrix products run at 1365 of 1980 MHz for want of power, a decoder at all 1980
 * (bench/realGpu/h100.json). So either it is less than half of what the model can without being out of power, or less than the
 * GPU's peers have, who draw no less power.
 */
function lowClocks(context: GpuRuleContext): string {
  const working = (matchers: string) => `and ${ON_GPU} ${busy(context, matchers)}`;
  const clocks = (matchers = "") => `(${recent("DCGM_FI_DEV_SM_CLOCK", matchers)} ${working(matchers)})`;
  const powers = `(${recent("DCGM_FI_DEV_POWER_USAGE")} ${working("")})`;
  const ofModels = byFact("maxSmMhz").map(({ value, matcher }) => `${clocks(matcher)} < ${0.5 * value}`);
  // Judgement: a fifth below; GPUs that do the same differ by less than 5 % (the measured H100 alone: 1320 to 1380 MHz).
  const unlikePeers =
    `${clocks()} < on (${PEERS}) group_left () 0.8 * ${medianOfPeers(clocks())}` +
    ` and ${ON_GPU} ${powers} <= on (${PEERS}) group_left () 1.05 * ${medianOfPeers(powers)}`;
  return `((${ofModels.join(" or ")}) unless ${ON_GPU} ${is(POWER_CAP)} or ${unlikePeers}) unless ${ON_GPU} (${[HARDWARE_SLOWDOWN, 32, HARDWARE_THERMAL, POWER_BRAKE].map(is).join(" or ")})`;
}

export const powerRules = (context: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-power",
    scope: "shard",
    rules: [
      { record: BRAKE, expr: slowedBy(POWER_BRAKE) },
      { record: OTHER, expr: withoutCause },
      {
        alert: "GpuPowerBrake",
        expr: inService(oftenSlowed(BRAKE)),
        for: "3m",
        // A warning: one node is slow. Where many are, GpuPowerBrakeInDomain wakes somebody.
        severity: "warning",
        owner: "platform",
        action: "drain-node",
        summary: "The power supply of node {{ $labels.node }} slows its GPUs down.",
        description:
          'On average {{ printf "%.1f" $value }} GPUs of node {{ $labels.node }} were slowed down by half or more within 5 minutes, because the server told them that its power supply is at its limit (power brake).',
      },
      {
        alert: "GpuHardwareSlowdown",
        expr: inService(oftenSlowed(OTHER)),
        for: "5m",
        severity: "warning",
        owner: "platform",
        action: "drain-node",
        summary:
          "GPUs of node {{ $labels.node }} slow themselves down, and neither heat nor the power supply says why.",
        description:
          'On average {{ printf "%.1f" $value }} GPUs of node {{ $labels.node }} were slowed down by their own hardware within 5 minutes, without the driver naming heat or a power brake as the cause. Draw of power above what the card can take, in bursts, is one.',
      },
      {
        alert: "GpuPowerLimitLow",
        expr: inService(lowerThanPeers),
        for: "15m",
        severity: "warning",
        owner: "platform",
        action: "none",
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} may draw less power than the others of its node.",
        description:
          'The power limit of GPU {{ $labels.gpu }} ({{ $labels.UUID }}) of node {{ $labels.node }} is {{ printf "%.0f" $value }} W, that of others of the same model there is higher. Jobs on several GPUs run at the pace of this one.',
      },
      {
        alert: "GpuClocksLow",
        expr: inService(lowClocks(context)),
        // As long as the average. When a job starts, the clocks are those of the idle card too, and how busy it is begins anew.
        for: "15m",
        severity: "warning",
        owner: "platform",
        action: "none",
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} works at low clocks.",
        description:
          'GPU {{ $labels.gpu }} ({{ $labels.UUID }}, {{ $labels.modelName }}) of node {{ $labels.node }} has worked at {{ printf "%.0f" $value }} MHz for at least 15 minutes, without being hot: less than half of what it can, or a fifth less than its peers in the node, who draw no less power. Clocks may have been set by somebody, or the card is broken.',
      },
    ],
  },
  {
    name: "gpu-power-domains",
    scope: "global",
    rules: [
      {
        alert: "GpuPowerBrakeInDomain",
        expr: inDomain(oftenSlowed(`${BRAKE}{failure_domain!=""}`)),
        for: "3m",
        severity: "critical",
        owner: "platform",
        action: "none",
        summary: "The power supply of {{ $labels.failure_domain }} slows its GPUs down.",
        description:
          "{{ $value }} nodes of failure domain {{ $labels.failure_domain }}, at least half of it, have GPUs that are slowed down by a power brake: what they share, such as a power shelf or a feed, is at its limit or has failed.",
      },
    ],
  },
];
