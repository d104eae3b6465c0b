import type { NetworkTable } from "../plan/networkTable";
import { table } from "./markdown";

/** The generated part of docs/network.md. */
export function networkReference({ denied, rows }: NetworkTable): string {
  const lines = table(
    ["From", "To", "Ports", "Why"],
    rows.map(({ from, to, ports, why }) => [from, to, ports, why]),
  );
  return [...lines, "", `Denied is everything else in: ${denied.join(", ")}.`, ""].join("\n");
}
