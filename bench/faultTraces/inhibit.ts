import type { InhibitionRule } from "../../components/gpu/inhibition";
import type { Episode } from "./evaluate";

type Labels = Readonly<Record<string, string>>;

const MATCHER = /^(\w+)(=~|!~|!=|=)"(.*)"$/;

/** Whether labels match all matchers, as Alertmanager takes them: a label that is missing is empty. */
export function matches(labels: Labels, matchers: readonly string[]): boolean {
  return matchers.every((matcher) => {
    const [, name = "", operator, value = ""] = MATCHER.exec(matcher) ?? [];
    const actual = labels[name] ?? "";
    if (operator === "=" || operator === "!=") return (actual === value) === (operator === "=");
    if (operator === undefined) throw new Error(`no matcher: ${matcher}`);
    return new RegExp(`^(?:${value})$`).test(actual) === (operator === "=~");
  });
}

/** Whether one of the sources silences a target. An alert that is both source and target does not silence its like. */
function isInhibited(target: Labels, sources: readonly Labels[], rules: readonly InhibitionRule[]): boolean {
  return rules.some((rule) => {
    if (!matches(target, rule.target_matchers)) return false;
    const both = matches(target, rule.source_matchers);
    return sources.some(
      (source) =>
        source !== target &&
        matches(source, rule.source_matchers) &&
        !(both && matches(source, rule.target_matchers)) &&
        rule.equal.every((label) => (source[label] ?? "") === (target[label] ?? "")),
    );
  });
}

/** Of each alert the minutes in which it is notified; those that are always inhibited have none. */
export function notified(episodes: readonly Episode[], rules: readonly InhibitionRule[]): Episode[] {
  const last = Math.max(0, ...episodes.map(({ minutes }) => minutes.at(-1) ?? 0));
  const left = episodes.map(({ labels }): Episode => ({ labels, minutes: [] }));
  for (let minute = 0; minute <= last; minute += 1) {
    const now = episodes.map(({ minutes }) => minutes.includes(minute));
    const sources = episodes.filter((_, index) => now[index]).map(({ labels }) => labels);
    episodes.forEach(({ labels }, index) => {
      if (now[index] && !isInhibited(labels, sources, rules)) left[index]?.minutes.push(minute);
    });
  }
  return left.filter(({ minutes }) => minutes.length > 0);
}
