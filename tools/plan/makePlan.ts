import { type Problem, parseSettings, SettingsError } from "../../stacks/settings";
import { isPlainObject, type ProgramResult, type RecordedResource, redact, runProgram } from "../engine";
import { isSecretObject, type Manifest, manifestsOf, type RequiredSecret, requiredSecrets } from "./manifests";
import { PLATFORM_KEY, type StackConfig } from "./stackConfig";
import { type CrdSource, validateManifests } from "./validate";

/** What a stack would deploy, as far as it can be said without asking a cloud or a cluster. */
export interface Plan {
  project: string;
  stack: string;
  resources: RecordedResource[];
  /** Every Kubernetes object, also those that cannot be written. */
  manifests: Manifest[];
  /** Those that can be applied as they are: without secrets and without unknown values. */
  writable: Manifest[];
  /** The stack output `capacity`; empty where the program has none. */
  capacity: Record<string, unknown>;
  /** Values that exist only after deployment; such a manifest is not written. */
  unknown: { manifest: string; path: string }[];
  /** Secrets that whoever applies the manifests has to create. */
  secrets: RequiredSecret[];
  /** With a single one of these, nothing may be written. */
  problems: Problem[];
}

export interface PlanOptions {
  config: StackConfig;
  /** What `index.ts` runs; returns the stack's outputs. */
  program: () => unknown;
  crdSource: CrdSource;
}

function rejected({ project, stack }: StackConfig, problems: Problem[]): Plan {
  const empty = { resources: [], manifests: [], writable: [], capacity: {}, unknown: [], secrets: [] };
  return { project, stack, problems, ...empty };
}

/** Settings are checked before the program runs: only here is it known which values are encrypted. */
function settingsProblems({ platform, encryptedPaths, problems }: StackConfig): Problem[] {
  const parsed = parseSettings(platform, { encryptedPaths });
  return parsed.ok ? problems : [...problems, ...parsed.problems];
}

async function run({ config, program }: PlanOptions): Promise<ProgramResult | Problem[]> {
  try {
    return await runProgram({
      project: config.project,
      stack: config.stack,
      config: { ...config.config, [PLATFORM_KEY]: JSON.stringify(config.platform) },
      configSecretKeys: [...config.secretKeys, ...(config.encryptedPaths.length > 0 ? [PLATFORM_KEY] : [])],
      preview: true,
      program,
    });
  } catch (error) {
    if (error instanceof SettingsError) return [...error.problems];
    throw error;
  }
}

/** Plans one stack. Everything that is wrong ends up in `problems`; only defects of the program are thrown. */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const { config, crdSource } = options;
  const problems = settingsProblems(config);
  if (problems.length > 0) return rejected(config, problems);
  const result = await run(options);
  if (Array.isArray(result)) return rejected(config, result);
  const manifests = manifestsOf(result.resources);
  const capacity = redact(result.outputs.capacity ?? null);
  return {
    project: config.project,
    stack: config.stack,
    resources: result.resources,
    manifests,
    writable: manifests.filter((manifest) => manifest.unknown.length === 0 && !isSecretObject(manifest)),
    capacity: isPlainObject(capacity) ? capacity : {},
    unknown: manifests.flatMap(({ file, unknown }) => unknown.map((path) => ({ manifest: file, path }))),
    secrets: requiredSecrets(manifests),
    problems: await validateManifests(manifests, crdSource),
  };
}
