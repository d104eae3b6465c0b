import assert from "node:assert/strict";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { changedFields } from "../../tools/provider/diff";
import { driftedInputs, importedInputs } from "../../tools/provider/driftedInputs";
import { formatPath, type JsonObject } from "../../tools/provider/json";
import { fieldManager, manifest, outputs, previewOutputs } from "../../tools/provider/objects";
import { parseProviderOptions } from "../../tools/provider/providerOptions";
import { conceal, reveal, secret, unknown } from "../../tools/provider/secrets";
import { isBuiltInGroup, parseTypeToken } from "../../tools/provider/typeTokens";
import { parseWaitFor } from "../../tools/provider/waitFor";

describe("the own provider: type tokens", () => {
  const tokens: [string, string, string][] = [
    ["kubernetes:core/v1:Service", "v1", "Service"],
    ["kubernetes:apps/v1:Deployment", "apps/v1", "Deployment"],
    ["kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "rbac.authorization.k8s.io/v1", "ClusterRole"],
    ["kubernetes:monitoring.coreos.com/v1:Prometheus", "monitoring.coreos.com/v1", "Prometheus"],
  ];
  for (const [token, apiVersion, kind] of tokens) {
    it(token, () => {
      const type = parseTypeToken(token);
      assert.deepEqual([type.apiVersion, type.kind], [apiVersion, kind]);
    });
  }
  for (const token of [
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:kustomize/v2:Directory",
    "aws:s3/bucket:Bucket",
  ]) {
    it(`refuses ${token}`, () => assert.throws(() => parseTypeToken(token), /is not supported by this provider/));
  }
  it("tells Kubernetes' own groups from those of definitions", () => {
    const groups = ["", "apps", "policy", "rbac.authorization.k8s.io", "monitoring.coreos.com", "x.example.com"];
    assert.deepEqual(groups.map(isBuiltInGroup), [true, true, true, true, false, false]);
  });
});

describe("the own provider: differences", () => {
  const changes = (old: JsonObject, next: JsonObject) =>
    changedFields(reveal(old), reveal(next)).map(({ path, kind }) => `${kind} ${formatPath(path)}`);

  it("names exactly the fields that differ", () => {
    const old = { kept: { a: 1 }, data: { "a.yml": "1", gone: "x" }, list: [{ n: 1 }, { n: 2 }], type: [1] };
    const next = { kept: { a: 1 }, data: { "a.yml": "2", new: "x" }, list: [{ n: 1 }, { n: 3 }, { n: 4 }], type: "1" };
    assert.deepEqual(changes(old, next), [
      'update data["a.yml"]',
      "delete data.gone",
      "add data.new",
      "update list[1].n",
      "add list[2]",
      "update type",
    ]);
    assert.deepEqual(changes(next, next), []);
  });
  it("compares what is inside secrets, and takes null for absence", () => {
    assert.deepEqual(changes({ a: secret("1"), b: null }, { a: secret("1") }), []);
    assert.deepEqual(changes({ a: secret("1") }, { a: secret("2") }), ["update a"]);
  });
  it("updates the state when a value becomes secret, and only then", () => {
    assert.deepEqual(changes({ a: { b: "1" } }, { a: { b: secret("1") } }), ["update a.b"]);
    assert.deepEqual(changes({ a: secret({ b: "1" }) }, { a: { b: secret("1") } }), []);
    assert.deepEqual(changes({ a: secret("1") }, { a: "1" }), []);
  });
  it("shows a value that is not known yet as a change", () => {
    assert.deepEqual(changes({ a: "1" }, { a: unknown }), ["update a"]);
  });
});

describe("the own provider: secrets and unknown values", () => {
  it("takes markers out and remembers where they were", () => {
    const found = reveal({ a: secret({ b: "hidden" }), c: [secret("x")], d: null, e: { f: unknown } });
    assert.deepEqual(found, {
      value: { a: { b: "hidden" }, c: ["x"], e: { f: unknown } },
      secretPaths: [["a"], ["c", 0]],
      secretTexts: ["hidden", "x"],
      hasUnknowns: true,
    });
  });
  it("refuses what no field can hold", () => {
    const asset = { [specialSigKey]: "c44067f5952c0a294b673a41bacd8c17" };
    assert.throws(() => reveal({ data: { a: asset } }), /data\.a is a Pulumi asset/);
  });
  const hide = (live: JsonObject, inputs: JsonObject) => conceal(live, reveal(inputs));
  it("hides the same places in the live object, and repeated texts anywhere", () => {
    const live = { data: { a: "1", b: "2" }, status: { log: "used correct-horse" } };
    assert.deepEqual(hide(live, { data: { a: secret("1") }, x: secret("correct-horse") }), {
      data: { a: secret("1"), b: "2" },
      status: { log: secret("used correct-horse") },
    });
  });
  it("hides all data of a Secret, whatever the inputs said", () => {
    const live = { apiVersion: "v1", kind: "Secret", data: { a: "MQ==" }, type: "Opaque" };
    assert.deepEqual(hide(live, {}), { ...live, data: secret({ a: "MQ==" }) });
    const other = { apiVersion: "example.com/v1", kind: "Secret", data: { a: "1" } };
    assert.deepEqual(hide(other, {}), other);
  });
  it("marks secrets the way the engine does", () => {
    assert.deepEqual(secret("x"), { [specialSigKey]: specialSecretSig, value: "x" });
  });
});

describe("the own provider: objects", () => {
  it("applies stringData as data, which has an owner", () => {
    const inputs = { apiVersion: "v1", kind: "Secret", data: { a: "QQ==", b: "QQ==" }, stringData: { b: "B" } };
    assert.deepEqual(manifest(inputs), { apiVersion: "v1", kind: "Secret", data: { a: "QQ==", b: "Qg==" } });
    const config = { apiVersion: "v1", kind: "ConfigMap", stringData: { a: "x" } };
    assert.equal(manifest(config), config);
  });
  it("keeps its field manager for life, and takes a new one for each new object", () => {
    assert.equal(fieldManager({}, { __fieldManager: "kept" }), "kept");
    assert.match(fieldManager({}, {}), /^pulumi-kubernetes-[0-9a-f]{8}$/);
    assert.notEqual(fieldManager({}, {}), fieldManager({}, {}));
    const annotated = { metadata: { annotations: { "pulumi.com/patchFieldManager": "mine" } } };
    assert.equal(fieldManager(annotated, { __fieldManager: "kept" }), "mine");
  });
  it("keeps the live object without the books of its field managers", () => {
    const live = { apiVersion: "v1", kind: "X", metadata: { name: "n", managedFields: [{}] }, status: { a: 1 } };
    assert.deepEqual(outputs(live, reveal({ apiVersion: "v1" }), "m"), {
      apiVersion: "v1",
      kind: "X",
      metadata: { name: "n" },
      status: { a: 1 },
      __fieldManager: "m",
      __initialApiVersion: "v1",
    });
  });
  it("previews what the cluster chooses as unknown", () => {
    const predicted = { kind: "Service", metadata: { uid: "made up" }, spec: { clusterIP: "1", clusterIPs: ["1"] } };
    assert.deepEqual(previewOutputs(predicted, reveal({}), true), {
      kind: "Service",
      metadata: { uid: unknown, creationTimestamp: unknown, resourceVersion: unknown, generation: unknown },
      spec: { clusterIP: unknown, clusterIPs: unknown },
      status: unknown,
    });
    assert.deepEqual(previewOutputs(predicted, reveal({}), false), {
      kind: "Service",
      metadata: { uid: "made up", resourceVersion: unknown, generation: unknown },
      spec: { clusterIP: "1", clusterIPs: ["1"] },
      status: unknown,
    });
  });
});

describe("the own provider: drift", () => {
  const inputs = { data: { a: "1", b: "2" }, list: [{ cpu: "0.5" }], stringData: { p: "x" } };
  const before = { data: { a: "1", b: "2", other: "y" }, list: [{ cpu: "500m", added: true }] };
  it("sees none in other forms of the same value and in fields that others set", () => {
    const live = { ...before, data: { ...before.data, other: "z", more: "w" }, status: { x: 1 } };
    assert.deepEqual(driftedInputs(inputs, before, live), inputs);
  });
  it("sees changed, deleted and reordered values", () => {
    const live = { data: { a: "changed" }, list: [{ cpu: "1", added: true }] };
    assert.deepEqual(driftedInputs(inputs, before, live), {
      data: { a: "changed" },
      list: [{ cpu: "1" }],
      stringData: { p: "x" },
    });
    assert.deepEqual(driftedInputs(inputs, before, { ...before, list: [] }), { ...inputs, list: [] });
  });
  it("imports what somebody set, not what the server did", () => {
    const live = { kind: "X", metadata: { name: "n", uid: "u", managedFields: [] }, spec: { a: 1 }, status: {} };
    assert.deepEqual(importedInputs(live), { kind: "X", metadata: { name: "n" }, spec: { a: 1 } });
  });
});

describe("the own provider: options", () => {
  it("reads text and switches, as the SDK sends them", () => {
    const { options, problems } = parseProviderOptions({
      kubeconfig: "/k",
      enablePatchForce: "true",
      upsertExistingObjects: true,
      enableServerSideApply: "true",
      version: "4",
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(options, {
      kubeconfig: "/k",
      enablePatchForce: true,
      upsertExistingObjects: true,
      deleteUnreachable: false,
      skipUpdateUnreachable: false,
      enableConfigMapMutable: false,
      enableSecretMutable: false,
    });
  });
  it("names every option that is wrong or unknown", () => {
    const { problems } = parseProviderOptions({
      enablePatchForce: "maybe",
      context: 1,
      enableServerSideApply: "false",
      renderYamlToDirectory: "x",
      misspelt: true,
    });
    assert.deepEqual(
      problems.map(({ property }) => property),
      ["enablePatchForce", "context", "enableServerSideApply", "renderYamlToDirectory", "misspelt"],
    );
  });
});

describe("the own provider: waitFor", () => {
  const live = {
    status: {
      phase: "Done",
      replicas: 2,
      conditions: [
        { type: "Ready", status: "True" },
        { type: "Failed", status: "False" },
      ],
    },
  };
  const holds = (text: string) => parseWaitFor(text).every((expectation) => expectation.holds(live));
  const cases: [string, boolean][] = [
    ["condition=Ready", true],
    ["condition=ready=true", true],
    ["condition=Failed", false],
    ["condition=Failed=False", true],
    ["condition=Missing", false],
    ["jsonpath={.status.phase}=Done", true],
    ["jsonpath={.status.phase}=Other", false],
    ["jsonpath={.status.phase}", true],
    ["jsonpath={.status.missing}", false],
    ["jsonpath={.status.replicas}=2", true],
    ["jsonpath={.status.conditions[0].type}=Ready", true],
    ['jsonpath={.status.conditions[?(@.type=="Failed")].status}=False', true],
    ['["condition=Ready", "jsonpath={.status.phase}=Done"]', true],
    ['["condition=Ready", "jsonpath={.status.phase}=Other"]', false],
  ];
  for (const [text, expected] of cases) it(`${text} → ${expected}`, () => assert.equal(holds(text), expected));
  for (const text of ["Ready", "jsonpath=.status", "[]"]) {
    it(`refuses ${text}`, () => assert.throws(() => parseWaitFor(text), /pulumi\.com\/waitFor/));
  }
});
