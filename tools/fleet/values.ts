import type { SignalName } from "../../components/gpu/signals";
import { type Gpu, loadAt, loadSeconds, uptimeSeconds } from "./gpu";

/** What is wrong with a GPU at the moment of a scrape; times are in seconds since 1970. */
export interface GpuCondition {
  /** Code of the last XID error. */
  xid?: number;
  /** Rows can no longer be replaced. */
  rowRemapFailed?: boolean;
  /** Double-bit errors come since then, one a minute. */
  eccErrorsSince?: number;
  /** Single-bit errors come since then, a hundred a second. */
  eccStormSince?: number;
  overheated?: boolean;
  /** The rack holds the power back. */
  powerBrake?: boolean;
  /** NVLink recovers again and again since then, one time a minute. */
  nvlinkErrorsSince?: number;
  /** Every kernel waits for another GPU that never answers. */
  hung?: boolean;
}

/** `undefined`: this GPU does not have it, and the exporter leaves it out. */
type Value = (gpu: Gpu, time: number, condition: GpuCondition) => number | undefined;

/** Where clocks fall to when the hardware slows itself down. */
const SLOWDOWN_CLOCK_MHZ = 345;
/** Above the slowdown temperature of every model here. */
const OVERHEATED_CELSIUS = 94;
/** Of a kernel that waits; measured on an H100, bench/realGpu: 120 to 133 W of 700, so 7 % above idle. */
const WAITING_LOAD = 0.09;

const load = (gpu: Gpu, time: number, { hung }: GpuCondition) => (hung ? WAITING_LOAD : loadAt(gpu.load, time));
const watts = (gpu: Gpu, share: number) =>
  gpu.model.idleWatts + (gpu.model.maxWatts - gpu.model.idleWatts) * 0.9 * share;
const celsius = (gpu: Gpu, time: number, condition: GpuCondition) =>
  condition.overheated ? OVERHEATED_CELSIUS : 28 + (38 + 8 * gpu.random.heat) * load(gpu, time, condition);
const usedMib = (gpu: Gpu) =>
  gpu.load.mean < 0.1
    ? 4
    : Math.round((gpu.model.framebufferMib - gpu.model.reservedMib) * (0.7 + 0.25 * gpu.random.memory));

const since = (start: number | undefined, time: number, perSecond: number) =>
  start === undefined ? 0 : 1 + Math.floor(Math.max(0, time - start) * perSecond);

/** A share of the load that only work that moves on has. */
const useful =
  (share: number): Value =>
  (gpu, time, condition) =>
    condition.hung ? 0 : share * load(gpu, time, condition);
const always =
  (value: number): Value =>
  () =>
    value;
const ofNvlink =
  (value: Value): Value =>
  (gpu, time, condition) =>
    gpu.model.nvlinkMegabytesPerSecond === undefined ? undefined : value(gpu, time, condition);

const none = always(0);
const nvlinkRecoveries: Value = (_gpu, time, { nvlinkErrorsSince }) => since(nvlinkErrorsSince, time, 1 / 60);

/** NVLink's error counters have other names in each generation. */
const ofGeneration = (generation: Gpu["model"]["generation"], value: Value): Value =>
  ofNvlink((gpu, time, condition) => (gpu.model.generation === generation ? value(gpu, time, condition) : undefined));

function throttleReasons(gpu: Gpu, { overheated, powerBrake, hung }: GpuCondition): number {
  if (overheated) return 8 + 64;
  if (powerBrake) return 8 + 128;
  return gpu.load.mean < 0.1 && !hung ? 1 : 0;
}

/** Several series of one GPU, or series of no GPU. */
type SignalOfManySeries =
  | "DCGM_EXP_GPU_HEALTH_STATUS"
  | "DCGM_FI_DEV_NVSWITCH_FATAL_ERRORS"
  | "DCGM_FI_DEV_NVSWITCH_NON_FATAL_ERRORS";

