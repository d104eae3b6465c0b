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

const read = (file) => {
  try {
    return { owner: Number(fs.readFileSync(file, "utf8")), age: Date.now() - fs.statSync(file).mtimeMs };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
};

/** Whether nobody holds the lock any more. It is empty between being made and being written to, and stays so in a crash. */
const isStale = ({ owner, age }) => (owner > 0 ? !alive(owner) : age > 5_000);

const sleep = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/** Two commands started at once must not both empty node_modules: the second waits for the first. */
function lock() {
  const file = path.join(root, ".install.lock");
  let said = false;
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => {
        if (read(file)?.owner === process.pid) fs.rmSync(file, { force: true });
      };
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const held = read(file);
    if (held === undefined) continue;
    if (isStale(held)) {
      // Read once more just before: another command may have taken over by now.
      const again = read(file);
      if (again?.owner === held.owner && isStale(again)) fs.rmSync(file, { force: true });
      continue;
    }
    if (!said && held.owner > 0) {
      process.stderr.write(`waiting for the installation by process ${held.owner} …\n`);
      said = true;
    }
    sleep(500);
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
    // Ctrl-C reaches npm too, and the stamp below is only written after a complete install: the next run starts it again.
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

function newEnough() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/** This Node, for a machine that the pinned one is not published for or cannot run on; `reason` says which. */
function ownNode(reason) {
  if (newEnough()) return process.execPath;
  return fail(
    `Node.js ${process.versions.node} is too old, and ${reason}`,
    `install Node.js ${OLDEST_NODE.join(".")} or newer`,
  );
}

/** The pinned Node of the optional dependencies where the platform has one, else this one where it is new enough. */
function node() {
  const pinned = path.join(modules, `node-${process.platform}-${process.arch}`, "bin", "node");
  return fs.existsSync(pinned)
    ? pinned
    : ownNode(`no pinned Node is published for ${process.platform}-${process.arch}`);
}

function cacheDirectory() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return process.env.GPU_OBSERVABILITY_CACHE || path.join(base, "gpu-observability");
}

let child;

function start(binary, args) {
  child = spawn(binary, args, {
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${path.join(modules, ".bin")}${path.delimiter}${process.env.PATH}`,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || path.join(cacheDirectory(), "compile-cache"),
    },
  });
  child.on("exit", (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
  child.on("error", (error) => {
    if (binary === process.execPath) fail(`${binary} cannot be started: ${error.message}`, "install Node.js anew");
    // The pinned Node is linked with glibc, and a machine with musl has no loader for it.
    start(ownNode(`the pinned Node cannot run on this machine (${error.message})`), args);
  });
}

function main() {
  const [script, ...args] = process.argv.slice(2);
  if (!installed()) install();
  const loader = script.endsWith(".ts") ? ["--require", "tsx/cjs"] : [];
  start(node(), [...loader, path.join(root, script), ...args]);
  // The terminal sends Ctrl-C to the child as well; this process stays until the child has cleaned up.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT") child.kill(signal);
    });
  }
}

main();
