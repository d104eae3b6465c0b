import assert from "node:assert/strict";
import { settingsSecretPaths } from "../../stacks/settings";
import { configurationReference } from "../../tools/docs/configuration";
import { generatedPart } from "../generatedPart";

describe("docs/configuration.md", () => {
  it("has the reference that the settings' schema gives", () =>
    generatedPart("configuration.md", configurationReference()));

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
    // Of the second store the reference says that it has what the first has.
    const first = settingsSecretPaths.filter((path) => !path.startsWith("alsoWriteTo."));
    assert.deepEqual([...new Set(marked)].sort(), first.sort());
  });

  it("quotes the rules between settings without the values of the example that breaks them", () => {
    const [, rules = ""] = configurationReference().split("### Rules between settings");
    assert.match(rules, /\| `alerting\.routes\[\]\.receiver` \| must name one of alerting\.receivers \|/);
    assert.doesNotMatch(rules, /oncall|absent|\[\d/);
  });
});
