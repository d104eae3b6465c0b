import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import * as components from "../../components";
import { repositoryRoot } from "../../tools/cli/paths";

/** The exported component classes: what other projects, in any language, can use. */
const classes = Object.entries(components)
  .filter(([, value]) => typeof value === "function" && value.prototype instanceof pulumi.ComponentResource)
  .map(([name]) => name)
  .sort();

function analyze(names: string[]) {
  const directory = path.join(repositoryRoot, "components");
  const packageJson = JSON.parse(readFileSync(path.join(repositoryRoot, "package.json"), "utf8"));
  // The analyzer finds its entry point through `main`.
  return new Analyzer(directory, "gpu-observability", { ...packageJson, main: "index.ts" }, new Set(names)).analyze();
}

describe("the public API", () => {
  it("has exactly these components", () => {
    assert.deepEqual(classes, [
      "Alertmanager",
      "ClusterScrapes",
      "Cortex",
      "DcgmExporter",
      "EfaScrape",
      "GpuNodesOutside",
      "InferenceScrapes",
      "KubeStateMetrics",
      "KueueScrape",
      "Mimir",
      "NetworkPolicies",
      "NodeExporter",
      "PlatformRules",
      "Prometheus",
      "PrometheusOperator",
      "TeamLimits",
      "ThanosQuery",
      "ThanosRuler",
      "ThanosStore",
      "VictoriaMetrics",
    ]);
  });

  it("is accepted by Pulumi's component analyzer, so that every language can use it", () => {
    const result = analyze(classes);
    assert.deepEqual(Object.keys(result.components).sort(), classes);
    assert.deepEqual(Object.keys(result.components.ThanosQuery?.inputs ?? {}).sort(), [
      "autoDownsampling",
      "cpu",
      "endpoints",
      "groupEndpoints",
      "image",
      "memory",
      "namespace",
      "remoteEndpoints",
      "replicaLabels",
      "replicas",
      "requireSpread",
      "strictEndpoints",
    ]);
    assert.deepEqual(Object.keys(result.components.Alertmanager?.outputs ?? {}).sort(), ["memberUrls", "serviceName"]);
  });

  it("describes every argument and every output", () => {
    const { components: analyzed } = analyze(classes);
    const undescribed = Object.values(analyzed).flatMap(({ name, inputs, outputs }) =>
      Object.entries({ ...inputs, ...outputs })
        .filter(([, property]) => !property.description)
        .map(([property]) => `${name}.${property}`),
    );
    assert.deepEqual(undescribed, []);
  });
});
