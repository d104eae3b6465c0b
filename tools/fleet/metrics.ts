import { type Gpu, loadAt, loadSeconds, uptimeSeconds } from "./gpu";

/** What is wrong with a GPU at the moment of a scrape; times are in seconds since 1970. */
export interface GpuCondition {
  /** Code of the last XID error. */
  xid?: number;
  rowRemapFailed?: boolean;
  overheated?: boolean;
  /** No NVLink traffic since then. */
  nvlinkDownSince?: number;
}

/** The exporter's texts (label `err_msg`) of the XIDs that can be simulated. */
export const xidMessages: Readonly<Record<number, string>> = {
  0: "No Error",
  13: "Graphics Engine Exception",
  31: "GPU memory page fault",
  43: "GPU stopped processing",
  45: "Preemptive cleanup, due to previous errors -- Most likely to see when running multiple cuda",
  48: "Double Bit ECC Error",
  63: "ECC page retirement or row remapping recording event",
  64: "ECC page retirement or row remapper recording failure",
  74: "NVLINK Error",
  79: "GPU has fallen off the bus",
  92: "High single-bit ECC error rate",
  94: "Contained ECC error",
  95: "Uncontained ECC error",
  119: "GSP RPC Timeout",
  120: "GSP Error",
  154: "GPU Recovery Action Changed",
};

const DRIVER_VERSION = "580.95.05";
/** Where clocks fall to when the hardware slows itself down. */
const SLOWDOWN_CLOCK_MHZ = 345;
/** Above the slowdown temperature of every model here. */
const OVERHEATED_CELSIUS = 94;

interface Metric {
  name: string;
  type: "gauge" | "counter";
  help: string;
  /** `undefined`: this GPU does not have it, and the exporter leaves it out. */
  value(gpu: Gpu, time: number, condition: GpuCondition): string | undefined;
}

// DCGM's integers are printed as such, its doubles with six decimals.
const integer = (value: number) => value.toFixed(0);
const double = (value: number) => value.toFixed(6);

const load = (gpu: Gpu, time: number) => loadAt(gpu.load, time);
const watts = (gpu: Gpu, share: number) =>
  gpu.model.idleWatts + (gpu.model.maxWatts - gpu.model.idleWatts) * 0.9 * share;
const celsius = (gpu: Gpu, time: number) => 28 + (38 + 8 * gpu.random.heat) * load(gpu, time);
const usedMib = (gpu: Gpu) =>
  gpu.load.mean < 0.1
    ? 4
    : Math.round((gpu.model.framebufferMib - gpu.model.reservedMib) * (0.7 + 0.25 * gpu.random.memory));

const metric = (name: string, type: Metric["type"], help: string, value: Metric["value"]): Metric => ({
  name,
  type,
  help,
  value,
});
const ratio = (name: string, help: string, share: number) =>
  metric(name, "gauge", help, (gpu, time) => double(share * load(gpu, time)));
const percent = (name: string, help: string, share: number) =>
  metric(name, "gauge", help, (gpu, time) => integer(100 * share * load(gpu, time)));

