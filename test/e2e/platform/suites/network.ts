import assert from "node:assert/strict";
import { deployStack } from "../../../../tools/local/stacks";
import { eventually } from "../eventually";
import { type LivePlatform, NAMESPACE } from "../livePlatform";
import { asksFor, makeNamespace, startTestPod } from "../testPod";

const STRANGERS = "e2e-strangers";

/** That every target is up, with everything else denied, proves the ways that are open; here are those that are closed. */
export function networkEnforcement(platform: LivePlatform): void {
  const service = (name: string, namespace = NAMESPACE) => `${name}.${namespace}.svc.cluster.local`;
  const fromStrangers = (name: string, port: number) => asksFor(platform, STRANGERS, "stranger", service(name), port);

  before(async () => {
    await makeNamespace(platform, STRANGERS);
    await startTestPod(platform, STRANGERS, "stranger");
    await startTestPod(platform, NAMESPACE, "no-policy");
  });

  it("lets a stranger reach what the settings offer to clients, and nothing else", async () => {
    // local offers these three to everybody.
    for (const [name, port] of [
      ["thanos-query", 9090],
      ["prometheus", 9090],
      ["alertmanager", 9093],
    ] as const) {
      assert.equal(await fromStrangers(name, port), "connected", name);
    }
    for (const [name, port] of [
      ["thanos-query", 10901],
      ["prometheus-sidecar", 10901],
      ["prometheus-sidecar", 10902],
      ["prometheus", 8080],
      ["alertmanager-gossip", 9094],
      ["prometheus-operator", 8080],
      ["kube-state-metrics", 8080],
      ["kube-state-metrics", 8081],
    ] as const) {
      assert.notEqual(await fromStrangers(name, port), "connected", `${name}:${port}`);
    }
  });

  it("lets a pod of the platform's namespace that has no policy reach nothing, not even names", async () => {
    const fromInside = (host: string, port: number) => asksFor(platform, NAMESPACE, "no-policy", host, port);
    // Through names: they do not resolve. Without them: the addresses do not answer.
    assert.notEqual(await fromInside(service("thanos-query"), 9090), "connected");
    const { spec } = await platform.api.request("GET", `/api/v1/namespaces/${NAMESPACE}/services/thanos-query`);
    assert.notEqual(await fromInside(String((spec as { clusterIP: string }).clusterIP), 9090), "connected");
    const { spec: apiServer } = await platform.api.request("GET", "/api/v1/namespaces/default/services/kubernetes");
    assert.notEqual(await fromInside(String((apiServer as { clusterIP: string }).clusterIP), 443), "connected");
  });

  it("closes to clients when the settings name others", async () => {
    await deployStack(await platform.stack([`network.clients=[{ kind: namespace, name: ${NAMESPACE} }]`]), () => {});
    await eventually(
      "strangers are refused",
      () => fromStrangers("thanos-query", 9090),
      (result) => result !== "connected",
    );
    await deployStack(await platform.stack(), () => {});
    await eventually(
      "and welcome again",
      () => fromStrangers("thanos-query", 9090),
      (result) => result === "connected",
    );
  });

  after(async () => {
    await platform.api.request("DELETE", `/api/v1/namespaces/${NAMESPACE}/pods/no-policy`);
    await platform.api.request("DELETE", `/api/v1/namespaces/${NAMESPACE}/services/no-policy`);
    await platform.api.request("DELETE", `/api/v1/namespaces/${STRANGERS}`);
  });
}
