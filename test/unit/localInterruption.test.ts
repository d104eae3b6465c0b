import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { repositoryRoot } from "../../tools/cli/paths";

/** A command whose engine operation ends when its stdin does. */
const COMMAND = (body: string) => `
  const { duringEngineOperation, installInterruption, isInterrupted } = require("./tools/local/interruption.ts");
  const say = (text) => require("node:fs").writeSync(1, text + "\\n");
  const stdinEnds = new Promise((resolve) => process.stdin.on("end", resolve).resume());
  installInterruption();
  const work = async () => { ${body} };
  work().then(() => say("went on"), () => { if (!isInterrupted()) say("reported"); });
`;

const OPERATION = `
  say("ready");
  await duringEngineOperation(stdinEnds.then(() => { say("engine ended"); throw new Error("cancelled"); })).catch((error) => {
    say("went on");
    throw error;
  });
`;

class Command {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<number | null>;
  stdout = "";
  stderr = "";

  constructor(body: string) {
    this.child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", COMMAND(body)], {
      cwd: repositoryRoot,
    });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.finished = once(this.child, "close").then(([code]) => code as number | null);
  }

  async says(stream: "stdout" | "stderr", text: string): Promise<void> {
    while (!this[stream].includes(text)) await once(this.child[stream], "data");
  }
}

const END = /interrupted; the same command continues from here/;

describe("Ctrl-C to local", () => {
  const started: Command[] = [];
  const start = (body: string) => {
    const command = new Command(body);
    started.push(command);
    return command;
  };
  afterEach(() => started.forEach(({ child }) => void child.kill("SIGKILL")));

  it("waits for an engine operation, starts nothing after it and reports no failure", async () => {
    const command = start(OPERATION);
    await command.says("stdout", "ready");
    command.child.kill("SIGINT");
    await command.says("stderr", "waiting for the engine");
    assert.doesNotMatch(command.stderr, END);
    command.child.stdin.end();
    assert.equal(await command.finished, 130);
    assert.equal(command.stdout, "ready\nengine ended\n");
    assert.match(command.stderr, END);
  });

  it("ends at once the second time", async () => {
    const command = start(OPERATION);
    await command.says("stdout", "ready");
    command.child.kill("SIGINT");
    await command.says("stderr", "waiting for the engine");
    command.child.kill("SIGINT");
    assert.equal(await command.finished, 130);
    assert.equal(command.stdout, "ready\n");
    assert.match(command.stderr, END);
  });

  it("ends at once before and after an engine operation", async () => {
    const command = start(`
      await duringEngineOperation(Promise.resolve());
      say("ready");
      await stdinEnds;
    `);
    await command.says("stdout", "ready");
    command.child.kill("SIGINT");
    assert.equal(await command.finished, 130);
    assert.equal(command.stdout, "ready\n");
    assert.match(command.stderr, /^\ninterrupted;/);
  });
});
