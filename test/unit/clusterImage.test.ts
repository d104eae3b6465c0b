import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { imageArchive, imageKey, withLibraries } from "../../tools/cluster/imageArchive";
import { run } from "../../tools/toolchain/command";

describe("image made of this machine's programs", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "image-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function unpack(archive: string, name: string): Promise<string> {
    const target = path.join(folder, name);
    await mkdir(target);
    await run(["tar", "--extract", "--file", archive, "--directory", target]);
    return target;
  }

  it("is one layer with the files, their digest in the config, and the reference in the manifest", async () => {
    const program = path.join(folder, "program");
    await writeFile(program, "x".repeat(1000));
    await symlink(program, path.join(folder, "link"));
    await writeFile(path.join(folder, "empty"), "");
    const image = {
      reference: "example.org/test/image:v1",
      entrypoint: ["/bin/program", "--flag"],
      files: [
        { source: path.join(folder, "link"), target: "/bin/program" },
        { source: path.join(folder, "empty"), target: "/deep/er/empty" },
      ],
    };
    const archive = path.join(folder, "image.tar");
    await pipeline(imageArchive(image), createWriteStream(archive));

    const outer = await unpack(archive, "outer");
    const manifest = JSON.parse(await readFile(path.join(outer, "manifest.json"), "utf8"));
    const layerName: string = manifest[0].Layers[0];
    assert.deepEqual(manifest, [{ Config: "config.json", RepoTags: [image.reference], Layers: [layerName] }]);
    assert.deepEqual((await readdir(outer)).sort(), [layerName, "config.json", "manifest.json"].sort());
    const layer = await readFile(path.join(outer, layerName));
    const digest = createHash("sha256").update(layer).digest("hex");
    assert.deepEqual(JSON.parse(await readFile(path.join(outer, "config.json"), "utf8")), {
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Entrypoint: image.entrypoint, Env: ["PATH=/bin:/usr/bin:/usr/local/bin"] },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    });

    const inner = await unpack(path.join(outer, layerName), "inner");
    const list = await run(["tar", "--list", "--file", path.join(outer, layerName)]);
    assert.deepEqual(list.trim().split("\n"), ["bin/", "etc/", "tmp/", "etc/passwd", "bin/program", "deep/er/empty"]);
    assert.equal(await readFile(path.join(inner, "bin/program"), "utf8"), "x".repeat(1000));
    const mode = await lstat(path.join(inner, "bin/program"));
    assert.equal(mode.isFile() && (mode.mode & 0o777) === 0o755, true);
  });

  it("rejects a path that the format cannot hold", async () => {
    const source = path.join(folder, "program");
    await writeFile(source, "x");
    const files = [{ source, target: `/${"a".repeat(101)}` }];
    const archive = imageArchive({ reference: "a", entrypoint: ["/a"], files });
    await assert.rejects(pipeline(archive, createWriteStream("/dev/null")), /longer than 100 bytes/);
  });

  it("has a key that changes with the content and with the entry point", async () => {
    const source = path.join(folder, "program");
    await writeFile(source, "one");
    const image = { reference: "a", entrypoint: ["/a"], files: [{ source, target: "/a" }] };
    const key = await imageKey(image);
    assert.equal(await imageKey(image), key);
    assert.notEqual(await imageKey({ ...image, entrypoint: ["/a", "b"] }), key);
    await writeFile(source, "longer");
    assert.notEqual(await imageKey(image), key);
  });

  it("takes a program's libraries and loader along, and only the program when it has none", async () => {
    const node = await withLibraries(process.execPath, "/bin/node");
    assert.deepEqual(node[0], { source: process.execPath, target: "/bin/node" });
    const names = node.slice(1).map(({ source, target }) => {
      assert.equal(source, target);
      return path.basename(source);
    });
    assert.ok(names.includes("libc.so.6") && names.some((name) => name.startsWith("ld-linux")), names.join());
    const script = path.join(folder, "script");
    await writeFile(script, "#!/bin/sh\n");
    await chmod(script, 0o755);
    assert.deepEqual(await withLibraries(script, "/script"), [{ source: script, target: "/script" }]);
  });

  it("prefers the libraries of unpacked packages, where these would install them", async () => {
    const libraryFolder = `/usr/lib/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`;
    const name = "libstdc++.so.6";
    const own = (await withLibraries(process.execPath, "/bin/node")).find(
      ({ source }) => path.basename(source) === name,
    );
    const root = path.join(folder, "root");
    await mkdir(path.join(root, libraryFolder), { recursive: true });
    const unpacked = path.join(root, libraryFolder, name);
    await copyFile(own?.source ?? "", unpacked);
    const files = await withLibraries(process.execPath, "/bin/node", root);
    assert.deepEqual(
      files.filter(({ source }) => path.basename(source) === name),
      [{ source: unpacked, target: `${libraryFolder}/${name}` }],
    );
    assert.ok(files.some(({ source, target }) => source === target && path.basename(source) === "libc.so.6"));
  });
});
