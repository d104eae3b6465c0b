/** Series over time in promtool's notation, a sample each minute. */
export type Input = Record<string, string>;

/** Collects samples minute by minute. */
export class Samples {
  private readonly bySeries = new Map<string, (number | undefined)[]>();
  private readonly minutes: number;

  constructor(minutes: number) {
    this.minutes = minutes;
  }

  set(minute: number, series: string, value: number): void {
    let samples = this.bySeries.get(series);
    if (samples === undefined) {
      samples = Array.from({ length: this.minutes });
      this.bySeries.set(series, samples);
    }
    samples[minute] = value;
  }

  /** Where a series ends, a marker says so, as Prometheus writes it when a scrape has it no more, or fails. */
  input(): Input {
    return Object.fromEntries([...this.bySeries].map(([series, samples]) => [series, notation(samples)]));
  }
}

/** `7 7 7` is `7x2`. */
export function notation(samples: readonly (number | undefined)[]): string {
  const tokens = samples.map((sample, minute) => {
    if (sample !== undefined) return `${Number(sample.toPrecision(10))}`;
    return minute > 0 && samples[minute - 1] !== undefined ? "stale" : "_";
  });
  const runs: { token: string; length: number }[] = [];
  for (const token of tokens) {
    const last = runs.at(-1);
    if (last?.token === token) last.length += 1;
    else runs.push({ token, length: 1 });
  }
  return runs
    .map(({ token, length }) => {
      if (length === 1) return token;
      return token === "_" ? `_x${length}` : `${token}x${length - 1}`;
    })
    .join(" ");
}

type Labels = Readonly<Record<string, string | undefined>>;

/** Labels as PromQL writes them, without braces; those without a value are left out. */
export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]))
    .join(", ");

/** A series as PromQL writes it. */
export const seriesOf = (metric: string, labels: Labels): string => `${metric}{${labelText(labels)}}`;
