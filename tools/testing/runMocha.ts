import { readdirSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";
import { repositoryRoot } from "../cli/paths";

/** How many tests of a run passed and failed. */
export interface TestCount {
  passed: number;
  failed: number;
}

/** Runs the test files of some folders below test/ in this process; they report as they go. */
export async function runMocha(
  folders: string[],
  options: { grep?: string | undefined; timeoutMs: number },
): Promise<TestCount> {
  const mocha = new Mocha({
    reporter: "spec",
    timeout: options.timeoutMs,
    forbidOnly: true,
    forbidPending: true,
    ...(options.grep === undefined ? {} : { fgrep: options.grep }),
  });
  for (const folder of folders) {
    const directory = path.join(repositoryRoot, "test", folder);
    for (const file of readdirSync(directory).sort()) {
      if (file.endsWith(".test.ts")) mocha.addFile(path.join(directory, file));
    }
  }
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
  return { passed: stats?.passes ?? 0, failed: stats?.failures ?? 1 };
}

/** Prints the closing line of one or more runs and returns the exit code. */
export function closeRuns(runs: TestCount[]): number {
  const passed = runs.reduce((sum, run) => sum + run.passed, 0);
  const failed = runs.reduce((sum, run) => sum + run.failed, 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
