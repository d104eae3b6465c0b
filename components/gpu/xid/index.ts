import { applicationXids } from "./application";
import { driverXids } from "./driver";
import { hardwareXids } from "./hardware";
import { informationalXids } from "./informational";
import { linkXids } from "./links";
import { memoryXids } from "./memory";
import { unusedXids } from "./unused";
import type { Generation, Xid, XidAlert, XidMeaning, XidSeverity } from "./xid";

export {
  type Generation,
  generations,
  type Xid,
  type XidAction,
  type XidAlert,
  type XidClass,
  type XidMeaning,
  type XidSeverity,
} from "./xid";

/** All XIDs that are known, by their codes. */
export const xids: readonly Xid[] = [
  ...memoryXids,
  ...linkXids,
  ...hardwareXids,
  ...driverXids,
  ...applicationXids,
  ...informationalXids,
  ...unusedXids,
].sort((a, b) => a.code - b.code);

const byCode = new Map(xids.map((xid) => [xid.code, xid]));

/** What codes are chosen by: those that agree in everything given. */
export type XidFilter = Partial<XidMeaning> & { alert?: XidAlert };

/** The codes that a filter chooses, in order. */
export const xidCodes = (filter: XidFilter): number[] =>
  xids
    .filter((xid) => Object.entries(filter).every(([field, wanted]) => xid[field as keyof XidFilter] === wanted))
    .map(({ code }) => code);

/**
 * The codes as a regular expression for the label `xid`, such as `48|95`.
 * @throws Error without codes: the empty expression would match what has no code.
 */
export function xidPattern(codes: readonly number[]): string {
  if (codes.length === 0) throw new Error("a pattern of XIDs needs at least one code");
  return codes.join("|");
}

/** What a code means on a generation. Default: on every generation for which nothing else is said; none for unknown codes. */
export function xidOn(code: number, generation?: Generation): Xid | undefined {
  const xid = byCode.get(code);
  if (xid === undefined || generation === undefined) return xid;
  return { ...xid, ...xid.generations?.[generation] };
}

/** How urgent a code is. An unknown one is a warning: somebody has to find out. */
export const severityFor = (code: number, generation?: Generation): XidSeverity =>
  xidOn(code, generation)?.severity ?? "warning";

const coveredBy = (alert: XidAlert): readonly number[] => xidCodes({ alert });

export const fallenOffBus = coveredBy("GpuFallenOffBus");
export const uncorrectableEcc = coveredBy("GpuUncorrectableEcc");
export const uncontainedEcc = coveredBy("GpuUncontainedEcc");
export const containedEcc = coveredBy("GpuContainedEcc");
export const rowRemapFailure = coveredBy("GpuRowRemapFailure");
/** Any repair of memory that waits for a reset, of rows, banks and channels. */
export const rowRemapPending = coveredBy("GpuRowRemapPending");
export const sbeStorm = coveredBy("GpuSingleBitEccStorm");
export const gsp = coveredBy("GpuGspError");
/** Critical and warnings: `xidCodes({ alert: "GpuNvlinkXid", severity })` tells them apart. */
export const nvlink = coveredBy("GpuNvlinkXid");
/** What else takes a GPU out of service. */
export const otherFatal = coveredBy("GpuFatalXid");
/** What else the platform's team should look at, while the GPU works. */
export const platform = coveredBy("GpuPlatformXid");
export const application = coveredBy("GpuApplicationXid");

/** Codes without an alert. */
export const informational: readonly number[] = xids.filter(({ alert }) => alert === undefined).map(({ code }) => code);

/** Codes that GpuUnknownXid leaves alone: those that have another alert or, by intention, none. */
export const expected: readonly number[] = xids
  .filter(({ alert }) => alert !== "GpuUnknownXid")
  .map(({ code }) => code);
