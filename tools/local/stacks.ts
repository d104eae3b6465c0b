import { appendFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type EngineEvent, LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { stringify } from "yaml";
import { UserError } from "../cli/errors";
import type { Changes } from "./changes";
import type { Engine } from "./engine";
import { duringEngineOperation } from "./interruption";

/** A Pulumi project of this repository with the content of its stack file. */
export interface StackDefinition {
  project: string;
  stack: string;
  /** The stack file's text; it is written to a folder of the engine's, so that no tracked file changes. */
  file: string;
  program: PulumiFn;
}

/** A stack that the engine can work on. */
export interface OpenStack {
  stack: Stack;
  definition: StackDefinition;
  log: string;
}

export async function openStack(engine: Engine, definition: StackDefinition): Promise<OpenStack> {
  const workDir = path.join(engine.directory, "projects", definition.project);
  await mkdir(workDir, { recursive: true });
  await writeFile(path.join(workDir, "Pulumi.yaml"), stringify({ name: definition.project, runtime: "nodejs" }));
  await writeFile(path.join(workDir, `Pulumi.${definition.stack}.yaml`), definition.file);
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: definition.stack, projectName: definition.project, program: definition.program },
    { workDir, pulumiCommand: engine.command, envVars: engine.environment },
  );
  const opened = { stack, definition, log: path.join(workDir, "pulumi.log") };
  await heal(opened, engine);
  return opened;
}

interface Resource {
  urn: string;
  type: string;
  id?: string;
  inputs?: { metadata?: { name?: string; namespace?: string } };
}

/**
 * Mends what a killed run left: its lock, and objects that it was creating. Whether those exist is not known, so they
 * enter the state under the id that they would have, and a refresh drops the ones that do not exist.
 */
async function heal({ stack, definition }: OpenStack, engine: Engine): Promise<void> {
  const backend = path.join(engine.directory, "state", ".pulumi");
  const place = path.join(definition.project, definition.stack);
  // The engine's lock is ours alone (see withEngine), so a lock file is what a killed run left.
  const locks = await readdir(path.join(backend, "locks", "organization", place)).catch(() => []);
  if (locks.length > 0) await stack.cancel();
  const state = await readFile(path.join(backend, "stacks", `${place}.json`), "utf8").catch(() => "");
  if (!state.includes('"pending_operations"')) return;
  const exported = await stack.exportStack();
  const deployment = exported.deployment as
    | { resources?: Resource[]; pending_operations?: { resource: Resource; type: string }[] }
    | undefined;
  const pending = deployment?.pending_operations ?? [];
  if (pending.length === 0) return;
  const known = new Set(deployment?.resources?.map((resource) => resource.urn));
  const created = pending
    .filter(({ type, resource }) => type === "creating" && !known.has(resource.urn))
    .map(({ resource }) => ({ ...resource, id: idOf(resource) }))
    .filter((resource) => resource.id !== undefined);
  await stack.importStack({
    ...exported,
    deployment: {
      ...deployment,
      resources: [...(deployment?.resources ?? []), ...created],
      pending_operations: [],
    },
  });
  await duringEngineOperation(stack.refresh());
}

/** The provider's id of an object: `namespace/name`, or the name alone. */
function idOf({ inputs }: Resource): string | undefined {
  const { name, namespace } = inputs?.metadata ?? {};
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/**
 * Deploys a stack; `report` hears what is being worked on. With `refresh`, what was deleted behind the engine's back is
 * made again.
 */
export async function deployStack(
  opened: OpenStack,
  report: (detail: string) => void,
  options: { refresh?: boolean } = {},
): Promise<Changes> {
  const failures: string[] = [];
  const result = await duringEngineOperation(
    opened.stack.up({
      ...options,
      color: "never",
      onOutput: (text) => appendFileSync(opened.log, text),
      onEvent: follow(report, failures),
    }),
  ).catch((error: unknown) => {
    throw failure(opened, failures, error);
  });
  const { same: _, ...changes } = result.summary.resourceChanges ?? {};
  return changes;
}

/** Deletes everything that a stack deployed. */
export async function destroyStack(opened: OpenStack, report: (detail: string) => void): Promise<void> {
  const failures: string[] = [];
  await duringEngineOperation(
    opened.stack.destroy({
      color: "never",
      onOutput: (text) => appendFileSync(opened.log, text),
      onEvent: follow(report, failures),
    }),
  ).catch((error: unknown) => {
    throw failure(opened, failures, error);
  });
}

const shortName = (urn: string) => {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${type.split(":").pop()} ${name}`;
};

function follow(report: (detail: string) => void, failures: string[]) {
  const running = new Set<string>();
  let done = 0;
  const show = () =>
    report(`${done} done${running.size > 0 ? `, working on ${[...running].slice(-3).join(", ")}` : ""}`);
  return (event: EngineEvent) => {
    const started = event.resourcePreEvent?.metadata;
    const finished = event.resOutputsEvent?.metadata ?? event.resOpFailedEvent?.metadata;
    if (started && started.op !== "same") running.add(shortName(started.urn));
    if (finished) {
      running.delete(shortName(finished.urn));
      done += 1;
    }
    const diagnostic = event.diagnosticEvent;
    if (diagnostic?.severity === "error") {
      failures.push(`${diagnostic.urn ? `${shortName(diagnostic.urn)}: ` : ""}${diagnostic.message.trim()}`);
    }
    show();
  };
}

function failure(opened: OpenStack, failures: string[], error: unknown): UserError {
  const reason = error instanceof Error ? error.message.split("\n").slice(0, 30).join("\n") : String(error);
  const lines = failures.length > 0 ? failures : [reason];
  return new UserError(
    `the engine could not finish the project ${opened.definition.project}:\n  ${lines.join("\n  ").replace(/\n(?=\S)/g, "\n  ")}`,
    `mend what it names and run the command again: it continues from here (everything the engine said is in ${opened.log})`,
  );
}
