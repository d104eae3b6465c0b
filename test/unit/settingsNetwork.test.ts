import assert from "node:assert/strict";
import { opaqueSecret, parseSettings } from "../../stacks/settings";

const base = { environment: "local", cluster: { kind: "kubeconfig", name: "c" } };

function problemsOf(settings: object) {
  const parsed = parseSettings({ ...base, ...settings });
  return parsed.ok ? [] : parsed.problems;
}

describe("settings: the network", () => {
  const withUrls = (urls: string[], network: object = {}) => ({
    alerting: { receivers: urls.map((url, index) => ({ name: `r${index}`, kind: "webhook", url })) },
    network,
  });
  const ports = (list: number[]) => ({ receivers: { ports: list } });

  it("must let Alertmanager reach the ports of its receivers, which are named without their addresses", () => {
    const problems = problemsOf(withUrls(["http://very-secret.invalid:8080/x", "http://very-secret.invalid/y"]));
    assert.deepEqual(
      problems.map(({ path, fix }) => [path, fix]),
      [
        ["network.receivers.ports", "add 8080 to the list"],
        ["network.receivers.ports", "add 80 to the list"],
      ],
    );
    assert.doesNotMatch(JSON.stringify(problems), /very-secret/);
  });

  for (const [what, settings] of [
    ["the scheme's own port is open", withUrls(["https://example.invalid/x"])],
    ["the port is in the list", withUrls(["http://example.invalid:8080"], ports([8080]))],
    ["the network is open", withUrls(["http://example.invalid:8080"], { kind: "open" })],
    ["the address is not known here", withUrls([opaqueSecret], ports([1]))],
  ] as const) {
    it(`has no problem when ${what}`, () => assert.deepEqual(problemsOf(settings), []));
  }

  for (const [cidr, valid] of [
    ["10.0.0.0/16", true],
    ["0.0.0.0/0", true],
    ["fd00::/8", true],
    ["::/0", true],
    ["10.0.0.0", false],
    ["10.0.0.256/8", false],
    ["10.0.0.0/33", false],
    ["fd00::/129", false],
    ["example.com/8", false],
  ] as const) {
    it(`${cidr} is ${valid ? "" : "not "}a range of addresses`, () => {
      const problems = problemsOf({ network: { nodes: [cidr] } });
      assert.deepEqual(
        problems.map(({ path }) => path),
        valid ? [] : ["network.nodes[0]"],
      );
    });
  }
});

describe("settings: images", () => {
  it("that are pinned twice are a problem", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const images = { overrides: { thanos: `example.com/thanos@${digest}` }, digests: { thanos: digest } };
    assert.deepEqual(
      problemsOf({ images }).map(({ path }) => path),
      ["images.digests.thanos"],
    );
  });
});
