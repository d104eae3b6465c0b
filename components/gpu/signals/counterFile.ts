import { signalsOf } from ".";
import type { Profile } from "./signal";

const LABELS = [
  { field: "DCGM_FI_DRIVER_VERSION", help: "Driver version." },
  { field: "DCGM_FI_DEV_VBIOS_VERSION", help: "VBIOS version." },
];

/** The fields that the exporter adds to every series as labels; relabelling leaves them on one series of each GPU. */
export const labelFields = LABELS.map(({ field }) => field);

/** dcgm-exporter's counter file: field, type and help, separated by commas. */
export function counterFile(profile: Profile): string {
  const rows = [
    ...signalsOf(profile).map(({ metric, type, help }) => [metric, type, help]),
    ...LABELS.map(({ field, help }) => [field, "label", help]),
  ];
  return `${rows.map((row) => row.join(", ")).join("\n")}\n`;
}
