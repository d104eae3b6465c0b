/** One selection of series in an expression: the name, and its matchers. */
export interface Selection {
  name: string;
  matchers: { label: string; operator: string; value: string }[];
}

/** Strings, comments, ranges, names, numbers with durations, operators of matchers, single characters. */
const TOKEN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|\[[^\]]*\]|[a-zA-Z_:][\w:]*|\d[\w.]*|[!=]~|!=|\S/g;
const NAME = /^[a-zA-Z_:][\w:]*$/;

/** What is followed by labels in parentheses, and not by an expression. */
const LABEL_LISTS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);

const WORDS = new Set(["and", "or", "unless", "bool", "offset", "inf", "nan", "atan2", "start", "end"]);

/** They may have their labels before the parenthesis that tells functions from metrics. */
const AGGREGATORS = new Set(
  "sum min max avg group stddev stdvar count count_values bottomk topk quantile limitk limit_ratio".split(" "),
);

/**
 * The selections of an expression that is PromQL. It reads names and matchers and no grammar: a library that reads the grammar is
 * no dependency of the components.
 * @throws Error for a selection without a single name.
 */
export function selectionsOf(expr: string): Selection[] {
  const tokens = (expr.match(TOKEN) ?? []).filter((token) => !token.startsWith("#"));
  const found: Selection[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    const next = tokens[at + 1];
    const word = token.toLowerCase();
    if (LABEL_LISTS.has(word)) {
      if (next === "(") at = tokens.indexOf(")", at);
    } else if (token === "{" || (NAME.test(token) && next === "{")) {
      const open = token === "{" ? at : at + 1;
      const close = tokens.indexOf("}", open);
      const matchers = matchersOf(tokens.slice(open + 1, close));
      const name = token === "{" ? matchers.find(isName)?.value : token;
      if (name === undefined) throw new Error(`a selection without a name: ${expr}`);
      found.push({ name, matchers: matchers.filter((matcher) => !isName(matcher)) });
      at = close;
    } else if (NAME.test(token) && next !== "(" && !WORDS.has(word) && !AGGREGATORS.has(word)) {
      found.push({ name: token, matchers: [] });
    }
  }
  return found;
}

const isName = ({ label, operator }: Selection["matchers"][number]) => label === "__name__" && operator === "=";

function matchersOf(tokens: readonly string[]): Selection["matchers"] {
  const found: Selection["matchers"] = [];
  for (let at = 0; at + 2 < tokens.length; at += 4) {
    const [label = "", operator = "", text = ""] = tokens.slice(at, at + 3);
    found.push({ label, operator, value: text.slice(1, -1).replaceAll(/\\(.)/g, "$1") });
  }
  return found;
}
