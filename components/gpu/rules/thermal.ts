import type { RuleGroup } from "../../prometheus/rules/rule";
import { byFact, withoutFact } from "../models";
import { BY_DOMAIN, BY_GPU, BY_NODE, bit, exporterUp, inService, ON_GPU, ON_NODE, perGpu, signal } from "./expressions";

/** Why the driver lowers clocks, as a mask. */
export const clockReasons = perGpu("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS");

/** GPUs of one model in one node: the same air, the same board, and mostly the same work. */
export const PEERS = "cluster, node, modelName";

/** A signal's average of a quarter of an hour, by GPU. */
export const recent = (metric: Parameters<typeof signal>[0], matchers = "") =>
  `max by (${BY_GPU}) (avg_over_time(${signal(metric, matchers)}[15m]))`;

/** The median of the GPU's peers, itself among them, if they are at least four: of fewer it says nothing. */
export const medianOfPeers = (expr: string) =>
  `(quantile by (${PEERS}) (0.5, ${expr}) and count by (${PEERS}) (${expr}) > 3)`;

/** Of a few samples in five minutes, half: GPUs that reach a limit go back and forth across it. */
export const oftenSlowed = (recorded: string) => `avg_over_time(${recorded}[5m]) >= 0.5`;

/** GPUs of each node that a bit of the mask slows down. */
export const slowedBy = (value: number) => `sum by (${BY_NODE}) (${bit(clockReasons, value)})`;

/**
 * Where the nodes of an expression are half of a failure domain and at least three: what they share has failed, not they
 * [judgement]. Its value is how many they are.
 */
export function inDomain(nodes: string): string {
  const affected = `count by (${BY_DOMAIN}) (group by (${BY_NODE}) (${nodes}))`;
  const all = `count by (${BY_DOMAIN}) (group by (${BY_NODE}) (${exporterUp}))`;
  return `${affected} > 2 and ${affected} >= 0.5 * ${all}`;
}

const HARDWARE = "node:gpu_hardware_thermal_slowdown:sum";
const SOFTWARE = "node:gpu_software_thermal_slowdown:sum";

const temperature = (matchers = "") => perGpu("DCGM_FI_DEV_GPU_TEMP", matchers);
const margin = perGpu("DCGM_FI_DEV_GPU_TEMP_LIMIT");

// Old drivers say 0 at every temperature. No model in the table has its limit below 83 °C, so what implies less is no margin.
const PLAUSIBLE_LIMIT = 80;
const saysMargin = `${ON_GPU} (${margin} + ${temperature()} >= ${PLAUSIBLE_LIMIT})`;
const marginByModel = byFact("maxCelsius").map(({ value, matcher }) => `${value} - ${temperature(matcher)}`);

// Judgement: a busy H100 had 24 °C left (60 to 63 °C at 698 W, bench/realGpu/h100.json). What is this near is over the limit
// on the next warm day.
const nearLimit = `(${margin} and ${saysMargin} or ${marginByModel.join(" or ")}) < 5`;

const memoryLimits = [
  ...byFact("memoryMaxCelsius"),
  // judgement: 95 °C, what every known model since A100 has.
  { value: 95, matcher: withoutFact("memoryMaxCelsius") },
];
// Judgement: 3 °C. Busy memory of an H100 had 62 °C (bench/realGpu/h100.json).
const memoryHot = memoryLimits
  .map(({ value, matcher }) => `${perGpu("DCGM_FI_DEV_MEMORY_TEMP", matcher)} > ${value - 3}`)
  .join(" or ");

const temperatures = recent("DCGM_FI_DEV_GPU_TEMP");
const powers = recent("DCGM_FI_DEV_POWER_USAGE");
const hotterThanPeers =
  // Judgement: 15 °C. In air-cooled servers some GPUs get the air that others have warmed.
  `${temperatures} - on (${PEERS}) group_left () ${medianOfPeers(temperatures)} > 15` +
  // A GPU that works more than the others is rightly warmer.
  ` and ${ON_GPU} ${powers} <= on (${PEERS}) group_left () 1.1 * ${medianOfPeers(powers)}`;

