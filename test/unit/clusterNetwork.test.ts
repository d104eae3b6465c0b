import assert from "node:assert/strict";
import { UserError } from "../../tools/cli/errors";
import { layout } from "../../tools/cluster/layout";
import { freeNetworks, networkOf, overlaps } from "../../tools/cluster/network";

describe("network of a cluster", () => {
  for (const [left, right, expected] of [
    ["10.87.0.0/16", "10.87.255.2", true],
    ["10.87.0.0/16", "10.88.0.0/16", false],
    ["10.87.0.0/16", "10.0.0.0/8", true],
    ["10.87.3.0/24", "10.87.0.0/16", true],
    ["192.168.0.0/24", "192.168.1.0/24", false],
    ["192.168.0.0/24", "192.168.1.0/23", true],
    ["255.255.255.255", "0.0.0.0/0", true],
  ] as const) {
    it(`${left} and ${right} ${expected ? "overlap" : "do not overlap"}`, () => {
      assert.equal(overlaps(left, right), expected);
      assert.equal(overlaps(right, left), expected);
    });
  }

  it("takes the first range without a route, and no notice of the default route", () => {
    const [first] = freeNetworks(["default", "192.168.1.0/24", "10.87.3.0/24", "10.88.255.1"]);
    assert.deepEqual(first, {
      range: "10.89.0.0/16",
      pods: "10.89.0.0/17",
      services: "10.89.128.0/18",
      apiService: "10.89.128.1",
      dns: "10.89.128.10",
      host: "10.89.255.1",
      node: "10.89.255.2",
      link: "gpuobs10-89",
    });
  });

  it("keeps out of a VPN's 10.0.0.0/8, and gives up when everything is routed", () => {
    assert.deepEqual(freeNetworks(["10.0.0.0/8"]), [networkOf("198.18"), networkOf("198.19")]);
    assert.deepEqual(freeNetworks(["10.0.0.0/8", "198.18.0.0/15"]), []);
  });

  it("has a link name of its own in every range, no longer than the kernel takes", () => {
    const names = freeNetworks([]).map(({ link }) => link);
    assert.equal(new Set(names).size, 42);
    assert.deepEqual(
      names.filter((name) => name.length > 15),
      [],
    );
  });
});

describe("name of a cluster", () => {
  for (const name of ["local", "a", "e2e-2", "a".repeat(30)]) {
    it(`accepts ${name}`, () => assert.equal(layout(name).name, name));
  }
  for (const name of ["", "../etc", "Local", "-a", "a-", "a b", "a".repeat(31)]) {
    it(`rejects ${JSON.stringify(name)}`, () => {
      assert.throws(() => layout(name), UserError);
    });
  }
});
