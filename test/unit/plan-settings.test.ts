import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { UserError } from "../../tools/cli/errors";
import { parsePath, setPath } from "../../tools/plan/paths";
import { readStackConfig } from "../../tools/plan/stackConfig";

const userError = (message: string, fix: string) => (error: unknown) => {
  assert.ok(error instanceof UserError);
  assert.deepEqual({ message: error.message, fix: error.fix }, { message, fix });
  return true;
};

describe("plan --set: paths", () => {
  for (const [text, keys] of [
    ["namespace", ["namespace"]],
    ["prometheus.localRetention.time", ["prometheus", "localRetention", "time"]],
    ["alerting.receivers[0].url", ["alerting", "receivers", 0, "url"]],
    ["[1][2]", [1, 2]],
    ['labels["a.b/c"].x', ["labels", "a.b/c", "x"]],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parsePath(text), keys));
  }

  for (const text of ["a..b", "a[", "a[x]", ".a", "a.", "a]b"]) {
    it(`refuses ${text}`, () =>
      assert.throws(
        () => parsePath(text),
        userError(`"${text}" is not a path`, "write it like prometheus.replicas or alerting.receivers[0].url"),
      ));
  }

  const root = { a: { b: 1, c: 2 }, list: [{ n: 1 }, { n: 2 }] };
  for (const [text, value, expected] of [
    ["a.b", 5, { ...root, a: { b: 5, c: 2 } }],
    ["a.b", null, { ...root, a: { c: 2 } }],
    ["x.y", true, { ...root, x: { y: true } }],
    ["list[1].n", 9, { ...root, list: [{ n: 1 }, { n: 9 }] }],
    ["list[0]", null, { ...root, list: [{ n: 2 }] }],
    ["list[2]", "new", { ...root, list: [{ n: 1 }, { n: 2 }, "new"] }],
    ["made[0].n", 1, { ...root, made: [{ n: 1 }] }],
    ["absent.key", null, { ...root, absent: {} }],
  ] as const) {
    it(`sets ${text} to ${JSON.stringify(value)} in a copy`, () => {
      const before = structuredClone(root);
      assert.deepEqual(setPath(root, text, value), expected);
      assert.deepEqual(root, before);
    });
  }

  for (const [text, message, fix] of [
    ["list[3]", "list[3]: the list has 2 items", "use an index from 0 to 2; 2 appends"],
    ["a[0]", "a[0]: [0] needs a list there", "correct the path"],
    ["a.b.c", 'a.b.c: "c" needs an object there', "correct the path"],
    ["list.n", 'list.n: "n" needs an object there', "correct the path"],
  ] as const) {
    it(`refuses ${text}`, () => assert.throws(() => setPath(root, text, 1), userError(message, fix)));
  }
});

describe("plan: stack files", () => {
  let root = "";
  const write = (file: string, content: string) => writeFileSync(path.join(root, file), content);
  const read = (stack: string, ...settings: string[]) =>
    readStackConfig({ root, stack, settings, opaqueSecret: "OPAQUE" });

  before(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "plan-"));
    write(
      "Pulumi.yaml",
      "name: toy\nruntime: nodejs\nconfig:\n  size: 3\n  aws:region: { value: eu-central-1 }\n  deep: { type: object, default: { a: 1 } }\n",
    );
    write(
      "Pulumi.one.yaml",
      `encryptionsalt: v1:abc
config:
  pulumi:disable-default-providers: [kubernetes]
  aws:region: us-east-1
  toy:token: { secure: AAAB }
  gpu-observability:platform:
    environment: production
    receivers: [{ url: { secure: AAAC } }, { url: plain }]
    heartbeat: { url: { secure: AAAD } }
`,
    );
    write("Pulumi.esc.yaml", "environment: [shared]\nconfig:\n  gpu-observability:platform: {}\n");
    write("Pulumi.broken.yaml", "config: [\n");
    write("Pulumi.list.yaml", "- a\n");
  });
  after(() => rmSync(root, { recursive: true }));

  it("reads project and stack config as the CLI hands it over, with a stand-in for each secret", () => {
    assert.deepEqual(read("one"), {
      project: "toy",
      stack: "one",
      config: {
        "toy:size": "3",
        "toy:deep": '{"a":1}',
        "aws:region": "us-east-1",
        "pulumi:disable-default-providers": '["kubernetes"]',
        "toy:token": "OPAQUE",
      },
      secretKeys: ["toy:token"],
      platform: {
        environment: "production",
        receivers: [{ url: "OPAQUE" }, { url: "plain" }],
        heartbeat: { url: "OPAQUE" },
      },
      encryptedPaths: ["receivers[0].url", "heartbeat.url"],
      problems: [],
    });
  });

  it("applies --set from left to right; the value is YAML and null unsets", () => {
    const { platform, encryptedPaths } = read(
      "one",
      "replicas=3",
      "replicas=4",
      "size={a: [1, x]}",
      'text="3"',
      "receivers[0]=null",
      "heartbeat.url=http://x/?a=b",
    );
    assert.deepEqual(platform, {
      environment: "production",
      receivers: [{ url: "plain" }],
      heartbeat: { url: "http://x/?a=b" },
      replicas: 4,
      size: { a: [1, "x"] },
      text: "3",
    });
    assert.deepEqual(encryptedPaths, []);
  });

  it("names an ESC environment as a problem", () => {
    assert.deepEqual(read("esc").problems, [
      {
        path: "environment",
        value: '["shared"]',
        rule: "values from Pulumi ESC cannot be read without the Pulumi CLI and its login",
        fix: "plan a stack that has no `environment:`: write what it provides into Pulumi.esc.yaml, or use pulumi preview",
      },
    ]);
  });

  for (const stack of ["none", "x/../Pulumi.one", ""]) {
    it(`lists the stacks when there is no "${stack}"`, () =>
      assert.throws(
        () => read(stack),
        userError(`there is no stack "${stack}" (no Pulumi.${stack}.yaml)`, "use one of: broken, esc, list, one"),
      ));
  }

  it("names a file that is not YAML", () => {
    assert.throws(() => read("broken"), /^UserError: Pulumi\.broken\.yaml is not valid YAML: /);
    assert.throws(
      () => read("list"),
      userError("Pulumi.list.yaml is not a YAML mapping", `correct ${path.join(root, "Pulumi.list.yaml")}`),
    );
  });

  it("refuses a --set without a value, or with one that is not YAML", () => {
    assert.throws(
      () => read("one", "replicas"),
      userError("--set replicas: no value", "write --set path=value, such as --set prometheus.replicas=3"),
    );
    assert.throws(
      () => read("one", "a=[1"),
      userError("--set a=[1: the value is not valid YAML", "quote it: --set 'a=\"…\"'"),
    );
  });
});
