import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type ProgramOptions, redact, runProgram, Secret, Unknown, withheld } from "../../tools/engine";

class Inner extends pulumi.ComponentResource {
  readonly secret: k8s.core.v1.Secret;

  constructor(name: string, args: { password: pulumi.Input<string> }, opts?: pulumi.ComponentResourceOptions) {
    super("toy:index:Inner", name, args, opts);
    const namespace = new k8s.core.v1.Namespace(name, { metadata: { name } }, { parent: this, protect: true });
    this.secret = new k8s.core.v1.Secret(
      name,
      { metadata: { name, namespace: namespace.metadata.name }, stringData: { password: args.password } },
      {
        parent: this,
        retainOnDelete: false,
        aliases: [{ name: "old" }],
        ignoreChanges: ["metadata.annotations"],
        customTimeouts: { create: "5m" },
        deleteBeforeReplace: true,
      },
    );
    this.registerOutputs({ secretId: this.secret.id });
  }
}

class Outer extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("toy:index:Outer", name, {}, opts);
    new Inner(`${name}-inner`, { password: pulumi.secret("hunter2") }, { parent: this });
    this.registerOutputs();
  }
}

const provider = () => new k8s.Provider("main", { kubeconfig: pulumi.secret("kubeconfig") });

const run = (program: () => unknown, options: Partial<ProgramOptions> = {}) =>
  runProgram({ project: "toy", stack: "test", config: {}, configSecretKeys: [], preview: true, program, ...options });

const STACK = "urn:pulumi:test::toy::pulumi:pulumi:Stack::toy-test";
const PROVIDER = "urn:pulumi:test::toy::pulumi:providers:kubernetes::main";
const OUTER = "urn:pulumi:test::toy::toy:index:Outer::a";
const INNER = "urn:pulumi:test::toy::toy:index:Outer$toy:index:Inner::a-inner";
const SECRET = "urn:pulumi:test::toy::toy:index:Outer$toy:index:Inner$kubernetes:core/v1:Secret::a-inner";
const NAMESPACE = "urn:pulumi:test::toy::toy:index:Outer$toy:index:Inner$kubernetes:core/v1:Namespace::a-inner";

