import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { versions } from "../../components/versions";
import { type CrdRelease, pinnedRelease } from "../../crds/checksums";
import { crdSchemas, readCrds } from "../../crds/release";
import { type CrdSource, goModule, officialDownload } from "../../crds/sources";
import { UserError } from "../../tools/cli/errors";
import { silentProgress } from "../../tools/cli/progress";

const yamlOf = (kind: string, plural: string) => `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${plural}.monitoring.coreos.com
spec:
  group: monitoring.coreos.com
  names: { kind: ${kind}, plural: ${plural} }
  scope: Namespaced
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, description: ${kind} } } }
    - { name: v1alpha1, served: false, storage: false, schema: { openAPIV3Schema: { type: object } } }
`;
const files: Record<string, string> = {
  probes: yamlOf("Probe", "probes"),
  prometheuses: yamlOf("Prometheus", "prometheuses"),
};
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const release: CrdRelease = {
  version: "v9.9.9",
  sha256: Object.fromEntries(Object.entries(files).map(([plural, text]) => [plural, sha256(text)])),
};

/** A source that has `content` and counts what is asked of it. */
function sourceOf(content: Record<string, string>, name = "the test") {
  const asked: string[][] = [];
  const source: CrdSource = {
    name,
    async read(_version, plurals) {
      asked.push(plurals);
      return new Map(plurals.map((plural) => [plural, Buffer.from(content[plural] ?? "")]));
    },
  };
  return { source, asked };
}

const unreachable = (name: string, reason: string): CrdSource => ({
  name,
  read: () => Promise.reject(new Error(reason)),
});

