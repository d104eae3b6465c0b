import { readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command } from "commander";
import { reportError, UserError } from "./cli/errors";
import { repositoryRoot } from "./cli/paths";
import { terminalProgress } from "./cli/progress";
import { closeRuns, runApart, runMocha } from "./testing/runMocha";
import { findTools } from "./toolchain";

/** Every folder of tests but the one that needs a cluster: a new folder is never forgotten. */
function folders(): string[] {
  return readdirSync(path.join(repositoryRoot, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "e2e")
    .map((entry) => entry.name)
    .sort();
}

/**
 * They take half of the time, beside the others where there is a second processor. All in one process: they tell each other which
 * alerts have fixtures.
 */
const RULES = "rules";

async function main(): Promise<number> {
  const program = new Command("npm test --")
    .description("Everything that needs no cluster: types, lint, tables, component graphs, golden manifests, rules.")
    .option("--grep <text>", "only tests whose name contains it")
    .option("--folder <name...>", "only the tests of these folders of test/")
    .parse();
  const { promtool } = await findTools(["promtool"], terminalProgress());
  process.env.PROMTOOL = promtool.path;
  const { grep, folder } = program.opts<{ grep?: string; folder?: string[] }>();
  const options = { grep, timeoutMs: 300_000 };
  const unknown = folder?.find((name) => !folders().includes(name));
  if (unknown !== undefined) {
    throw new UserError(`test/ has no folder "${unknown}"`, `one of ${folders().join(", ")}`);
  }
  // Of the process that started this one nobody is left who would count.
  process.once("disconnect", () => process.exit(1));
  if (folder || os.availableParallelism() === 1) {
    const count = await runMocha(folder ?? folders(), options);
    if (!process.send) return closeRuns([count]);
    // For the process that started this one, which closes the run.
    process.send(count);
    return count.failed === 0 ? 0 : 1;
  }
  const grepped = grep === undefined ? [] : ["--grep", grep];
  const rules = runApart(process.argv[1] ?? "", ["--folder", RULES, ...grepped]);
  try {
    const others = await runMocha(
      folders().filter((name) => name !== RULES),
      options,
    );
    rules.show();
    return closeRuns([others, await rules.count]);
  } finally {
    rules.end();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => process.exit(reportError(error)),
);