/** The exporter's default counters with its types and help texts, in the order of its counter file. */
export const metrics: readonly Metric[] = [
  metric("DCGM_FI_DEV_SM_CLOCK", "gauge", "SM clock frequency (in MHz).", (gpu, time, { overheated }) =>
    integer(overheated ? SLOWDOWN_CLOCK_MHZ : gpu.model.smClockMhz * (1 - 0.1 * load(gpu, time))),
  ),
  metric("DCGM_FI_DEV_MEM_CLOCK", "gauge", "Memory clock frequency (in MHz).", (gpu) =>
    integer(gpu.model.memoryClockMhz),
  ),
  metric("DCGM_FI_DEV_MEMORY_TEMP", "gauge", "Memory temperature (in C).", (gpu, time, { overheated }) => {
    if (!gpu.model.memoryTemperature) return undefined;
    return integer(overheated ? OVERHEATED_CELSIUS + 8 : celsius(gpu, time) + 8);
  }),
  metric("DCGM_FI_DEV_GPU_TEMP", "gauge", "GPU temperature (in C).", (gpu, time, { overheated }) =>
    integer(overheated ? OVERHEATED_CELSIUS : celsius(gpu, time)),
  ),
  metric("DCGM_FI_DEV_POWER_USAGE", "gauge", "Power draw (in W).", (gpu, time) => double(watts(gpu, load(gpu, time)))),
  metric(
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    "counter",
    "Total energy consumption since boot (in mJ).",
    (gpu, time) => {
      const idle = gpu.model.idleWatts * uptimeSeconds(time);
      return integer(1000 * (idle + (watts(gpu, 1) - gpu.model.idleWatts) * loadSeconds(gpu.load, time)));
    },
  ),
  metric("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "counter", "Total number of PCIe retries.", (gpu) =>
    integer(Math.floor(4 * gpu.random.replays ** 3)),
  ),
  percent("DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %).", 1),
  percent("DCGM_FI_DEV_MEM_COPY_UTIL", "Memory utilization (in %).", 0.6),
  percent("DCGM_FI_DEV_ENC_UTIL", "Encoder utilization (in %).", 0),
  percent("DCGM_FI_DEV_DEC_UTIL", "Decoder utilization (in %).", 0),
  metric("DCGM_FI_DEV_XID_ERRORS", "gauge", "Value of the last XID error encountered.", (_gpu, _time, { xid = 0 }) =>
    integer(xid),
  ),
  metric("DCGM_FI_DEV_FB_FREE", "gauge", "Framebuffer memory free (in MiB).", (gpu) =>
    integer(gpu.model.framebufferMib - gpu.model.reservedMib - usedMib(gpu)),
  ),
  metric("DCGM_FI_DEV_FB_USED", "gauge", "Framebuffer memory used (in MiB).", (gpu) => integer(usedMib(gpu))),
  metric("DCGM_FI_DEV_FB_RESERVED", "gauge", "Framebuffer memory reserved (in MiB).", (gpu) =>
    integer(gpu.model.reservedMib),
  ),
  metric(
    "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL",
    "counter",
    "Total number of NVLink bandwidth counters for all lanes.",
    (gpu, time, { nvlinkDownSince = time }) => {
      const rate = gpu.model.nvlinkMegabytesPerSecond;
      return rate === undefined ? undefined : integer(rate * loadSeconds(gpu.load, Math.min(time, nvlinkDownSince)));
    },
  ),
  metric("DCGM_FI_DEV_VGPU_LICENSE_STATUS", "gauge", "vGPU License status", () => "0"),
  metric(
    "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
    "counter",
    "Number of remapped rows for uncorrectable errors",
    // The failure flag is set when a bank has no spare rows left, after up to 512 remapped rows.
    (_gpu, _time, { rowRemapFailed }) => (rowRemapFailed ? "512" : "0"),
  ),
  metric("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "counter", "Number of remapped rows for correctable errors", (gpu) =>
    integer(Math.floor(3 * gpu.random.remaps ** 4)),
  ),
  metric(
    "DCGM_FI_DEV_ROW_REMAP_FAILURE",
    "gauge",
    "Whether remapping of rows has failed",
    (_gpu, _time, { rowRemapFailed }) => (rowRemapFailed ? "1" : "0"),
  ),
  ratio("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "Ratio of time the graphics engine is active.", 1),
  ratio("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "Ratio of cycles the tensor (HMMA) pipe is active.", 0.55),
  ratio(
    "DCGM_FI_PROF_DRAM_ACTIVE",
    "Ratio of cycles the device memory interface is active sending or receiving data.",
    0.6,
  ),
  metric(
    "DCGM_FI_PROF_PCIE_TX_BYTES",
    "gauge",
    "The rate of data transmitted over the PCIe bus - including both protocol headers and data payloads - in bytes per second.",
    (gpu, time) => integer(2e9 * load(gpu, time)),
  ),
  metric(
    "DCGM_FI_PROF_PCIE_RX_BYTES",
    "gauge",
    "The rate of data received over the PCIe bus - including both protocol headers and data payloads - in bytes per second.",
    (gpu, time) => integer(4e9 * load(gpu, time)),
  ),
];

/** One GPU as a scrape shows it. */
export interface GpuView {
  gpu: Gpu;
  /** The time that its values are of: earlier than the scrape when they are frozen. */
  time: number;
  condition: GpuCondition;
}

/** A node's metrics in the text format, as dcgm-exporter prints them up to 4.8.2; later ones write `hostname`. */
export function renderMetrics(node: string, views: readonly GpuView[]): string {
  const lines: string[] = [];
  for (const { name, type, help, value } of metrics) {
    const samples = views.flatMap(({ gpu, time, condition }) => {
      const number = value(gpu, time, condition);
      if (number === undefined) return [];
      const labels = {
        gpu: gpu.index,
        UUID: gpu.uuid,
        pci_bus_id: gpu.pciBusId,
        device: `nvidia${gpu.index}`,
        modelName: gpu.model.name,
        Hostname: node,
        DCGM_FI_DRIVER_VERSION: DRIVER_VERSION,
        ...(name === "DCGM_FI_DEV_XID_ERRORS" ? { err_code: number, err_msg: xidMessages[Number(number)] } : {}),
      };
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
      return [`${name}{${pairs.join(",")}} ${number}`];
    });
    if (samples.length > 0) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
