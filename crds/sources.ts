import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const MODULE = "github.com/prometheus-operator/prometheus-operator";
const FOLDER = "example/prometheus-operator-crd";
/** One attempt this long decides that the network is closed: more would only delay the fallback. */
const CONNECT_TIMEOUT_MS = 3_000;
const BODY_TIMEOUT_MS = 60_000;

/** A place that has the release's YAML files. */
export interface CrdSource {
  /** For messages: where the bytes came from. */
  name: string;
  /** Reads the files of these plural names; throws when the place cannot be reached or lacks one of them. */
  read(version: string, plurals: string[]): Promise<Map<string, Buffer>>;
}

const fileName = (plural: string) => `monitoring.coreos.com_${plural}.yaml`;

async function download(url: string): Promise<Buffer> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error("no answer within 3 s")), CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Error("the download took over 60 s")), BODY_TIMEOUT_MS);
    if (!response.ok) throw new Error(`HTTP ${response.status} for ${url}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    // fetch only says "fetch failed"; the reason (DNS, refused, TLS) is in its cause.
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  } finally {
    clearTimeout(timer);
  }
}

/** The files of the release tag, as the project's own installation instructions name them. */
export const officialDownload: CrdSource = {
  name: "the official download",
  async read(version, plurals) {
    const url = (plural: string) =>
      `https://raw.githubusercontent.com/${MODULE.slice(11)}/${version}/${FOLDER}/${fileName(plural)}`;
    const [first, ...rest] = plurals;
    const files = new Map<string, Buffer>();
    // The first file alone, so that a closed network costs one timeout.
    if (first !== undefined) files.set(first, await download(url(first)));
    await Promise.all(rest.map(async (plural) => files.set(plural, await download(url(plural)))));
    return files;
  },
};

/** The same files inside the operator's Go module, for networks that only reach a Go module proxy. */
export const goModule: CrdSource = {
  name: "the Go module",
  async read(version, plurals) {
    // Outside the checkout, so that no go.mod or go.work of the caller takes part.
    const { stdout } = await promisify(execFile)("go", ["mod", "download", "-json", `${MODULE}@${version}`], {
      cwd: os.tmpdir(),
    }).catch((error: Error & { code?: unknown; stdout?: string }) => {
      if (error.code === "ENOENT") throw new Error("go is not installed");
      const report = error.stdout?.startsWith("{") ? (JSON.parse(error.stdout) as { Error?: string }).Error : undefined;
      throw new Error((report ?? error.message).replace(/\s+/g, " "));
    });
    const { Dir } = JSON.parse(stdout) as { Dir: string };
    const read = async (plural: string) => [plural, await readFile(path.join(Dir, FOLDER, fileName(plural)))] as const;
    return new Map(await Promise.all(plurals.map(read)));
  },
};
