import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { silentProgress } from "../../../tools/cli/progress";
import * as cluster from "../../../tools/cluster";
import { imageTools, platformImages } from "../../../tools/local/images";
import { connect } from "../../../tools/provider/apiClient";
import { findTools } from "../../../tools/toolchain";
import { runCommand } from "../platform/commands";

const NAME = "e2e-context";
/** As the throwaway cluster's kubeconfig calls it. */
const CONTEXT = "local";

/** Of a cluster of the user's there is only a kubeconfig here: it is one of ours, which the command does not know. */
describe("local on a cluster that exists already", function () {
  this.timeout(1_800_000);
  let environment: Record<string, string> = {};
  let state = "";
  let kubeconfig = "";
  const local = (...args: string[]) => runCommand("local", args, environment);

  before(async () => {
    await cluster.down(NAME, silentProgress);
    const running = await cluster.up(NAME, silentProgress);
    kubeconfig = running.kubeconfig;
    const tools = await findTools(imageTools, silentProgress);
    await cluster.importImages(running, await platformImages(tools), silentProgress);
    state = await mkdtemp(path.join(os.tmpdir(), "local-context-"));
    environment = { KUBECONFIG: kubeconfig, XDG_STATE_HOME: state };
  });

  after(async () => {
    await cluster.down(NAME, silentProgress);
    await rm(state, { recursive: true, force: true });
  });

  it("deploys to the context, and says how to look there", async () => {
    const { code, stdout, stderr } = await local("--context", CONTEXT, "--nodes", "1");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /runs on the context "local"/);
    assert.match(stdout, /1 node, 8 GPUs, 0 sick/);
    assert.match(stdout, /kubectl --context local -n monitoring port-forward service\/thanos-query 9090:9090/);
  });

  it("answers for its status", async () => {
    const { code, stdout, stderr } = await local("status", "--context", CONTEXT);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /healthy/);
  });

  it("takes everything down but the CRDs and the cluster, and forgets", async () => {
    const { code, stderr } = await local("down", "--context", CONTEXT);
    assert.equal(code, 0, stderr);
    const api = await connect({ kubeconfig });
    const items = async (url: string) => ((await api.request("GET", url)).items as unknown[]).length;
    assert.equal(await api.find("/api/v1/namespaces/monitoring"), undefined);
    assert.equal(await items("/apis/apiextensions.k8s.io/v1/customresourcedefinitions"), 10);
    api.close();
    assert.deepEqual(await readdir(path.join(state, "gpu-observability")), []);
  });

  it("has one clear error for a context that there is not", async () => {
    const { code, stderr } = await local("--context", "nope");
    assert.equal(code, 1);
    assert.match(stderr, /error: the context "nope" cannot be used.*\n {2}fix: `kubectl config get-contexts`/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
});
