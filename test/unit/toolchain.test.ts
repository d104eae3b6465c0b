import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { images, versions } from "../../components/versions";
import { UserError } from "../../tools/cli/errors";
import { repositoryRoot } from "../../tools/cli/paths";
import { silentProgress } from "../../tools/cli/progress";
import { findTools } from "../../tools/toolchain";
import { catalogue, isUsableVersion, type ToolName } from "../../tools/toolchain/catalogue";

const OPERATOR = versions.prometheusOperator.slice(1);

describe("tool catalogue", () => {
  it("builds the versions that the components deploy", async () => {
    const required = await Promise.all(
      Object.keys(catalogue).map(async (group) => {
        const file = path.join(repositoryRoot, "tools/toolchain/go", group, "go.mod");
        const packages = Object.values(catalogue[group as keyof typeof catalogue].tools).map((tool) => tool.package);
        const lines = (await readFile(file, "utf8")).split("\n").map((line) => line.replace(/^\s*(require\s+)?/, ""));
        // The module of the programs is the longest required path that their packages begin with.
        const [module] = lines
          .map((line) => line.split(" "))
          .filter(([name = ""]) => name && packages.every((own) => own === name || own.startsWith(`${name}/`)))
          .sort(([left = ""], [right = ""]) => right.length - left.length);
        return [group, module?.[1]];
      }),
    );
    // Prometheus 3.16.0 is module v0.316.0: 0, then major and a two-digit minor, then patch.
    const [major, minor = "", patch] = versions.prometheus.slice(1).split(".");
    assert.deepEqual(Object.fromEntries(required), {
      etcd: `v${catalogue.etcd.version}`,
      kubernetes: `v${catalogue.kubernetes.version}`,
      coredns: `v${catalogue.coredns.version}`,
      "kube-router": `v${catalogue["kube-router"].version}`,
      prometheus: `v0.${major}${minor.padStart(2, "0")}.${patch}`,
      alertmanager: versions.alertmanager,
      "prometheus-operator": versions.prometheusOperator,
      thanos: versions.thanos,
      "kube-state-metrics": versions.kubeStateMetrics,
      "node-exporter": versions.nodeExporter,
      versitygw: `v${catalogue.versitygw.version}`,
      // Not the image's release: see catalogueStores.ts.
      mimir: `v${catalogue.mimir.version}`,
      cortex: versions.cortex,
      "victoria-metrics": versions.victoriaMetrics,
      pulumi: `v${catalogue.pulumi.version}`,
    });
    assert.ok(images.thanos.endsWith(`:v${catalogue.thanos.version}`));
  });

  it("uses the Pulumi CLI of the SDK's version", async () => {
    const manifest = JSON.parse(await readFile(path.join(repositoryRoot, "package.json"), "utf8"));
    assert.equal(catalogue.pulumi.version, manifest.dependencies["@pulumi/pulumi"]);
  });

  for (const [name, found, wanted, usable] of [
    ["prometheus", "3.16.0", "3.16.0", true],
    ["prometheus", "3.16.1", "3.16.0", false],
    ["pulumi", "3.259.0", "3.259.0", true],
    ["pulumi", "3.260.0", "3.259.0", true],
    ["pulumi", "3.259.1", "3.259.0", true],
    ["pulumi", "3.99.9", "3.259.0", false],
    ["pulumi", "4.0.0", "3.259.0", false],
  ] as const) {
    it(`${name} ${found} ${usable ? "stands" : "does not stand"} in for ${wanted}`, () =>
      assert.equal(isUsableVersion(name, found, wanted), usable));
  }
});

