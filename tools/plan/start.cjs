// Starts tools/plan.ts from one file that esbuild made of the project's own TypeScript. Under tsx, which looks into
// every file of every dependency, the same plan takes more than twice as long. Made anew when one of its sources
// changed; plain JavaScript, because nothing compiles this file.
"use strict";
const { createHash, randomUUID } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..", "..");
// Below node_modules, so that the packages are found from there and `npm ci` removes it.
const bundle = path.join(root, "node_modules", ".cache", "gpu-observability", "plan.cjs");

const sha256 = (content) => createHash("sha256").update(content).digest("hex");
const sumOf = (file) => sha256(fs.readFileSync(path.join(root, file)));

/** The first line of the bundle holds the sum of each file that it was made of. */
function isFresh() {
  try {
    const content = fs.readFileSync(bundle, "utf8");
    const sums = JSON.parse(content.slice(2, content.indexOf("\n")));
    return Object.entries(sums).every(([file, sum]) => sumOf(file) === sum);
  } catch {
    // Absent, cut off, or a source is gone: all are mended by making it again.
    return false;
  }
}

/** Notes the sum of what is compiled. In one file all modules would have the same folder: each keeps its own. */
const sources = (sums) => ({
  name: "sources",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const source = fs.readFileSync(file, "utf8");
      sums[path.relative(root, file)] = sha256(source);
      return { loader: "ts", contents: source.replaceAll("__dirname", JSON.stringify(path.dirname(file))) };
    });
  },
});

async function make() {
  const { build } = require("esbuild");
  const sums = { [path.relative(root, __filename)]: sumOf(path.relative(root, __filename)) };
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["tools/plan.ts"],
    bundle: true,
    packages: "external",
    platform: "node",
    target: `node${process.versions.node}`,
    format: "cjs",
    write: false,
    logLevel: "error",
    plugins: [sources(sums)],
  });
  fs.mkdirSync(path.dirname(bundle), { recursive: true });
  const temporary = `${bundle}.${randomUUID()}`;
  fs.writeFileSync(temporary, `//${JSON.stringify(sums)}\n${outputFiles[0].text}`);
  fs.renameSync(temporary, bundle);
}

async function main() {
  if (!isFresh()) await make();
  require(bundle);
}

main();
