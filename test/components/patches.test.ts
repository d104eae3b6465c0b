import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { patched } from "../../stacks/patches";
import { deploy } from "../../stacks/platform";
import { manifestsOf } from "../../tools/plan/manifests";
import { previewHonesty } from "../harness";
import { platformOf, platformOptions, stackSettings } from "./platformProgram";

const withPatches = (...patches: object[]) => ({ ...stackSettings("prod"), patches });

describe("patches", () => {
  it("reach every object: each kind and name of the plan can be patched, and only that object changes", async () => {
    const before = manifestsOf((await platformOf(stackSettings("prod"))).resources);
    const named = [...new Set(before.map(({ object }) => `${object.kind}|${object.metadata.name}`))];
    const patches = named.map((text) => {
      const [kind, name] = text.split("|");
      return { kind, name, patch: { metadata: { annotations: { patched: text } } } };
    });
    const after = manifestsOf((await platformOf(withPatches(...patches))).resources);
    assert.deepEqual(
      after.map(({ object }) => (object.metadata.annotations as Record<string, string>)?.patched),
      after.map(({ object }) => `${object.kind}|${object.metadata.name}`),
    );
    const one = { kind: "Service", name: "prometheus", patch: { metadata: { annotations: { a: "b" } } } };
    const changed = manifestsOf((await platformOf(withPatches(one))).resources).filter(
      ({ object }, index) => JSON.stringify(object) !== JSON.stringify(before[index]?.object),
    );
    assert.deepEqual(
      changed.map(({ object }) => `${object.kind} ${object.metadata.name}`),
      ["Service prometheus"],
    );
  });

  it("are laid over in order: the later wins", async () => {
    const memory = (limit: string) => ({
      kind: "Deployment",
      name: "thanos-query",
      patch: {
        spec: {
          template: { spec: { containers: [{ name: "thanos-query", resources: { limits: { memory: limit } } }] } },
        },
      },
    });
    const graph = await platformOf(withPatches(memory("3Gi"), memory("4Gi")));
    const { template } = graph.manifest("Deployment", "thanos-query").spec as {
      template: { spec: { containers: { image: string; resources: object }[] } };
    };
    assert.deepEqual(template.spec.containers.length, 1);
    assert.deepEqual(template.spec.containers[0]?.resources, {
      requests: { cpu: "250m", memory: "2Gi" },
      limits: { memory: "4Gi" },
    });
  });

  it("show in a preview what the deployment makes", () =>
    previewHonesty(
      deploy,
      platformOptions(
        withPatches({ kind: "Secret", name: "alertmanager-secret-files", patch: { metadata: { labels: { a: "b" } } } }),
      ),
    ));

  it("of an object that is not there are an error that names those that are", async () => {
    await assert.rejects(
      platformOf(
        withPatches(
          { kind: "Deployment", name: "thanos-querier", patch: { spec: { replicas: 1 } } },
          { kind: "Deploymnt", name: "thanos-query", patch: {} },
        ),
      ),
      (error: Error) => {
        assert.match(error.message, /2 problems in gpu-observability:platform/);
        assert.match(
          error.message,
          /patches\[0\]\n\s+value: Deployment thanos-querier\n\s+rule: {2}must name an object of this stack/,
        );
        assert.match(
          error.message,
          /fix: {3}there are Deployments called kube-state-metrics, prometheus-operator, thanos-query\n/,
        );
        assert.match(error.message, /fix: {3}did you mean the kind Deployment\?/);
        return true;
      },
    );
  });

  it("must not make another object of one", async () => {
    await assert.rejects(
      platformOf(
        withPatches({ kind: "Service", name: "prometheus", patch: { kind: "Secret", metadata: { name: "x" } } }),
      ),
      (error: Error) => {
        assert.match(error.message, /patches\[0\]\.patch\.kind/);
        assert.match(error.message, /patches\[0\]\.patch\.metadata\.name/);
        return true;
      },
    );
  });
});

describe("a patch over a value", () => {
  for (const [what, value, patch, result] of [
    ["maps are merged, at any depth", { a: { b: 1, c: 2 } }, { a: { c: 3, d: 4 } }, { a: { b: 1, c: 3, d: 4 } }],
    ["null removes", { a: 1, b: 2 }, { b: null }, { a: 1 }],
    ["null below what is new removes nothing", {}, { a: { b: null } }, { a: {} }],
    ["a list replaces the list", { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ["an empty list empties", { a: [{ name: "x" }] }, { a: [] }, { a: [] }],
    [
      "lists of things with a name are merged by it, new ones at the end",
      { a: [{ name: "x", v: 1, w: 1 }, { name: "y" }] },
      { a: [{ name: "x", v: 2 }, { name: "z" }] },
      { a: [{ name: "x", v: 2, w: 1 }, { name: "y" }, { name: "z" }] },
    ],
    [
      "false, zero and empty texts are values",
      { a: true, b: 1, c: "x" },
      { a: false, b: 0, c: "" },
      { a: false, b: 0, c: "" },
    ],
    ["a scalar replaces a map", { a: { b: 1 } }, { a: 1 }, { a: 1 }],
  ] as const) {
    it(what, () => assert.deepEqual(patched(value, patch), result));
  }

  it("waits for what is known later, and keeps it secret", async () => {
    const merged = patched({ a: pulumi.secret({ b: 1 }) }, { a: { c: 2 } }) as { a: pulumi.Output<unknown> };
    assert.equal(await pulumi.isSecret(merged.a), true);
    assert.deepEqual(await new Promise((resolve) => merged.a.apply(resolve)), { b: 1, c: 2 });
  });
});
