import { CATALOGUE, harmless, type Xid } from "./xid";

const informational = { class: "informational", ...harmless, source: CATALOGUE } as const;

/** Codes that report no fault. */
export const informationalXids: readonly Xid[] = [
  {
    ...informational,
    code: 14,
    name: "ROBUST_CHANNEL_FAKE_ERROR",
    note: "No alert: somebody injected it for a test.",
  },
  {
    ...informational,
    code: 106,
    name: "SMBPBI_TEST_MESSAGE",
    note: "No alert: a test of the management bus.",
  },
  {
    ...informational,
    code: 107,
    name: "SMBPBI_TEST_MESSAGE_SILENT",
    note: "No alert: a test of the management bus.",
  },
  {
    ...informational,
    code: 154,
    name: "GPU_RECOVERY_ACTION_CHANGED",
    action: "followRecoveryAction",
    note: "No alert: DCGM_FI_DEV_GPU_RECOVERY_ACTION says what the driver wants and has its own. By the catalogue the code itself only informs; it comes beside the one that is meant.",
  },
];
