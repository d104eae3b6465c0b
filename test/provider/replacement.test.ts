import assert from "node:assert/strict";
import { changedFields } from "../../tools/provider/diff";
import type { JsonObject } from "../../tools/provider/json";
import { mustDeleteFirst, replacedPaths } from "../../tools/provider/replacement";
import { reveal } from "../../tools/provider/secrets";

describe("the own provider: replacement", () => {
  const mutable = { enableConfigMapMutable: true, enableSecretMutable: true };
  const replaced = (old: JsonObject, next: JsonObject, live: JsonObject = old, options = mutable) => {
    const changes = changedFields(reveal(old), reveal(next));
    return [...replacedPaths({ oldInputs: old, newInputs: next, live, changes }, options)];
  };
  const object = (apiVersion: string, kind: string, fields: JsonObject, name = "n"): JsonObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace: "ns" },
    ...fields,
  });
  const cases: [string, string, JsonObject, JsonObject, string[]][] = [
    ["v1", "ConfigMap", { data: { a: "1" } }, { data: { a: "2" } }, []],
    ["v1", "Secret", { type: "Opaque" }, { type: "kubernetes.io/tls" }, ["type"]],
    ["v1", "Service", { spec: { clusterIP: "None" } }, { spec: {} }, ["spec.clusterIP"]],
    ["v1", "Service", { spec: { ports: [{ port: 1 }] } }, { spec: { ports: [{ port: 2 }] } }, []],
    [
      "v1",
      "PersistentVolumeClaim",
      { spec: { resources: { requests: { storage: "1Gi" } } } },
      { spec: { resources: { requests: { storage: "2Gi" } } } },
      [],
    ],
    [
      "v1",
      "PersistentVolumeClaim",
      { spec: { accessModes: ["a"] } },
      { spec: { accessModes: ["b"] } },
      ["spec.accessModes[0]"],
    ],
    [
      "v1",
      "Pod",
      { spec: { containers: [{ name: "a", image: "1" }] } },
      { spec: { containers: [{ name: "a", image: "2" }] } },
      ["spec.containers[0].image"],
    ],
    ["v1", "Pod", { spec: { activeDeadlineSeconds: 1 } }, { spec: { activeDeadlineSeconds: 2 } }, []],
    [
      "apps/v1",
      "Deployment",
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      ["spec.selector.matchLabels.a"],
    ],
    ["apps/v1", "Deployment", { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, []],
    [
      "apps/v1",
      "StatefulSet",
      { spec: { serviceName: "a", replicas: 1 } },
      { spec: { serviceName: "b", replicas: 2 } },
      ["spec.serviceName"],
    ],
    [
      "apps/v1",
      "StatefulSet",
      { spec: { volumeClaimTemplates: [] } },
      { spec: { volumeClaimTemplates: [{}] } },
      ["spec.volumeClaimTemplates[0]"],
    ],
    ["batch/v1", "Job", { spec: { template: { a: 1 } } }, { spec: { template: { a: 2 } } }, ["spec.template.a"]],
    [
      "rbac.authorization.k8s.io/v1",
      "RoleBinding",
      { roleRef: { name: "a" } },
      { roleRef: { name: "b" } },
      ["roleRef.name"],
    ],
    ["storage.k8s.io/v1", "StorageClass", { parameters: { a: "1" } }, { parameters: {} }, ["parameters.a"]],
    [
      "policy/v1",
      "PodDisruptionBudget",
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      [],
    ],
    ["example.com/v1", "Job", { spec: { template: 1 } }, { spec: { template: 2 } }, []],
  ];
  for (const [apiVersion, kind, old, next, expected] of cases) {
    it(`${kind}: ${JSON.stringify(old)} → ${JSON.stringify(next)}`, () => {
      assert.deepEqual(replaced(object(apiVersion, kind, old), object(apiVersion, kind, next), {}), expected);
    });
  }
  it("a parent that goes takes its immutable fields with it, and nothing else", () => {
    const old = object("v1", "Service", { spec: { clusterIP: "None" } });
    assert.deepEqual(replaced(old, object("v1", "Service", {})), ["spec"]);
    const plain = object("v1", "Service", { spec: { ports: [] } });
    assert.deepEqual(replaced(plain, object("v1", "Service", {})), []);
  });
  it("another name or namespace", () => {
    const old = object("v1", "ConfigMap", {});
    assert.deepEqual(replaced(old, object("v1", "ConfigMap", {}, "other")), ["metadata.name"]);
    const elsewhere = { ...old, metadata: { name: "n", namespace: "other" } };
    assert.deepEqual(replaced(old, elsewhere), ["metadata.namespace"]);
  });
  it("another kind or group, but not another version of the same group", () => {
    const old = object("a.example.com/v1beta1", "Thing", {});
    assert.deepEqual(replaced(old, object("a.example.com/v1", "Thing", {})), []);
    assert.deepEqual(replaced(old, object("b.example.com/v1beta1", "Thing", {})), ["apiVersion"]);
    assert.deepEqual(replaced(old, object("a.example.com/v1beta1", "Other", {})), ["kind"]);
  });
  it("the data of ConfigMaps and Secrets, unless switched on and not immutable", () => {
    const off = { enableConfigMapMutable: false, enableSecretMutable: false };
    const config = (value: string, immutable = {}) => object("v1", "ConfigMap", { data: { a: value }, ...immutable });
    assert.deepEqual(replaced(config("1"), config("2"), {}, off), ["data.a"]);
    assert.deepEqual(replaced(config("1", { immutable: true }), config("2", { immutable: true }), {}), ["data.a"]);
    const held = (value: string) => object("v1", "Secret", { stringData: { a: value } });
    assert.deepEqual(replaced(held("1"), held("2"), {}, off), ["stringData.a"]);
    assert.deepEqual(replaced(held("1"), held("2"), {}), []);
  });
  it("not for writing down what the cluster chose by itself", () => {
    const live = object("v1", "Service", { spec: { clusterIP: "10.0.0.1" } });
    const next = (clusterIP: string) => object("v1", "Service", { spec: { clusterIP } });
    assert.deepEqual(replaced(object("v1", "Service", { spec: {} }), next("10.0.0.1"), live), []);
    assert.deepEqual(replaced(object("v1", "Service", { spec: {} }), next("10.0.0.2"), live), ["spec.clusterIP"]);
  });
  it("deletes the old object first only when the new one has its name and namespace", () => {
    const difference = (oldInputs: JsonObject, newInputs: JsonObject) => ({
      oldInputs,
      newInputs,
      live: {},
      changes: [],
    });
    const old = object("v1", "ConfigMap", {});
    assert.ok(mustDeleteFirst(difference(old, old)));
    assert.ok(!mustDeleteFirst(difference(old, object("v1", "ConfigMap", {}, "other"))));
  });
});
