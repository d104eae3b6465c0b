import type { Input } from "./promtool";

/** Values in promtool's notation, one by one. */
const each = (values: string): string[] =>
  values.split(" ").flatMap((part) => {
    const [, value = part, step, times] = /^(_|stale|-?[\d.]+)([+-][\d.]+)?(?:x(\d+))?$/.exec(part) ?? [];
    // A gap is repeated so often, a value once more.
    const length = times === undefined ? 1 : Number(times) + (value === "_" ? 0 : 1);
    return Array.from({ length }, (_, index) =>
      step === undefined ? value : `${Number(value) + index * Number(step)}`,
    );
  });

/** Which series fail with a scrape. */
const DCGM_EXPORTER = 'job="dcgm-exporter"';
export const KUBE_STATE_METRICS = 'job="kube-state-metrics"';

/** Scrapes of a job, or of what other labels select, that fail in these minutes: all of its series are stale, and `up` is 0. */
export const failedScrapes = (input: Input, minutes: readonly number[], labels = DCGM_EXPORTER): Input =>
  Object.fromEntries(
    Object.entries(input).map(([series, values]) => {
      if (!series.includes(labels)) return [series, values];
      const failed = series.startsWith("up{") ? "0" : "stale";
      return [
        series,
        each(values)
          .map((value, minute) => (minutes.includes(minute) ? failed : value))
          .join(" "),
      ];
    }),
  );

/** Six minutes of each 14: longer than what alerts bridge, so that none holds for 15 minutes. */
export const outages = Array.from({ length: 90 }, (_, minute) => minute).filter((minute) => minute % 14 >= 8);
