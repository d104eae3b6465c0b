import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "../tools/cli/paths";

const MARKER = /^<!-- Generated from .*-->\n\n/m;

/** Compares what follows the marker in a file of docs/ with what is generated; with UPDATE_GOLDEN set, writes it. */
export function generatedPart(name: string, generated: string): void {
  const file = path.join(repositoryRoot, "docs", name);
  const content = readFileSync(file, "utf8");
  const marker = MARKER.exec(content);
  assert.ok(marker, "the line that says what is generated is gone");
  const start = marker.index + marker[0].length;
  if (process.env.UPDATE_GOLDEN) {
    writeFileSync(file, content.slice(0, start) + generated);
    return;
  }
  const hint = "when the change is wanted: UPDATE_GOLDEN=1 npm test, then review the diff";
  assert.equal(content.slice(start), generated, `the generated part of docs/${name} differs; ${hint}`);
}
