import path from "node:path";
import { styleText } from "node:util";
import { formatProblems } from "../../stacks/settings";
import { availabilityOf } from "./availability";
import { componentTree, flatten } from "./componentTree";
import type { Plan } from "./makePlan";
import { networkTable } from "./networkTable";
import { CRDS_FOLDER } from "./write";

type Style = Parameters<typeof styleText>[0];

/** Colours only where a person looks on: `styleText` asks the stream and NO_COLOR. */
const styled = (stream: NodeJS.WriteStream) => (style: Style, text: string) => styleText(style, text, { stream });

/** Left-aligned columns with two spaces between them. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

function components(plan: Plan): string[] {
  const tree = componentTree(plan.resources);
  if (!tree) return [];
  const rows = flatten(tree).map(({ node, depth }) => [
    `${"  ".repeat(depth)}${node.name}`,
    depth === 0 ? "" : node.className,
    String(node.kinds.reduce((sum, { count }) => sum + count, 0)),
    node.kinds.map(({ kind, count }) => (count === 1 ? kind : `${count} ${kind}`)).join(", "),
  ]);
  return table([["Component", "Class", "Resources", ""], ...rows]);
}

function workloads(plan: Plan): string[] {
  const rows = availabilityOf(plan.manifests).map(({ workload, replicas, budget, spread }) => [
    workload,
    replicas,
    budget,
    spread.length > 0 ? spread.join(", ") : "none",
  ]);
  return rows.length === 0 ? [] : table([["Workload", "Replicas", "Disruption budget", "Spread over"], ...rows]);
}

function network(plan: Plan): string[] {
  const { rows } = networkTable(plan.manifests);
  if (rows.length === 0) return [];
  return table([
    ["Network: from", "To", "Ports", "Why"],
    ...rows.map(({ from, to, ports, why }) => [from, to, ports, why]),
  ]);
}

/** What the network is otherwise. */
function closing(plan: Plan): string[] {
  const { denied } = networkTable(plan.manifests);
  return denied.length === 0 ? [] : [`Everything else is denied, both ways, in: ${denied.join(", ")}.`, ""];
}

function withheld(plan: Plan): string[] {
  const unknown = plan.unknown.map(({ manifest, path }) => `  ${manifest}: ${path}`);
  const secrets = plan.secrets.map(({ command }) => `  ${command}`);
  return [
    ...(unknown.length > 0
      ? ["Known only after deployment, so these manifests cannot be written:", ...unknown, ""]
      : []),
    ...(secrets.length > 0
      ? ["Secrets are never written; create them before you apply the manifests:", ...secrets, ""]
      : []),
  ];
}

/** What was written. */
export interface Written {
  /** The folder, if any. */
  out: string | undefined;
  /** Whether the operator's definitions are there too. */
  crds: boolean;
}

function whereTo(plan: Plan, { out, crds }: Written): string[] {
  const manifests = counted(plan.writable.length, "manifest");
  if (out === undefined) return [`Nothing was written. With --out DIR: ${manifests} and report.html.`];
  const apply = `kubectl apply --server-side -f ${out}`;
  if (!crds) return [`Wrote ${manifests} and report.html to ${out}; apply with: ${apply}`];
  const definitions = path.join(out, CRDS_FOLDER);
  return [
    `Wrote ${manifests} and report.html to ${out}, and the operator's definitions to ${definitions}; apply with:`,
    `  kubectl apply --server-side -f ${definitions}`,
    `  kubectl wait --for=condition=Established -f ${definitions}`,
    `  ${apply}`,
  ];
}

/** What a person reads on the terminal. */
export function formatSummary(plan: Plan, written: Written, stream: NodeJS.WriteStream): string {
  const style = styled(stream);
  const withHeading = ([heading = "", ...rows]: string[]) => [style("bold", heading), ...rows, ""];
  const custom = plan.resources.filter((resource) => resource.custom).length;
  const sizes = [
    counted(plan.resources.length - custom - 1, "component"),
    counted(plan.manifests.length, "Kubernetes object"),
    counted(custom - plan.manifests.length, "other resource"),
  ];
  const availability = workloads(plan);
  const edges = network(plan);
  return [
    style("bold", `Plan of stack ${plan.stack}`),
    "",
    ...withHeading(components(plan)),
    ...(availability.length > 0 ? withHeading(availability) : []),
    ...(edges.length > 0 ? [...withHeading(edges).slice(0, -1), ...closing(plan)] : []),
    ...withheld(plan),
    `${sizes.join(", ")}. ${style("green", "Every object fits its schema.")}`,
    style("dim", "Neither a cloud nor the cluster was asked: what already runs there is not part of this plan."),
    ...whereTo(plan, written),
    "",
  ].join("\n");
}

/** What a person reads when nothing can be planned. */
export function formatRejection(plan: Plan, stream: NodeJS.WriteStream): string {
  const text = formatProblems(plan.problems, `stack ${plan.stack}`);
  const [heading = "", ...rest] = text.split("\n");
  return [styled(stream)(["bold", "red"], heading), ...rest, "", "Nothing was written.", ""].join("\n");
}
