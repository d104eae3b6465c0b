import { Command } from "commander";
import { reportError } from "./cli/errors";
import { terminalProgress } from "./cli/progress";
import { runMocha } from "./testing/runMocha";
import { findTools } from "./toolchain";

async function main(): Promise<number> {
  const program = new Command("npm test --")
    .description("Everything that needs no cluster: types, lint, tables, component graphs, golden manifests, rules.")
    .option("--grep <text>", "only tests whose name contains it")
    .parse();
  const { promtool } = await findTools(["promtool"], terminalProgress());
  process.env.PROMTOOL = promtool.path;
  return runMocha(["check", "unit", "provider", "components", "golden", "rules"], {
    grep: program.opts<{ grep?: string }>().grep,
    timeoutMs: 120_000,
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => process.exit(reportError(error)),
);
