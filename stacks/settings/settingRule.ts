import type { Settings } from "./schema";

/** A problem that a rule between fields finds: where, which rule, what to do. */
export interface FoundProblem {
  path: (string | number)[];
  rule: string;
  fix: string;
}

/** A rule between fields. It runs whenever the fields that it needs are right, however wrong the others are. */
export interface SettingRule {
  /** The paths it reads; a problem at, above or below any of them silences it. */
  needs: string[];
  check(settings: Settings): FoundProblem[];
}
