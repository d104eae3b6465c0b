// Starts one of the project's commands: installs the pinned dependencies when they are missing or out of date, then runs
// the TypeScript file with the pinned Node. Plain JavaScript without dependencies, because it runs before there are any,
// on whatever Node the machine has.
"use strict";
const { spawn, spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.join(__dirname, "..");
const modules = path.join(root, "node_modules");
const stamp = path.join(modules, ".lockfile-sha256");
const OLDEST_NODE = [22, 18];

function lockfileHash() {
  return createHash("sha256")
    .update(fs.readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
}

function installed() {
  return fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === lockfileHash();
}

function fail(message, fix) {
  process.stderr.write(`error: ${message}\n  fix: ${fix}\n`);
  process.exit(1);
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Two commands started at once must not both empty node_modules: the second waits for the first. */
function lock() {
  const file = path.join(root, ".install.lock");
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = Number(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : 0);
    if (owner > 0 && !alive(owner)) fs.rmSync(file, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
}

function install() {
  const unlock = lock();
  // Also on the ways out that skip a finally.
  process.on("exit", unlock);
  try {
    if (installed()) return;
    process.stderr.write("Installing the pinned dependencies with npm ci (once, about a minute) …\n");
    const started = Date.now();
    // A group of its own: Ctrl-C reaches npm too, and the stamp below is only written after a complete install.
    const result = spawnSync("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
    });
    if (result.error?.code === "ENOENT") fail("npm was not found on the PATH", "install Node.js with npm");
    if (result.signal !== null) process.exit(130);
    if (result.status !== 0)
      fail("npm ci did not succeed (its messages stand above)", "repair what it names and run the command again");
    fs.writeFileSync(stamp, lockfileHash());
    process.stderr.write(`Dependencies installed in ${Math.round((Date.now() - started) / 1000)} s.\n`);
  } finally {
    unlock();
  }
}

/** The pinned Node of the optional dependencies where the platform has one, else this one where it is new enough. */
function node() {
  const pinned = path.join(modules, `node-${process.platform}-${process.arch}`, "bin", "node");
  if (fs.existsSync(pinned)) return pinned;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath;
  return fail(
    `Node.js ${process.versions.node} is too old, and no pinned Node is published for ${process.platform}-${process.arch}`,
    `install Node.js ${OLDEST_NODE.join(".")} or newer`,
  );
}

function cacheDirectory() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return process.env.GPU_OBSERVABILITY_CACHE || path.join(base, "gpu-observability");
}

function main() {
  const [script, ...args] = process.argv.slice(2);
  if (!installed()) install();
  const loader = script.endsWith(".ts") ? ["--require", "tsx/cjs"] : [];
  const child = spawn(node(), [...loader, path.join(root, script), ...args], {
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${path.join(modules, ".bin")}${path.delimiter}${process.env.PATH}`,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || path.join(cacheDirectory(), "compile-cache"),
    },
  });
  // The terminal sends Ctrl-C to the child as well; this process stays until the child has cleaned up.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT") child.kill(signal);
    });
  }
  child.on("exit", (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
}

main();
