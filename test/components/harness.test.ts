import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Graph, goldenManifests, graphOf, previewHonesty } from "../harness";

const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";

function program(): void {
  const provider = new k8s.Provider("main", {});
  const parent = new pulumi.ComponentResource("toy:index:Part", "part", {}, { provider });
  for (const name of ["b", "a"]) {
    new k8s.core.v1.ConfigMap(name, { metadata: { name: `${name}-map`, namespace: "n" }, data: { name } }, { parent });
  }
}

describe("harness: graphOf", () => {
  let graph: Graph;
  before(async () => {
    graph = await graphOf(program);
  });

  it("lists names, sorted, without the stack", () => {
    assert.deepEqual(graph.names(), ["a", "b", "main", "part"]);
    assert.deepEqual(graph.names(CONFIG_MAP), ["a", "b"]);
    assert.deepEqual(graph.names("kubernetes:core/v1:Secret"), []);
  });

  it("finds one resource, and says what there is when it cannot", () => {
    assert.deepEqual(graph.one(CONFIG_MAP, "a").inputs.data, { name: "a" });
    assert.throws(() => graph.one(CONFIG_MAP, "c"), { message: `0 ${CONFIG_MAP} called c; there are: a, b` });
  });

  it("finds one manifest by the name that Kubernetes sees", () => {
    assert.deepEqual(graph.manifest("ConfigMap", "b-map").data, { name: "b" });
    assert.throws(() => graph.manifest("ConfigMap", "b"), {
      message: "0 ConfigMap called b; there are: ConfigMap n/a-map, ConfigMap n/b-map",
    });
  });

  it("passes objects as JSON, and keys as secret", async () => {
    const read = () => ({
      size: new pulumi.Config("toy").requireObject("size"),
      token: new pulumi.Config("toy").requireSecret("token"),
    });
    const { outputs } = await graphOf(read, {
      config: { "toy:size": { a: 1 }, "toy:token": "t" },
      secretKeys: ["toy:token"],
    });
    assert.deepEqual(JSON.parse(JSON.stringify(outputs)), { size: { a: 1 }, token: { value: "t" } });
  });
});

describe("harness: previewHonesty", () => {
  const withService = (make: (address: pulumi.Output<string | undefined>, provider: k8s.Provider) => void) => () => {
    const provider = new k8s.Provider("main", {});
    const service = new k8s.core.v1.Service("s", { metadata: { name: "s", namespace: "n" } }, { provider });
    make(
      service.status.apply((status) => status.loadBalancer.ingress[0]?.ip),
      provider,
    );
  };
  const state = () => ({ status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } });

  it("passes a program that uses later values only inside of resources", async () => {
    const honest = withService((address, provider) => {
      new k8s.core.v1.ConfigMap("c", { data: { address: address.apply((ip) => ip ?? "none") } }, { provider });
    });
    await previewHonesty(honest, { state });
  });

  it("fails a program that makes a resource of a later value", async () => {
    const dishonest = withService((address, provider) => {
      address.apply((ip) => new k8s.core.v1.ConfigMap(`c-${ip}`, {}, { provider }));
    });
    await assert.rejects(
      previewHonesty(dishonest, { state }),
      /a preview shows other resources than the deployment makes/,
    );
  });
});

describe("harness: goldenManifests", () => {
  let root = "";
  let graph: Graph;
  const golden = () => goldenManifests("toy", graph, { root, update: false });
  const files = () => readdirSync(path.join(root, "toy")).sort();
  const update = () => goldenManifests("toy", graph, { root, update: true });

  before(async () => {
    graph = await graphOf(program);
  });
  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "golden-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const A = "45-configmap.n.a-map.yaml";
  const B = "45-configmap.n.b-map.yaml";

  it("writes with UPDATE_GOLDEN, stale files removed, and passes what it wrote", () => {
    mkdirSync(path.join(root, "toy"));
    writeFileSync(path.join(root, "toy", "stale.yaml"), "");
    update();
    assert.deepEqual(files(), [A, B]);
    assert.match(
      readFileSync(path.join(root, "toy", A), "utf8"),
      /^apiVersion: v1\nkind: ConfigMap\nmetadata:\n {2}name: a-map\n/,
    );
    golden();
  });

  it("fails when there is no folder", () => {
    assert.throws(golden, /test\/golden\/toy has other files; when the change is wanted: UPDATE_GOLDEN=1 npm test/);
  });

  it("fails for a file too many and one too few", () => {
    update();
    writeFileSync(path.join(root, "toy", "99-more.yaml"), "");
    assert.throws(golden, /test\/golden\/toy has other files/);
    rmSync(path.join(root, "toy", "99-more.yaml"));
    rmSync(path.join(root, "toy", B));
    assert.throws(golden, /test\/golden\/toy has other files/);
  });

  it("fails for other content", () => {
    update();
    const file = path.join(root, "toy", B);
    writeFileSync(file, readFileSync(file, "utf8").replace("name: b\n", "name: c\n"));
    assert.throws(golden, /test\/golden\/toy\/45-configmap\.n\.b-map\.yaml differs/);
  });
});
