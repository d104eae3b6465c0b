import assert from "node:assert/strict";
import { Secret } from "../../tools/engine";
import { platformOf } from "./platformProgram";

const cluster = { kind: "kubeconfig", name: "c1" };

describe("the platform: secrets", () => {
  const url = "https://hooks.example/very-secret";
  const settings = {
    environment: "local",
    cluster,
    alerting: {
      receivers: [{ name: "oncall", kind: "webhook", url }],
      heartbeat: { kind: "webhook", url: `${url}/heartbeat` },
    },
  };

  it("reach one Secret, as Pulumi secrets, and nothing else", async () => {
    const graph = await platformOf(settings);
    const { stringData } = graph.one("kubernetes:core/v1:Secret", "alertmanager-secret-files").inputs as {
      stringData: unknown;
    };
    const files = stringData instanceof Secret ? (stringData.value as Record<string, unknown>) : stringData;
    assert.deepEqual(Object.keys(files as object).sort(), ["heartbeat-url", "oncall-url"]);
    const plain = JSON.stringify([graph.resources, graph.outputs], (_key, value) =>
      value instanceof Secret ? "[secret]" : value,
    );
    assert.doesNotMatch(plain, /very-secret/);
    // The same walk must find it where the marker is ignored, or the line above proves nothing.
    assert.match(
      JSON.stringify(graph.resources, (_key, value) => (value instanceof Secret ? value.value : value)),
      /very-secret/,
    );
  });

  it("are refused where nothing in the stack file is encrypted", async () => {
    await assert.rejects(platformOf(settings, false), (error: Error) => {
      assert.match(error.message, /must be encrypted/);
      assert.doesNotMatch(error.message, /very-secret/);
      return true;
    });
  });
});
