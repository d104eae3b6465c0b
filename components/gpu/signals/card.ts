import type { Signal } from "./signal";

const device = { subject: "device", seriesPerGpu: 1 } as const;

/** Temperature, power and clocks of the card. */
export const cardSignals = [
  {
    ...device,
    metric: "DCGM_FI_DEV_GPU_TEMP",
    type: "gauge",
    help: "GPU temperature (in C).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_GPU_TEMP_CELSIUS", factor: 1 },
    note: "Every GPU has it in every mode: presence of a GPU is counted with it.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_MEMORY_TEMP",
    type: "gauge",
    help: "Memory temperature (in C).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_MEMORY_TEMP_CELSIUS", factor: 1 },
    note: "Not on cards with GDDR memory.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_GPU_TEMP_LIMIT",
    type: "gauge",
    help: "Degrees left until the GPU slows itself down (in C).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_GPU_TEMP_MARGIN_CELSIUS", factor: 1 },
    note: "The driver's own margin, right for every model. Measured on an H100 with driver 580: 54 at 33 C.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_POWER_USAGE",
    type: "gauge",
    help: "Power draw (in W).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_BOARD_POWER_WATTS", factor: 1 },
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    type: "counter",
    help: "Total energy consumption since the driver was loaded (in mJ).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL", factor: 1000 },
    note: "It rises on an idle GPU too: if it stands still, the exporter serves old values.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_SM_CLOCK",
    type: "gauge",
    help: "SM clock frequency (in MHz).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_SM_CLOCK_HERTZ", factor: 1e-6 },
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_ENFORCED_POWER_LIMIT",
    type: "gauge",
    help: "Power limit in force (in W).",
    profile: "health",
    otherName: { name: "DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS", factor: 1 },
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS",
    type: "gauge",
    help: "Why clocks are lowered (a bit mask).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_CLOCKS_EVENT_REASONS", factor: 1 },
    note: "1 idle, 2 clock settings, 4 software power cap, 8 hardware slowdown, 16 sync boost, 32 software thermal, 64 hardware thermal, 128 power brake, 256 display.",
  },
] as const satisfies readonly Signal[];
