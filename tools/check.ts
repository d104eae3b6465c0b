import { Command } from "commander";
import { reportError } from "./cli/errors";
import { terminalProgress } from "./cli/progress";
import { lint, typeCheck } from "./testing/staticChecks";

async function main(): Promise<void> {
  new Command("npm run check --").description("Type check, lint and format check, as `npm test` does them.").parse();
  const progress = terminalProgress();
  await progress.step("types", () => typeCheck());
  await progress.step("lint and format", () => lint());
}

main().catch((error: unknown) => {
  process.exitCode = reportError(error);
});
