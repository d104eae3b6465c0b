import { attention, CATALOGUE, DRIVER, type Generation, harmless, NO_ACTION_YET, type Xid } from "./xid";

const application = { class: "application", source: CATALOGUE } as const;

/** What ends one program, and whose owner has to look. */
const program = {
  ...application,
  severity: "info",
  action: "restartWorkload",
  owner: "workload",
  fatal: false,
  alert: "GpuApplicationXid",
} as const;

const IGNORED = "NVIDIA's action is to ignore it";

/** The engines of one kind, each with a code: the names are numbered, the codes are not in a row. */
const engines = (kind: string, codes: Record<number, number>, on?: readonly Generation[]): Xid[] =>
  Object.entries(codes).map(([engine, code]) => ({
    ...program,
    code,
    name: `ROBUST_CHANNEL_${kind}${engine}_ERROR`,
    ...(on === undefined ? {} : { on }),
  }));

const hopperOn = ["hopper", "blackwell"] as const;
const blackwell = ["blackwell"] as const;

/** What programs do. A code that follows a GPU from workload to workload is the GPU's fault all the same. */
export const applicationXids: readonly Xid[] = [
  { ...program, code: 8, name: "ROBUST_CHANNEL_FIFO_ERROR_IDLE_TIMEOUT" },
  { ...program, code: 11, name: "ROBUST_CHANNEL_GR_ERROR_MISSING_HW" },
  {
    ...program,
    code: 13,
    name: "ROBUST_CHANNEL_GR_EXCEPTION",
    note: "Mostly an access out of bounds or an illegal instruction: compute-sanitizer finds the line. Repeated on the same TPC it may be hardware.",
  },
  { ...program, code: 25, name: "ROBUST_CHANNEL_GR_ILLEGAL_NOTIFY" },
  {
    ...program,
    code: 31,
    name: "ROBUST_CHANNEL_FIFO_ERROR_MMU_ERR_FLT",
    note: "Mostly an access to an illegal address: compute-sanitizer finds the line. Repeated on the same GPU it may be hardware.",
  },
  {
    ...program,
    code: 43,
    name: "ROBUST_CHANNEL_RESETCHANNEL_VERIF_ERROR",
    action: "none",
    note: `The program met a fault of its own and was ended; the GPU is healthy. ${IGNORED}.`,
  },
  {
    ...application,
    ...harmless,
    code: 45,
    name: "ROBUST_CHANNEL_PREEMPTIVE_REMOVAL",
    owner: "workload",
    note: "No alert: whatever ends a program causes it, also Ctrl-C and the deletion of a pod, and beside another code that one counts; 168,924 in two days on 288 nodes, against 10 of all others. Judgement: nothing to do, where the catalogue's workflow restarts the fabric manager if it comes alone; NVSentinel does so too.",
    source: `${CATALOGUE}; NVSentinel#1629, NVSentinel#1710, NVSentinel#1712`,
  },
  { ...program, code: 60, name: "ROBUST_CHANNEL_SEC2_ERROR" },
  { ...program, code: 69, name: "ROBUST_CHANNEL_GR_CLASS_ERROR" },
  {
    ...program,
    code: 108,
    name: "NVLINK_REMOTE_TRANSLATION_ERROR",
    action: "none",
    note: `Called unused, and yet to be looked into like 137. ${IGNORED}.`,
  },
  {
    ...program,
    code: 137,
    name: "NVLINK_PRIV_ERR",
    action: "none",
    note: `An illegal access to a peer over NVLink, mostly a fault of the program: compute-sanitizer finds the line. ${IGNORED}.`,
  },
  {
    ...application,
    ...attention,
    code: 174,
    name: "ROBUST_CHANNEL_RESETCHANNEL_KILL_PROCESS_SILENT",
    action: "contactSupport",
    alert: "GpuUnknownXid",
    note: `${NO_ACTION_YET}.`,
    source: DRIVER,
  },
  ...engines("CE", { 0: 39, 1: 40, 2: 41, 3: 70, 4: 71, 5: 72, 6: 75, 7: 76, 8: 77, 9: 85 }),
  ...engines(
    "CE",
    { 10: 126, 11: 127, 12: 128, 13: 129, 14: 130, 15: 131, 16: 132, 17: 133, 18: 134, 19: 135 },
    blackwell,
  ),
  ...engines("NVDEC", { 0: 68, 1: 83, 2: 84, 3: 88, 4: 89 }),
  ...engines("NVDEC", { 5: 96, 6: 97, 7: 98 }, hopperOn),
  ...engines("NVJPG", { 0: 82 }),
  ...engines("NVJPG", { 1: 99, 2: 100, 3: 101, 4: 102, 5: 103, 6: 104, 7: 105 }, hopperOn),
  ...engines("OFA", { 0: 86 }),
  ...engines("OFA", { 1: 139 }, blackwell),
];
