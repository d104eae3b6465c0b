import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { run } from "../toolchain/command";

/** Programs of this machine, wrapped as a container image. */
export interface WrappedImage {
  /** The name under which pods ask for it, e.g. `quay.io/thanos/thanos:v0.42.5`. */
  reference: string;
  entrypoint: string[];
  /** Files to put into the image: `source` on this machine (links are followed), absolute `target` in the image. */
  files: { source: string; target: string }[];
}

/** Where the libraries of Debian's packages are, for this machine's processor. */
const LIBRARIES = `usr/lib/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`;

/**
 * A file together with the shared libraries and the loader that it needs, each at its own path. With `root`, libraries
 * come from the packages unpacked there as far as they have them, and stand in the image where those would install them.
 */
export async function withLibraries(source: string, target: string, root?: string): Promise<WrappedImage["files"]> {
  const env = root === undefined ? process.env : { ...process.env, LD_LIBRARY_PATH: path.join(root, LIBRARIES) };
  const output = await run(["ldd", source], { env }).catch((error: Error) => {
    if (/not a dynamic executable/.test(error.message)) return "";
    throw error;
  });
  const libraries = output.split("\n").flatMap((line) => /(?:=>\s*|^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  const installed = (library: string) =>
    root !== undefined && library.startsWith(`${root}/`) ? library.slice(root.length) : library;
  return [{ source, target }, ...libraries.map((library) => ({ source: library, target: installed(library) }))];
}

const BLOCK = 512;

interface Entry {
  path: string;
  mode: number;
  size: number;
  directory?: boolean;
}

/** A header of the POSIX ustar format. */
function header({ path, mode, size, directory }: Entry): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`path in an image is longer than 100 bytes: ${path}`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, "0"), offset);
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(directory ? "5" : "0", 156);
  block.write("ustar\0" + "00", 257);
  // The checksum is computed as if its own field were eight spaces.
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

const padding = (size: number) => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK;
const END = Buffer.alloc(2 * BLOCK);

function* small(path: string, mode: number, content: string): Generator<Buffer> {
  const data = Buffer.from(content);
  yield header({ path, mode, size: data.length });
  yield data;
  yield padding(data.length);
}

const PASSWD = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n";

interface LayerFile {
  source: string;
  path: string;
  size: number;
}

const BASE: readonly Buffer[] = [
  ...[
    { path: "bin/", mode: 0o755 },
    { path: "etc/", mode: 0o755 },
    { path: "tmp/", mode: 0o1777 },
  ].map((entry) => header({ ...entry, size: 0, directory: true })),
  ...small("etc/passwd", 0o644, PASSWD),
];

async function* layer(files: readonly LayerFile[]): AsyncGenerator<Buffer> {
  yield* BASE;
  for (const { source, path, size } of files) {
    yield header({ path, mode: 0o755, size });
    if (size > 0) yield* createReadStream(source, { end: size - 1, highWaterMark: 1 << 20 });
    yield padding(size);
  }
  yield END;
}

/**
 * The image as a stream in the format of `docker save`, which every containerd imports: one uncompressed layer. Nothing is
 * written to disk on the way.
 */
export async function* imageArchive(image: WrappedImage): AsyncGenerator<Buffer> {
  const files = await Promise.all(
    image.files.map(async ({ source, target }) => {
      const file = await realpath(source);
      return { source: file, path: target.replace(/^\/+/, ""), size: (await stat(file)).size };
    }),
  );
  const size =
    BASE.reduce((sum, block) => sum + block.length, 0) +
    files.reduce((sum, file) => sum + BLOCK + padded(file.size), 0) +
    END.length;
  const digest = createHash("sha256");
  // containerd locks a layer that is on its way by this name, so every image needs its own.
  const layerName = `${createHash("sha256").update(image.reference).digest("hex").slice(0, 16)}.tar`;
  yield header({ path: layerName, mode: 0o644, size });
  for await (const block of layer(files)) {
    digest.update(block);
    yield block;
  }
  yield padding(size);
  const config = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Entrypoint: image.entrypoint, Env: ["PATH=/bin:/usr/bin:/usr/local/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest.digest("hex")}`] },
  });
  yield* small("config.json", 0o644, config);
  const manifest = [{ Config: "config.json", RepoTags: [image.reference], Layers: [layerName] }];
  yield* small("manifest.json", 0o644, JSON.stringify(manifest));
  yield END;
}

/** What the content of an image depends on, without reading its files. */
export async function imageKey(image: WrappedImage): Promise<string> {
  const files = await Promise.all(
    image.files.map(async ({ source, target }) => {
      const { size, mtimeMs } = await stat(source);
      return [await realpath(source), target, size, mtimeMs];
    }),
  );
  return createHash("sha256")
    .update(JSON.stringify([image.entrypoint, files]))
    .digest("hex");
}
