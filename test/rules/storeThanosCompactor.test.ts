import { thanosStoreRules } from "../../components/prometheus/rules/stores/thanosStore";
import type { Input } from "./promtool";
import { monitoring, proveAlone, series } from "./storeInput";

const rules = thanosStoreRules(monitoring);

describe("rules: Thanos, compactor", () => {
  const compactor = { job: "thanos-compactor", pod: "thanos-compactor-0" };
  const { job: _, ...pod } = { ...monitoring, ...compactor };

  proveAlone(rules, "ThanosCompactHalted", {
    input: series("thanos_compact_halted", compactor, "0x5 1x30"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...monitoring, ...compactor },
          summary: "thanos-compactor-0 has halted.",
          description:
            "thanos-compactor-0 met blocks that it must not touch, and has done nothing since (thanos_compact_halted is 1): nothing is compacted, downsampled or deleted, and every query over old data costs more each day.",
        },
      ],
    },
    silent: [
      { why: "somebody restarts it", input: series("thanos_compact_halted", compactor, "0x5 1x3 0x30") },
      { why: "a team's own", input: series("thanos_compact_halted", { ...compactor, namespace: "team" }, "1x30") },
    ],
  });

  const rounds = (iterations: string, uploaded: string, started = "0x1500"): Input => ({
    ...series("thanos_compact_iterations_total", compactor, iterations),
    ...series("thanos_objstore_bucket_last_successful_upload_time", compactor, uploaded),
    ...series("process_start_time_seconds", compactor, started),
  });
  const says = {
    labels: pod,
    summary: "thanos-compactor-0 has finished nothing for a day.",
    description:
      "thanos-compactor-0 runs, and has not come to the end of a round or has uploaded no block for a day: the bucket grows, and queries over old data become slower.",
  };
  proveAlone(rules, "ThanosCompactHasNotRun", {
    input: rounds("7x1500", "0x1500"),
    quiet: "1455m",
    fires: { at: "1457m", alerts: [says] },
    silent: [{ why: "a restart an hour ago", input: rounds("7x1500", "0x1500", "0x1399 84000x100"), until: "1480m" }],
  });
  proveAlone(rules, "ThanosCompactHasNotRun", {
    // Rounds come to their end, and nothing is uploaded.
    input: rounds("0+1x1500", "60x1500"),
    quiet: "1455m",
    fires: { at: "1458m", alerts: [says] },
    silent: [
      { why: "it uploads", input: rounds("0+1x1500", "60x700 42000x800"), until: "1480m" },
      { why: "nothing to upload yet since a restart", input: rounds("0+1x1500", "0x1500"), until: "1480m" },
    ],
  });

  const failures = (counter: string, values: string) =>
    series(`thanos_compact_${counter}_failures_total`, compactor, values);
  proveAlone(rules, "ThanosCompactFailing", {
    input: {
      ...failures("group_compactions", "0+1x240"),
      ...failures("downsample", "0x240"),
      ...failures("block_cleanup", "0x240"),
    },
    quiet: "120m",
    fires: {
      at: "125m",
      alerts: [
        {
          labels: { ...pod, step: "compaction" },
          summary: "The compaction of thanos-compactor-0 fails.",
          description:
            "The compaction of thanos-compactor-0 failed 120 times in two hours, and has been failing for as long: these blocks stay as they are.",
        },
      ],
    },
    silent: [{ why: "once", input: failures("downsample", "0x10 1x240"), until: "240m" }],
  });

  const running = (...values: string[]): Input =>
    Object.assign({}, ...values.map((value, index) => series("up", { ...compactor, pod: `c-${index}` }, value)));
  proveAlone(rules, "ThanosCompactMultipleRunning", {
    input: running("1x30", "1x30"),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels: { ...monitoring, job: "thanos-compactor" },
          summary: "Several compactors work on the same blocks.",
          description:
            "2 pods of thanos-compactor run in monitoring: they make overlapping blocks of the same data, at which all of them halt, and delete what the other one still reads.",
        },
      ],
    },
    silent: [
      {
        why: "one for each kind of blocks",
        input: { ...running("1x30"), ...series("up", { job: "thanos-compactor-receive", pod: "r-0" }, "1x30") },
      },
      { why: "its node was lost, and it starts elsewhere", input: running("1x5 0x30", "_x10 1x30") },
    ],
  });

  const todo = (values: string) => series("thanos_compact_todo_compactions", compactor, values);
  proveAlone(rules, "ThanosCompactBacklog", {
    input: todo("3x5 40x760"),
    quiet: "725m",
    fires: {
      at: "730m",
      alerts: [
        {
          labels: pod,
          summary: "thanos-compactor-0 does not keep up.",
          description:
            "thanos-compactor-0 has 40 compactions to do, and for twelve hours there have been more than 10: more blocks arrive than it can merge, and queries over old data become slower.",
        },
      ],
    },
    silent: [{ why: "it comes to an end each time", input: todo("40x400 0x5 40x400") }],
  });
});
