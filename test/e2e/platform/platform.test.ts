import assert from "node:assert/strict";
import { serviceRequest } from "../../../tools/local/questions";
import { runCommand } from "./commands";
import { eventually } from "./eventually";
import { LivePlatform, NAMESPACE } from "./livePlatform";
import { alertDelivery } from "./suites/alerts";
import { destruction } from "./suites/destroy";
import { prometheusFaults } from "./suites/faults";
import { throwGpuFaults } from "./suites/gpuFaults";
import { health } from "./suites/health";
import { networkEnforcement } from "./suites/network";
import { ruleInputs } from "./suites/ruleInputs";
import { shards } from "./suites/shards";
import { teams } from "./suites/teams";

const NAME = "e2e";
const NODES = 3;
const up = ["--name", NAME, "--nodes", String(NODES)];
const summary = new RegExp(`${NODES} nodes, ${NODES * 8} GPUs, 0 sick`);

/** What one machine cannot prove: the loss of a node or a zone, real GPUs, and the vendor's Kubernetes provider. */
describe("the platform on a real Kubernetes", function () {
  this.timeout(2_000_000);
  const platform = new LivePlatform(NAME);

  before(async () => {
    await runCommand("local", ["down", "--name", NAME]);
    const { code, stdout, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    assert.match(stdout, summary);
    await platform.open();
  });

  after(async () => {
    await platform.close();
    const { code, stderr } = await runCommand("local", ["down", "--name", NAME]);
    assert.equal(code, 0, stderr);
  });

  describe("is healthy:", () => health(platform, NODES));

  it("a second run changes nothing", async () => {
    const { code, stdout, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\(0 changes\)/);
  });

  it("a preview after up shows no change, a changed setting exactly its own", async () => {
    assert.deepEqual(await platform.preview(await platform.stack()), []);
    assert.deepEqual(await platform.preview(await platform.stack(["prometheus.scrapeInterval=20s"])), [
      {
        resource: "Prometheus prometheus",
        operation: "update",
        properties: ["spec.evaluationInterval", "spec.scrapeInterval"],
      },
    ]);
    const [budgets, queriers, ...others] = await platform.preview(await platform.stack(["longTermStorage.queriers=3"]));
    assert.deepEqual(queriers, {
      resource: "Deployment thanos-query",
      operation: "update",
      properties: ["spec.replicas"],
    });
    // One more querier has metrics of its own, for which there is room.
    assert.equal(budgets?.resource, "PrometheusRule platform-rules-cardinality-global");
    assert.deepEqual(
      budgets.properties.filter(
        (property) => !/^spec\.groups\[\d\]\.rules\[\d+\]\.(expr|annotations\.description)$/.test(property),
      ),
      [],
    );
    assert.deepEqual(others, []);
    await platform.stack();
  });

  // Suites of their own, in this order: mocha runs the tests of a suite before the suites in it.
  describe("what rules ask for", () => ruleInputs(platform));
  // After the rules of a fleet that is well.
  describe("a fleet with faults", () => {
    it("a sick GPU is seen, and a healed one no more", async () => {
      const fault = (method: string) =>
        serviceRequest(
          platform.api,
          { namespace: NAMESPACE, name: "gpu-fleet", port: "metrics" },
          { method, path: "/faults/xid", query: { node: "gpu-node-1", gpu: "3" } },
        );
      await fault("PUT");
      const sick = await eventually(
        "status names it",
        () => runCommand("local", ["status", "--name", NAME]),
        ({ stdout }) => stdout.includes("1 sick"),
      );
      assert.match(sick.stdout, /1 sick: GPU 3 of gpu-node-1/);
      await fault("DELETE");
      await eventually(
        "status is well again",
        () => runCommand("local", ["status", "--name", NAME]),
        ({ code, stdout }) => code === 0 && stdout.includes("0 sick"),
      );
    });

    it("takes the faults of GPUs whose alerts are looked at later", () => throwGpuFaults(platform));
  });
  describe("the network", () => networkEnforcement(platform));
  describe("teams", () => teams(platform));
  describe("faults", () => prometheusFaults(platform));
  alertDelivery(platform);
  describe("with two shards", () => shards(platform));
  describe("destroyed", () => destruction(platform, up, summary));
});
