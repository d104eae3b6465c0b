import { Command } from "commander";
import { reportError } from "./cli/errors";
import { repositoryRoot } from "./cli/paths";
import type { Progress } from "./cli/progress";
import { deferUnusedSdkParts } from "./plan/startup";

interface Options {
  set?: string[];
  out?: string;
  crds?: boolean;
  json?: boolean;
}

/** Only a first plan has something long to show: its spinner is loaded then. */
const progress: Progress = {
  step: (title, work) => terminalProgress().step(title, work),
  note: (text) => terminalProgress().note(text),
};

function terminalProgress(): Progress {
  const { terminalProgress: onTerminal } = require("./cli/progress") as typeof import("./cli/progress");
  return onTerminal();
}

async function plan(stack: string, options: Options): Promise<number> {
  deferUnusedSdkParts();
  // Loaded here, so that --help and wrong arguments answer at once and nothing precedes the line above. tsx compiles
  // what is required; it does not see `import()`.
  const { planCommand } = require("./plan/command") as typeof import("./plan/command");
  return planCommand({ ...options, set: options.set ?? [], stack, root: repositoryRoot, progress });
}

async function main(): Promise<void> {
  const program = new Command("npm run plan --")
    .description("Shows what a stack would deploy and checks it. Asks no cloud and no cluster, needs no Pulumi CLI.")
    .argument("<stack>", "the stack, as in Pulumi.<stack>.yaml")
    .option(
      "--set <path=value>",
      "change a setting for this plan; the value is YAML, null unsets: --set prometheus.replicas=3",
      (setting: string, earlier: string[] = []) => [...earlier, setting],
    )
    .option("--out <dir>", "write the manifests and report.html to this folder")
    .option("--crds", "with --out: write the operator's custom resource definitions too, to its subfolder crds")
    .option("--json", "print the plan as JSON and nothing else")
    .showHelpAfterError()
    .action(async (stack: string, options: Options) => {
      process.exitCode = await plan(stack, options);
    });
  // A program that waits for something that never comes ends the process early: that is not a success.
  process.exitCode = 70;
  await program.parseAsync();
}

main().catch((error: unknown) => {
  process.exitCode = reportError(error);
});
