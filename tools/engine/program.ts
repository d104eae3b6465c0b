import * as pulumi from "@pulumi/pulumi";
import { RecordingMonitor, STACK_TYPE } from "./monitor";
import type { RecordedResource } from "./resource";
import type { Properties } from "./values";

export interface ProgramOptions {
  project: string;
  stack: string;
  /** Keys with their namespace, values as the CLI passes them: strings, objects as JSON. */
  config: Record<string, string>;
  /** Those of the keys above that hold a secret. */
  configSecretKeys: readonly string[];
  /** As in `pulumi preview`: ids and computed outputs are unknown. */
  preview: boolean;
  /** What `index.ts` would do; what it returns becomes the stack's outputs. */
  program: () => unknown;
  /** Outputs that exist after creation, beyond the inputs (`status` of a Service, say). Default: none. */
  state?: (resource: RecordedResource) => Record<string, unknown>;
}

export interface ProgramResult {
  /** In the order of registration; the stack comes first. */
  resources: RecordedResource[];
  /** The stack's outputs. */
  outputs: Properties;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Resources made in an `apply` register after the queue was empty once: wait until nothing new appears. */
async function settle(monitor: RecordingMonitor): Promise<void> {
  let seen = -1;
  while (seen !== monitor.recorded.size) {
    seen = monitor.recorded.size;
    await pulumi.runtime.disconnect();
    for (let turns = 0; turns < 20; turns++) await turn();
  }
}

function disabledDefaultProviders(config: Record<string, string>): string[] {
  const value = config["pulumi:disable-default-providers"];
  return value === undefined ? [] : (JSON.parse(value) as string[]);
}

/**
 * Runs a Pulumi program without Pulumi's CLI and returns what it registered. Programs may run one after another, never
 * at the same time: the SDK keeps one state per process.
 *
 * Throws what the engine would refuse (two resources with one URN, a disabled default provider, a question to a cloud),
 * else what the program itself throws.
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const { project, stack, config, configSecretKeys, preview, program, state = () => ({}) } = options;
  const monitor = new RecordingMonitor({
    project,
    stack,
    preview,
    state,
    disabledDefaultProviders: disabledDefaultProviders(config),
  });
  pulumi.runtime.setMockOptions(monitor, project, stack, preview);
  pulumi.runtime.setAllConfig(config, [...configSecretKeys]);

  // The SDK reports a failed registration as a rejection that nobody can await: collect them for as long as it runs.
  const rejections: unknown[] = [];
  const collect = (reason: unknown) => {
    rejections.push(reason);
  };
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", collect);
  // The SDK formats a stack for every promise it makes; mapping each to its source takes longer than the program.
  const sourceMaps = process.sourceMapsEnabled;
  process.setSourceMapsEnabled(false);
  try {
    await pulumi.runtime.runInPulumiStack(async () => program()).catch(collect);
    await settle(monitor);
  } finally {
    process.setSourceMapsEnabled(sourceMaps);
    process.removeListener("unhandledRejection", collect);
    for (const listener of others) process.on("unhandledRejection", listener);
  }
  if (monitor.failure) throw monitor.failure;
  if (rejections.length > 0) throw rejections[0];
  const resources = [...monitor.recorded.values()];
  return { resources, outputs: resources.find((resource) => resource.type === STACK_TYPE)?.outputs ?? {} };
}
