import { attention, CATALOGUE, fatal, harmless, type Xid } from "./xid";

const driver = { class: "driver", source: CATALOGUE } as const;

/** What the driver on the host reports of itself. */
export const driverXids: readonly Xid[] = [
  {
    ...driver,
    ...harmless,
    code: 44,
    name: "ROBUST_CHANNEL_GR_FAULT_DURING_CTXSW",
    note: "No alert: NVIDIA says to ignore it.",
  },
  {
    ...driver,
    ...fatal,
    code: 46,
    name: "ROBUST_CHANNEL_GPU_TIMEOUT_ERROR",
    action: "resetGpu",
    alert: "GpuFatalXid",
    note: "The GPU stopped processing.",
  },
  {
    ...driver,
    ...harmless,
    code: 66,
    name: "ROBUST_CHANNEL_FECS_ERR_REG_ACCESS_VIOLATION",
    note: "No alert: NVIDIA says to ignore it.",
  },
  {
    ...driver,
    ...harmless,
    code: 67,
    name: "ROBUST_CHANNEL_FECS_ERR_VERIF_VIOLATION",
    note: "No alert: NVIDIA says to ignore it.",
  },
  {
    ...driver,
    ...attention,
    code: 78,
    name: "VGPU_START_ERROR",
    action: "updateSoftware",
    alert: "GpuPlatformXid",
    note: "The drivers of host and guest do not fit, or the vGPU's type does not fit the guest.",
  },
  {
    ...driver,
    ...fatal,
    code: 109,
    name: "ROBUST_CHANNEL_CTXSW_TIMEOUT_ERROR",
    action: "resetGpu",
    alert: "GpuFatalXid",
    note: "Sources differ: the catalogue asks for a reset, while NVIDIA's device plugin leaves the GPU in service and Modal calls it usually recoverable; it is seen under heavy load on shared GPUs.",
    source: `${CATALOGUE}; k8s-device-plugin#1974; koordinator#2834; Modal, GPU health`,
  },
  {
    ...driver,
    ...harmless,
    code: 141,
    name: "ROBUST_CHANNEL_FAST_PATH_ERROR",
    on: ["hopper", "blackwell"],
    note: "No alert: NVIDIA says to ignore it.",
  },
  {
    ...driver,
    ...fatal,
    code: 151,
    name: "ROBUST_CHANNEL_KEY_ROTATION_ERROR",
    on: ["hopper", "blackwell"],
    action: "restartVm",
    alert: "GpuFatalXid",
    note: "A key of confidential computing could not be rotated.",
  },
];
