import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { UserError } from "../../tools/cli/errors";
import { planAsJson } from "../../tools/plan/json";
import { makePlan, type Plan } from "../../tools/plan/makePlan";
import { htmlReport } from "../../tools/plan/report";
import type { StackConfig } from "../../tools/plan/stackConfig";
import { formatSummary } from "../../tools/plan/summary";
import { writePlan } from "../../tools/plan/write";

const config = (over: Partial<StackConfig> = {}): StackConfig => ({
  project: "toy",
  stack: "test",
  config: {},
  secretKeys: [],
  platform: { environment: "local", cluster: { kind: "kubeconfig", name: "toy" } },
  encryptedPaths: [],
  problems: [],
  ...over,
});

class Part extends pulumi.ComponentResource {
  constructor(name: string, provider: k8s.Provider, data: Record<string, pulumi.Input<string>>) {
    super("toy:index:Part", name, {}, { provider });
    const metadata = (own: string) => ({ name: own, namespace: "n" });
    const secret = new k8s.core.v1.Secret(
      "secret",
      { metadata: metadata("<b>"), stringData: { a: "hunter2" } },
      { parent: this },
    );
    new k8s.core.v1.ConfigMap("plain", { metadata: metadata("plain"), data }, { parent: this });
    new k8s.core.v1.ConfigMap("late", { metadata: metadata("late"), data: { id: secret.id } }, { parent: this });
    this.registerOutputs();
  }
}

const program =
  (data: Record<string, string> = { a: "1" }) =>
  () => {
    new Part("part", new k8s.Provider("main", {}), data);
    return { capacity: { series: 1200 } };
  };

const plan = (over: Partial<StackConfig> = {}, run: () => unknown = program()) =>
  makePlan({ config: config(over), program: run, crdSource: async () => [] });

/** The secret's name is invalid on purpose, to see it escaped; everything else is in order. */
const withoutNameProblem = async (): Promise<Plan> => ({ ...(await plan()), problems: [] });

describe("plan: the plan", () => {
  it("has resources, manifests, what is withheld, and the capacity output", async () => {
    const { resources, manifests, writable, unknown, secrets, capacity, problems } = await plan();
    assert.deepEqual(resources.map(({ name }) => name).sort(), ["late", "main", "part", "plain", "secret", "toy-test"]);
    assert.deepEqual(
      manifests.map(({ file }) => file),
      ["45-configmap.n.late.yaml", "45-configmap.n.plain.yaml", "46-secret.n._b_.yaml"],
    );
    assert.deepEqual(
      writable.map(({ file }) => file),
      ["45-configmap.n.plain.yaml"],
    );
    assert.deepEqual(unknown, [{ manifest: "45-configmap.n.late.yaml", path: "data.id" }]);
    assert.deepEqual(
      secrets.map(({ name }) => name),
      ["<b>"],
    );
    assert.deepEqual(capacity, { series: 1200 });
    assert.deepEqual(
      problems.map(({ path: where }) => where),
      ["Secret n/<b>: metadata.name"],
    );
  });

  it("does not run the program when the settings are wrong, and reports all of them", async () => {
    const problem = { path: "environment", value: "x", rule: "r", fix: "f" };
    const rejected = await plan(
      {
        platform: {
          environment: "local",
          cluster: { kind: "kubeconfig", name: "toy" },
          namespac: "n",
          prometheus: { replicas: 0 },
        },
        problems: [problem],
      },
      () => assert.fail("the program ran"),
    );
    assert.deepEqual(rejected.problems.map(({ path: where }) => where).sort(), [
      "environment",
      "namespac",
      "prometheus.replicas",
    ]);
    assert.deepEqual([rejected.resources, rejected.manifests, rejected.writable], [[], [], []]);
  });

  it("hands encrypted settings to the program as secret config", async () => {
    const key = "gpu-observability:platform";
    const read = () => ({
      platform: new pulumi.Config("gpu-observability")
        .requireSecretObject("platform")
        .apply((value) => Object.keys(value as object)),
    });
    const heartbeat = { alerting: { heartbeat: { kind: "webhook", url: "https://opaque-secret.invalid/" } } };
    let secret: boolean | undefined;
    await plan(
      { platform: { ...(config().platform as object), ...heartbeat }, encryptedPaths: ["alerting.heartbeat.url"] },
      () => {
        secret = (pulumi.runtime as unknown as { isConfigSecret(name: string): boolean }).isConfigSecret(key);
        return read();
      },
    );
    assert.equal(secret, true);
  });

  it("throws what is a defect of the program", async () => {
    await assert.rejects(
      plan({}, () => {
        throw new TypeError("a defect");
      }),
      new TypeError("a defect"),
    );
  });
});

