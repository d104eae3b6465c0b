import path from "node:path";
import { UserError } from "../cli/errors";
import { repositoryRoot } from "../cli/paths";
import { CommandError, run } from "../toolchain/command";

async function tool(name: string, args: string[], fix: string): Promise<void> {
  const command = [path.join(repositoryRoot, "node_modules", ".bin", name), ...args];
  try {
    await run(command, { cwd: repositoryRoot });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError(`${name} found problems:\n${error.output.trim()}`, fix);
  }
}

export const typeCheck = () => tool("tsc", ["--noEmit", "-p", "."], "correct the types that it names");

export const lint = () =>
  tool(
    "biome",
    ["check", "--error-on-warnings", "--colors=off"],
    "npx biome check --write mends what can be mended without thought",
  );
