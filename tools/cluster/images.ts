import { spawn } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { imageArchive, imageKey, type WrappedImage } from "./imageArchive";
import type { Layout } from "./layout";
import { inside, insideOptions } from "./namespace";

async function importOne(target: Layout, image: WrappedImage): Promise<void> {
  const [file = "", ...args] = await inside(target, ["ctr", "--namespace", "k8s.io", "images", "import", "-"]);
  const child = spawn(file, args, { ...insideOptions, stdio: ["pipe", "ignore", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  // When ctr fails it closes its input, and what it wrote tells more than the broken pipe does.
  const sent = pipeline(Readable.from(imageArchive(image)), child.stdin).catch((error: Error) => error);
  const code = await ended;
  const failure = await sent;
  if (code !== 0) throw new Error(`containerd did not take the image ${image.reference}: ${errors.trim()}`);
  if (failure) throw failure;
}

/** Imports those images whose content containerd does not have yet; returns how many that were. */
export async function importMissing(
  target: Layout,
  images: readonly WrappedImage[],
  imported: (reference: string) => void,
): Promise<number> {
  const record: Record<string, string> = JSON.parse(await readFile(target.imageRecord, "utf8").catch(() => "{}"));
  const keyed = await Promise.all(images.map(async (image) => ({ image, key: await imageKey(image) })));
  const missing = keyed.filter(({ image, key }) => record[image.reference] !== key);
  const queue = [...missing];
  // Two at a time keep one busy with hashing while the other unpacks; more only compete for the disk.
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await importOne(target, next.image);
      record[next.image.reference] = next.key;
      imported(next.image.reference);
    }
  };
  await Promise.all([worker(), worker()]);
  if (missing.length > 0) {
    await writeFile(`${target.imageRecord}.new`, JSON.stringify(record));
    await rename(`${target.imageRecord}.new`, target.imageRecord);
  }
  return missing.length;
}
