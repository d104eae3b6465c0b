import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { access } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException } from "@kubernetes/client-node";
import { clusterStateDirectory, repositoryRoot } from "../../../tools/cli/paths";
import { silentProgress } from "../../../tools/cli/progress";
import { type Cluster, clusterMemory, down, exec, killContainer, status, up } from "../../../tools/cluster";
import { hostTraces } from "./hostTraces";
import { connect, importNode, NODE_IMAGE, runScript } from "./pods";

const NAME = "e2e-cluster";
const OTHER = "e2e-other";

async function eventually<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const result = await attempt().catch(() => undefined);
    if (result !== undefined) return result;
    await sleep(200);
  }
  throw new Error(`not within a minute: ${what}`);
}

/** Starts `up` in a process of its own, as a user's command is one. */
function upInProcess(name: string, options: { uid?: number } = {}) {
  const script = `require("./tools/cluster").up(${JSON.stringify(name)}, require("./tools/cli/progress").silentProgress)
    .catch((error) => { console.error(error.name + ": " + error.message + " | " + error.fix); process.exit(1); })`;
  const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", script], {
    cwd: repositoryRoot,
    stdio: ["ignore", "ignore", "pipe"],
    ...options,
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, errors }));
  });
  return { child, ended };
}

const programIds = async (cluster: Cluster, program: string) =>
  (await exec(cluster, ["sh", "-c", 'cd /proc; for p in [0-9]*; do echo "$p $(tr "\\0" " " < $p/cmdline)"; done']))
    .split("\n")
    .filter((line) => line.split(" ")[1]?.includes(program))
    .map((line) => line.split(" ")[0]);

const server = (name: string) => ({
  metadata: { name, namespace: "default", labels: { app: name } },
  spec: {
    containers: [
      {
        name: "node",
        image: NODE_IMAGE,
        args: ["-e", `require("http").createServer((_, r) => r.end("hello from ${name}")).listen(8080)`],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      },
    ],
  },
});

