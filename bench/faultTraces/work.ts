import measurements from "../realGpu/h100.json";
import type { Random } from "./random";

const { scenarios, constants } = measurements;

type Scenario = keyof typeof scenarios;
type Quantity = keyof Omit<(typeof scenarios)["idle"], "samples">;

/** What a GPU does. */
export type Work = "idle" | "held" | "train" | "copy" | "serve" | "starved" | "wait";

/** What a real H100 showed when it did that. Training is a mix, see {@link reading}. */
const MEASURED: Record<Work, Scenario> = {
  idle: "idle",
  held: "memory held, nothing computed",
  train: "matrix products",
  copy: "memory copies",
  serve: "serving with gaps",
  starved: "starved of data",
  wait: "waiting, 24 blocks",
};

/** What the exporter says about the work of a GPU. */
export interface Reading {
  util: number;
  watts: number;
  celsius: number;
  memoryCelsius: number;
  smMhz: number;
  reasons: number;
  usedMib: number;
  engine: number;
  sm: number;
  tensor: number;
  dram: number;
  nvlinkBytes: number;
  pcieBytes: number;
}

export const MAX_SM_MHZ = constants.max_sm_mhz;
export const POWER_LIMIT_WATTS = constants.power_limit_watts;
export const TOTAL_MIB = constants.memory_total_mib - constants.memory_reserved_mib;
export const MAX_CELSIUS = constants.temperature_thresholds_celsius.gpu_max;
export const POWER_CAP = 4;

/** Bytes each second at full load; judgement: a third of what the links of an H100 can. */
const NVLINK_BYTES = 1.5e11;
const PCIE_BYTES = 4e9;

/**
 * What a GPU shows that does some work with `load`, the share of the time or of the size in which it is at it. Between the
 * extremes of what was measured, because a sample is a moment.
 */
export function reading(work: Work, load: number, random: Random): Reading {
  const quantity = (scenario: Scenario, name: Quantity) => {
    const { min, max } = scenarios[scenario][name];
    return random.between(min, max);
  };
  // The rest of a step is communication, during which kernels wait.
  const value = (name: Quantity) => {
    const full = quantity(MEASURED[work], name);
    return work === "train" ? load * full + (1 - load) * quantity(MEASURED.wait, name) : full;
  };
  const busy = work === "train" || work === "copy" || work === "serve" || work === "starved";
  const watts = value("power_watts");
  return {
    util: Math.round(value("gpu_util")),
    watts,
    celsius: value("gpu_celsius"),
    memoryCelsius: value("memory_celsius"),
    smMhz: Math.round(value("sm_mhz") / 15) * 15,
    reasons: work === "train" ? (watts > 0.9 * POWER_LIMIT_WATTS ? POWER_CAP : 0) : work === "idle" ? 1 : 0,
    usedMib: scenarios[MEASURED[work]].memory_used_mib.median,
    engine: value("graphics_engine_active"),
    sm: value("sm_active"),
    tensor: value("tensor_active"),
    dram: value("dram_active"),
    nvlinkBytes: work === "train" ? NVLINK_BYTES * random.between(0.8, 1) : 0,
    pcieBytes: busy ? PCIE_BYTES * random.between(0.1, 1) : 0,
  };
}
