import { readsSidecars } from "../../stacks/settings/longTermStorage";
import type { Progress } from "../cli/progress";
import * as cluster from "../cluster";
import type { ApiClient } from "../provider/apiClient";
import { connect } from "../provider/apiClient";
import { connectToContext } from "./access";
import { type Changes, describeChanges, sum } from "./changes";
import { checkedSettings, refuseSecrets } from "./checkSettings";
import { type Engine, withEngine } from "./engine";
import { type Health, waitUntilHealthy } from "./health";
import { plannedImages } from "./images";
import type { Place } from "./place";
import {
  type ClusterReference,
  crdsStack,
  fleetStack,
  type PlatformStack,
  plannedObjects,
  platformStack,
} from "./programs";
import { writeRecord } from "./record";
import { deployStack, openStack, type StackDefinition } from "./stacks";

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
  /** Base URL of the query API inside the cluster. */
  queryUrl: string;
}

/** Brings the platform up, step by step; a second time it changes nothing. */
export async function bringUp(options: UpOptions, progress: Progress): Promise<Platform> {
  const { place } = options;
  // Before anything is started: a misspelt setting should cost a second, not a minute.
  const planned = await platformStack({ name: "local" }, options.settings);
  checkedSettings(planned.settings);
  refuseSecrets(planned.settings);
  if (place.kind === "context") (await connectToContext(place.context)).close();
  const running = place.kind === "throwaway" ? await startCluster(place.name, planned, progress) : undefined;
  const reference = place.kind === "context" ? contextReference(place.context) : clusterReference(running);
  return withEngine(place, progress, async (engine) => {
    if (engine.notice) progress.note(`note: ${engine.notice}`);
    const changes = await deployAll(options, reference, running, engine, progress);
    return { ...(await askUntilHealthy(options, reference, engine, progress)), changes, notice: engine.notice };
  });
}

interface RunningCluster {
  cluster: cluster.Cluster;
  images: cluster.WrappedImage[];
}

async function startCluster(name: string, planned: PlatformStack, progress: Progress): Promise<RunningCluster> {
  const images = await plannedImages(await plannedObjects(planned), progress);
  return { cluster: await cluster.up(name, progress), images };
}

function clusterReference(running: RunningCluster | undefined): ClusterReference {
  if (!running) throw new Error("no throwaway cluster was started");
  return { name: running.cluster.name, path: running.cluster.kubeconfig };
}

/** The external label `cluster` of a context: its name, as far as that can be a DNS label. */
function contextReference(context: string): ClusterReference {
  const name = context
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return { name: name || "local", context };
}

async function deployAll(
  { nodes, gpusPerNode, settings }: UpOptions,
  reference: ClusterReference,
  running: RunningCluster | undefined,
  engine: Engine,
  progress: Progress,
): Promise<Changes> {
  const changes: Changes[] = [];
  const deploy = async (definition: StackDefinition, report: (detail: string) => void, refresh = false) => {
    const made = await deployStack(await openStack(engine, definition), report, { refresh });
    changes.push(made);
    report(describeChanges(made));
  };
  const platform = await platformStack(reference, settings);
  const { namespace, gpu, prometheus } = checkedSettings(platform.settings);
  await Promise.all([
    progress.step("deploying the operator's CRDs (crds/)", (report) => deploy(crdsStack(reference), report)),
    // Beside each other: images keep the disk busy, the CRDs a processor.
    running && cluster.importImages(running.cluster, running.images, progress),
  ]);
  await progress.step("deploying the platform", (report) => deploy(platform, report));
  const fleet = await fleetStack(reference, {
    namespace,
    nodes,
    gpusPerNode,
    // Without GPU monitoring it is a fleet that somebody else watches.
    profile: gpu.kind === "install" ? gpu.profile : "essential",
    interval: gpu.kind === "install" ? gpu.scrapeInterval : prometheus.scrapeInterval,
  });
  await progress.step("deploying the simulated GPU fleet", (report) =>
    // It lives in the platform's namespace: a destroyed platform has taken it along, unseen by its own stack.
    deploy(fleet, report, true),
  );
  return sum(changes);
}

async function askUntilHealthy(
  { nodes, gpusPerNode, settings }: UpOptions,
  reference: ClusterReference,
  engine: Engine,
  progress: Progress,
) {
  const platform = await platformStack(reference, settings);
  const { namespace, prometheus, alertmanager, longTermStorage, alsoWriteTo, readFrom } = checkedSettings(
    platform.settings,
  );
  const read = readFrom === "alsoWriteTo" && alsoWriteTo ? alsoWriteTo : longTermStorage;
  const api = await connect({
    ...(reference.path === undefined ? {} : { kubeconfig: reference.path }),
    ...(reference.context === undefined ? {} : { context: reference.context }),
  });
  const queryUrl = await outputOf(engine, platform, "queryUrl");
  const expected = {
    namespace,
    prometheusReplicas: prometheus.replicas,
    alertmanagerReplicas: alertmanager.replicas,
    fleetNodes: nodes,
    ...(readsSidecars(read) ? {} : { queryUrl }),
  };
  const health = await waitUntilHealthy(api, expected, progress);
  await writeRecord(engine.directory, { ...expected, gpusPerNode });
  return { health, kubeconfig: reference.path, namespace, api, queryUrl };
}

async function outputOf(engine: Engine, definition: StackDefinition, name: string): Promise<string> {
  const { stack } = await openStack(engine, definition);
  return String((await stack.outputs())[name]?.value);
}
