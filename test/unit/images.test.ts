import assert from "node:assert/strict";
import { images } from "../../components";
import { imagesOf } from "../../stacks/images";
import { parseSettings } from "../../stacks/settings";
import { manifestsOf } from "../../tools/plan/manifests";
import { platformOf, stackSettings } from "../components/platformProgram";

const DIGEST = `sha256:${"a".repeat(64)}`;
const none = { overrides: {}, digests: {} };

describe("images", () => {
  it("are the vendors' unless something else is said", () => assert.deepEqual(imagesOf(none), images));

  it("come from a mirror under their own paths", () => {
    const mirrored = imagesOf({ ...none, registry: "registry.example.com/mirror" });
    assert.equal(mirrored.prometheus, images.prometheus.replace("quay.io/", "registry.example.com/mirror/"));
    assert.equal(
      mirrored.kubeStateMetrics,
      images.kubeStateMetrics.replace("registry.k8s.io/", "registry.example.com/mirror/"),
    );
  });

  it("an override is taken as it is; a digest pins whatever it is", () => {
    const overrides = { thanos: "example.com/thanos:v1" };
    const resolved = imagesOf({ registry: "mirror", overrides, digests: { thanos: DIGEST, prometheus: DIGEST } });
    assert.equal(resolved.thanos, `example.com/thanos:v1@${DIGEST}`);
    assert.equal(resolved.prometheus, `${images.prometheus.replace("quay.io", "mirror")}@${DIGEST}`);
  });

  it("of every object come from the mirror", async () => {
    const bucket = { name: "ml-prod-metrics" };
    const zones = ["a", "b", "c"];
    const stores = [
      { kind: "none" },
      { kind: "thanos", bucket },
      { kind: "victoriaMetrics", bucket, allowMixedIntervals: true },
      { kind: "victoriaMetrics", bucket, allowMixedIntervals: true, architecture: "single", acceptSingleServer: true },
      { kind: "mimir", bucket, zones },
      { kind: "cortex", bucket, zones },
    ];
    let text = "";
    for (const longTermStorage of stores) {
      const settings = {
        ...stackSettings("prod"),
        prometheus: { shards: 2 },
        images: { registry: "registry.example.com" },
        longTermStorage,
      };
      const { resources } = await platformOf(settings);
      text += JSON.stringify(manifestsOf(resources).map(({ object }) => object));
    }
    const found = [...text.matchAll(/[a-z0-9.-]+\/[a-z0-9/-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*/g)].map(([image]) => image);
    // No part makes vmalert: with more than one shard, Thanos rulers evaluate for every store.
    const { vmalert: _unused, ...used } = images;
    const expected = Object.values(used).map((image) => image.replace(/^[^/]+/, "registry.example.com"));
    assert.deepEqual([...new Set(found)].sort(), expected.sort());
  });

  for (const [what, setting, rule] of [
    [
      "a misspelt name",
      { overrides: { promethues: "a/b:c" } },
      /images\.overrides\.promethues .*did you mean prometheus\?/,
    ],
    ["a reference without a tag", { overrides: { thanos: "example.com/thanos" } }, /with its tag or digest/],
    ["a digest that is none", { digests: { thanos: "sha256:abc" } }, /64 hexadecimal digits/],
    ["a registry with a scheme", { registry: "https://registry.example.com" }, /a registry's host/],
  ] as const) {
    it(`${what} is an error`, () => {
      const parsed = parseSettings({
        environment: "local",
        cluster: { kind: "kubeconfig", name: "c" },
        images: setting,
      });
      assert.ok(!parsed.ok);
      assert.equal(parsed.problems.length, 1);
      const [problem] = parsed.problems;
      assert.match(`${problem?.path} ${problem?.rule} ${problem?.fix}`, rule);
    });
  }
});
