import assert from "node:assert/strict";
import { silentProgress } from "../../../tools/cli/progress";
import * as cluster from "../../../tools/cluster";
import { platformImages } from "../../../tools/local/images";
import { findTools } from "../../../tools/toolchain";
import { runCommand } from "../platform/commands";
import { startS3Server } from "./s3Server";
import { BASE, StorePlatform } from "./storePlatform";
import { ringStore } from "./suites/ringStore";
import { thanos } from "./suites/thanos";
import { victoriaMetrics } from "./suites/victoriaMetrics";

const NAME = "e2e-stores";

/**
 * Two shards with two replicas each, into every store that can run here, one after the other. What it does not prove: AWS' own S3,
 * pods with identities of the cloud, volumes, zones, and the cluster version of VictoriaMetrics, whose programs cannot be had here.
 */
describe("long-term stores on a real Kubernetes", function () {
  this.timeout(2_000_000);
  const platform = new StorePlatform(NAME);

  before(async () => {
    await runCommand("local", ["down", "--name", NAME]);
    const up = ["--name", NAME, "--nodes", "2", ...BASE.flatMap((setting) => ["--set", setting])];
    const { code, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    const running = await cluster.up(NAME, silentProgress);
    const tools = await findTools(
      ["versitygw", "victoria-metrics", "vmagent", "vmauth", "mimir", "cortex"],
      silentProgress,
    );
    await cluster.importImages(running, await platformImages(tools), silentProgress);
    await platform.open();
    await startS3Server(platform);
  });

  after(async () => {
    await platform.close();
    const { code, stderr } = await runCommand("local", ["down", "--name", NAME]);
    assert.equal(code, 0, stderr);
  });

  describe("Thanos", () => thanos(platform));
  describe("VictoriaMetrics beside it", () => victoriaMetrics(platform));
  for (const kind of ["mimir", "cortex"] as const) describe(`${kind} beside it`, () => ringStore(platform, kind));
});