/** What each signal shows, of every GPU that has it. */
export const values: Readonly<Record<Exclude<SignalName, SignalOfManySeries>, Value>> = {
  DCGM_FI_DEV_GPU_TEMP: celsius,
  DCGM_FI_DEV_MEMORY_TEMP: (gpu, time, condition) =>
    gpu.model.memoryTemperature ? celsius(gpu, time, condition) + 8 : undefined,
  DCGM_FI_DEV_GPU_TEMP_LIMIT: (gpu, time, condition) => 87 - celsius(gpu, time, condition),
  DCGM_FI_DEV_POWER_USAGE: (gpu, time, condition) => watts(gpu, load(gpu, time, condition)),
  DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION: (gpu, time) =>
    1000 *
    (gpu.model.idleWatts * uptimeSeconds(time) + (watts(gpu, 1) - gpu.model.idleWatts) * loadSeconds(gpu.load, time)),
  DCGM_FI_DEV_SM_CLOCK: (gpu, time, condition) =>
    condition.overheated || condition.powerBrake
      ? SLOWDOWN_CLOCK_MHZ
      : gpu.model.smClockMhz * (1 - 0.1 * load(gpu, time, condition)),
  DCGM_FI_DEV_ENFORCED_POWER_LIMIT: (gpu) => gpu.model.maxWatts,
  DCGM_FI_DEV_CLOCK_THROTTLE_REASONS: (gpu, _time, condition) => throttleReasons(gpu, condition),
  DCGM_FI_DEV_ECC_DBE_VOL_TOTAL: (_gpu, time, { eccErrorsSince }) => since(eccErrorsSince, time, 1 / 60),
  DCGM_FI_DEV_ECC_SBE_VOL_TOTAL: (gpu, time, { eccStormSince }) =>
    Math.floor(3 * gpu.random.remaps) + since(eccStormSince, time, 100),
  // The failure flag is set when a bank has no spare rows left, after up to 512 remapped rows.
  DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS: (_gpu, _time, { rowRemapFailed }) => (rowRemapFailed ? 512 : 0),
  DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS: (gpu) => Math.floor(3 * gpu.random.remaps ** 4),
  DCGM_FI_DEV_ROW_REMAP_FAILURE: (_gpu, _time, { rowRemapFailed }) => (rowRemapFailed ? 1 : 0),
  DCGM_FI_DEV_ROW_REMAP_PENDING: always(0),
  DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_NONE: (_gpu, _time, { rowRemapFailed }) => (rowRemapFailed ? 1 : 0),
  DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_LOW: always(0),
  DCGM_FI_DEV_THRESHOLD_SRM: always(0),
  DCGM_FI_DEV_MEMORY_UNREPAIRABLE_FLAG: always(0),
  DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL: ofGeneration("ampere", none),
  DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL: ofGeneration("ampere", none),
  DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL: ofGeneration("ampere", none),
  DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL: ofGeneration("ampere", nvlinkRecoveries),
  DCGM_FI_DEV_NVLINK_ERROR_DL_CRC: ofGeneration("hopper", none),
  DCGM_FI_DEV_NVLINK_ERROR_DL_REPLAY: ofGeneration("hopper", none),
  DCGM_FI_DEV_NVLINK_ERROR_DL_RECOVERY: ofGeneration("hopper", nvlinkRecoveries),
  DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_EVENTS: ofGeneration("blackwell", nvlinkRecoveries),
  DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS: ofGeneration("blackwell", none),
  DCGM_FI_DEV_NVLINK_COUNT_EFFECTIVE_ERRORS: ofGeneration("blackwell", none),
  DCGM_FI_DEV_PCIE_REPLAY_COUNTER: (gpu) => Math.floor(4 * gpu.random.replays ** 3),
  DCGM_FI_DEV_PCIE_LINK_WIDTH: always(16),
  DCGM_FI_DEV_PCIE_LINK_GEN: (gpu) => gpu.model.pcieGeneration,
  // 3: joined the fabric.
  DCGM_FI_DEV_FABRIC_MANAGER_STATUS: ofNvlink(always(3)),
  DCGM_FI_DEV_XID_ERRORS: (_gpu, _time, { xid }) => xid,
  DCGM_EXP_XID_ERRORS_COUNT: (_gpu, _time, { xid }) => (xid === undefined ? 0 : 1),
  DCGM_FI_DEV_GPU_RECOVERY_ACTION: (_gpu, _time, { rowRemapFailed }) => (rowRemapFailed ? 1 : 0),
  DCGM_FI_DEV_GPU_UTIL: (gpu, time, condition) => (condition.hung ? 100 : 100 * load(gpu, time, condition)),
  DCGM_FI_DEV_FB_USED: usedMib,
  DCGM_FI_DEV_FB_FREE: (gpu) => gpu.model.framebufferMib - gpu.model.reservedMib - usedMib(gpu),
  DCGM_FI_PROF_GR_ENGINE_ACTIVE: (gpu, time, condition) => (condition.hung ? 1 : load(gpu, time, condition)),
  DCGM_FI_PROF_SM_ACTIVE: (gpu, time, condition) => (condition.hung ? 0.18 : 0.9 * load(gpu, time, condition)),
  DCGM_FI_PROF_PIPE_TENSOR_ACTIVE: useful(0.55),
  DCGM_FI_PROF_DRAM_ACTIVE: useful(0.6),
  DCGM_FI_PROF_NVLINK_TX_BYTES: ofNvlink((gpu, time, condition) => nvlinkBytes(gpu, time, condition)),
  DCGM_FI_PROF_NVLINK_RX_BYTES: ofNvlink((gpu, time, condition) => nvlinkBytes(gpu, time, condition)),
  DCGM_FI_PROF_PCIE_TX_BYTES: useful(2e9),
  DCGM_FI_PROF_PCIE_RX_BYTES: useful(4e9),
};

const nvlinkBytes = (gpu: Gpu, time: number, condition: GpuCondition) =>
  condition.hung ? 0 : 1e6 * (gpu.model.nvlinkMegabytesPerSecond ?? 0) * load(gpu, time, condition);
