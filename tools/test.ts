import { readdirSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { reportError } from "./cli/errors";
import { repositoryRoot } from "./cli/paths";
import { terminalProgress } from "./cli/progress";
import { closeRuns, runMocha } from "./testing/runMocha";
import { findTools } from "./toolchain";

/** Every folder of tests but the one that needs a cluster: a new folder is never forgotten. */
function folders(): string[] {
  return readdirSync(path.join(repositoryRoot, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "e2e")
    .map((entry) => entry.name)
    .sort();
}

async function main(): Promise<number> {
  const program = new Command("npm test --")
    .description("Everything that needs no cluster: types, lint, tables, component graphs, golden manifests, rules.")
    .option("--grep <text>", "only tests whose name contains it")
    .parse();
  const { promtool } = await findTools(["promtool"], terminalProgress());
  process.env.PROMTOOL = promtool.path;
  const { grep } = program.opts<{ grep?: string }>();
  return closeRuns([await runMocha(folders(), { grep, timeoutMs: 120_000 })]);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => process.exit(reportError(error)),
);
