import assert from "node:assert/strict";
import { serviceRequest } from "../../../tools/local/questions";
import { runCommand } from "./commands";
import { eventually } from "./eventually";
import { NAMESPACE } from "./livePlatform";
import { faultsThrown, NODES, platform, platformReady, receiversReady, up } from "./sharedPlatform";
import { alertDelivery } from "./suites/alerts";
import { prometheusFaults } from "./suites/faults";
import { health } from "./suites/health";
import { networkEnforcement } from "./suites/network";
import { ruleInputs } from "./suites/ruleInputs";
import { teams } from "./suites/teams";

/**
 * What one machine cannot prove: the loss of a node or a zone, real GPUs, and the vendor's Kubernetes provider. It goes on in
 * later/platformLater.test.ts.
 */
describe("the platform on a real Kubernetes", function () {
  this.timeout(2_000_000);
  before(platformReady);

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
        () => runCommand("local", ["status", "--name", platform.name]),
        ({ stdout }) => stdout.includes("1 sick"),
      );
      assert.match(sick.stdout, /1 sick: GPU 3 of gpu-node-1/);
      await fault("DELETE");
      await eventually(
        "status is well again",
        () => runCommand("local", ["status", "--name", platform.name]),
        ({ code, stdout }) => code === 0 && stdout.includes("0 sick"),
      );
    });

    it("takes the faults of GPUs whose alerts are looked at later", async () => {
      await faultsThrown();
    });
  });
  describe("the network", () => networkEnforcement(platform));
  describe("teams", () => teams(platform));
  describe("faults", () => prometheusFaults(platform));
  alertDelivery(platform, receiversReady);
});
