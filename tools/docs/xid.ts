import { type Xid, xids } from "../../components/gpu/xid";
import { table } from "./markdown";

const code = (text: string) => `\`${text}\``;

function action({ action, generations = {} }: Xid): string {
  const elsewhere = Object.entries(generations).flatMap(([generation, differs]) =>
    Object.entries(differs).map(([field, value]) => `${generation}: ${field} ${code(String(value))}`),
  );
  return [code(action), ...elsewhere].join("; ");
}

const row = (xid: Xid) => [
  String(xid.code),
  xid.name,
  xid.class,
  xid.severity,
  action(xid),
  xid.owner,
  xid.on?.join(", ") ?? "all",
  xid.note ?? "",
  xid.source,
];

const heading = ["XID", "Name", "Class", "Severity", "Action", "Owner", "GPUs", "Note", "Source"];

const alertOf = ({ alert }: Xid): string => alert ?? "Without an alert";

/** The generated part of docs/xid.md: every code under the alert that covers it. */
export function xidReference(): string {
  const alerts = [...new Set(xids.map(alertOf))].sort();
  return alerts
    .flatMap((alert) => {
      const covered = xids.filter((xid) => alertOf(xid) === alert);
      return [`## ${alert}`, "", ...table(heading, covered.map(row)), ""];
    })
    .join("\n");
}
