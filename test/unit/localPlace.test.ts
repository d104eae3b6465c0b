import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { UserError } from "../../tools/cli/errors";
import { checkedSettings, refuseSecrets } from "../../tools/local/checkSettings";
import { engineDirectory } from "../../tools/local/place";
import { platformStack } from "../../tools/local/programs";
import { type PlatformRecord, readRecord, writeRecord } from "../../tools/local/record";

const folder = (context: string) => engineDirectory({ kind: "context", context });

describe("the state folder of a context", () => {
  const before = process.env.XDG_STATE_HOME;
  const restore = () => {
    if (before === undefined) delete process.env.XDG_STATE_HOME;
    else process.env.XDG_STATE_HOME = before;
  };
  beforeEach(() => {
    process.env.XDG_STATE_HOME = "/state";
  });
  afterEach(restore);

  const contexts = ["a:b", "a/b", "a-b", "a b", "A-b", "ab", "..", "arn:aws:eks:eu-west-1:1:cluster/x"];

  it("is another one for every context", () => {
    assert.equal(new Set(contexts.map(folder)).size, contexts.length);
  });

  it("is the same one every time", () => {
    assert.equal(folder("a:b"), "/state/gpu-observability/a-b-6783a31e");
  });

  for (const context of contexts) {
    it(`is right below the product's folder: ${context}`, () => {
      assert.equal(path.dirname(folder(context)), "/state/gpu-observability");
    });
  }

  it("is in the home folder when the variable is empty", () => {
    process.env.XDG_STATE_HOME = "";
    assert.equal(path.dirname(folder("a")), path.join(os.homedir(), ".local/state/gpu-observability"));
  });
});

describe("the record of a deployed platform", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "record-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const record: PlatformRecord = {
    namespace: "monitoring",
    prometheusReplicas: 2,
    alertmanagerReplicas: 3,
    fleetNodes: 4,
    gpusPerNode: 8,
  };

  it("comes back as it was written, and nothing else stays behind", async () => {
    await writeRecord(directory, { ...record, fleetNodes: 1 });
    await writeRecord(directory, record);
    assert.deepEqual(await readRecord(directory), record);
    assert.deepEqual(await readdir(directory), ["platform.json"]);
  });

  it("is absent where there is none", async () => {
    assert.equal(await readRecord(directory), undefined);
  });

  for (const text of ["", '{"namespace":"moni']) {
    it(`is absent when it was cut off: ${JSON.stringify(text)}`, async () => {
      await writeFile(path.join(directory, "platform.json"), text);
      assert.equal(await readRecord(directory), undefined);
    });
  }
});

describe("secrets given to local by --set", () => {
  const raw = async (...settings: string[]) => (await platformStack({ name: "local" }, settings)).settings;
  const url = "https://example.test/hook-of-nobody";

  const secrets: [string, string, string][] = [
    ["a heartbeat", `alerting.heartbeat={ kind: webhook, url: "${url}" }`, "alerting.heartbeat.url"],
    ["a receiver", `alerting.receivers=[{ name: a, kind: webhook, url: "${url}" }]`, "alerting.receivers[0].url"],
  ];
  for (const [what, setting, at] of secrets) {
    it(`are refused without being shown: ${what}`, async () => {
      const settings = await raw(setting);
      assert.throws(
        () => refuseSecrets(settings),
        (error: unknown) => {
          assert.ok(error instanceof UserError);
          assert.ok(error.message.startsWith(`${at}: secrets cannot be given by --set`), error.message);
          assert.match(error.fix, /docs\/configuration\.md/);
          assert.ok(!`${error.message}${error.fix}`.includes(url));
          assert.equal(error.exitCode, 2);
          return true;
        },
      );
    });
  }

  it("are the only thing refused", async () => {
    const settings = await raw("prometheus.scrapeInterval=10s");
    refuseSecrets(settings);
    assert.equal(checkedSettings(settings).prometheus.scrapeInterval, "10s");
  });
});
