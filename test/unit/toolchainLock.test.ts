import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../tools/toolchain/lock";

describe("lock file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "lock-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("lets one in at a time and leaves no file", async () => {
    const file = path.join(folder, "deep", "lock");
    let inside = 0;
    let waited = 0;
    const work = async () => {
      inside += 1;
      assert.equal(inside, 1);
      await sleep(30);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(file, () => (waited += 1), work)));
    assert.equal(waited, 2);
    assert.deepEqual(await readdir(path.dirname(file)), []);
  });

  for (const [title, content] of [
    ["a process that ended", "999999999 1"],
    ["a process whose id another one has now", `${process.pid} 1`],
    ["nobody", ""],
  ] as const) {
    it(`takes over the lock of ${title}`, async () => {
      const file = path.join(folder, "lock");
      await writeFile(file, content);
      let waited = false;
      assert.equal(
        await withLock(
          file,
          () => (waited = true),
          async () => "done",
        ),
        "done",
      );
      assert.equal(waited, false);
    });
  }

  it("is free again after work that failed", async () => {
    const file = path.join(folder, "lock");
    await assert.rejects(
      withLock(
        file,
        () => {},
        () => Promise.reject(new Error("no")),
      ),
      { message: "no" },
    );
    assert.deepEqual(await readdir(folder), []);
  });
});
