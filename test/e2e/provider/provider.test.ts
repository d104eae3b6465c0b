import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { at, textAt } from "../../../tools/provider/json";
import { rejects, useCluster } from "../../provider/clusterFixture";

describe("the own Kubernetes provider, with the real engine and API server: changes", function () {
  this.timeout(900_000);
  const fixture = useCluster();
  const { namespace, core } = fixture;

  it("creates, then changes nothing the second time", async () => {
    fixture.declare((provider) => {
      const opts = { provider };
      const metadata = { name: "all", namespace };
      const labels = { app: "all" };
      const template = {
        metadata: { labels },
        spec: { containers: [{ name: "main", image: "x", resources: { limits: { cpu: "0.5" } } }] },
      };
      new k8s.core.v1.ConfigMap("config", { metadata, data: { "a.yml": "1" } }, opts);
      new k8s.core.v1.Secret("secret", { metadata, stringData: { password: "correct horse" } }, opts);
      new k8s.core.v1.ServiceAccount("account", { metadata }, opts);
      new k8s.core.v1.Service("service", { metadata, spec: { clusterIP: "None", ports: [{ port: 80 }] } }, opts);
      new k8s.apps.v1.Deployment(
        "deployment",
        { metadata, spec: { replicas: 0, selector: { matchLabels: labels }, template } },
        opts,
      );
      new k8s.apps.v1.StatefulSet(
        "set",
        { metadata, spec: { replicas: 0, serviceName: "all", selector: { matchLabels: labels }, template } },
        opts,
      );
      new k8s.policy.v1.PodDisruptionBudget(
        "budget",
        { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
        opts,
      );
      new k8s.rbac.v1.ClusterRole(
        "role",
        { metadata: { name: namespace }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] },
        opts,
      );
    });
    const first = await fixture.stack.up();
    assert.deepEqual(new Set(Object.values(first.steps).map(({ op }) => op)), new Set(["create"]));
    assert.deepEqual((await fixture.stack.up()).steps, {});
    assert.deepEqual((await fixture.stack.preview()).steps, {});
    await fixture.stack.refresh();
    assert.deepEqual((await fixture.stack.preview()).steps, {}, "quantities in another form are no drift");
  });

  it("shows exactly the changed field, and updates in place", async () => {
    fixture.declareConfigMap({ "a.yml": "1", kept: "x", gone: "y" });
    await fixture.stack.up();
    const uid = at(await fixture.live("configmaps/config"), "metadata", "uid");
    fixture.declareConfigMap({ "a.yml": "2", kept: "x", added: "z" });
    const expected = { op: "update", diff: { 'data["a.yml"]': "update", "data.gone": "delete", "data.added": "add" } };
    assert.deepEqual((await fixture.stack.preview()).steps, { config: expected });
    await fixture.stack.up();
    const live = await fixture.live("configmaps/config");
    assert.deepEqual(live.data, { "a.yml": "2", kept: "x", added: "z" });
    assert.equal(at(live, "metadata", "uid"), uid);
  });

  it("replaces a ConfigMap where mutability is off, deleting the old one first", async () => {
    fixture.stack.options = { ...fixture.stack.options, enableConfigMapMutable: false };
    fixture.declareConfigMap({ key: "1" });
    await fixture.stack.up();
    const uid = at(await fixture.live("configmaps/config"), "metadata", "uid");
    fixture.declareConfigMap({ key: "2" });
    assert.deepEqual((await fixture.stack.preview()).steps.config, {
      op: "delete-replaced, replace, create-replacement",
      diff: { "data.key": "update-replace" },
    });
    await fixture.stack.up();
    const live = await fixture.live("configmaps/config");
    assert.deepEqual(live.data, { key: "2" });
    assert.notEqual(at(live, "metadata", "uid"), uid);
  });

  it("replaces a Service whose clusterIP changes, and only then", async () => {
    const service = (clusterIP: string | undefined, port: number) =>
      fixture.declare((provider) => {
        const spec = { ...(clusterIP === undefined ? {} : { clusterIP }), ports: [{ port }] };
        new k8s.core.v1.Service("service", { metadata: { name: "service", namespace }, spec }, { provider });
      });
    service(undefined, 80);
    await fixture.stack.up();
    const live = await fixture.live("services/service");
    service(textAt(live, "spec", "clusterIP"), 81);
    assert.deepEqual((await fixture.stack.preview()).steps, {
      service: { op: "update", diff: { "spec.clusterIP": "add", "spec.ports[0].port": "update" } },
    });
    service("None", 80);
    assert.deepEqual((await fixture.stack.preview()).steps.service, {
      op: "delete-replaced, replace, create-replacement",
      diff: { "spec.clusterIP": "add-replace" },
    });
    await fixture.stack.up();
    assert.equal(at(await fixture.live("services/service"), "spec", "clusterIP"), "None");
  });

  describe("with an object that somebody else made", () => {
    beforeEach(async () => {
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "config" }, data: { key: "theirs" } };
      await fixture.api.request("POST", `${core}/configmaps`, { body, query: { fieldManager: "somebody" } });
    });
    afterEach(async () => {
      if (await fixture.api.find(`${core}/configmaps/config`))
        await fixture.api.request("DELETE", `${core}/configmaps/config`);
    });

    it("refuses to create it, and says so already in the preview", async () => {
      fixture.declareConfigMap({ key: "theirs" });
      assert.match((await fixture.stack.preview()).warnings.join(), /ConfigMap .*config exists already/);
      await rejects(fixture.stack.up(), /exists already in the cluster.*upsertExistingObjects/);
      assert.deepEqual((await fixture.live("configmaps/config")).data, { key: "theirs" });
    });

    it("takes it over with upsertExistingObjects", async () => {
      fixture.stack.options = { ...fixture.stack.options, upsertExistingObjects: true };
      fixture.declareConfigMap({ key: "theirs", more: "ours" });
      await fixture.stack.up();
      assert.deepEqual((await fixture.live("configmaps/config")).data, { key: "theirs", more: "ours" });
    });

    it("names the field manager that owns a field, until it is told to use force", async () => {
      fixture.stack.options = { ...fixture.stack.options, upsertExistingObjects: true };
      fixture.declareConfigMap({ key: "ours" });
      await rejects(fixture.stack.up(), /conflict with "somebody"/, /enablePatchForce/);
      assert.deepEqual((await fixture.live("configmaps/config")).data, { key: "theirs" });
      fixture.declareConfigMap({ key: "ours" }, { "pulumi.com/patchForce": "true" });
      await fixture.stack.up();
      assert.deepEqual((await fixture.live("configmaps/config")).data, { key: "ours" });
    });
  });

  it("deletes only when the object is really gone", async () => {
    fixture.declare((provider) => {
      const metadata = { name: "held", namespace, finalizers: ["example.com/held"] };
      new k8s.core.v1.ConfigMap("held", { metadata }, { provider });
    });
    await fixture.stack.up();
    let released = false;
    const release = (async () => {
      while (!at(await fixture.api.find(`${core}/configmaps/held`), "metadata", "deletionTimestamp")) await sleep(50);
      await sleep(500);
      released = true;
      await fixture.merge(`${core}/configmaps/held`, { metadata: { finalizers: null } });
    })();
    await fixture.stack.destroy();
    assert.ok(released);
    await release;
    assert.equal(await fixture.api.find(`${core}/configmaps/held`), undefined);
  });

  it("keeps secrets encrypted in the state, also where the cluster repeats them", async () => {
    const password = "correct-horse-battery";
    fixture.declare((provider) => {
      const metadata = { name: "secrets", namespace };
      const token = pulumi.secret(password);
      new k8s.core.v1.Secret("plain", { metadata, stringData: { password } }, { provider });
      new k8s.core.v1.ConfigMap(
        "config",
        { metadata, data: { token, list: pulumi.interpolate`a=${token}` } },
        { provider },
      );
    });
    await fixture.stack.up();
    const written = fixture.stack.files();
    assert.ok(written.some((text) => text.includes("ciphertext")));
    for (const text of [password, Buffer.from(password).toString("base64")]) {
      assert.equal(written.filter((file) => file.includes(text)).length, 0);
    }
    const live = await fixture.live("secrets/secrets");
    assert.deepEqual(live.data, { password: Buffer.from(password).toString("base64") });
  });

  it("refuses kinds that the API server does not serve", async () => {
    const custom = (apiVersion: string) =>
      fixture.declare((provider) => {
        new k8s.apiextensions.CustomResource(
          "x",
          { apiVersion, kind: "Nonsense", metadata: { name: "x" } },
          { provider },
        );
      });
    custom("apps/v1");
    await rejects(fixture.stack.preview(), /serves no apps\/v1 Nonsense/);
    custom("nobody.example.com/v1");
    assert.match((await fixture.stack.preview()).warnings.join(), /does not serve this kind yet/);
    await rejects(fixture.stack.up(), /serves no nobody.example.com\/v1 Nonsense.*CustomResourceDefinition/);
  });

  it("refuses functions, charts, invented names and provider options that it does not know", async () => {
    fixture.declare((provider) => {
      pulumi.output(pulumi.runtime.invoke("kubernetes:yaml:decode", { text: "" }, { provider }));
    });
    await rejects(fixture.stack.preview(), /the function kubernetes:yaml:decode is not supported/);
    fixture.declare((provider) => {
      new k8s.helm.v3.Release("chart", { chart: "x" }, { provider });
    });
    await rejects(fixture.stack.preview(), /"kubernetes:helm.sh\/v3:Release" is not supported/);
    fixture.declare((provider) => {
      new k8s.core.v1.ConfigMap("nameless", { metadata: { namespace } }, { provider });
    });
    await rejects(fixture.stack.preview(), /metadata\.name.*invents no names|invents no names/);
    fixture.stack.options = { ...fixture.stack.options, renderYamlToDirectory: "/nowhere" };
    await rejects(fixture.stack.preview(), /renderYamlToDirectory|no such option/);
    fixture.stack.options = { kubeconfig: fixture.kubeconfig, enableServerSideApply: false };
    await rejects(fixture.stack.preview(), /no other way than server-side apply/);
  });
});
