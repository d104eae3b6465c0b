import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type ProgramResult, type Properties, type RecordedResource, runProgram, STACK_TYPE } from "../tools/engine";
import { type KubernetesObject, manifestsOf, objectName } from "../tools/plan/manifests";
import { manifestYaml } from "../tools/plan/write";

/** How a test runs a program; every default is what most tests want. */
export interface GraphOptions {
  /** Default: `gpu-observability`. */
  project?: string;
  /** Default: `test`. */
  stack?: string;
  /** Keys with their namespace; anything but a string is passed as JSON. Default: none. */
  config?: Record<string, unknown>;
  /** Keys of `config` that are encrypted. Default: none. */
  secretKeys?: readonly string[];
  /** Ids and computed outputs are unknown. Default: false. */
  preview?: boolean;
  /** What a created resource has beyond its inputs. Default: nothing. */
  state?: (resource: RecordedResource) => Record<string, unknown>;
}

/** What a program registered, with the questions that tests ask. */
export class Graph implements ProgramResult {
  readonly resources: RecordedResource[];
  readonly outputs: Properties;

  constructor({ resources, outputs }: ProgramResult) {
    this.resources = resources;
    this.outputs = outputs;
  }

  /** Sorted names of all resources but the stack, or of those of one type (`kubernetes:core/v1:Service`). */
  names(type?: string): string[] {
    return this.resources
      .filter((resource) => (type === undefined ? resource.type !== STACK_TYPE : resource.type === type))
      .map((resource) => resource.name)
      .sort();
  }

  /** The only resource of that type and name; fails with the names that exist. */
  one(type: string, name: string): RecordedResource {
    const found = this.resources.filter((resource) => resource.type === type && resource.name === name);
    const [resource] = found;
    if (resource && found.length === 1) return resource;
    return assert.fail(`${found.length} ${type} called ${name}; there are: ${this.names(type).join(", ") || "none"}`);
  }

  /** The only Kubernetes object of that kind and `metadata.name`, secrets and unknowns redacted. */
  manifest(kind: string, name: string): KubernetesObject {
    const objects = manifestsOf(this.resources).map(({ object }) => object);
    const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
    const [object] = found;
    if (object && found.length === 1) return object;
    return assert.fail(
      `${found.length} ${kind} called ${name}; there are: ${objects.map(objectName).join(", ") || "none"}`,
    );
  }
}

/** Runs `program` in the in-process engine. Fails as the real engine would: on duplicates, on what the program throws. */
export async function graphOf(program: () => unknown, options: GraphOptions = {}): Promise<Graph> {
  const { project = "gpu-observability", stack = "test", config = {}, secretKeys = [], preview = false } = options;
  const strings = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const result = await runProgram({
    project,
    stack,
    config: Object.fromEntries(strings),
    configSecretKeys: secretKeys,
    preview,
    program,
    ...(options.state ? { state: options.state } : {}),
  });
  return new Graph(result);
}

const identities = ({ resources }: ProgramResult) =>
  resources.map(({ type, name, parent }) => `${type} ${name} below ${parent ?? "nothing"}`).sort();

/**
 * Asserts that a preview shows the same resources as the deployment: none may be made in an `apply`, or depend on a
 * value that only exists afterwards.
 */
export async function previewHonesty(
  program: () => unknown,
  options: Omit<GraphOptions, "preview"> = {},
): Promise<void> {
  const preview = await graphOf(program, { ...options, preview: true });
  const deployment = await graphOf(program, { ...options, preview: false });
  assert.deepEqual(
    identities(preview),
    identities(deployment),
    "a preview shows other resources than the deployment makes",
  );
}

const goldenRoot = path.join(__dirname, "golden");

/** Where golden manifests are, and which are those of another stack too. */
export interface GoldenOptions {
  root?: string;
  update?: boolean;
  base?: { dir: string; result: ProgramResult };
}

/**
 * Compares the Kubernetes objects with the files in `test/golden/DIR`: the same set of files, the same content. Secrets
 * are there too, redacted. What another stack has too is only named, in `same-as-DIR.txt`. With UPDATE_GOLDEN set, writes
 * them instead; the change is then reviewed as a diff.
 */
export function goldenManifests(
  dir: string,
  result: ProgramResult,
  { root = goldenRoot, update = Boolean(process.env.UPDATE_GOLDEN), base }: GoldenOptions = {},
): void {
  const folder = path.join(root, dir);
  const files = (resources: readonly RecordedResource[]) =>
    new Map(manifestsOf(resources).map(({ file, object }) => [file, manifestYaml(object)]));
  const wanted = files(result.resources);
  if (base) {
    const same = [...files(base.result.resources)].filter(([file, content]) => wanted.get(file) === content);
    for (const [file] of same) wanted.delete(file);
    wanted.set(`same-as-${base.dir}.txt`, `${same.map(([file]) => file).join("\n")}\n`);
  }
  if (update) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [file, content] of wanted) writeFileSync(path.join(folder, file), content);
    return;
  }
  const hint = "when the change is wanted: UPDATE_GOLDEN=1 npm test, then review the diff";
  const present = existsSync(folder) ? readdirSync(folder).sort() : [];
  assert.deepEqual([...wanted.keys()].sort(), present, `test/golden/${dir} has other files; ${hint}`);
  for (const [file, content] of wanted) {
    assert.equal(content, readFileSync(path.join(folder, file), "utf8"), `test/golden/${dir}/${file} differs; ${hint}`);
  }
}
