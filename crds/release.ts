import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { versions } from "../components/versions";
import { UserError } from "../tools/cli/errors";
import { cacheDirectory } from "../tools/cli/paths";
import type { Progress } from "../tools/cli/progress";
import { type CrdRelease, pinnedRelease } from "./checksums";
import { type CrdSource, goModule, officialDownload } from "./sources";

/** A CustomResourceDefinition as the release ships it; the fields that the project reads are typed. */
export interface Crd {
  apiVersion: "apiextensions.k8s.io/v1";
  kind: "CustomResourceDefinition";
  metadata: { name: string; annotations?: Record<string, string> };
  spec: {
    group: string;
    scope: "Namespaced" | "Cluster";
    names: { kind: string; plural: string };
    versions: { name: string; served: boolean; storage: boolean; schema: { openAPIV3Schema: object } }[];
  };
}

/** The OpenAPI v3 schema of one served version of one kind. */
export interface CrdSchema {
  group: string;
  version: string;
  kind: string;
  plural: string;
  scope: "Namespaced" | "Cluster";
  schema: object;
}

export interface ReadCrdsOptions {
  /** Only these kinds (`Prometheus`); each file is read alone, so fewer kinds are quicker. Default: all ten. */
  kinds?: readonly string[];
  /** Shown only when something must be fetched or converted. Default: silent. */
  progress?: Progress;
  /** Default: the release that `components/versions.ts` pins. */
  release?: CrdRelease;
  /** Asked in this order. Default: the official download, then the Go module. */
  sources?: readonly CrdSource[];
}

interface CacheEntry {
  /** Sum of the YAML it was converted from: a corrected checksum table must not meet an old conversion. */
  yamlSha256: string;
  /** Sum of the definition below, so that a damaged file is seen and converted again. */
  crdSha256: string;
  crd: Crd;
}

const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

/** The API's plurals of this group are the lower-cased kind with an English plural ending. */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  return lower.endsWith("s") ? `${lower}es` : `${lower}s`;
}

function selectPlurals(release: CrdRelease, kinds: readonly string[] | undefined): string[] {
  if (!kinds) return Object.keys(release.sha256);
  return kinds.map((kind) => {
    const plural = pluralOf(kind);
    if (plural in release.sha256) return plural;
    throw new Error(`the prometheus-operator ${release.version} has no CustomResourceDefinition of kind ${kind}`);
  });
}

const cacheFile = (release: CrdRelease, plural: string) =>
  path.join(cacheDirectory(), "crds", release.version, `${plural}.json`);

async function readCached(release: CrdRelease, plural: string): Promise<Crd | undefined> {
  try {
    const entry = JSON.parse(await readFile(cacheFile(release, plural), "utf8")) as CacheEntry;
    const intact = entry.yamlSha256 === release.sha256[plural] && entry.crdSha256 === sha256(JSON.stringify(entry.crd));
    return intact ? entry.crd : undefined;
  } catch {
    // Absent, truncated or not readable: all are mended by converting again.
    return undefined;
  }
}

async function writeCached(release: CrdRelease, plural: string, crd: Crd): Promise<void> {
  const file = cacheFile(release, plural);
  const entry = { yamlSha256: release.sha256[plural], crdSha256: sha256(JSON.stringify(crd)), crd };
  await mkdir(path.dirname(file), { recursive: true }).catch((error: Error) => {
    throw new UserError(
      `the cache folder ${path.dirname(file)} cannot be made (${error.message})`,
      "set GPU_OBSERVABILITY_CACHE to a folder that you can write to",
    );
  });
  // Renamed into place: a reader, or a second writer, never sees half a file.
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, JSON.stringify(entry));
  await rename(temporary, file);
}

