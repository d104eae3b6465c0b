import { type Profile, type Signal, signalsOf } from "../../components/gpu/signals";
import type { Gpu } from "./gpu";
import { type GpuCondition, values } from "./values";

export type { GpuCondition } from "./values";

/** The exporter's texts (label `err_msg`) of the XIDs that can be simulated. */
export const xidMessages: Readonly<Record<number, string>> = {
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
const VBIOS_VERSION = "96.00.A5.00.01";
/** The exporter's default; it is a label, so a change of the setting would be a new series. */
const XID_WINDOW = "300000";
/** What DCGM's health checks watch. */
const HEALTH_WATCHES = ["PCIE", "NVLINK", "PMU", "MCU", "MEM", "SM", "INFOROM", "THERMAL", "POWER", "DRIVER", "ALL"];

/** The pod that holds a GPU. */
export interface Holder {
  namespace: string;
  pod: string;
  container: string;
}

/** One GPU as a scrape shows it. */
export interface GpuView {
  gpu: Gpu;
  /** The time that its values are of: earlier than the scrape when they are frozen. */
  time: number;
  condition: GpuCondition;
  /** Default: nobody. */
  holder?: Holder | undefined;
}

type Labels = Record<string, string | number>;
type Sample = { labels: Labels; value: number };

/** Metrics whose value DCGM has as a floating point number; the exporter prints six decimals. */
const isDouble = (metric: string) => /_PROF_.+_ACTIVE$|_POWER_USAGE$|_POWER_LIMIT$/.test(metric);

/** The samples of one signal, with the labels of its own. */
function samplesOf({ metric }: Signal, { gpu, time, condition }: GpuView): Sample[] {
  if (metric === "DCGM_EXP_GPU_HEALTH_STATUS") {
    const failed = condition.rowRemapFailed ? "MEM" : undefined;
    return HEALTH_WATCHES.map((watch) => ({
      labels: { health_watch: watch, health_error_code: watch === failed ? "DCGM_FR_ROW_REMAP_FAILURE" : "DCGM_FR_OK" },
      value: watch === failed ? 20 : 0,
    }));
  }
  // Switches are simulated by no fleet: where none has had an error, the exporter has no series of them either.
  if (metric.includes("NVSWITCH")) return [];
  const value = values[metric as keyof typeof values](gpu, time, condition);
  if (value === undefined) return [];
  if (metric === "DCGM_FI_DEV_XID_ERRORS")
    return [{ labels: { err_code: value, err_msg: xidMessages[value] ?? "" }, value }];
  if (metric === "DCGM_EXP_XID_ERRORS_COUNT") {
    const xid = condition.xid === undefined ? {} : { xid: condition.xid };
    return [{ labels: { window_size_in_ms: XID_WINDOW, ...xid }, value }];
  }
  return [{ labels: {}, value }];
}

/**
 * A node's metrics in the text format, as dcgm-exporter 4.8.4 prints those of the profile's counter file.
 */
export function renderMetrics(node: string, views: readonly GpuView[], profile: Profile): string {
  const lines = signalsOf(profile).flatMap((signal) => {
    const { metric, help, type } = signal;
    const samples = views.flatMap((view) =>
      samplesOf(signal, view).map(({ labels, value }) => {
        const pairs = Object.entries({ ...labelsOf(node, view), ...labels }).map(([key, text]) => `${key}="${text}"`);
        return `${metric}{${pairs.join(",")}} ${isDouble(metric) ? value.toFixed(6) : value.toFixed(0)}`;
      }),
    );
    return samples.length === 0 ? [] : [`# HELP ${metric} ${help}`, `# TYPE ${metric} ${type}`, ...samples];
  });
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

const labelsOf = (node: string, { gpu, holder }: GpuView): Labels => ({
  gpu: gpu.index,
  UUID: gpu.uuid,
  pci_bus_id: gpu.pciBusId,
  device: `nvidia${gpu.index}`,
  modelName: gpu.model.name,
  hostname: node,
  DCGM_FI_DRIVER_VERSION: DRIVER_VERSION,
  DCGM_FI_DEV_VBIOS_VERSION: VBIOS_VERSION,
  ...(holder ?? {}),
});
