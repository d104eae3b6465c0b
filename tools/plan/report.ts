import { type Availability, availabilityOf } from "./availability";
import { type ComponentNode, componentTree } from "./componentTree";
import type { Plan } from "./makePlan";
import { networkTable } from "./networkTable";
import { reportStyle } from "./reportStyle";

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

const element = (tag: string, content: string, className = "") =>
  `<${tag}${className === "" ? "" : ` class="${className}"`}>${content}</${tag}>`;

const section = (title: string, content: string) =>
  content === "" ? "" : element("section", `${element("h2", escaped(title))}${content}`);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const cells = (row: readonly string[], tag: string) => element("tr", row.map((cell) => element(tag, cell)).join(""));
  return element(
    "table",
    element("thead", cells(head, "th")) + element("tbody", rows.map((row) => cells(row, "td")).join("")),
  );
}

function branch(node: ComponentNode): string {
  const kinds = node.kinds.map(({ kind, count }) =>
    element("span", escaped(count === 1 ? kind : `${count} × ${kind}`), "kind"),
  );
  const head = `${element("b", escaped(node.name))} ${element("small", escaped(node.className))} ${kinds.join(" ")}`;
  const children = node.children.map(branch).join("");
  return element("li", head + (children === "" ? "" : element("ul", children)));
}

function topology(plan: Plan): string {
  const tree = componentTree(plan.resources);
  return tree ? element("ul", branch({ ...tree, className: "stack" }), "tree") : "";
}

/** One pod without a budget or a spread is how a single fault stops it: that is marked. */
function availability(rows: readonly Availability[]): string {
  const mark = (text: string, weak: boolean) => element("span", escaped(text), weak ? "weak" : "good");
  return table(
    ["Workload", "Replicas", "Disruption budget", "Spread over"],
    rows.map(({ workload, replicas, budget, spread }) => {
      const everywhere = replicas === "1 per node";
      const alone = replicas === "1";
      return [
        escaped(workload),
        mark(replicas, alone),
        mark(budget, !everywhere && budget === "none"),
        mark(spread.length > 0 ? spread.join(", ") : "none", !everywhere && spread.length === 0),
      ];
    }),
  );
}

function network(plan: Plan): string {
  const { denied, rows } = networkTable(plan.manifests);
  const edges = table(
    ["From", "To", "Ports", "Why"],
    rows.map(({ from, to, ports, why }) => [from, to, ports, why].map(escaped)),
  );
  return edges === ""
    ? ""
    : edges + element("p", escaped(`Everything else is denied, both ways, in: ${denied.join(", ")}.`));
}

function capacity(figures: Record<string, unknown>): string {
  return table(
    ["Figure", "Value"],
    Object.entries(figures).map(([name, value]) => [
      escaped(name),
      escaped(typeof value === "string" ? value : JSON.stringify(value)),
    ]),
  );
}

function manifests(plan: Plan): string {
  const links = plan.writable.map(({ file, object }) => [
    `<a href="${escaped(encodeURI(file))}">${escaped(file)}</a>`,
    escaped(object.kind),
    escaped(object.metadata.namespace ?? "(cluster)"),
    escaped(object.metadata.name ?? ""),
  ]);
  return table(["File", "Kind", "Namespace", "Name"], links);
}

const counted = (count: number, word: string) =>
  element("div", `${element("b", String(count))} ${escaped(word)}`, "figure");

/** One page that needs nothing else: for a review, a pull request or a colleague without the tools. */
export function htmlReport(plan: Plan): string {
  const components = plan.resources.filter(({ custom }) => !custom).length - 1;
  const figures = [
    counted(components, "components"),
    counted(plan.manifests.length, "Kubernetes objects"),
    counted(plan.unknown.length, "values known only after deployment"),
    counted(plan.secrets.length, "secrets to create"),
  ];
  const code = (text: string) => element("code", escaped(text));
  const body = [
    element(
      "header",
      `${element("h1", `${escaped(plan.stack)} ${element("small", escaped(plan.project))}`)}${element("div", figures.join(""), "figures")}`,
    ),
    section("What is deployed", topology(plan)),
    section("High availability", availability(availabilityOf(plan.manifests))),
    section("Network", network(plan)),
    section("Capacity", capacity(plan.capacity)),
    section(
      "Secrets to create",
      table(
        ["Secret", "Command"],
        plan.secrets.map(({ namespace, name, command }) => [escaped(`${namespace}/${name}`), code(command)]),
      ),
    ),
    section(
      "Known only after deployment",
      table(
        ["Manifest, not written", "Where"],
        plan.unknown.map(({ manifest, path }) => [escaped(manifest), code(path)]),
      ),
    ),
    section("Manifests", manifests(plan)),
    element(
      "footer",
      "Every object was checked against its schema. Neither a cloud nor the cluster was asked: what already runs there is not part of this plan.",
    ),
  ];
  const title = escaped(`Plan of ${plan.project}, stack ${plan.stack}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${reportStyle}</style>
</head>
<body>
${body.filter((part) => part !== "").join("\n")}
</body>
</html>
`;
}
