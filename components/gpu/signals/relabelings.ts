import type { MetricRelabeling } from "../../prometheus/scrape/relabeling";
import { signalsOf } from ".";
import { labelFields } from "./counterFile";
import type { Profile, Signal } from "./signal";

/**
 * The metric that keeps what identifies the card's software and place: driver, VBIOS, PCI address. On every series, a new
 * driver would be a new fleet. Every GPU has this one, always.
 */
export const INFO_METRIC = "DCGM_FI_DEV_GPU_TEMP";

/** Labels of {@link INFO_METRIC}, and where they come from. */
const INFO_LABELS = {
  driver_version: "DCGM_FI_DRIVER_VERSION",
  vbios_version: "DCGM_FI_DEV_VBIOS_VERSION",
  pci_address: "pci_bus_id",
} as const;

/** Of the pod that holds the GPU. */
const WORK_LABELS = ["namespace", "pod", "container"];

// Between the steps only, so that the long list of names is looked through once for each sample.
const DEVICE_MARK = "__tmp_subject";
const DEVICE = "device";

/** Labels that no series needs: other spellings of `node` and `gpu`, what changes too often, what another label says. */
const USELESS_LABELS = [
  "Hostname|hostname",
  "device|pci_bus_id",
  "pod_uid|hpc_job|vgpu",
  "window_size_in_ms|err_code|err_msg",
  "dra_.+",
  // New with 4.8.3; the error's code says it.
  "health_error_severity|health_error_category",
  "gpu_uuid|model_name",
  ...labelFields,
  DEVICE_MARK,
];

const names = (list: readonly Signal[]) => list.map(({ metric }) => metric).join("|");

/** How the exporter's series become ours. */
export interface SignalRelabeling {
  profile: Profile;
  /** Whether several pods may hold one GPU: then which of them a series tells of is chance, and it tells of none. */
  sharedGpus: boolean;
  /** Whether the exporters have a counter file of somebody else, with names of other releases. Default: false. */
  foreignCounterFile?: boolean;
}

/**
 * What Prometheus makes of the exporter's series. It understands the labels of exporters before and after 4.8.2, and on
 * request names of other releases of DCGM where only the name is another.
 */
export function signalRelabelings({ profile, sharedGpus, foreignCounterFile }: SignalRelabeling): MetricRelabeling[] {
  const collected = signalsOf(profile);
  const device = collected.filter(({ subject }) => subject === "device");
  return [
    // Each is a step for each sample: our own counter file needs none.
    ...(foreignCounterFile ? collected.flatMap(renamed) : []),
    { sourceLabels: ["__name__"], regex: names(collected), action: "keep" },
    ...collected.flatMap(withoutUnwanted),
    {
      sourceLabels: ["__name__"],
      regex: names(device),
      targetLabel: DEVICE_MARK,
      replacement: DEVICE,
      action: "replace",
    },
    // With MIG they come for the card and again for each instance.
    { sourceLabels: [DEVICE_MARK, "GPU_I_ID"], regex: `${DEVICE};.+`, action: "drop" },
    ...WORK_LABELS.map((label) => ({
      sourceLabels: [DEVICE_MARK],
      regex: sharedGpus ? ".*" : DEVICE,
      targetLabel: label,
      replacement: "",
      action: "replace" as const,
    })),
    ...Object.entries(INFO_LABELS).map(([label, source]) => ({
      sourceLabels: ["__name__", source],
      regex: `${INFO_METRIC};(.+)`,
      targetLabel: label,
      action: "replace" as const,
    })),
    { regex: USELESS_LABELS.join("|"), action: "labeldrop" },
  ];
}

/** The other name of the same value; where the unit is another too, nothing is stored. */
function renamed({ metric, otherName }: Signal): MetricRelabeling[] {
  if (otherName?.factor !== 1) return [];
  return [
    {
      sourceLabels: ["__name__"],
      regex: otherName.name,
      targetLabel: "__name__",
      replacement: metric,
      action: "replace",
    },
  ];
}

const withoutUnwanted = ({ metric, without = {} }: Signal): MetricRelabeling[] =>
  Object.entries(without).map(([label, values]) => ({
    sourceLabels: ["__name__", label],
    regex: `${metric};(${values})`,
    action: "drop",
  }));