describe("engine", () => {
  it("builds URNs with the types of all parents, and finds parents and providers", async () => {
    const { resources } = await run(() => {
      new Outer("a", { providers: [provider()] });
    });
    const graph = resources.map(({ urn, parent, provider: by }) => [urn, parent, by]);
    assert.deepEqual(
      new Set(graph.map((row) => row.join(" "))),
      new Set(
        [
          [STACK, null, null],
          [PROVIDER, STACK, null],
          [OUTER, STACK, null],
          [INNER, OUTER, null],
          [NAMESPACE, INNER, PROVIDER],
          [SECRET, INNER, PROVIDER],
        ].map((row) => row.join(" ")),
      ),
    );
  });

  it("keeps the options that change what the engine does", async () => {
    const { resources } = await run(() => {
      new Outer("a", { providers: [provider()] });
    });
    const options = new Map(resources.map((resource) => [resource.urn, resource.options]));
    const { version, ...secret } = options.get(SECRET) ?? { dependencies: [] };
    assert.match(version ?? "", /^4\./);
    assert.deepEqual(secret, {
      dependencies: [NAMESPACE],
      retainOnDelete: false,
      deleteBeforeReplace: true,
      aliases: [`name=old,parent=${INNER}`],
      ignoreChanges: ["metadata.annotations"],
      additionalSecretOutputs: ["data", "stringData"],
      customTimeouts: { create: "5m" },
    });
    assert.equal(options.get(NAMESPACE)?.protect, true);
    assert.deepEqual(options.get(OUTER), { dependencies: [] });
  });

  it("keeps secrets recognisable and never shows them", async () => {
    const { resources, outputs } = await run(() => {
      new Outer("a", { providers: [provider()] });
      return { token: pulumi.secret("t0ken"), plain: "seen" };
    });
    const inputs = resources.find(({ urn }) => urn === SECRET)?.inputs ?? {};
    assert.deepEqual(inputs.stringData, new Secret({ password: "hunter2" }));
    assert.deepEqual(outputs, { token: new Secret("t0ken"), plain: "seen" });
    const shown = JSON.stringify([...resources.map((resource) => redact(resource.inputs)), redact(outputs)]);
    assert.doesNotMatch(shown, /hunter2|t0ken|"kubeconfig":"kubeconfig"/);
  });

  it("has unknown ids and computed outputs in a preview, and known ones afterwards", async () => {
    const program = () => {
      const by = { provider: provider() };
      const service = new k8s.core.v1.Service("s", { metadata: { name: "s" } }, by);
      const address = service.status.apply((status) => status.loadBalancer.ingress[0]?.ip ?? "none");
      new k8s.core.v1.ConfigMap("c", { metadata: { name: "c" }, data: { address, id: service.id } }, by);
      return { name: service.metadata.name, address };
    };
    const state = () => ({ status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } });
    const preview = await run(program, { state });
    const data = (result: typeof preview) => result.resources.find(({ name }) => name === "c")?.inputs.data ?? null;
    assert.deepEqual(withheld(data(preview)), { unknown: ["address", "id"], secret: [] });
    assert.deepEqual(preview.outputs, { name: "s", address: new Unknown() });
    const deployed = await run(program, { state, preview: false });
    assert.deepEqual(data(deployed), { address: "192.0.2.1", id: "s-id" });
    assert.deepEqual(deployed.outputs, { name: "s", address: "192.0.2.1" });
  });

  it("waits for resources that are made in an apply, however deep", async () => {
    const chain = (left: number): void => {
      const link = new pulumi.ComponentResource("toy:index:Link", `link-${left}`);
      const later = link.urn.apply(() => new Promise((resolve) => setImmediate(resolve)));
      if (left > 0) later.apply(() => chain(left - 1));
    };
    const { resources } = await run(() => chain(59));
    assert.equal(resources.filter(({ parent }) => parent === STACK).length, 60);
  });

  it("records what components register as outputs", async () => {
    const { resources } = await run(
      () => {
        new Outer("a", { providers: [provider()] });
      },
      { preview: false },
    );
    assert.deepEqual(resources.find(({ urn }) => urn === INNER)?.outputs, { secretId: "a-inner-id" });
  });

  it("hands over config, secret keys included, anew to each program", async () => {
    const read = () => {
      const own = new pulumi.Config("toy");
      const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
      return {
        size: own.get("size") ?? "none",
        key: own.getSecret("key") ?? "none",
        encrypted: isConfigSecret("toy:key"),
      };
    };
    const config = { "toy:size": "3", "toy:key": "k" };
    const first = await run(read, { config, configSecretKeys: ["toy:key"] });
    assert.deepEqual(first.outputs, { size: "3", key: new Secret("k"), encrypted: true });
    assert.deepEqual((await run(read)).outputs, { size: "none", key: "none", encrypted: false });
  });

  it("refuses two resources with one URN", async () => {
    const twice = run(() => {
      new pulumi.ComponentResource("toy:index:Twin", "twin");
      new pulumi.ComponentResource("toy:index:Twin", "twin");
    });
    await assert.rejects(twice, {
      message:
        "Duplicate resource URN 'urn:pulumi:test::toy::toy:index:Twin::twin': two toy:index:Twin are called 'twin'",
    });
  });

  it("accepts one name under two parents", async () => {
    const { resources } = await run(() => {
      for (const name of ["a", "b"]) {
        const parent = new pulumi.ComponentResource(`toy:index:Parent${name}`, name);
        new pulumi.ComponentResource("toy:index:Child", "child", {}, { parent });
      }
    });
    assert.equal(resources.filter(({ name }) => name === "child").length, 2);
  });

  it("refuses a default provider that the stack switched off", async () => {
    const config = { "pulumi:disable-default-providers": '["kubernetes"]' };
    const namespace = (opts: pulumi.CustomResourceOptions) => () => {
      new k8s.core.v1.Namespace("n", {}, opts);
    };
    await assert.rejects(run(namespace({}), { config }), {
      message:
        "Default provider for 'kubernetes' disabled. 'urn:pulumi:test::toy::kubernetes:core/v1:Namespace::n' must be given a provider explicitly",
    });
    const { resources } = await run(() => namespace({ provider: provider() })(), { config });
    assert.deepEqual(resources.map(({ name }) => name).sort(), ["main", "n", "toy-test"]);
  });

  it("refuses to ask a cloud", async () => {
    const asks = run(async () => {
      await pulumi.runtime.invoke("aws:index/getRegion:getRegion", {});
    });
    await assert.rejects(asks, {
      message: "the program asks a provider (aws:index/getRegion:getRegion), and here no cloud and no cluster is asked",
    });
  });

  it("throws what the program throws, also in an apply", async () => {
    const failure = new Error("the program's own");
    const direct = run(() => {
      throw failure;
    });
    await assert.rejects(direct, failure);
    const later = run(() => {
      pulumi.output(1).apply(() => {
        throw failure;
      });
    });
    await assert.rejects(later, failure);
  });

  it("is as it was after a program that failed", async () => {
    const own = () => {};
    process.on("unhandledRejection", own);
    const listeners = process.listeners("unhandledRejection");
    await assert.rejects(
      run(() => {
        throw new Error("no");
      }),
    );
    assert.deepEqual(process.listeners("unhandledRejection"), listeners);
    process.removeListener("unhandledRejection", own);
    assert.deepEqual((await run(() => ({ fine: true }))).outputs, { fine: true });
  });
});
