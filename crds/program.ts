import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { clusterSchema } from "../stacks/settings/cluster";
import { UserError } from "../tools/cli/errors";
import type { Progress } from "../tools/cli/progress";
import { pinnedRelease } from "./checksums";
import { type Crd, readCrds } from "./release";

/** Stack outputs. */
export interface CrdOutputs {
  /** The prometheus-operator's release, `v0.93.1`. */
  version: string;
  /** Names of the definitions in the cluster, `prometheuses.monitoring.coreos.com`. */
  names: string[];
}

/** Long steps as lines that the engine shows while they last. */
const engineProgress: Progress = {
  step(title, work) {
    const show = (text: string) => void pulumi.log.info(text, undefined, undefined, true);
    show(title);
    return work((detail) => show(`${title} · ${detail}`));
  },
  note: (text) => void pulumi.log.info(text),
};

function readCluster() {
  const config = new pulumi.Config();
  const parsed = clusterSchema.safeParse(config.requireObject("cluster"));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${["cluster", ...issue.path].join(".")}: ${issue.message}`);
  throw new UserError(
    `the setting ${config.name}:cluster is wrong:\n${problems.join("\n")}`,
    `give it the value of "cluster" in the stack file of the main project`,
  );
}

/** The cast that the provider's types need, after {@link readCrds} has checked what kind of object it is. */
const asArgs = (crd: Crd) => crd as unknown as k8s.apiextensions.v1.CustomResourceDefinitionArgs;

async function deploy(): Promise<CrdOutputs> {
  const cluster = readCluster();
  const crds = await readCrds({ progress: engineProgress });
  const provider = new k8s.Provider("cluster", {
    ...(cluster.path === undefined ? {} : { kubeconfig: cluster.path }),
    ...(cluster.context === undefined ? {} : { context: cluster.context }),
    // Definitions outlive their stack and may have come from elsewhere (a Helm chart, kubectl): adopt what exists …
    upsertExistingObjects: true,
    // … and take over the fields that the earlier owner still claims.
    enablePatchForce: true,
  });
  for (const crd of crds) {
    // Deleting a definition deletes every object of its kind, in every stack on this cluster.
    new k8s.apiextensions.v1.CustomResourceDefinition(crd.metadata.name, asArgs(crd), {
      provider,
      retainOnDelete: true,
    });
  }
  return { version: pinnedRelease.version, names: crds.map((crd) => crd.metadata.name) };
}

/**
 * The program of the project `gpu-observability-crds`, also for the Automation API. Its one setting is
 * `gpu-observability-crds:cluster`, the same object as `cluster` in the main project.
 */
export async function deployCrds(): Promise<CrdOutputs> {
  try {
    return await deploy();
  } catch (error) {
    // The engine prints a RunError as it is; anything else with a stack and without the fix.
    if (error instanceof UserError) throw new pulumi.RunError(`${error.message}\n  fix: ${error.fix}`);
    throw error;
  }
}