describe("plan: output", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "plan-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("as JSON has exactly the documented keys, and no secret", async () => {
    const text = planAsJson(await withoutNameProblem(), "out");
    const document = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
    assert.deepEqual(Object.keys(document), ["resources", "manifests", "capacity", "problems", "unknown", "secrets"]);
    assert.deepEqual(Object.keys(document.resources?.[0] ?? {}), [
      "urn",
      "type",
      "name",
      "parent",
      "provider",
      "inputs",
    ]);
    assert.deepEqual(document.manifests, ["out/45-configmap.n.plain.yaml"]);
    assert.doesNotMatch(text, /hunter2/);
  });

  it("writes what can be applied and the report, and replaces an earlier plan as a whole", async () => {
    const out = path.join(folder, "deep", "out");
    writePlan(await withoutNameProblem(), out);
    assert.deepEqual(readdirSync(out).sort(), [".gpu-observability-plan", "45-configmap.n.plain.yaml", "report.html"]);
    assert.deepEqual(parse(readFileSync(path.join(out, "45-configmap.n.plain.yaml"), "utf8")), {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "plain", namespace: "n" },
      data: { a: "1" },
    });
    writePlan({ ...(await withoutNameProblem()), writable: [] }, out);
    assert.deepEqual(readdirSync(out).sort(), [".gpu-observability-plan", "report.html"]);
    assert.deepEqual(readdirSync(path.dirname(out)), ["out"]);
  });

  it("takes an empty folder, and refuses one that somebody else filled", async () => {
    const result = await withoutNameProblem();
    const empty = path.join(folder, "empty");
    writePlan(result, empty);
    writeFileSync(path.join(folder, "mine.txt"), "mine");
    const refused = (out: string, message: string) =>
      assert.throws(
        () => writePlan(result, out),
        (error) => error instanceof UserError && error.message === message,
      );
    refused(folder, `${folder} holds files that no plan wrote`);
    refused(path.join(folder, "mine.txt"), `${path.join(folder, "mine.txt")} is a file`);
    assert.deepEqual(readdirSync(folder).sort(), ["empty", "mine.txt"]);
  });

  it("leaves the old plan when a new one cannot be written", async () => {
    const out = path.join(folder, "out");
    const result = await withoutNameProblem();
    writePlan(result, out);
    const [manifest] = result.writable;
    assert.ok(manifest);
    assert.throws(
      () => writePlan({ ...result, writable: [manifest, { ...manifest, file: "no/such/folder.yaml" }] }, out),
      { code: "ENOENT" },
    );
    assert.deepEqual(readdirSync(folder), ["out"]);
    assert.ok(existsSync(path.join(out, "45-configmap.n.plain.yaml")));
  });

  it("reports on one page that loads nothing, with every text escaped", async () => {
    const html = htmlReport(await withoutNameProblem());
    assert.doesNotMatch(html, /<script|<link|src=|@import|hunter2|<b>&lt;\/b>|n\/<b>/);
    for (const text of ["toy", "part", "n/&lt;b&gt;", "45-configmap.n.late.yaml", "data.id", "series", "1200"]) {
      assert.ok(html.includes(text), `the report does not mention ${text}`);
    }
    assert.deepEqual(
      [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title),
      ["What is deployed", "Capacity", "Secrets to create", "Known only after deployment", "Manifests"],
    );
  });

  it("sums up on the terminal without colours where nobody looks on", async () => {
    const text = formatSummary(await withoutNameProblem(), { out: undefined, crds: false }, process.stdout);
    assert.ok(!process.stdout.isTTY || process.env.NO_COLOR ? !text.includes("\u001b") : true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: removes terminal colours
    const lines = text.replaceAll(/\u001b\[\d+m/g, "").split("\n");
    for (const line of [
      "Plan of stack test",
      "  part     Part   3          2 ConfigMap, Secret",
      "  45-configmap.n.late.yaml: data.id",
      "  kubectl create secret generic <b> --namespace n --from-file=a=FILE",
      "1 component, 3 Kubernetes objects, 1 other resource. Every object fits its schema.",
      "Neither a cloud nor the cluster was asked: what already runs there is not part of this plan.",
      "Nothing was written. With --out DIR: 1 manifest and report.html.",
    ]) {
      assert.ok(lines.includes(line), `no line "${line}" in:\n${text}`);
    }
  });
});
