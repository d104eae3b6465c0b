import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { repositoryRoot } from "../../../tools/cli/paths";
import { checkov, type FailedCheck } from "../../../tools/testing/checkov";
import { runCommand } from "../platform/commands";

/** `CHECK | objects | reason` of docs/security.md: the checks that are not passed on purpose. */
async function accepted(): Promise<Map<string, string[]>> {
  const text = await readFile(path.join(repositoryRoot, "docs", "security.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| CKV"));
  return new Map(
    rows.map((row) => {
      const [, id = "", objects = "", reason = ""] = row.split("|").map((cell) => cell.trim());
      assert.ok(reason.length > 20, `${id} has no reason`);
      return [id, objects.split(",").map((name) => name.trim())];
    }),
  );
}

const nameOf = (check: FailedCheck) => check.resource.split(".").slice(-1)[0] ?? "";

/** What checkov does not look at: the pods that the operator makes, and custom resources. */
describe("checkov over the manifests of production", function () {
  this.timeout(900_000);
  let folder = "";
  let found: { failed: FailedCheck[]; resources: number };

  before(async () => {
    const program = process.env.E2E_CHECKOV;
    assert.ok(program, "E2E_CHECKOV is not set: start the tests with npm run e2e");
    folder = await mkdtemp(path.join(os.tmpdir(), "checkov-"));
    const { code, stderr } = await runCommand("plan", ["prod", "--out", path.join(folder, "prod")]);
    assert.equal(code, 0, stderr);
    found = await checkov(program, path.join(folder, "prod"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("fails no check without a reason in docs/security.md, which has no reason for nothing", async () => {
    const reasons = await accepted();
    const byCheck = new Map<string, string[]>();
    for (const check of found.failed) byCheck.set(check.id, [...(byCheck.get(check.id) ?? []), nameOf(check)]);
    const sorted = (entries: Map<string, string[]>) =>
      [...entries].map(([id, names]) => `${id}: ${[...new Set(names)].sort().join(", ")}`).sort();
    assert.deepEqual(sorted(byCheck), sorted(reasons));
    assert.ok(found.resources > 50, `${found.resources} resources`);
    const share = (found.failed.length / found.resources).toFixed(2);
    console.log(`      ${found.failed.length} failed checks, ${share} per resource, each with its reason`);
  });
});
