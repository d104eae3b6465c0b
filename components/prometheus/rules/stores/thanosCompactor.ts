import { jobs } from "../../jobs";
import type { RuleGroup } from "../rule";
import { age, asStep, ofJobs, PROCESS } from "./selectors";

const DAY = 86_400;

/** One job for each. */
export const THANOS_COMPACTORS = `${jobs.thanosCompactor}(-.+)?`;

/** Rules about compactors: one for what sidecars upload, and one for what receivers do. */
export function thanosCompactorGroup(namespace: string): RuleGroup {
  const compactor = ofJobs(THANOS_COMPACTORS, namespace);
  const lastUpload = `max by (${PROCESS}) (thanos_objstore_bucket_last_successful_upload_time{${compactor}} > 0)`;
  const iterations = `max by (${PROCESS}) (increase(thanos_compact_iterations_total{${compactor}}[1d]))`;
  const running = `max by (${PROCESS}) (${age(compactor)})`;
  const failures = (step: string, counter: string) =>
    asStep(step, `sum by (${PROCESS}) (increase(thanos_compact_${counter}_failures_total{${compactor}}[2h]))`);
  return {
    name: "thanos-compactor",
    // Whether there is more than one cannot be seen from a part of the targets.
    scope: "global",
    rules: [
      {
        alert: "ThanosCompactHalted",
        expr: `thanos_compact_halted{${compactor}} == 1`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} has halted.",
        description:
          "{{ $labels.pod }} met blocks that it must not touch, and has done nothing since (thanos_compact_halted is {{ $value }}): nothing is compacted, downsampled or deleted, and every query over old data costs more each day.",
      },
      {
        alert: "ThanosCompactHasNotRun",
        // Blocks of two hours arrive all day, so that there is something to upload at least every eight hours. A round over
        // blocks of two weeks takes hours. A process that has not uploaded yet says 0.
        expr: `${iterations} < 1 and ${running} > ${DAY} or time() - ${lastUpload} > ${DAY}`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} has finished nothing for a day.",
        description:
          "{{ $labels.pod }} runs, and has not come to the end of a round or has uploaded no block for a day: the bucket grows, and queries over old data become slower.",
      },
      {
        alert: "ThanosCompactFailing",
        // Tried again in the next round.
        expr: `(${[failures("compaction", "group_compactions"), failures("downsampling", "downsample"), failures("clean-up", "block_cleanup")].join(" or ")}) > 0`,
        for: "2h",
        severity: "warning",
        summary: "The {{ $labels.step }} of {{ $labels.pod }} fails.",
        description:
          'The {{ $labels.step }} of {{ $labels.pod }} failed {{ printf "%.0f" $value }} times in two hours, and has been failing for as long: these blocks stay as they are.',
      },
      {
        alert: "ThanosCompactMultipleRunning",
        expr: `count by (cluster, namespace, job) (up{${compactor}} == 1) > 1`,
        for: "5m",
        severity: "critical",
        summary: "Several compactors work on the same blocks.",
        description:
          "{{ $value }} pods of {{ $labels.job }} run in {{ $labels.namespace }}: they make overlapping blocks of the same data, at which all of them halt, and delete what the other one still reads.",
      },
      {
        alert: "ThanosCompactBacklog",
        // Calculated every five minutes; it is near 0 after each round that keeps up. 10 is a judgement.
        expr: `max by (${PROCESS}) (thanos_compact_todo_compactions{${compactor}}) > 10`,
        for: "12h",
        severity: "warning",
        summary: "{{ $labels.pod }} does not keep up.",
        description:
          '{{ $labels.pod }} has {{ printf "%.0f" $value }} compactions to do, and for twelve hours there have been more than 10: more blocks arrive than it can merge, and queries over old data become slower.',
      },
    ],
  };
}
