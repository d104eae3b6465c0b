import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as k8s from "@pulumi/kubernetes";
import { at } from "../../../tools/provider/json";
import { nodeSelector, rejects, useCluster } from "../../provider/clusterFixture";
import { unreachableKubeconfig } from "../../provider/engineStack";

describe("the own Kubernetes provider, with the real engine and API server: previews, waits and drift", function () {
  this.timeout(900_000);
  const fixture = useCluster();
  const { namespace, core } = fixture;

  it("lets the API server check types and fields already in the preview", async () => {
    fixture.declare((provider) => {
      const spec = { clusterIP: "None", ports: [{ port: "http" as unknown as number }] };
      new k8s.core.v1.Service("service", { metadata: { name: "service", namespace }, spec }, { provider });
    });
    await rejects(fixture.stack.preview(), /spec\.ports/);
    fixture.declare((provider) => {
      const misspelt = { port: 80, prot: "TCP" };
      const spec = { clusterIP: "None", ports: [misspelt] };
      new k8s.core.v1.Service("service", { metadata: { name: "service", namespace }, spec }, { provider });
    });
    await rejects(fixture.stack.preview(), /prot: field not declared in schema/);
  });

  it("promises in a preview only what it knows", async () => {
    let uid: string | undefined = "not asked";
    let clusterIP: string | undefined = "not asked";
    fixture.declare((provider) => {
      uid = clusterIP = undefined;
      const args = { metadata: { name: "service", namespace }, spec: { ports: [{ port: 80 }] } };
      const service = new k8s.core.v1.Service("service", args, { provider });
      service.metadata.uid.apply((value) => {
        uid = value;
      });
      service.spec.clusterIP.apply((value) => {
        clusterIP = value;
      });
    });
    await fixture.stack.preview();
    assert.deepEqual([uid, clusterIP], [undefined, undefined]);
    await fixture.stack.up();
    const live = await fixture.live("services/service");
    assert.deepEqual([uid, clusterIP], [at(live, "metadata", "uid"), at(live, "spec", "clusterIP")]);
  });

  it("records what does not become ready, says why, and goes on from there", async () => {
    fixture.declarePod({ "pulumi.com/timeoutSeconds": "2" });
    await rejects(fixture.stack.up(), /timed out after 2 s/, /pod waits: Pending/);
    const failed = fixture.stack.state().pod;
    assert.equal(failed?.id, `${namespace}/waits`);
    assert.ok(Array.isArray(failed?.initErrors));
    const uid = at(await fixture.live("pods/waits"), "metadata", "uid");
    await fixture.makeReady("waits");
    assert.deepEqual(Object.keys((await fixture.stack.up()).steps), ["pod"]);
    const healed = fixture.stack.state().pod;
    assert.equal(healed?.initErrors, undefined);
    assert.equal(at(await fixture.live("pods/waits"), "metadata", "uid"), uid);
    assert.deepEqual((await fixture.stack.up()).steps, {});
  });

  it("fails a rollout at its own deadline, not only at the timeout", async () => {
    fixture.declare((provider) => {
      const labels = { app: "late" };
      const containers = [{ name: "main", image: "none.invalid/none:1" }];
      const template = { metadata: { labels }, spec: { containers, nodeSelector } };
      const spec = { progressDeadlineSeconds: 2, selector: { matchLabels: labels }, template };
      new k8s.apps.v1.Deployment("late", { metadata: { name: "late", namespace }, spec }, { provider });
    });
    await rejects(
      fixture.stack.up(),
      /failed, waiting for: .*late.* has timed out progressing/,
      /pod late-\S+: Pending/,
    );
    assert.equal(fixture.stack.state().late?.id, `${namespace}/late`);
  });

  it("records what was waited for when the engine is interrupted", async () => {
    fixture.declarePod({});
    const interrupt = new AbortController();
    const up = fixture.stack.up(interrupt.signal);
    while (!(await fixture.api.find(`${core}/pods/waits`))) await sleep(50);
    interrupt.abort();
    await rejects(up);
    assert.equal(fixture.stack.state().pod?.id, `${namespace}/waits`);
    await fixture.makeReady("waits");
    await fixture.stack.up();
  });

  it("creates a definition and its custom resource in one update, and waits for what waitFor asks", async () => {
    const group = `${namespace}.example.com`;
    const schema = {
      type: "object",
      properties: {
        spec: { type: "object" },
        status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    };
    const names = { plural: "things", singular: "thing", kind: "Thing" };
    fixture.declare((provider) => {
      const versions = [
        { name: "v1", served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: schema } },
      ];
      const spec = { group, names, scope: "Namespaced", versions };
      const crd = new k8s.apiextensions.v1.CustomResourceDefinition(
        "crd",
        { metadata: { name: `things.${group}` }, spec },
        { provider },
      );
      const annotations = { "pulumi.com/waitFor": '["condition=Ready", "jsonpath={.status.phase}=Done"]' };
      const metadata = { name: "thing", namespace, annotations };
      new k8s.apiextensions.CustomResource(
        "thing",
        { apiVersion: `${group}/v1`, kind: "Thing", metadata, spec: {} },
        { provider, dependsOn: crd },
      );
    });
    await fixture.stack.preview();
    const path = `/apis/${group}/v1/namespaces/${namespace}/things/thing`;
    let answered = false;
    const answer = (async () => {
      while (!(await fixture.api.find(path))) await sleep(50);
      await fixture.merge(`${path}/status`, { status: { conditions: [{ type: "Ready", status: "True" }] } });
      await sleep(500);
      answered = true;
      await fixture.merge(`${path}/status`, {
        status: { phase: "Done", conditions: [{ type: "Ready", status: "True" }] },
      });
    })();
    await fixture.stack.up();
    assert.ok(answered);
    await answer;
    assert.deepEqual((await fixture.stack.up()).steps, {});
  });

  it("sees drift in the fields that the program sets, and in no other", async () => {
    fixture.declareConfigMap({ key: "ours", other: "ours" });
    await fixture.stack.up();
    await fixture.merge(`${core}/configmaps/config`, {
      data: { foreign: "x" },
      metadata: { labels: { foreign: "x" } },
    });
    await fixture.stack.refresh();
    assert.deepEqual((await fixture.stack.preview()).steps, {});
    await fixture.merge(`${core}/configmaps/config`, { data: { key: "theirs" } });
    await fixture.stack.refresh();
    await rejects(fixture.stack.preview(), /conflict with "unknown"/);
    fixture.stack.options = { ...fixture.stack.options, enablePatchForce: true };
    const { steps } = await fixture.stack.preview();
    assert.deepEqual(steps, {
      config: { op: "update", diff: { "data.key": "update" } },
      provider: { op: "update", diff: {} },
    });
  });

  it("previews without a cluster and says that it was not asked", async () => {
    const working = fixture.stack.options.kubeconfig;
    fixture.stack.options = { ...fixture.stack.options, kubeconfig: unreachableKubeconfig(fixture.stack.folder) };
    fixture.declareConfigMap({ key: "1" });
    const { steps, warnings } = await fixture.stack.preview();
    assert.equal(steps.config?.op, "create");
    assert.match(warnings.join(), /the cluster was not asked.*ECONNREFUSED/);
    await rejects(fixture.stack.up(), /cluster cannot be reached/);
    if (working) fixture.stack.options = { ...fixture.stack.options, kubeconfig: working };
  });

  it("refuses to delete without a cluster, unless deleteUnreachable says that it is gone", async () => {
    fixture.stack.options = { ...fixture.stack.options, clusterIdentifier: "same" };
    fixture.declareConfigMap({ key: "1" });
    await fixture.stack.up();
    fixture.stack.options = { ...fixture.stack.options, kubeconfig: unreachableKubeconfig(fixture.stack.folder) };
    fixture.declare(() => {});
    await rejects(fixture.stack.up(), /cannot be reached.*deleteUnreachable/);
    fixture.stack.options = { ...fixture.stack.options, deleteUnreachable: true };
    await fixture.stack.up();
    assert.ok(await fixture.api.find(`${core}/configmaps/config`));
    await fixture.api.request("DELETE", `${core}/configmaps/config`);
  });
});
