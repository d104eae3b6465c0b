import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseDocument, stringify } from "yaml";
import { createProvider } from "../../components";
import { deployCrds } from "../../crds/program";
import { deploy } from "../../stacks/platform";
import { repositoryRoot } from "../cli/paths";
import { runProgram } from "../engine";
import { type FleetProgramArgs, fleetProgram } from "../fleet/manifests";
import { fleetScript } from "../fleet/script";
import { setPath } from "../plan/paths";
import { PLATFORM_KEY, parseSetting } from "../plan/stackConfig";
import type { StackDefinition } from "./stacks";

/** How the programs reach the cluster. */
export interface ClusterReference {
  /** The external label `cluster`. */
  name: string;
  /** The kubeconfig file. */
  path?: string;
  context?: string;
}

/** The image that runs the fleet's script. */
export const NODE_IMAGE = "docker.io/library/node:24-alpine";

const NO_DEFAULT_PROVIDERS = { "pulumi:disable-default-providers": ["kubernetes", "aws"] };

/** The project in crds/. */
export function crdsStack(cluster: ClusterReference): StackDefinition {
  return {
    project: "gpu-observability-crds",
    stack: "local",
    file: stringify({
      config: { ...NO_DEFAULT_PROVIDERS, "gpu-observability-crds:cluster": { kind: "kubeconfig", ...cluster } },
    }),
    program: async () => ({ ...(await deployCrds()) }),
  };
}

/** The main project, with its settings as plain data. */
export type PlatformStack = StackDefinition & { settings: unknown };

/** The main project with a copy of Pulumi.local.yaml; `settings` are `path=value`, applied from left to right. */
export async function platformStack(cluster: ClusterReference, settings: readonly string[]): Promise<PlatformStack> {
  const document = parseDocument(await readFile(path.join(repositoryRoot, "Pulumi.local.yaml"), "utf8"));
  const base: unknown = document.toJS().config[PLATFORM_KEY];
  const platform = settings.map(parseSetting).reduce((value, change) => setPath(value, change.path, change.value), {
    ...(base as object),
    cluster: { kind: "kubeconfig", ...cluster },
  } as unknown);
  document.setIn(["config", PLATFORM_KEY], platform);
  return {
    project: "gpu-observability",
    stack: "local",
    file: document.toString(),
    program: async () => ({ ...deploy() }),
    settings: platform,
  };
}

/** What the platform would deploy, without asking a cluster. */
export async function plannedObjects({ project, stack, program, settings }: PlatformStack): Promise<unknown[]> {
  const { resources } = await runProgram({
    project,
    stack,
    config: { [PLATFORM_KEY]: JSON.stringify(settings) },
    configSecretKeys: [],
    preview: true,
    program,
  });
  return resources.map(({ inputs }) => inputs);
}

/** The simulated fleet: no part of the platform, so a project of its own. */
export async function fleetStack(
  cluster: ClusterReference,
  fleet: Pick<FleetProgramArgs, "namespace" | "nodes" | "gpusPerNode" | "profile" | "interval">,
): Promise<StackDefinition> {
  const script = await fleetScript();
  return {
    project: "gpu-observability-fleet",
    stack: "local",
    file: stringify({ config: NO_DEFAULT_PROVIDERS }),
    program: async () => {
      const provider = createProvider("kubernetes", { kubeconfigPath: cluster.path, context: cluster.context });
      fleetProgram({ ...fleet, script, image: NODE_IMAGE, provider });
    },
  };
}
