import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { repositoryRoot } from "../../tools/cli/paths";

interface Ended {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
}

/** The command as a user starts it, after npm. */
const command = (...args: string[]) =>
  new Promise<Ended>((resolve) => {
    const file = path.join(repositoryRoot, "tools", "plan", "start.cjs");
    const env = { ...process.env, NO_COLOR: "1" };
    execFile(process.execPath, [file, ...args], { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });

describe("plan: the command", function () {
  this.timeout(300_000);
  let folder = "";
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "plan-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const stack of ["local", "dev", "prod"]) {
    it(`plans ${stack} without a problem, as JSON and nothing else`, async () => {
      const { code, stdout, stderr } = await command(stack, "--json");
      assert.equal(stderr, "");
      assert.equal(code, 0);
      const { problems, unknown, resources } = JSON.parse(stdout) as Record<string, unknown[]>;
      assert.deepEqual({ problems, unknown }, { problems: [], unknown: [] });
      assert.ok(resources && resources.length > 10);
    });
  }

  it("ends with 2, lists every problem and writes nothing when settings are wrong", async () => {
    const out = path.join(folder, "out");
    const { code, stdout, stderr } = await command(
      "dev",
      "--set",
      "namespac=x",
      "--set",
      "prometheus.replicas=0",
      "--out",
      out,
    );
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^2 problems in stack dev:\n/);
    assert.match(
      stderr,
      /\n {2}namespac\n {4}value: \(a string\)\n {4}rule: .*\n {4}fix: {3}did you mean namespace\?\n/,
    );
    assert.match(stderr, /\n {2}prometheus\.replicas\n {4}value: 0\n/);
    assert.ok(!existsSync(out));
  });

  it("puts the problems into the JSON", async () => {
    const { code, stdout, stderr } = await command("dev", "--set", "namespac=x", "--json");
    assert.deepEqual({ code, stderr }, { code: 2, stderr: "" });
    const { problems, resources } = JSON.parse(stdout) as Record<string, { path: string }[]>;
    assert.deepEqual([problems?.map((problem) => problem.path), resources], [["namespac"], []]);
  });

  it("shows a setting's effect, and writes it", async () => {
    const out = path.join(folder, "out");
    const { code } = await command("dev", "--set", "prometheus.replicas=2", "--out", out);
    assert.equal(code, 0);
    const [file] = readdirSync(out).filter((name) => name.startsWith("80-prometheus."));
    const { spec } = parse(readFileSync(path.join(out, file ?? ""), "utf8")) as { spec: { replicas: number } };
    assert.equal(spec.replicas, 2);
  });

  it("names the stacks when there is no such one", async () => {
    assert.deepEqual(await command("nope"), {
      code: 1,
      stdout: "",
      stderr: '\nerror: there is no stack "nope" (no Pulumi.nope.yaml)\n  fix: use one of: dev, local, prod\n',
    });
  });

  it("heals a bundle that an interrupted run left behind", async () => {
    const bundle = path.join(repositoryRoot, "node_modules", ".cache", "gpu-observability", "plan.cjs");
    const content = readFileSync(bundle, "utf8");
    writeFileSync(bundle, content.slice(0, 500));
    const help = await command("--help");
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^Usage: npm run plan -- \[options\] <stack>\n/);
    // The first line lists the sources in the order in which they were read.
    const code = (text: string) => text.slice(text.indexOf("\n"));
    assert.ok(code(readFileSync(bundle, "utf8")) === code(content), "the bundle is not whole again");
  });
});
