import assert from "node:assert/strict";
import type { KubernetesObject } from "../../tools/plan/manifests";
import { check, deployment, manifestOf, meta, paths } from "./planObjects";

describe("plan: what schemas cannot say", () => {
  const withheld = manifestOf(deployment({}, { replicas: "[unknown]", paused: "no" }), { unknown: ["spec.replicas"] });

  it("does not complain about values that are not known yet, only about their neighbours", async () => {
    assert.deepEqual(paths(await check(withheld)), ["Deployment n/x: spec.paused"]);
    assert.deepEqual(paths(await check({ ...withheld, unknown: ["spec.replicas", "spec.pause"] })), [
      "Deployment n/x: spec.paused",
    ]);
  });

  it("wants secrets in Secrets only", async () => {
    const secret: KubernetesObject = { apiVersion: "v1", kind: "Secret", metadata: meta, data: { a: "[secret]" } };
    const config: KubernetesObject = { apiVersion: "v1", kind: "ConfigMap", metadata: meta, data: { a: "[secret]" } };
    assert.deepEqual(
      await check(manifestOf(secret, { secret: ["data.a"] }), manifestOf(config, { secret: ["data.a"] })),
      [
        {
          path: "ConfigMap n/x: data.a",
          value: "[secret]",
          rule: "a secret value may only stand in a Secret",
          fix: "put the value into a Secret and refer to it by name and key",
        },
      ],
    );
  });

  const config = (metadata: Record<string, unknown>, data: Record<string, string> = {}): KubernetesObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    data,
  });

  for (const [what, object, expected] of [
    ["a missing name", config({ namespace: "n" }), ["ConfigMap n/(no name): metadata.name"]],
    ["a name that is no DNS name", config({ name: "A_b", namespace: "n" }), ["ConfigMap n/A_b: metadata.name"]],
    [
      "a Service's name with dots",
      { ...config({ name: "a.b", namespace: "n" }), kind: "Service", data: undefined, spec: {} },
      ["Service n/a.b: metadata.name"],
    ],
    [
      "a namespace that is too long",
      config({ name: "x", namespace: "n".repeat(64) }),
      [`ConfigMap ${"n".repeat(64)}/x: metadata.namespace`],
    ],
    ["a missing namespace", config({ name: "x" }), ["ConfigMap x: metadata.namespace"]],
    [
      "a cluster-wide object in a namespace",
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "x", namespace: "n" } },
      ["Namespace n/x: metadata.namespace"],
    ],
    [
      "a label's value that is too long",
      config({ ...meta, labels: { a: "v".repeat(64) } }),
      ["ConfigMap n/x: metadata.labels.a"],
    ],
    ["a label's value with a space", config({ ...meta, labels: { a: "b c" } }), ["ConfigMap n/x: metadata.labels.a"]],
    [
      "a label's name with two slashes",
      config({ ...meta, labels: { "a/b/c": "v" } }),
      ['ConfigMap n/x: metadata.labels["a/b/c"]'],
    ],
    [
      "a selector's label value",
      deployment({}, { selector: { matchLabels: { app: "-a" } } }),
      ["Deployment n/x: spec.selector.matchLabels.app"],
    ],
    ["a ConfigMap over 1 MiB", config(meta, { a: "ü".repeat(512 * 1024) }), ["ConfigMap n/x: data"]],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const plain = JSON.parse(JSON.stringify(object)) as KubernetesObject;
      assert.deepEqual(paths(await check(plain)), expected);
    });
  }

  it("accepts the limits themselves", async () => {
    const labels = { [`${"a".repeat(20)}.example.com/${"n".repeat(63)}`]: "v".repeat(63), empty: "" };
    assert.deepEqual(
      await check(config({ name: "a.b-c", namespace: "n".repeat(63), labels }, { a: "x".repeat(1024 * 1024 - 1) })),
      [],
    );
  });

  it("refuses one object declared twice, and says by whom", async () => {
    const twin = manifestOf(config(meta), { urn: "urn:twin" });
    assert.deepEqual(await check(manifestOf(config(meta)), twin, config({ ...meta, name: "y" })), [
      {
        path: "ConfigMap n/x",
        value: "urn:twin",
        rule: "two resources declare this object; the other is urn:ConfigMap",
        fix: "remove one of them or give it another name: each would overwrite the other",
      },
    ]);
  });
});
