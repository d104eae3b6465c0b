import assert from "node:assert/strict";
import type { KubernetesObject } from "../../tools/plan/manifests";
import { validateManifests } from "../../tools/plan/validate";
import { check, container, crd, deployment, manifestOf, meta, paths, thing } from "./planObjects";

describe("plan: validation of Kubernetes types", () => {
  it("passes valid objects", async () => {
    const valid = [
      deployment({
        containers: [
          container({
            resources: { requests: { cpu: "100m", memory: 1024 }, limits: { "nvidia.com/gpu": 1 } },
            ports: [{ name: "http", containerPort: 80 }],
            readinessProbe: { httpGet: { path: "/", port: "http" } },
            env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
          }),
        ],
        nodeSelector: { "kubernetes.io/os": "linux", anything: "goes" },
        volumes: [{ name: "v", emptyDir: {} }],
      }),
      { apiVersion: "v1", kind: "ConfigMap", metadata: meta, data: { "any.key": "value" } },
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "n", annotations: { "any/key": "value" } } },
      { apiVersion: "v1", kind: "Service", metadata: meta, spec: { ports: [{ port: 80, targetPort: "http" }] } },
      { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: meta, spec: { maxUnavailable: "50%" } },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "a:b" },
        rules: [{ verbs: ["get"] }],
      },
      { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: meta, spec: { podSelector: {} } },
    ] satisfies KubernetesObject[];
    assert.deepEqual(await check(...valid), []);
  });

  it("names a misspelt property with what was meant", async () => {
    assert.deepEqual(await check(deployment({}, { replcas: 3 })), [
      {
        path: "Deployment n/x: spec.replcas",
        value: "3",
        rule: "apps/v1 Deployment has no such property here",
        fix: 'did you mean "replicas"?',
      },
    ]);
  });

  for (const [where, object, path] of [
    ["at the top", { ...deployment(), sepc: {} }, "sepc"],
    ["in metadata", deployment({}, {}, { labls: {} }), "metadata.labls"],
    ["in the pod", deployment({ serviceAcountName: "a" }), "spec.template.spec.serviceAcountName"],
    [
      "in a list",
      deployment({ containers: [container(), container({ imge: "i" })] }),
      "spec.template.spec.containers[1].imge",
    ],
    ["in a selector", deployment({}, { selector: { matchLabel: { app: "a" } } }), "spec.selector.matchLabel"],
    ["in an affinity", deployment({ affinity: { podAntiAfinity: {} } }), "spec.template.spec.affinity.podAntiAfinity"],
  ] as const) {
    it(`sees a misspelt property ${where}`, async () =>
      assert.deepEqual(paths(await check(object)), [`Deployment n/x: ${path}`]));
  }

  it("names wrong types, missing properties and wrong words", async () => {
    const problems = await check(
      deployment(
        { restartPolicy: "Allways", containers: [{ image: "i", resources: { requests: { cpu: "many" } } }] },
        { replicas: "two" },
      ),
    );
    assert.deepEqual(
      new Set(problems.map(({ path, value }) => `${path} = ${value}`)),
      new Set([
        'Deployment n/x: spec.template.spec.restartPolicy = "Allways"',
        "Deployment n/x: spec.template.spec.containers[0].name = (nothing)",
        'Deployment n/x: spec.template.spec.containers[0].resources.requests.cpu = "many"',
        'Deployment n/x: spec.replicas = "two"',
      ]),
    );
    const fixes = new Map(problems.map(({ path, fix }) => [path, fix]));
    assert.equal(fixes.get("Deployment n/x: spec.template.spec.restartPolicy"), "use one of: Always, Never, OnFailure");
    assert.equal(
      fixes.get("Deployment n/x: spec.template.spec.containers[0].name"),
      "set spec.template.spec.containers[0].name",
    );
  });

  it("takes a type that Kubernetes does not have for a problem, never for a pass", async () => {
    assert.deepEqual(await check({ ...deployment(), apiVersion: "apps/v2" }), [
      {
        path: "Deployment n/x",
        value: '"apps/v2 Deployment"',
        rule: "must be a type whose schema is known",
        fix: "correct apiVersion and kind: Kubernetes apps/v2 has no Deployment",
      },
    ]);
  });
});

