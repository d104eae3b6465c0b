/** One step of `metricRelabelings` of a ServiceMonitor, PodMonitor or ScrapeConfig. */
export interface MetricRelabeling {
  sourceLabels?: string[];
  separator?: string;
  regex: string;
  action: "keep" | "drop" | "labeldrop" | "replace";
  /** Of `replace`: the label that is written. */
  targetLabel?: string;
  /** Of `replace`: what is written; empty removes the label. Default: `$1`. */
  replacement?: string;
}

/** Series that are kept: those of the names whose labels match. */
export interface Kept {
  /** A regular expression over the whole name. */
  names: string;
  /** Regular expressions over whole labels; they must not match a ";". */
  where?: Record<string, string>;
  why: string;
}

/** What is kept of what a target says. Regular expressions are Prometheus': they match the whole value. */
export interface DropList {
  /** If there are any, only these are kept; the rest of the list looks only at them. */
  keep: Kept[];
  /** Families that are dropped: regular expressions over the whole name. */
  families: { names: string; why: string }[];
  /** Series that are dropped: the values of the labels, joined with ";", match. */
  series: { sourceLabels: string[]; regex: string; why: string }[];
  /** Labels that are taken away from what is left, which must not make two series equal. */
  labels: { names: string; why: string }[];
}

const SEPARATOR = ";";
const ANY = `[^${SEPARATOR}]*`;

/** One step with all of the list, because a step that keeps throws away everything else. */
function keepStep(keep: readonly Kept[]): MetricRelabeling {
  const labels = [...new Set(keep.flatMap(({ where }) => Object.keys(where ?? {})))].sort();
  const alternatives = keep.map(({ names, where }) =>
    [names, ...labels.map((label) => where?.[label] ?? ANY)].map((part) => `(?:${part})`).join(SEPARATOR),
  );
  return { sourceLabels: ["__name__", ...labels], regex: alternatives.join("|"), action: "keep" };
}

/** A list as the steps that Prometheus takes with each series. */
export function metricRelabelings({ keep, families, series, labels }: DropList): MetricRelabeling[] {
  return [
    ...(keep.length === 0 ? [] : [keepStep(keep)]),
    ...(families.length === 0
      ? []
      : [
          {
            sourceLabels: ["__name__"],
            regex: families.map(({ names }) => names).join("|"),
            action: "drop" as const,
          },
        ]),
    ...series.map(({ sourceLabels, regex }) => ({ sourceLabels, regex, action: "drop" as const })),
    ...(labels.length === 0
      ? []
      : [{ regex: labels.map(({ names }) => names).join("|"), action: "labeldrop" as const }]),
  ];
}

/** What Prometheus stores of a series, the name as the label `__name__`; undefined if it drops it. */
export function relabel(
  steps: readonly MetricRelabeling[],
  series: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  let labels = { ...series };
  for (const step of steps) {
    const { sourceLabels = [], separator = SEPARATOR, regex, action } = step;
    const whole = new RegExp(`^(?:${regex})$`, "s");
    if (action === "labeldrop") {
      labels = Object.fromEntries(Object.entries(labels).filter(([name]) => !whole.test(name)));
      continue;
    }
    const value = sourceLabels.map((name) => labels[name] ?? "").join(separator);
    if (action === "replace") labels = replaced(labels, value, whole, step);
    else if (whole.test(value) !== (action === "keep")) return undefined;
  }
  return labels;
}

function replaced(labels: Record<string, string>, value: string, whole: RegExp, step: MetricRelabeling) {
  const { targetLabel = "", replacement = "$1" } = step;
  if (!whole.test(value)) return labels;
  const { [targetLabel]: _before, ...others } = labels;
  const written = value.replace(whole, replacement);
  return written === "" ? others : { ...others, [targetLabel]: written };
}

/** Whether a series is stored. */
export const isKept = (list: DropList, series: Readonly<Record<string, string>>): boolean =>
  relabel(metricRelabelings(list), series) !== undefined;
