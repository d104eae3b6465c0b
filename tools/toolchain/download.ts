import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { UserError } from "../cli/errors";
import type { Download } from "./catalogue";
import { run } from "./command";

/** How long a vendor's site may take to answer; a firewall that drops packets costs this once per run. */
const ANSWER_TIMEOUT_MS = 3000;

/** Which sites did not answer in this run, so that a closed network costs seconds and not minutes. */
export class Network {
  #closed = false;

  /** True after the first site that could not be reached. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The answer's body, or undefined when the site cannot be reached or does not have the file. */
  async open(url: string): Promise<Response | undefined> {
    if (this.#closed) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_TIMEOUT_MS);
    try {
      const response = await fetch(url, { signal: abort.signal });
      if (response.ok) return response;
      await response.body?.cancel();
      return undefined;
    } catch {
      this.#closed = true;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The digest that a checksum file gives for `name`; a file that is nothing but a digest is for every name. */
export function publishedDigest(text: string, name: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const own = lines.find(([, file]) => file?.replace(/^[*.]?\/?/, "") === name)?.[0];
  const only = lines[0]?.length === 1 ? lines[0][0] : undefined;
  const digest = own ?? only;
  return digest && /^([0-9a-f]{64}|[0-9a-f]{128})$/i.test(digest) ? digest.toLowerCase() : undefined;
}

/**
 * Downloads a program to `target`, checked against the published checksum. False when the site cannot be reached, has no
 * such file or no checksum for it, or breaks off. A wrong checksum is an error and leaves no file.
 */
export async function download(
  { url, checksumUrl, member }: Download,
  target: string,
  network: Network,
  report: (detail: string) => void,
): Promise<boolean> {
  const checksums = await network.open(checksumUrl);
  if (!checksums) return false;
  const file = path.posix.basename(new URL(url).pathname);
  const wanted = publishedDigest(await checksums.text(), file);
  // What cannot be checked is not used.
  if (!wanted) return false;
  const response = await network.open(url);
  if (!response?.body) return false;

  await mkdir(path.dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.download-`);
  try {
    const archive = path.join(folder, "download");
    const total = Number(response.headers.get("content-length") ?? 0);
    const digest = createHash(wanted.length === 64 ? "sha256" : "sha512");
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
    let received = 0;
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on("data", (chunk: Buffer) => {
      digest.update(chunk);
      received += chunk.length;
      report(`${megabytes(received)}${total ? ` of ${megabytes(total)}` : ""} MB of ${file}`);
    });
    try {
      await pipeline(body, createWriteStream(archive));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
      return false;
    }
    const actual = digest.digest("hex");
    if (actual !== wanted) {
      throw new UserError(
        `${url} has the wrong checksum: ${actual} instead of ${wanted}`,
        "run again; if it stays wrong, a proxy changes downloads or the release was tampered with: put the tool on PATH yourself",
      );
    }
    if (member) await run(["tar", "--extract", "--file", archive, "--directory", folder, member]);
    const program = member ? path.join(folder, member) : archive;
    await chmod(program, 0o755);
    await rename(program, target);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
