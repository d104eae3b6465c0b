import type { Signal } from "./signal";

const work = { subject: "work", seriesPerGpu: 1 } as const;

/** What runs on the GPU, and what it holds. */
export const useSignals = [
  {
    ...work,
    metric: "DCGM_FI_DEV_GPU_UTIL",
    type: "gauge",
    help: "Time in which at least one kernel ran (in %).",
    profile: "essential",
    otherName: { name: "DCGM_FI_DEV_GPU_UTIL_RATIO", factor: 1 },
    note: "DCGM 4.6 counts percent under the other name too; 4.7 does not. Not work: measured on an H100, one waiting warp gives 100. Not of MIG instances.",
  },
  {
    ...work,
    metric: "DCGM_FI_DEV_FB_USED",
    type: "gauge",
    help: "Memory that is used (in MiB).",
    profile: "essential",
  },
  {
    ...work,
    metric: "DCGM_FI_DEV_FB_FREE",
    type: "gauge",
    help: "Memory that is free (in MiB).",
    profile: "essential",
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    type: "gauge",
    help: "Share of time in which any engine computes.",
    profile: "profiling",
    otherName: { name: "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO", factor: 1 },
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_SM_ACTIVE",
    type: "gauge",
    help: "Share of the multiprocessors that have work.",
    profile: "profiling",
    otherName: { name: "DCGM_FI_PROF_SM_UTIL_RATIO", factor: 1 },
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
    type: "gauge",
    help: "Share of cycles in which tensor cores compute.",
    profile: "profiling",
    otherName: { name: "DCGM_FI_PROF_TENSOR_UTIL_RATIO", factor: 1 },
    note: "Measured on an H100: 0.93 for large matrix products, 0.007 for a decoder with few requests, 0 for one that waits.",
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_DRAM_ACTIVE",
    type: "gauge",
    help: "Share of cycles in which memory is read or written.",
    profile: "profiling",
    otherName: { name: "DCGM_FI_PROF_DRAM_UTIL_RATIO", factor: 1 },
    note: "Measured on an H100: 0.29 for a decoder with few requests, 0.000006 for a kernel that waits.",
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_NVLINK_TX_BYTES",
    type: "gauge",
    help: "Bytes sent over NVLink each second.",
    profile: "profiling",
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_NVLINK_RX_BYTES",
    type: "gauge",
    help: "Bytes received over NVLink each second.",
    profile: "profiling",
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_PCIE_TX_BYTES",
    type: "gauge",
    help: "Bytes sent over PCIe each second.",
    profile: "profiling",
  },
  {
    ...work,
    metric: "DCGM_FI_PROF_PCIE_RX_BYTES",
    type: "gauge",
    help: "Bytes received over PCIe each second.",
    profile: "profiling",
  },
] as const satisfies readonly Signal[];
