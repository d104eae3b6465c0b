import * as pulumi from "@pulumi/pulumi";

/** One thing that is wrong with the settings, complete enough to be put right without asking anyone. */
export interface Problem {
  /** Where, below `gpu-observability:platform`: `prometheus.replicas`, `alerting.receivers[0].url`. */
  path: string;
  /** What stands there, as JSON; `[secret]` at a secret path, `(nothing)` where nothing stands. */
  value: string;
  /** The rule that it breaks. */
  rule: string;
  /** What to do about it. */
  fix: string;
}

const plural = (count: number) => (count === 1 ? "1 problem" : `${count} problems`);

/** All problems as text: a heading, then path, value, rule and fix of each. */
export function formatProblems(problems: readonly Problem[], source: string): string {
  const blocks = problems.map(
    (problem) =>
      `  ${problem.path}\n    value: ${problem.value}\n    rule:  ${problem.rule}\n    fix:   ${problem.fix}`,
  );
  return [`${plural(problems.length)} in ${source}:`, ...blocks].join("\n");
}

/** Thrown when settings are wrong. A `RunError`, so that the engine prints the text without a stack. */
export class SettingsError extends pulumi.RunError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], source: string) {
    super(formatProblems(problems, source));
    this.problems = problems;
  }
}
