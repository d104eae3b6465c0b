import type { Signal } from "./signal";

const device = { subject: "device" } as const;

/** What the driver and DCGM say is wrong. */
export const faultSignals = [
  {
    ...device,
    metric: "DCGM_FI_DEV_XID_ERRORS",
    type: "gauge",
    help: "The last XID error.",
    profile: "essential",
    seriesPerGpu: 0,
    otherName: { name: "DCGM_FI_DEV_XID_ERROR", factor: 1 },
    keptFor: "It is still there when the exporter, which counts events, has restarted since.",
    note: "A GPU without any XID does not have it (dcgm-exporter#646). Sticky until the driver is loaded again; the same code twice is not seen.",
  },
  {
    ...device,
    metric: "DCGM_EXP_XID_ERRORS_COUNT",
    type: "gauge",
    help: "XID errors within the window.",
    profile: "essential",
    seriesPerGpu: 1,
    labels: ["xid"],
    note: "Counted by the exporter, which forgets them when it restarts; it falls back to 0, so it is no counter. One more series for each code within the window.",
  },
  {
    ...device,
    metric: "DCGM_EXP_GPU_HEALTH_STATUS",
    type: "gauge",
    help: "DCGM's own verdict: 0 passed; 10 warning; 20 failed.",
    profile: "health",
    seriesPerGpu: 5,
    labels: ["health_watch", "health_error_code"],
    without: { health_watch: "PMU|MCU|SM|THERMAL|POWER|DRIVER" },
    note: "A failure has another error code, so another series.",
  },
  {
    ...device,
    metric: "DCGM_FI_DEV_GPU_RECOVERY_ACTION",
    type: "gauge",
    help: "What the driver wants done: 0 nothing; 1 a reset; 2 a reboot; 3 drain P2P; 4 drain and reset; more in later drivers.",
    profile: "essential",
    seriesPerGpu: 1,
    otherName: { name: "DCGM_FI_DEV_GET_GPU_RECOVERY_ACTION", factor: 1 },
    note: "Exporters before 4.8.3 know the other name alone, and do not start with this one. Measured on an H100 with driver 580: 0, also after XIDs 13, 31 and 43 of faulty programs.",
  },
] as const satisfies readonly Signal[];
