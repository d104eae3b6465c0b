import { crdSchemas, readCrds } from "../../crds/release";
import { deploy } from "../../stacks/platform";
import { opaqueSecret } from "../../stacks/settings";
import { UserError } from "../cli/errors";
import type { Progress } from "../cli/progress";
import { planAsJson } from "./json";
import { makePlan } from "./makePlan";
import { readStackConfig } from "./stackConfig";
import { formatRejection, formatSummary } from "./summary";
import { checkOut, writePlan } from "./write";

export interface PlanCommandOptions {
  /** The folder with Pulumi.yaml. */
  root: string;
  stack: string;
  /** `path=value` of each `--set`. */
  set: readonly string[];
  /** Where to write; default: nothing is written. */
  out?: string;
  /** Whether the operator's definitions are written too. */
  crds?: boolean;
  json?: boolean;
  /** For the one download that a first plan may need. */
  progress: Progress;
}

/** The exit code for settings or manifests with problems. */
const EXIT_PROBLEMS = 2;

/** Plans one stack and prints the result; returns the exit code. Errors are those of {@link readStackConfig} and {@link writePlan}. */
export async function planCommand({
  root,
  stack,
  set,
  out,
  crds,
  json,
  progress,
}: PlanCommandOptions): Promise<number> {
  if (out !== undefined) checkOut(out);
  if (crds && out === undefined) {
    throw new UserError("--crds says where to write nothing", "name the folder too: --out DIR --crds");
  }
  const config = readStackConfig({ root, stack, settings: set, opaqueSecret });
  const plan = await makePlan({
    config,
    program: deploy,
    crdSource: (kinds) => crdSchemas({ kinds, progress }),
  });
  const sound = plan.problems.length === 0;
  if (sound && out !== undefined) writePlan(plan, out, crds ? await readCrds({ progress }) : []);
  if (json) process.stdout.write(planAsJson(plan, out));
  else if (sound) process.stdout.write(formatSummary(plan, { out, crds: crds ?? false }, process.stdout));
  else process.stderr.write(formatRejection(plan, process.stderr));
  return sound ? 0 : EXIT_PROBLEMS;
}
