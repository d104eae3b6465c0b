import type { Signal } from "./signal";

const device = { subject: "device", seriesPerGpu: 1 } as const;

/** The memory's errors and what is left to repair it with. */
export const memorySignals = [
  {
    ...device,
    metric: "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
    type: "counter",
    help: "Double-bit ECC errors since the driver was loaded.",
    profile: "essential",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL",
    type: "counter",
    help: "Single-bit ECC errors since the driver was loaded.",
    profile: "health",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
    type: "counter",
    help: "Rows remapped for uncorrectable errors in the life of the card.",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_ROW_REMAP_UNCORRECTABLE_TOTAL", factor: 1 },
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS",
    type: "counter",
    help: "Rows remapped for correctable errors in the life of the card.",
    profile: "health",
    otherName: { name: "DCGM_FI_DEV_ROW_REMAP_CORRECTABLE_TOTAL", factor: 1 },
    keptFor: "NVIDIA's repair looks at both kinds; they use up the same spare rows.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_ROW_REMAP_FAILURE",
    type: "gauge",
    help: "Whether remapping of rows has failed.",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_ROW_REMAP_FAILED", factor: 1 },
    note: "NVIDIA's criterion for a replacement.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_ROW_REMAP_PENDING",
    type: "gauge",
    help: "Whether a remapping waits for a reset of the GPU.",
    profile: "essential",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_NONE",
    type: "gauge",
    help: "Memory banks without spare rows.",
    profile: "health",
    otherName: { name: "DCGM_FI_DEV_BANK_REMAP_AVAIL_NONE", factor: 1 },
    note: "An H100 has 2560 banks; measured on a healthy one: 0.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_LOW",
    type: "gauge",
    help: "Memory banks with few spare rows.",
    profile: "health",
    otherName: { name: "DCGM_FI_DEV_BANK_REMAP_AVAIL_LOW", factor: 1 },
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_THRESHOLD_SRM",
    type: "gauge",
    help: "Whether the threshold of SRAM errors has been exceeded.",
    profile: "health",
    otherName: { name: "DCGM_FI_DEV_SRAM_EXCEEDED", factor: 1 },
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_MEMORY_UNREPAIRABLE_FLAG",
    type: "gauge",
    help: "Whether memory cannot be repaired.",
    profile: "health",
    otherName: { name: "DCGM_FI_DEV_MEMORY_UNREPAIRABLE", factor: 1 },
  },
] as const satisfies readonly Signal[];
