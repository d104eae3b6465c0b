import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { settingsSecretPaths } from "../../stacks/settings";
import { repositoryRoot } from "../../tools/cli/paths";
import { configurationReference } from "../../tools/docs/configuration";

const file = path.join(repositoryRoot, "docs", "configuration.md");
const MARKER = /^<!-- Generated from .*-->\n\n/m;

describe("docs/configuration.md", () => {
  it("has the reference that the settings' schema gives", () => {
    const content = readFileSync(file, "utf8");
    const marker = MARKER.exec(content);
    assert.ok(marker, "the line that says what is generated is gone");
    const start = marker.index + marker[0].length;
    const reference = configurationReference();
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, content.slice(0, start) + reference);
    else {
      const hint = "when the change is wanted: UPDATE_GOLDEN=1 npm test, then review the diff";
      assert.equal(content.slice(start), reference, `the reference differs from the settings; ${hint}`);
    }
  });

  const row = (setting: string) =>
    configurationReference()
      .split("\n")
      .filter((line) => line.startsWith(`| \`${setting}\` |`));

  it("shows a preset only beside the kind that it belongs to", () => {
    const cells = (setting: string) => row(setting).map((line) => line.split(" | ").slice(2, 5));
    assert.deepEqual(cells("prometheus.storage.size"), [["–", "`20Gi`", "`100Gi`"]]);
    assert.deepEqual(cells("prometheus.storage.sizeLimit"), [["`1Gi`", "–", "–"]]);
    assert.deepEqual(cells("alerting.heartbeat.kind"), [["`none`", "`none`", "**required**"]]);
  });

  it("marks exactly the secrets", () => {
    const marked = configurationReference()
      .split("\n")
      .filter((line) => line.includes("**secret**"))
      .map((line) => /`([^`]+)`/.exec(line)?.[1]);
    assert.deepEqual(marked.sort(), [...settingsSecretPaths].sort());
  });

  it("quotes the rules between settings without the values of the example that breaks them", () => {
    const [, rules = ""] = configurationReference().split("### Rules between settings");
    assert.match(rules, /\| `alerting\.routes\[\]\.receiver` \| must name one of alerting\.receivers \|/);
    assert.doesNotMatch(rules, /oncall|absent|\[\d/);
  });
});