export const thermalRules = (): RuleGroup[] => [
  {
    name: "gpu-thermal",
    scope: "shard",
    rules: [
      { record: HARDWARE, expr: slowedBy(64) },
      { record: SOFTWARE, expr: slowedBy(32) },
      {
        alert: "GpuHardwareThermalSlowdown",
        expr: inService(oftenSlowed(HARDWARE)),
        for: "3m",
        severity: "critical",
        owner: "platform",
        action: "drain-node",
        summary: "GPUs of node {{ $labels.node }} are so hot that they halve their clocks.",
        description:
          'On average {{ printf "%.1f" $value }} GPUs of node {{ $labels.node }} were slowed down by their own protection within 5 minutes: by half or more, and a few degrees before they switch themselves off. Jobs over several nodes run at their pace.',
      },
      {
        alert: "GpuSoftwareThermalSlowdown",
        expr: inService(`${oftenSlowed(SOFTWARE)} unless ${ON_NODE} ${oftenSlowed(HARDWARE)}`),
        for: "15m",
        severity: "warning",
        owner: "platform",
        action: "drain-node",
        summary: "The driver slows GPUs of node {{ $labels.node }} down, because they or their memory are hot.",
        description:
          'On average {{ printf "%.1f" $value }} GPUs of node {{ $labels.node }} were slowed down by the driver within 5 minutes, to stay below their highest operating temperature or that of their memory. The node is not cooled enough for what it does.',
      },
      {
        alert: "GpuTemperatureNearLimit",
        expr: inService(nearLimit),
        for: "10m",
        severity: "warning",
        owner: "platform",
        action: "none",
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} is nearly too hot.",
        description:
          'GPU {{ $labels.gpu }} ({{ $labels.UUID }}, {{ $labels.modelName }}) of node {{ $labels.node }} has been {{ printf "%.0f" $value }} °C from where the driver slows it down for 10 minutes.',
      },
      {
        alert: "GpuMemoryTemperatureHigh",
        expr: inService(memoryHot),
        for: "15m",
        severity: "warning",
        owner: "platform",
        action: "none",
        summary: "The memory of GPU {{ $labels.gpu }} of node {{ $labels.node }} is too hot.",
        description:
          'The memory of GPU {{ $labels.gpu }} ({{ $labels.UUID }}, {{ $labels.modelName }}) of node {{ $labels.node }} has {{ printf "%.0f" $value }} °C, which is where the driver slows the GPU down. Hot memory also has more errors.',
      },
      {
        alert: "GpuTemperatureOutlier",
        expr: inService(hotterThanPeers),
        for: "15m",
        severity: "info",
        owner: "platform",
        action: "none",
        summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} is much hotter than the others.",
        description:
          'GPU {{ $labels.gpu }} ({{ $labels.UUID }}) of node {{ $labels.node }} is {{ printf "%.0f" $value }} °C hotter than the median of the node and draws no more power: its heat sink, fan or cold plate cools it badly.',
      },
    ],
  },
  {
    name: "gpu-thermal-domains",
    scope: "global",
    rules: [
      {
        alert: "GpuThermalSlowdownInDomain",
        expr: inDomain(
          `${oftenSlowed(`${HARDWARE}{failure_domain!=""}`)} or ${oftenSlowed(`${SOFTWARE}{failure_domain!=""}`)}`,
        ),
        for: "3m",
        severity: "critical",
        owner: "platform",
        action: "none",
        summary: "GPUs all over {{ $labels.failure_domain }} are too hot.",
        description:
          "{{ $value }} nodes of failure domain {{ $labels.failure_domain }}, at least half of it, have GPUs that are slowed down because of heat: the cooling that they share fails.",
      },
    ],
  },
];