describe("finding tools", () => {
  let folder: string;
  const environment = { ...process.env };
  const cache = () => path.join(folder, "cache");
  const bin = () => path.join(folder, "path");

  async function program(file: string, script: string): Promise<void> {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** A `go` that records its calls and makes what `go build -o FOLDER/` is asked for. */
  const fakeGo = (build: string) =>
    program(
      path.join(bin(), "go"),
      `echo "$GOFLAGS $CGO_ENABLED $*" >> ${folder}/calls
[ "$1" = build ] || { echo one; echo two; exit 0; }
while [ "$1" != -o ]; do shift; done; out=$2
${build}`,
    );

  const calls = async () => (await readFile(path.join(folder, "calls"), "utf8")).trim().split("\n");
  const cached = async () => (await readdir(cache(), { recursive: true }).catch(() => [])).sort();

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "toolchain-test-"));
    process.env.GPU_OBSERVABILITY_CACHE = cache();
    process.env.PATH = bin();
  });
  afterEach(async () => {
    process.env = { ...environment };
    await rm(folder, { recursive: true });
  });

  it("takes the pinned version from PATH, and from the cache when PATH has another", async () => {
    await program(path.join(bin(), "prometheus"), `echo "prometheus, version ${versions.prometheus.slice(1)} (x)"`);
    await program(path.join(bin(), "promtool"), `echo "promtool, version 2.0.0 (x)"`);
    const file = path.join(cache(), "bin", `promtool-${versions.prometheus.slice(1)}`);
    await program(file, "");
    assert.deepEqual(await findTools(["prometheus", "promtool"], silentProgress), {
      prometheus: {
        name: "prometheus",
        path: path.join(bin(), "prometheus"),
        version: versions.prometheus.slice(1),
        source: "PATH",
      },
      promtool: { name: "promtool", path: file, version: versions.prometheus.slice(1), source: "cache" },
    });
  });

  it("hears a program that answers on stderr, and takes the client's version from kubectl", async () => {
    const [kubernetes, router] = [catalogue.kubernetes.version, catalogue["kube-router"].version];
    await program(
      path.join(bin(), "kubectl"),
      `[ "$*" = "version --client" ] && echo "Client Version: v${kubernetes}" && echo "Kustomize Version: v5.7.1"`,
    );
    await program(path.join(bin(), "kube-router"), `echo "Running $0 version v${router}, built on , go1.26.8" >&2`);
    const tools = await findTools(["kubectl", "kube-router"], silentProgress);
    assert.deepEqual(
      Object.values(tools).map(({ name, version, source }) => [name, version, source]),
      [
        ["kubectl", kubernetes, "PATH"],
        ["kube-router", router, "PATH"],
      ],
    );
  });

  it("takes a program that was built of the pinned commit, and not one of a release", async () => {
    const { version } = catalogue.mimir;
    await program(path.join(bin(), "mimir"), `echo "Mimir, version ${version} (branch: x, revision: y)"`);
    const { mimir } = await findTools(["mimir"], silentProgress);
    assert.deepEqual([mimir.version, mimir.source], [version, "PATH"]);
    await program(path.join(bin(), "mimir"), `echo "Mimir, version ${versions.mimir} (branch: x, revision: y)"`);
    await assert.rejects(findTools(["mimir"], silentProgress), /there is no Go/);
  });

  it("builds the tools of a group in one call with the committed checksums, and keeps nothing else", async () => {
    await fakeGo('/bin/cp /bin/true "$out/operator"; /bin/cp /bin/true "$out/prometheus-config-reloader"');
    const tools = await findTools(["prometheus-operator", "prometheus-config-reloader"], silentProgress);
    assert.deepEqual(
      Object.values(tools).map(({ source, path: file }) => [source, path.basename(file)]),
      [
        ["build", `prometheus-operator-${OPERATOR}`],
        ["build", `prometheus-config-reloader-${OPERATOR}`],
      ],
    );
    const main = "github.com/prometheus-operator/prometheus-operator/cmd";
    const flags = "-mod=readonly -trimpath -buildvcs=false 0";
    const stamp = `-s -w -X github.com/prometheus/common/version.Version=${OPERATOR}`;
    const out = `${cache()}/build/prometheus-operator/out/`;
    assert.deepEqual(await calls(), [
      `${flags} list -deps ${main}/operator ${main}/prometheus-config-reloader`,
      `${flags} build -v -ldflags ${stamp} -o ${out} ${main}/operator ${main}/prometheus-config-reloader`,
    ]);
    assert.deepEqual(await cached(), [
      "bin",
      `bin/prometheus-config-reloader-${OPERATOR}`,
      `bin/prometheus-operator-${OPERATOR}`,
      "build",
    ]);
  });

  it("tells the last lines of a build that fails, and keeps nothing of it", async () => {
    await fakeGo('/bin/cp /bin/true "$out/operator"; echo "go: downloading x" >&2; echo "x.go:1: broken" >&2; exit 1');
    await assert.rejects(findTools(["prometheus-operator"], silentProgress), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, "prometheus-operator: building from the Go module proxy failed:\n  x.go:1: broken");
      assert.match(error.fix, new RegExp(`put version ${OPERATOR} of prometheus-operator on PATH$`));
      return true;
    });
    assert.deepEqual(await cached(), ["build"]);
  });

  it("says what to install where there is no Go", async () => {
    await assert.rejects(findTools(["prometheus-operator"], silentProgress), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^prometheus-operator: .* there is no Go to build it with$/);
      assert.match(error.fix, /^install Go from /);
      return true;
    });
  });

  function findInProcess(name: ToolName): { child: ChildProcess; ended: Promise<[number | null, string | null]> } {
    const script = `require("./tools/toolchain").findTools(["${name}"], require("./tools/cli/progress").silentProgress)
      .catch((error) => { console.error(error); process.exit(1); })`;
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", script], {
      cwd: repositoryRoot,
      stdio: "ignore",
    });
    return { child, ended: new Promise((resolve) => child.on("close", (...ending) => resolve(ending))) };
  }

  async function appears(file: string): Promise<string> {
    while (
      !(await access(file).then(
        () => true,
        () => false,
      ))
    )
      await sleep(20);
    return (await readFile(file, "utf8")).trim();
  }

  it("ends the compiler and removes what it made when a signal ends the command", async function () {
    this.timeout(300_000);
    await fakeGo(
      `/bin/cp /bin/true "$out/operator"; echo $$ > ${folder}/new; /bin/mv ${folder}/new ${folder}/pid; /bin/sleep 60`,
    );
    const { child, ended } = findInProcess("prometheus-operator");
    const compiler = Number(await appears(path.join(folder, "pid")));
    child.kill("SIGINT");
    assert.deepEqual(await ended, [null, "SIGINT"]);
    // Dead, though whoever adopted it may not have collected it yet.
    const state = async () =>
      /^State:\s+(\w)/m.exec(await readFile(`/proc/${compiler}/status`, "utf8").catch(() => ""))?.[1];
    while (![undefined, "Z", "X"].includes(await state())) await sleep(20);
    assert.deepEqual(await cached(), ["build", "build/prometheus-operator.lock"]);
    await fakeGo('/bin/cp /bin/true "$out/operator"');
    assert.equal((await findTools(["prometheus-operator"], silentProgress))["prometheus-operator"].source, "build");
    assert.deepEqual(await cached(), ["bin", `bin/prometheus-operator-${OPERATOR}`, "build"]);
  });

  it("builds once when two processes want the same tool", async function () {
    this.timeout(300_000);
    await fakeGo('/bin/sleep 1; /bin/cp /bin/true "$out/operator"');
    const both = [findInProcess("prometheus-operator"), findInProcess("prometheus-operator")];
    const endings = await Promise.all(both.map(({ ended }) => ended));
    assert.deepEqual(endings, [
      [0, null],
      [0, null],
    ]);
    assert.equal((await calls()).filter((call) => / build /.test(call)).length, 1);
  });
});
