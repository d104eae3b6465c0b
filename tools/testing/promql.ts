import { parser } from "@prometheus-io/lezer-promql";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** One selection of series in an expression: the metric's name, and the labels that it must have. */
export interface Selection {
  name: string;
  /** Labels compared with `=`. */
  equal: Record<string, string>;
  /** All matchers as they are written. */
  matchers: { label: string; operator: string; value: string }[];
}

const unquoted = (text: string) => text.slice(1, -1).replaceAll(/\\(.)/g, "$1");

function matcherOf(node: SyntaxNode, expr: string) {
  const text = (child: SyntaxNode | null) => (child === null ? "" : expr.slice(child.from, child.to));
  return {
    label: text(node.getChild("LabelName")),
    operator: text(node.getChild("MatchOp")),
    value: unquoted(text(node.getChild("StringLiteral"))),
  };
}

/**
 * Every selection of an expression, by the grammar that Prometheus' own web page uses.
 * @throws Error for what is no PromQL, and for a selection without a single name.
 */
export function selectionsOf(expr: string): Selection[] {
  const found: Selection[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, node }) => {
      if (type.isError) throw new Error(`no PromQL at ${node.from}: ${expr}`);
      if (type.name !== "VectorSelector") return;
      const identifier = node.getChild("Identifier");
      const matchers =
        node
          .getChild("LabelMatchers")
          ?.getChildren("UnquotedLabelMatcher")
          .map((matcher) => matcherOf(matcher, expr)) ?? [];
      const named = matchers.find(({ label, operator }) => label === "__name__" && operator === "=");
      const name = identifier ? expr.slice(identifier.from, identifier.to) : named?.value;
      if (name === undefined) throw new Error(`a selection without a name: ${expr.slice(node.from, node.to)}`);
      const equal = matchers.filter(({ operator }) => operator === "=").map(({ label, value }) => [label, value]);
      found.push({ name, equal: Object.fromEntries(equal), matchers });
    },
  });
  return found;
}

/** The functions and aggregations of an expression, each once. */
export function functionsOf(expr: string): string[] {
  const found = new Set<string>();
  parser.parse(expr).iterate({
    enter: ({ type, node }) => {
      if (type.name === "FunctionIdentifier" || type.name === "AggregateOp") found.add(expr.slice(node.from, node.to));
    },
  });
  return [...found].sort();
}
