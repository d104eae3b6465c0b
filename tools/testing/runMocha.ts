import { readdirSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";
import { repositoryRoot } from "../cli/paths";

/** Runs the test files below some folders of test/ in this process and prints the closing line. */
export async function runMocha(folders: string[], options: { grep?: string | undefined; timeoutMs: number }) {
  const mocha = new Mocha({
    reporter: "spec",
    timeout: options.timeoutMs,
    forbidOnly: true,
    forbidPending: true,
    ...(options.grep === undefined ? {} : { grep: options.grep }),
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
  const { passes = 0, failures = 1 } = stats ?? {};
  process.stdout.write(`${passes} passed, ${failures} failed\n`);
  return failures === 0 && passes > 0 ? 0 : 1;
}
