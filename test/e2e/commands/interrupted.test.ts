import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "../../../tools/cluster";
import { runCommand, start } from "../platform/commands";

const NAME = "e2e-interrupted";
const up = ["--name", NAME, "--nodes", "1"];

/** Ctrl-C as a terminal sends it: to the command, the engine and everything else in the group, at once. */
async function interruptAfter(text: string, milliseconds: number): Promise<void> {
  const command = start("local", up);
  await command.says(text);
  await sleep(milliseconds);
  command.signal("SIGINT");
  const { code, stderr } = await command.finished;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /interrupted; the same command continues from here/);
}

describe("an interrupted local", function () {
  this.timeout(1_800_000);
  before(() => runCommand("local", ["down", "--name", NAME]));
  after(() => runCommand("local", ["down", "--name", NAME]));

  it("is healed by running it again, wherever it stopped", async () => {
    const starting = start("local", up);
    await sleep(4_000);
    starting.signal("SIGINT");
    await starting.finished;
    await interruptAfter("ok  starting Kubernetes", 5_000);
    await interruptAfter("ok  deploying the operator's CRDs", 5_000);
    const { code, stdout, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /1 node, 8 GPUs, 0 sick/);
  });

  it("leaves nothing that a second run would change", async () => {
    const { code, stdout, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\(0 changes\)/);
  });

  it("is removed by down", async () => {
    const { code, stderr } = await runCommand("local", ["down", "--name", NAME]);
    assert.equal(code, 0, stderr);
    assert.equal(await status(NAME), "absent");
    const after = await runCommand("local", ["status", "--name", NAME]);
    assert.equal(after.code, 3);
    assert.match(after.stdout, /is absent/);
  });
});

describe("bad input to local", () => {
  const cases: [string, string[], number, RegExp][] = [
    ["a misspelt setting", ["--set", "prometheus.replica=3"], 2, /did you mean replicas\?/],
    ["a contradictory setting", ["--set", "prometheus.localRetention.time=30m"], 2, /at least 2h/],
    ["a number that is none", ["--nodes", "many"], 1, /whole number from 1 to 500/],
    ["an unknown option", ["--node", "3"], 1, /unknown option '--node'/],
    ["an unknown subcommand", ["upp"], 1, /npm run local -- --help/],
    ["a name that cannot be one", ["--name", "A/B"], 1, /cannot be the name of a cluster/],
  ];
  for (const [what, args, code, message] of cases) {
    it(`${what} ends with one clear error and starts nothing`, async () => {
      const finished = await runCommand("local", ["--name", "e2e-bad", ...args]);
      assert.equal(finished.code, code, finished.stderr);
      assert.match(finished.stderr, message);
      assert.doesNotMatch(finished.stderr, /\n\s+at /, "no stack");
      assert.equal(await status("e2e-bad"), "absent");
    });
  }
});
