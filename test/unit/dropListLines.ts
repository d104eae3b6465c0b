import assert from "node:assert/strict";
import { isKept, metricRelabelings } from "../../components/prometheus/scrape/dropLists";
import { type DropList, relabel } from "../../components/prometheus/scrape/relabeling";

export type Labels = Record<string, string>;

/** A line of an exporter's answer as labels. */
export function parse(line: string): Labels {
  const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})?/.exec(line) ?? [];
  return {
    __name__: name,
    ...Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value])),
  };
}
/** What is stored of a line: one series or none. */
export function storedAs(list: DropList, line: string): Labels[] {
  const labels = relabel(metricRelabelings(list), parse(line));
  return labels === undefined ? [] : [labels];
}
export const keeps = (list: DropList, line: string) => isKept(list, parse(line));

export function check(list: DropList, { kept, dropped }: { kept: string[]; dropped: string[] }) {
  for (const line of kept) assert.equal(keeps(list, line), true, `${line} is dropped`);
  for (const line of dropped) assert.equal(keeps(list, line), false, `${line} is kept`);
}
