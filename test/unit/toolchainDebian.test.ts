import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { UserError } from "../../tools/cli/errors";
import { silentProgress } from "../../tools/cli/progress";
import { unpackedPackage } from "../../tools/toolchain/debian";

describe("unpacked Debian package", () => {
  let folder: string;
  const environment = { ...process.env };
  const calls = async () => (await readFile(path.join(folder, "calls"), "utf8")).trim().split("\n");
  const kept = async () => (await readdir(path.join(folder, "cache", "debian"), { recursive: true })).sort();

  /** A program on PATH that records how it was called. */
  async function program(name: string, script: string): Promise<void> {
    const file = path.join(folder, "bin", name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${script}\n`);
    await chmod(file, 0o755);
  }

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "debian-test-"));
    process.env.GPU_OBSERVABILITY_CACHE = path.join(folder, "cache");
    process.env.PATH = path.join(folder, "bin");
    await program(
      "apt-cache",
      "echo 'Package: server'; echo 'Depends: adduser, libc6 (>= 2.34), libevent (>= 2), libssl3'",
    );
    await program("apt-get", 'shift 2; for name in "$@"; do echo content > "$name.deb"; done');
    await program("dpkg-deb", '/bin/cp "$2" "$3/$2.unpacked"');
  });
  afterEach(async () => {
    process.env = { ...environment };
    await rm(folder, { recursive: true });
  });

  it("has the package's files and those of its libraries, and is fetched once", async () => {
    const target = path.join(folder, "cache", "debian", "server");
    assert.equal(await unpackedPackage("server", silentProgress), target);
    assert.equal(await unpackedPackage("server", silentProgress), target);
    assert.deepEqual(await calls(), [
      "apt-cache show --no-all-versions server",
      "apt-get --quiet download server libevent libssl3",
      "dpkg-deb --extract libevent.deb root",
      "dpkg-deb --extract libssl3.deb root",
      "dpkg-deb --extract server.deb root",
    ]);
    const files = ["libevent", "libssl3", "server"].map((name) => path.join("server", `${name}.deb.unpacked`));
    assert.deepEqual(await kept(), ["server", ...files]);
  });

  it("says why it could not be fetched, and keeps nothing", async () => {
    await program("apt-get", "echo 'E: no such package' >&2; exit 100");
    await assert.rejects(unpackedPackage("server", silentProgress), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, "server: its Debian package could not be fetched: E: no such package");
      assert.equal(error.fix, "apt-get update, and run again; or install server yourself");
      return true;
    });
    assert.deepEqual(await kept(), []);
  });
});