describe("throwaway cluster", function () {
  this.timeout(900_000);
  let traces: Awaited<ReturnType<typeof hostTraces>>;
  let cluster: Cluster;

  before(async () => {
    for (const name of [NAME, OTHER]) await down(name, silentProgress);
    traces = await hostTraces();
    cluster = await up(NAME, silentProgress);
  });

  after(async () => {
    for (const name of [NAME, OTHER]) await down(name, silentProgress);
  });

  it("has one ready node in a zone", async () => {
    const { items } = await connect(cluster).core.listNode();
    assert.deepEqual(
      items.map(({ metadata, status }) => ({
        name: metadata?.name,
        zone: metadata?.labels?.["topology.kubernetes.io/zone"],
        region: metadata?.labels?.["topology.kubernetes.io/region"],
        ready: status?.conditions?.find(({ type }) => type === "Ready")?.status,
      })),
      cluster.nodeNames.map((name) => ({ name, zone: "local-a", region: "local", ready: "True" })),
    );
    assert.equal(await status(NAME), "running");
  });

  it("answers the host's DNS queries for its own names and knows no others", async () => {
    const { core } = connect(cluster);
    const dns = await core.readNamespacedService({ namespace: "kube-system", name: "kube-dns" });
    const api = await core.readNamespacedService({ namespace: "default", name: "kubernetes" });
    const resolver = new Resolver({ timeout: 2000, tries: 2 });
    resolver.setServers([dns.spec?.clusterIP ?? ""]);
    assert.deepEqual(await resolver.resolve4("kubernetes.default.svc.cluster.local"), [api.spec?.clusterIP]);
    await assert.rejects(resolver.resolve4("example.com"), { code: "ENOTFOUND" });
    const { port } = dns.spec?.ports?.find(({ name }) => name === "metrics") ?? {};
    const metrics = await (await fetch(`http://${dns.spec?.clusterIP}:${port}/metrics`)).text();
    assert.match(metrics, /^coredns_dns_responses_total\{.*rcode="NXDOMAIN".*\} \d+$/m);
  });

  it("enforces the restricted pod security profile", async () => {
    const { core } = connect(cluster);
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await core.createNamespace({ body: { metadata: { name: "restricted", labels } } });
    await eventually("the namespace's service account", () =>
      core.readNamespacedServiceAccount({ namespace: "restricted", name: "default" }),
    );
    const { spec } = server("pod");
    await assert.rejects(
      core.createNamespacedPod({ namespace: "restricted", body: { metadata: { name: "pod" }, spec } }),
      (error: unknown) => error instanceof ApiException && error.code === 403 && /restricted:latest/.test(error.body),
    );
  });

  it("runs a wrapped program, reachable through its Service from the host, from another pod and from itself", async () => {
    const { core } = connect(cluster);
    await importNode(cluster);
    for (const name of ["one", "two"]) await core.createNamespacedPod({ namespace: "default", body: server(name) });
    const ports = [{ port: 80, targetPort: 8080 }];
    const service = await core.createNamespacedService({
      namespace: "default",
      body: { metadata: { name: "one" }, spec: { selector: { app: "one" }, ports } },
    });
    const fromHost = await eventually("an answer to the host", async () =>
      (await fetch(`http://${service.spec?.clusterIP}`)).text(),
    );
    assert.equal(fromHost, "hello from one");
    const script = 'fetch("http://one.default.svc.cluster.local").then(async (r) => console.log(await r.text()))';
    for (const name of ["one", "two"]) {
      const answer = await eventually(`an answer to pod ${name}`, () =>
        runScript(cluster, { namespace: "default", name }, script),
      );
      assert.equal(answer, "hello from one\n");
    }
  });

  it("kills a container as the kernel would, and the node starts it again", async () => {
    const { core } = connect(cluster);
    await killContainer(cluster, { namespace: "default", pod: "one", container: "node" });
    const restarted = await eventually("the restart", async () => {
      const { status } = await core.readNamespacedPod({ namespace: "default", name: "one" });
      const [container] = status?.containerStatuses ?? [];
      return container?.restartCount === 1 && container.ready ? container : undefined;
    });
    assert.equal(restarted.lastState?.terminated?.exitCode, 137);
    await assert.rejects(killContainer(cluster, { namespace: "default", pod: "one", container: "other" }), {
      message: 'no container "other" runs in pod default/one',
    });
  });

  it("says how much memory the system and the pods use", async () => {
    const { systemBytes, podBytes, totalBytes } = await clusterMemory(cluster);
    assert.equal(totalBytes, systemBytes + podBytes);
    assert.ok(systemBytes > 200e6 && podBytes > 40e6 && totalBytes < 3e9, JSON.stringify({ systemBytes, podBytes }));
  });

  it("is left alone by a second up", async () => {
    const ids = await programIds(cluster, "kube-apiserver");
    assert.equal(ids.length, 1);
    assert.deepEqual(await up(NAME, silentProgress), cluster);
    assert.deepEqual(await programIds(cluster, "kube-apiserver"), ids);
  });

  it("shares nothing with a second cluster", async () => {
    const other = await up(OTHER, silentProgress);
    assert.notEqual(connect(other).server, connect(cluster).server);
    assert.deepEqual(
      (await connect(other).core.listNode()).items.map(({ metadata }) => metadata?.name),
      other.nodeNames,
    );
    const deployments = (await connect(other).apps.listDeploymentForAllNamespaces()).items;
    assert.deepEqual(
      deployments.map(({ metadata }) => metadata?.name),
      ["coredns"],
    );
    await down(OTHER, silentProgress);
    assert.equal(await status(OTHER), "absent");
    assert.equal(await status(NAME), "running");
  });

  it("is broken when one of its daemons is gone, and up heals it", async () => {
    const [id = ""] = await programIds(cluster, "kube-scheduler");
    await exec(cluster, ["kill", "-KILL", id]);
    assert.equal(await status(NAME), "broken");
    await up(NAME, silentProgress);
    assert.equal(await status(NAME), "running");
  });

  for (const file of ["namespaces-ready", "kubelet.yaml", "images.json"]) {
    it(`heals an up that was killed when ${file} had been written`, async () => {
      const { child, ended } = upInProcess(OTHER);
      await eventually(file, () => access(path.join(clusterStateDirectory(OTHER), file)).then(() => true));
      child.kill("SIGKILL");
      await ended;
      assert.equal(await status(OTHER), "broken");
      await up(OTHER, silentProgress);
      assert.equal(await status(OTHER), "running");
      await down(OTHER, silentProgress);
    });
  }

  it("survives the end of the command that started it", async () => {
    assert.deepEqual(await upInProcess(OTHER).ended, { code: 0, errors: "" });
    assert.equal(await status(OTHER), "running");
    await down(OTHER, silentProgress);
  });

  it("tells a user without root what to do, and makes nothing", async () => {
    const { code, errors } = await upInProcess(OTHER, { uid: 65534 }).ended;
    assert.equal(code, 1);
    assert.equal(
      errors,
      "UserError: a throwaway cluster needs root | sudo npm run local, or use an existing cluster: npm run local -- --context NAME\n",
    );
    assert.equal(await status(OTHER), "absent");
  });

  it("leaves no process, mount, network device, route, rule, cgroup or file behind", async () => {
    await down(NAME, silentProgress);
    assert.deepEqual(await hostTraces(), traces);
    assert.equal(await status(NAME), "absent");
    await down(NAME, silentProgress);
    assert.deepEqual(await hostTraces(), traces);
  });
});
