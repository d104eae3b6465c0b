import assert from "node:assert/strict";
import type { V1NetworkPolicySpec } from "@kubernetes/client-node";
import { silentProgress } from "../../../tools/cli/progress";
import { type Cluster, down, up } from "../../../tools/cluster";
import { eventually } from "../platform/eventually";
import { connect, importNode, NODE_IMAGE, runScript } from "./pods";

const CLUSTER = "e2e-policies";
const NAMESPACE = "guarded";
const PORTS = [8080, 8081] as const;

/** Answers on both ports with the number of probes so far, which shows whether the kubelet still reaches it. */
const SERVER = `let probes = 0;
const answer = (request, response) => {
  if (request.url === "/probe") probes += 1;
  response.end(String(probes));
};
for (const port of [${PORTS}]) require("http").createServer(answer).listen(port);`;

const pod = (name: string) => ({
  metadata: { name, labels: { app: name } },
  spec: {
    containers: [
      {
        name: "node",
        image: NODE_IMAGE,
        args: ["-e", SERVER],
        readinessProbe: { httpGet: { path: "/probe", port: PORTS[0] }, periodSeconds: 1 },
        livenessProbe: { httpGet: { path: "/probe", port: PORTS[0] }, periodSeconds: 1 },
      },
    ],
    terminationGracePeriodSeconds: 0,
  },
});

/** Every connection is a new one: those that exist are not cut by a policy that comes later. */
const CONNECT = `const [host, port] = TARGET;
const socket = require("net").connect({ host, port, timeout: 2000 });
const end = (result) => { console.log(result); process.exit(); };
socket.on("connect", () => end("open")).on("timeout", () => end("no answer")).on("error", ({ code }) => end(code));`;

describe("network policies of a throwaway cluster", function () {
  this.timeout(900_000);
  let cluster: Cluster;
  let address: string;

  const connection = async (name: string, host: string, port: number) =>
    (
      await runScript(cluster, { namespace: NAMESPACE, name }, CONNECT.replace("TARGET", JSON.stringify([host, port])))
    ).trim();

  /** Who reaches which port of the server by its name in DNS. */
  const reachable = async () => {
    const open: string[] = [];
    for (const name of ["friend", "stranger"]) {
      for (const port of PORTS) {
        if ((await connection(name, `server.${NAMESPACE}.svc.cluster.local`, port)) === "open")
          open.push(`${name}:${port}`);
      }
    }
    return open;
  };

  const becomesReachable = async (expected: string[]) => {
    await eventually(`open: ${expected}`, reachable, (open) => open.join() === expected.join());
    assert.deepEqual(await reachable(), expected, "and it stays so");
  };

  const create = (name: string, spec: V1NetworkPolicySpec) =>
    connect(cluster).networking.createNamespacedNetworkPolicy({
      namespace: NAMESPACE,
      body: { metadata: { name }, spec },
    });

  const probes = async () => Number(await (await fetch(`http://${address}:${PORTS[0]}/`)).text());

  before(async () => {
    await down(CLUSTER, silentProgress);
    cluster = await up(CLUSTER, silentProgress);
    await importNode(cluster);
    const { core } = connect(cluster);
    await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
    const account = { namespace: NAMESPACE, name: "default" };
    await eventually("the service account", () => core.readNamespacedServiceAccount(account), Boolean);
    for (const name of ["server", "friend", "stranger"]) {
      await core.createNamespacedPod({ namespace: NAMESPACE, body: pod(name) });
    }
    const ports = PORTS.map((port) => ({ name: `port-${port}`, port }));
    const { spec } = await core.createNamespacedService({
      namespace: NAMESPACE,
      body: { metadata: { name: "server" }, spec: { selector: { app: "server" }, ports } },
    });
    address = spec?.clusterIP ?? "";
  });

  after(() => down(CLUSTER, silentProgress));

  it("leave everything open as long as there is none", () =>
    becomesReachable(["friend:8080", "friend:8081", "stranger:8080", "stranger:8081"]));

  it("that let nobody in stop what worked before, but neither probes, nor the host, nor the API server's proxy", async () => {
    await create("nobody-in", { podSelector: {}, policyTypes: ["Ingress"] });
    await becomesReachable([]);
    const before = await probes();
    await eventually("more probes", probes, (count) => count > before + 3);
    const { core } = connect(cluster);
    const proxied = { namespace: NAMESPACE, name: `server:${PORTS[0]}` };
    assert.match(await core.connectGetNamespacedServiceProxy(proxied), /^\d+$/);
    const { status } = await core.readNamespacedPod({ namespace: NAMESPACE, name: "server" });
    assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
    assert.equal(status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
  });

  it("that let one client in on one port let no other in, and it on no other", async () => {
    await create("friend-in", {
      podSelector: { matchLabels: { app: "server" } },
      policyTypes: ["Ingress"],
      ingress: [{ _from: [{ podSelector: { matchLabels: { app: "friend" } } }], ports: [{ port: PORTS[0] }] }],
    });
    await becomesReachable(["friend:8080"]);
  });

  it("that let a pod out to nobody take DNS from it, and from it alone", async () => {
    const resolve = (name: string) =>
      runScript(
        cluster,
        { namespace: NAMESPACE, name },
        `const resolver = new (require("dns").promises.Resolver)({ timeout: 1000, tries: 1 });
         resolver.resolve4("server.${NAMESPACE}.svc.cluster.local")
           .then(String, ({ code }) => code).then(console.log);`,
      ).then((text) => text.trim());
    assert.equal(await resolve("stranger"), address);
    await create("stranger-stays", {
      podSelector: { matchLabels: { app: "stranger" } },
      policyTypes: ["Egress"],
    });
    const answer = await eventually(
      "no DNS",
      () => resolve("stranger"),
      (text) => text !== address,
    );
    assert.match(answer, /^(ECONNREFUSED|ETIMEOUT)$/);
    assert.equal(await resolve("friend"), address);
  });

  it("leave everything open again when they are gone", async () => {
    await connect(cluster).networking.deleteCollectionNamespacedNetworkPolicy({ namespace: NAMESPACE });
    await becomesReachable(["friend:8080", "friend:8081", "stranger:8080", "stranger:8081"]);
  });
});
