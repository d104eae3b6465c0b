import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { profiles } from "../../components/gpu/signals";
import { counterFile } from "../../components/gpu/signals/counterFile";
import { repositoryRoot } from "../../tools/cli/paths";
import { signalReference } from "../../tools/docs/signals";
import { generatedPart } from "../generatedPart";

const folder = path.join(repositoryRoot, "docs", "counters");
const fileOf = (profile: string) => `counters-${profile}.csv`;

describe("docs/signals.md", () => {
  it("is what the catalogue says", () => generatedPart("signals.md", signalReference()));

  it("links counter files that are those of the exporters", () => {
    if (process.env.UPDATE_GOLDEN) {
      for (const profile of profiles) writeFileSync(path.join(folder, fileOf(profile)), counterFile(profile));
    }
    assert.deepEqual(readdirSync(folder).sort(), profiles.map(fileOf).sort());
    for (const profile of profiles) {
      assert.equal(readFileSync(path.join(folder, fileOf(profile)), "utf8"), counterFile(profile));
    }
  });
});