function verify(release: CrdRelease, source: CrdSource, plural: string, content: Buffer): void {
  const expected = release.sha256[plural];
  const got = sha256(content);
  if (got === expected) return;
  throw new UserError(
    `monitoring.coreos.com_${plural}.yaml of the prometheus-operator ${release.version} has a wrong checksum: ` +
      `expected sha256 ${expected}, got ${got}, from ${source.name}; nothing was stored`,
    "run the command again, without a proxy that rewrites downloads; if the sum stays and you changed the operator's " +
      "version, compare it with the release and correct crds/checksums.ts",
  );
}

async function fetchFiles(
  release: CrdRelease,
  plurals: string[],
  sources: readonly CrdSource[],
  report: (detail: string) => void,
): Promise<Map<string, Buffer>> {
  const reasons: string[] = [];
  for (const source of sources) {
    report(source.name);
    let files: Map<string, Buffer>;
    try {
      files = await source.read(release.version, plurals);
    } catch (error) {
      reasons.push(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    for (const [plural, content] of files) verify(release, source, plural, content);
    return files;
  }
  throw new UserError(
    `the CRDs of the prometheus-operator ${release.version} cannot be read (${reasons.join("; ")})`,
    "allow https to raw.githubusercontent.com (behind a proxy: set HTTPS_PROXY and NODE_USE_ENV_PROXY=1), " +
      "or install Go from https://go.dev/dl, and run the command again",
  );
}

async function convert(content: Buffer, plural: string): Promise<Crd> {
  // Loaded only when something must be converted: a warm run does not pay for the parser.
  const { parse } = await import("yaml");
  const crd = parse(content.toString("utf8")) as Crd;
  if (crd.kind !== "CustomResourceDefinition" || crd.apiVersion !== "apiextensions.k8s.io/v1") {
    throw new Error(`monitoring.coreos.com_${plural}.yaml is not an apiextensions.k8s.io/v1 CustomResourceDefinition`);
  }
  return crd;
}

/**
 * The operator's CustomResourceDefinitions, sorted as the release lists them. Read from the cache, else fetched, checked
 * against the committed sums, converted and cached.
 *
 * Throws a {@link UserError} when a file has a wrong checksum or when no source can be reached.
 */
export async function readCrds(options: ReadCrdsOptions = {}): Promise<Crd[]> {
  const { release = pinnedRelease, sources = [officialDownload, goModule], progress } = options;
  if (options.release === undefined && release.version !== versions.prometheusOperator) {
    throw new UserError(
      `components/versions.ts pins the prometheus-operator ${versions.prometheusOperator}, but crds/checksums.ts has the sums of ${release.version}`,
      `write the sha256 sums of ${versions.prometheusOperator}'s example/prometheus-operator-crd/*.yaml into crds/checksums.ts`,
    );
  }
  const plurals = selectPlurals(release, options.kinds);
  const found = new Map<string, Crd>();
  for (const plural of plurals) {
    const crd = await readCached(release, plural);
    if (crd) found.set(plural, crd);
  }
  const missing = plurals.filter((plural) => !found.has(plural));
  if (missing.length > 0) {
    const fill = async (report: (detail: string) => void) => {
      const files = await fetchFiles(release, missing, sources, report);
      for (const [plural, content] of files) {
        report(`converting ${plural}`);
        const crd = await convert(content, plural);
        await writeCached(release, plural, crd);
        found.set(plural, crd);
      }
      report("");
    };
    const title = `Reading the prometheus-operator's CRDs (${release.version})`;
    await (progress ? progress.step(title, fill) : fill(() => {}));
  }
  return plurals.flatMap((plural) => found.get(plural) ?? []);
}

/** The schemas of every served version, for validating manifests without a cluster. Errors as {@link readCrds}. */
export async function crdSchemas(options: ReadCrdsOptions = {}): Promise<CrdSchema[]> {
  const crds = await readCrds(options);
  return crds.flatMap(({ spec }) =>
    spec.versions
      .filter((version) => version.served)
      .map((version) => ({
        group: spec.group,
        version: version.name,
        kind: spec.names.kind,
        plural: spec.names.plural,
        scope: spec.scope,
        schema: version.schema.openAPIV3Schema,
      })),
  );
}