describe("plan: validation of custom resources", () => {
  it("passes valid objects", async () => {
    const spec = {
      replicas: 2,
      port: "http",
      size: "10Gi",
      selector: { any: "label" },
      free: { anything: { goes: 1 } },
      embedded: { kind: "K", spec: {} },
      empty: {},
      items: [{ name: "a" }, { when: "2026-01-01T00:00:00Z" }],
    };
    assert.deepEqual(await check(thing(spec), thing({ port: 80, size: 5 }, { name: "y", namespace: "n" })), []);
  });

  for (const [what, spec, expected] of [
    ["a misspelt property", { replica: 1 }, ['spec.replica: did you mean "replicas"?']],
    [
      "a misspelt property in a list",
      { items: [{ name: "a" }, { nane: "b" }] },
      ['spec.items[1].nane: did you mean "name"?'],
    ],
    [
      "a property that is like no other",
      { zzzzzzzz: 1 },
      ["spec.zzzzzzzz: remove it, or use one of: embedded, empty, free, items, mode, port, replicas, selector, size"],
    ],
    [
      "content of an object without properties",
      { empty: { a: 1 } },
      ["spec.empty.a: remove it: this object has no fixed properties"],
    ],
    ["a wrong type", { replicas: "2" }, ["spec.replicas: correct the component that builds this object"]],
    ["a wrong type for int-or-string", { port: true }, ["spec.port: correct the component that builds this object"]],
    ["a wrong word", { mode: "three" }, ["spec.mode: use one of: one, two"]],
    ["a wrong map value", { selector: { a: 1 } }, ["spec.selector.a: correct the component that builds this object"]],
    [
      "a wrong format",
      { items: [{ when: "yesterday" }] },
      ["spec.items[0].when: correct the component that builds this object"],
    ],
    ["a missing property", { mode: undefined }, ["spec.mode: set spec.mode"]],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const object = JSON.parse(JSON.stringify(thing(spec))) as KubernetesObject;
      const problems = await check(object);
      assert.deepEqual(
        problems.map(({ path, fix }) => `${path.replace("Thing n/x: ", "")}: ${fix}`),
        expected,
      );
    });
  }

  it("says of a failed choice only the verdict", async () => {
    const problems = await check(thing({ size: [] }));
    assert.deepEqual(
      problems.map(({ path, rule }) => [path, rule]),
      [["Thing n/x: spec.size", "must match a schema in anyOf"]],
    );
  });

  it("checks the metadata, which the CRD leaves open", async () => {
    assert.deepEqual(paths(await check(thing({}, { ...meta, lables: {} }))), ["Thing n/x: metadata.lables"]);
  });

  it("asks only for the kinds that are used, and only when there are any", async () => {
    const asked: (readonly string[])[] = [];
    const source = async (kinds: readonly string[]) => {
      asked.push(kinds);
      return [crd];
    };
    await validateManifests([manifestOf(deployment())], source);
    await validateManifests([manifestOf(thing({})), manifestOf(thing({}, { name: "y", namespace: "n" }))], source);
    assert.deepEqual(asked, [["Thing"]]);
  });

  for (const apiVersion of ["monitoring.coreos.com/v2", "example.com/v1"]) {
    it(`takes the unknown ${apiVersion} for a problem, never for a pass`, async () => {
      assert.deepEqual(await check({ ...thing({}), apiVersion }), [
        {
          path: "Thing n/x",
          value: `"${apiVersion} Thing"`,
          rule: "must be a type whose schema is known",
          fix: "correct apiVersion and kind: only the CRDs of monitoring.coreos.com are known",
        },
      ]);
    });
  }
});
