import { formatProblems, parseSettings } from "../../stacks/settings";
import type { Settings } from "../../stacks/settings/schema";
import { UserError } from "../cli/errors";

const WRONG_SETTINGS = 2;

/** The settings of a `local` platform with their presets. Throws what is wrong with them. */
export function checkedSettings(raw: unknown): Settings {
  const parsed = parseSettings(raw);
  if (parsed.ok) return parsed.settings;
  const text = formatProblems(parsed.problems, "Pulumi.local.yaml with --set");
  throw new UserError(text, "correct what stands above", WRONG_SETTINGS);
}

/** Refuses secrets among settings that came from the command line, where every user of the machine can read them. */
export function refuseSecrets(raw: unknown): void {
  const parsed = parseSettings(raw, { encryptedPaths: [] });
  if (parsed.ok) return;
  const paths = parsed.problems.map(({ path }) => path).join(", ");
  throw new UserError(
    `${paths}: secrets cannot be given by --set, because a command's arguments are visible to everybody on the machine`,
    "deploy with receivers from a stack file of your own: docs/configuration.md",
    WRONG_SETTINGS,
  );
}