describe("the operator's CRDs", () => {
  const before = process.env.GPU_OBSERVABILITY_CACHE;
  let cache: string;
  const cacheFile = (plural: string) => path.join(cache, "crds", "v9.9.9", `${plural}.json`);

  beforeEach(() => {
    cache = mkdtempSync(path.join(os.tmpdir(), "crds-"));
    process.env.GPU_OBSERVABILITY_CACHE = cache;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.GPU_OBSERVABILITY_CACHE;
    else process.env.GPU_OBSERVABILITY_CACHE = before;
    rmSync(cache, { recursive: true });
  });

  it("belong to the operator that components/versions.ts pins", () => {
    assert.equal(pinnedRelease.version, versions.prometheusOperator);
    assert.deepEqual(Object.keys(pinnedRelease.sha256), [
      "alertmanagerconfigs",
      "alertmanagers",
      "podmonitors",
      "probes",
      "prometheusagents",
      "prometheuses",
      "prometheusrules",
      "scrapeconfigs",
      "servicemonitors",
      "thanosrulers",
    ]);
  });

  it("are fetched and converted once, then read from the cache without a source or a progress step", async () => {
    const { source, asked } = sourceOf(files);
    const steps: string[] = [];
    const progress = {
      ...silentProgress,
      step: <T>(title: string, work: (report: (detail: string) => void) => Promise<T>) => {
        steps.push(title);
        return work(() => {});
      },
    };
    const cold = await readCrds({ release, sources: [source], progress });
    const warm = await readCrds({ release, sources: [], progress });
    assert.deepEqual(asked, [["probes", "prometheuses"]]);
    assert.deepEqual(steps, ["Reading the prometheus-operator's CRDs (v9.9.9)"]);
    assert.deepEqual(warm, cold);
    assert.deepEqual(
      cold.map((crd) => crd.metadata.name),
      ["probes.monitoring.coreos.com", "prometheuses.monitoring.coreos.com"],
    );
  });

  it("give one schema per served version", async () => {
    assert.deepEqual(await crdSchemas({ release, sources: [sourceOf(files).source], kinds: ["Prometheus"] }), [
      {
        group: "monitoring.coreos.com",
        version: "v1",
        kind: "Prometheus",
        plural: "prometheuses",
        scope: "Namespaced",
        schema: { type: "object", description: "Prometheus" },
      },
    ]);
  });

  it("of the kinds asked only are fetched; an unknown kind is refused", async () => {
    const { source, asked } = sourceOf(files);
    await readCrds({ release, sources: [source], kinds: ["Probe"] });
    assert.deepEqual(asked, [["probes"]]);
    await assert.rejects(readCrds({ release, sources: [source], kinds: ["Pod"] }), {
      message: "the prometheus-operator v9.9.9 has no CustomResourceDefinition of kind Pod",
    });
  });

  it("with a wrong checksum are refused by name, sum and source, the next source is not tried, nothing is stored", async () => {
    const tampered = sourceOf({ ...files, prometheuses: "tampered" }, "the proxy");
    const next = sourceOf(files);
    await assert.rejects(readCrds({ release, sources: [tampered.source, next.source] }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(
        error.message,
        "monitoring.coreos.com_prometheuses.yaml of the prometheus-operator v9.9.9 has a wrong checksum: " +
          `expected sha256 ${sha256(files.prometheuses ?? "")}, got ${sha256("tampered")}, from the proxy; nothing was stored`,
      );
      assert.match(error.fix, /run the command again.*crds\/checksums\.ts/);
      return true;
    });
    assert.deepEqual(next.asked, []);
    assert.deepEqual(readdirSync(cache), []);
  });

  it("come from the next source when one cannot be reached", async () => {
    const crds = await readCrds({ release, sources: [unreachable("closed", "no route"), sourceOf(files).source] });
    assert.equal(crds.length, 2);
  });

  it("without any source end in one sentence with every reason, and the fix", async () => {
    const sources = [unreachable("the download", "no route"), unreachable("the module", "go is not installed")];
    await assert.rejects(readCrds({ release, sources }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(
        error.message,
        "the CRDs of the prometheus-operator v9.9.9 cannot be read (the download: no route; the module: go is not installed)",
      );
      assert.match(error.fix, /install Go/);
      return true;
    });
  });

  for (const [damage, change] of Object.entries({
    truncated: (text: string) => text.slice(0, 100),
    empty: () => "",
    altered: (text: string) => text.replace("Namespaced", "Cluster"),
    "of another YAML": (text: string) => text.replace(/"yamlSha256":"[0-9a-f]/, '"yamlSha256":"g'),
  })) {
    it(`heal when a cached file is ${damage}`, async () => {
      const cold = await readCrds({ release, sources: [sourceOf(files).source] });
      const intact = readFileSync(cacheFile("probes"), "utf8");
      assert.notEqual(change(intact), intact);
      writeFileSync(cacheFile("probes"), change(intact));
      const { source, asked } = sourceOf(files);
      assert.deepEqual(await readCrds({ release, sources: [source] }), cold);
      assert.deepEqual(asked, [["probes"]]);
      assert.equal(readFileSync(cacheFile("probes"), "utf8"), intact);
      assert.deepEqual(readdirSync(path.dirname(cacheFile("probes"))), ["probes.json", "prometheuses.json"]);
    });
  }
});

describe("the sources of the operator's CRDs", () => {
  const { fetch } = globalThis;
  const { PATH } = process.env;
  afterEach(() => {
    globalThis.fetch = fetch;
    process.env.PATH = PATH;
  });

  it("the official download reads the files of the release tag", async () => {
    const urls: string[] = [];
    globalThis.fetch = async (url) => {
      urls.push(String(url));
      return new Response("content");
    };
    const read = await officialDownload.read("v1.2.3", ["probes", "podmonitors"]);
    const base =
      "https://raw.githubusercontent.com/prometheus-operator/prometheus-operator/v1.2.3/example/prometheus-operator-crd";
    assert.deepEqual(urls, [
      `${base}/monitoring.coreos.com_probes.yaml`,
      `${base}/monitoring.coreos.com_podmonitors.yaml`,
    ]);
    assert.deepEqual([...read].map(String), ["probes,content", "podmonitors,content"]);
  });

  it("the official download asks once and gives the reason when the network is closed", async () => {
    let asked = 0;
    globalThis.fetch = async () => {
      asked++;
      throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") });
    };
    await assert.rejects(officialDownload.read("v1.2.3", ["probes", "podmonitors"]), {
      message: "getaddrinfo ENOTFOUND",
    });
    assert.equal(asked, 1);
  });

  it("the official download takes no error page for a file", async () => {
    globalThis.fetch = async () => new Response("not found", { status: 404 });
    await assert.rejects(officialDownload.read("v1.2.3", ["probes"]), { message: /^HTTP 404 for https:/ });
  });

  it("the Go module says when Go is not installed", async () => {
    process.env.PATH = "/nonexistent";
    await assert.rejects(goModule.read("v1.2.3", ["probes"]), { message: "go is not installed" });
  });
});
