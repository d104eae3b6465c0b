import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createProvider } from "../../../components";
import { silentProgress } from "../../../tools/cli/progress";
import * as cluster from "../../../tools/cluster";
import { runProgram } from "../../../tools/engine";
import { fleetProgram } from "../../../tools/fleet/manifests";
import { fleetScript } from "../../../tools/fleet/script";
import { waitUntilHealthy } from "../../../tools/local/health";
import { imageTools, platformImages } from "../../../tools/local/images";
import { NODE_IMAGE } from "../../../tools/local/programs";
import { manifestsOf } from "../../../tools/plan/manifests";
import { manifestYaml } from "../../../tools/plan/write";
import { type ApiClient, connect } from "../../../tools/provider/apiClient";
import { findTools } from "../../../tools/toolchain";
import { run } from "../../../tools/toolchain/command";
import { runCommand } from "../platform/commands";
import { NAMESPACE } from "../platform/livePlatform";

const NAME = "e2e-gitops";
const NODES = 2;

/** Nothing but files and kubectl: neither the engine nor a provider has a part in it. */
describe("the plan's files, applied with kubectl alone", function () {
  this.timeout(1_800_000);
  let api: ApiClient;
  let kubeconfig = "";
  let kubectl = "";
  let folder = "";
  const apply = (what: string) =>
    run([kubectl, "--kubeconfig", kubeconfig, "apply", "--server-side", "-f", what]).then((text) =>
      text.trim().split("\n"),
    );

  before(async () => {
    await cluster.down(NAME, silentProgress);
    const running = await cluster.up(NAME, silentProgress);
    kubeconfig = running.kubeconfig;
    const tools = await findTools([...imageTools, "kubectl"], silentProgress);
    kubectl = tools.kubectl.path;
    await cluster.importImages(running, await platformImages(tools), silentProgress);
    folder = await mkdtemp(path.join(os.tmpdir(), "gitops-"));
    api = await connect({ kubeconfig });
  });

  after(async () => {
    api?.close();
    await cluster.down(NAME, silentProgress);
    await rm(folder, { recursive: true, force: true });
  });

  it("are written by one command, which says how to apply them", async () => {
    const out = path.join(folder, "platform");
    const { code, stdout, stderr } = await runCommand("plan", ["local", "--out", out, "--crds"]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(`kubectl apply --server-side -f ${path.join(out, "crds")}\n`), stdout);
    assert.ok(stdout.endsWith(`kubectl apply --server-side -f ${out}\n`), stdout);
  });

  it("bring up the same healthy platform as `pulumi up`", async () => {
    const definitions = path.join(folder, "platform", "crds");
    assert.equal((await apply(definitions)).length, 10);
    await run([kubectl, "--kubeconfig", kubeconfig, "wait", "--for=condition=Established", "-f", definitions]);
    await apply(path.join(folder, "platform"));
    await apply(await fleetFolder(path.join(folder, "fleet")));
    const expectation = { namespace: NAMESPACE, prometheusReplicas: 2, alertmanagerReplicas: 3, fleetNodes: NODES };
    const health = await waitUntilHealthy(api, expectation, silentProgress);
    assert.equal(health.gpus, NODES * 8);
    assert.deepEqual(health.downTargets, []);
  });

  it("change nothing when they are applied again", async () => {
    const generations = async () => {
      const found: string[] = [];
      for (const kind of [
        "apis/apps/v1/statefulsets",
        "apis/apps/v1/deployments",
        "apis/monitoring.coreos.com/v1/prometheuses",
      ]) {
        const at = kind.lastIndexOf("/");
        const { items } = (await api.request(
          "GET",
          `/${kind.slice(0, at)}/namespaces/${NAMESPACE}/${kind.slice(at + 1)}`,
        )) as unknown as { items: { metadata: { name: string; generation: number } }[] };
        found.push(...items.map(({ metadata }) => `${metadata.name} ${metadata.generation}`));
      }
      return found;
    };
    const before = await generations();
    assert.ok(before.length > 5);
    await apply(path.join(folder, "platform"));
    assert.deepEqual(await generations(), before);
  });
});

/** The simulated fleet as files: no part of the platform, so no stack of it either. */
async function fleetFolder(folder: string): Promise<string> {
  const script = await fleetScript();
  const { resources } = await runProgram({
    project: "gpu-observability-fleet",
    stack: "local",
    config: {},
    configSecretKeys: [],
    preview: true,
    program: () => {
      const provider = createProvider("kubernetes", {});
      fleetProgram({
        ...{ namespace: NAMESPACE, nodes: NODES, gpusPerNode: 8, profile: "profiling", interval: "10s" },
        ...{ script, image: NODE_IMAGE, provider },
      });
    },
  });
  await mkdir(folder);
  for (const { file, object } of manifestsOf(resources)) await writeFile(path.join(folder, file), manifestYaml(object));
  return folder;
}
