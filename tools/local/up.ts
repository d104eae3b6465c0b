import { mkdir } from "node:fs/promises";
import { formatProblems, parseSettings } from "../../stacks/settings";
import { UserError } from "../cli/errors";
import type { Progress } from "../cli/progress";
import * as cluster from "../cluster";
import type { ApiClient } from "../provider/apiClient";
import { connect } from "../provider/apiClient";
import { findTools } from "../toolchain";
import { type Engine, startEngine } from "./engine";
import { type Health, waitUntilHealthy } from "./health";
import { imageTools, platformImages } from "./images";
import { engineDirectory, type Place } from "./place";
import { type ClusterReference, crdsStack, fleetStack, platformStack } from "./programs";
import { writeRecord } from "./record";
import { type Changes, deployStack, openStack, type StackDefinition } from "./stacks";

export interface UpOptions {
  place: Place;
  nodes: number;
  gpusPerNode: number;
  /** `path=value` over Pulumi.local.yaml. */
  settings: readonly string[];
}

export interface Platform {
  health: Health;
  changes: Changes;
  notice: string | undefined;
  kubeconfig: string | undefined;
  namespace: string;
  api: ApiClient;
}

/** Brings the platform up, step by step; a second time it changes nothing. */
export async function bringUp(options: UpOptions, progress: Progress): Promise<Platform> {
  const { place } = options;
  const reference = await prepareCluster(place, options.settings, progress);
  const directory = engineDirectory(place);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const engine = await startEngine(directory, progress);
  try {
    if (engine.notice) progress.note(`note: ${engine.notice}`);
    return await deployAll(options, reference, engine, progress);
  } finally {
    await engine.close();
  }
}

/** The settings are checked before anything is started: a misspelt one should cost a second, not a minute. */
function checkedSettings(raw: unknown) {
  const parsed = parseSettings(raw);
  if (parsed.ok) return parsed.settings;
  throw new UserError(formatProblems(parsed.problems, "Pulumi.local.yaml with --set"), "correct what stands above", 2);
}

async function prepareCluster(
  place: Place,
  settings: readonly string[],
  progress: Progress,
): Promise<ClusterReference> {
  checkedSettings((await platformStack({ name: "local" }, settings)).settings);
  if (place.kind === "context") {
    const name = place.context
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "");
    return { name: name.slice(0, 63) || "local", context: place.context };
  }
  const tools = await findTools(imageTools, progress);
  const running = await cluster.up(place.name, progress);
  await cluster.importImages(running, await platformImages(tools), progress);
  return { name: place.name, path: running.kubeconfig };
}

async function deployAll(
  { nodes, gpusPerNode, settings }: UpOptions,
  reference: ClusterReference,
  engine: Engine,
  progress: Progress,
): Promise<Platform> {
  const changes: Changes[] = [];
  const deploy = (title: string, definition: StackDefinition) =>
    progress.step(title, async (report) => {
      const opened = await openStack(engine, definition);
      const made = await deployStack(opened, report);
      changes.push(made);
      report(describeChanges(made));
    });
  const platform = await platformStack(reference, settings);
  const resolved = checkedSettings(platform.settings);
  const { namespace } = resolved;
  await deploy("deploying the operator's CRDs (crds/)", crdsStack(reference));
  await deploy("deploying the platform", platform);
  await deploy("deploying the simulated GPU fleet", await fleetStack(reference, { namespace, nodes, gpusPerNode }));

  const api = await connect({
    ...(reference.path === undefined ? {} : { kubeconfig: reference.path }),
    ...(reference.context === undefined ? {} : { context: reference.context }),
  });
  const expected = {
    namespace,
    prometheusReplicas: resolved.prometheus.replicas,
    alertmanagerReplicas: resolved.alertmanager.replicas,
    fleetNodes: nodes,
  };
  const health = await waitUntilHealthy(api, expected, progress);
  await writeRecord(engine.directory, { ...expected, gpusPerNode });
  return { health, changes: sum(changes), notice: engine.notice, kubeconfig: reference.path, namespace, api };
}

function sum(all: Changes[]): Changes {
  const total: Changes = {};
  for (const changes of all) {
    for (const [operation, count] of Object.entries(changes) as [keyof Changes, number][]) {
      total[operation] = (total[operation] ?? 0) + count;
    }
  }
  return total;
}

/** `12 create, 1 update`, or `0 changes`. */
export function describeChanges(changes: Changes): string {
  const parts = Object.entries(changes).map(([operation, count]) => `${count} ${operation}`);
  return parts.length === 0 ? "0 changes" : parts.join(", ");
}
