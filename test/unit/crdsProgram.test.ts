import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { pinnedRelease } from "../../crds/checksums";
import { deployCrds } from "../../crds/program";
import { readCrds } from "../../crds/release";

interface Options {
  type: string;
  name: string;
  retainOnDelete: boolean | undefined;
  protect: boolean | undefined;
  provider: string | undefined;
}

/** Runs the program in the SDK's mock engine, which sees the inputs; a stack transformation sees the options. */
async function run(config: Record<string, string>) {
  const inputs = new Map<string, unknown>();
  const options: Options[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (resource) => {
        inputs.set(resource.name, resource.inputs);
        return { id: resource.name, state: resource.inputs };
      },
      call: () => ({}),
    },
    "gpu-observability-crds",
    "test",
  );
  pulumi.runtime.setAllConfig(config);
  const outputs = await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      const { retainOnDelete, protect, provider } = opts as pulumi.CustomResourceOptions;
      const providerName = provider === undefined ? undefined : (provider as { __name?: string }).__name;
      options.push({ type, name, retainOnDelete, protect, provider: providerName });
      return undefined;
    });
    return deployCrds();
  });
  await pulumi.runtime.disconnect();
  return { inputs, options, outputs };
}

const names = Object.keys(pinnedRelease.sha256).map((plural) => `${plural}.monitoring.coreos.com`);

describe("the CRD project", function () {
  // The first run on a machine fetches and converts the release.
  this.timeout(300_000);

  it("deploys the ten definitions through a provider that adopts, and keeps them on destroy", async () => {
    const { inputs, options, outputs } = await run({
      "gpu-observability-crds:cluster": '{"kind":"kubeconfig","name":"lab","path":"/lab.yaml","context":"lab"}',
    });
    assert.deepEqual(options, [
      {
        type: "pulumi:providers:kubernetes",
        name: "cluster",
        retainOnDelete: undefined,
        protect: undefined,
        provider: undefined,
      },
      ...names.map((name) => ({
        type: "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        name,
        retainOnDelete: true,
        protect: undefined,
        provider: "cluster",
      })),
    ]);
    assert.deepEqual(inputs.get("cluster"), {
      kubeconfig: "/lab.yaml",
      context: "lab",
      upsertExistingObjects: "true",
      enablePatchForce: "true",
    });
    for (const crd of await readCrds()) assert.deepEqual(inputs.get(crd.metadata.name), crd);
    assert.deepEqual(outputs, { version: pinnedRelease.version, names });
  });

  it("leaves the kubeconfig and its context to the provider's defaults when the setting names none", async () => {
    const { inputs } = await run({ "gpu-observability-crds:cluster": '{"kind":"kubeconfig","name":"lab"}' });
    assert.deepEqual(inputs.get("cluster"), { upsertExistingObjects: "true", enablePatchForce: "true" });
  });

  it("answers a wrong setting with path, rule and fix, and no stack", async () => {
    const config = { "gpu-observability-crds:cluster": '{"kind":"kubeconfig","name":"Lab","contxt":"lab"}' };
    await assert.rejects(run(config), (error: unknown) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.equal(
        error.message,
        "the setting gpu-observability-crds:cluster is wrong:\n" +
          "  cluster.name: must be a DNS label: lower-case letters, digits and inner hyphens, at most 63\n" +
          '  cluster: Unrecognized key: "contxt"\n' +
          '  fix: give it the value of "cluster" in the stack file of the main project',
      );
      return true;
    });
  });
});
