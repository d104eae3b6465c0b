import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describeChanges } from "../../../tools/local/changes";
import { queryNow, queryNumber, serviceRequest } from "../../../tools/local/questions";
import { deployStack, destroyStack } from "../../../tools/local/stacks";
import { runCommand } from "./commands";
import { eventually } from "./eventually";
import { containerState, longestGap, recovers, sampleTimes, sigkill } from "./faults";
import { LivePlatform, NAMESPACE } from "./livePlatform";
import { postsOf, receivedPosts, SECRET, startReceiver, WEBHOOK_URL } from "./webhookReceiver";

const NAME = "e2e";
const NODES = 3;
const SCRAPE_INTERVAL_SECONDS = 5;
const WINDOW_SECONDS = 90;
const up = ["--name", NAME, "--nodes", String(NODES)];

/** What one machine cannot prove: the loss of a node or a zone, real GPUs, and the vendor's Kubernetes provider. */
describe("the platform on a real Kubernetes", function () {
  this.timeout(900_000);
  const platform = new LivePlatform(NAME);
  const ask = (promql: string) => queryNumber(platform.api, NAMESPACE, promql);

  before(async () => {
    await runCommand("local", ["down", "--name", NAME]);
    const { code, stdout, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`${NODES} nodes, ${NODES * 8} GPUs, 0 sick`));
    await platform.open();
  });

  after(async () => {
    await platform.close();
    const { code, stderr } = await runCommand("local", ["down", "--name", NAME]);
    assert.equal(code, 0, stderr);
  });

  it("every pod is Ready, in a namespace that enforces the restricted profile", async () => {
    const namespace = await platform.api.request("GET", `/api/v1/namespaces/${NAMESPACE}`);
    const { labels } = namespace.metadata as { labels: Record<string, string> };
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
    const { items } = (await platform.api.request("GET", `/api/v1/namespaces/${NAMESPACE}/pods`)) as unknown as {
      items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[];
    };
    const ready = items.filter(({ status }) =>
      status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    );
    // A Deployment's pods end in letters of chance.
    const names = ready.map(({ metadata }) => metadata.name.replace(/-[a-z0-9]{8,10}-[a-z0-9]{5}$/, "-*")).sort();
    assert.deepEqual(names, [
      "alertmanager-alertmanager-0",
      "alertmanager-alertmanager-1",
      "alertmanager-alertmanager-2",
      "gpu-fleet-*",
      "prometheus-operator-*",
      "prometheus-prometheus-0",
      "prometheus-prometheus-1",
      "thanos-query-*",
      "thanos-query-*",
    ]);
    assert.equal(items.length, names.length);
  });

  it("what the operator generates is loaded, everywhere", async () => {
    await eventually(
      "both Prometheus loaded it",
      () => ask("count(prometheus_config_last_reload_successful == 1)"),
      (count) => count === 2,
    );
    const perPod = await queryNow(platform.api, NAMESPACE, "prometheus_config_last_reload_successful == 1");
    assert.deepEqual(perPod.map(({ labels }) => labels.pod).sort(), [
      "prometheus-prometheus-0",
      "prometheus-prometheus-1",
    ]);
    const members = await queryNow(platform.api, NAMESPACE, "alertmanager_config_last_reload_successful == 1");
    assert.deepEqual(
      members.map(({ labels }) => labels.pod).sort(),
      [0, 1, 2].map((member) => `alertmanager-alertmanager-${member}`),
    );
  });

  it("every target is up, and no rule fails", async () => {
    await eventually(
      "all targets are up",
      () => ask("count(up == 0)"),
      (down) => down === 0,
    );
    const jobs = await queryNow(platform.api, NAMESPACE, "count by (job) (up)");
    assert.deepEqual(jobs.map(({ labels, value }) => `${labels.job} ${value}`).sort(), [
      "alertmanager 3",
      `dcgm-exporter ${NODES}`,
      "prometheus 2",
      "prometheus-operator 1",
      "prometheus-sidecar 2",
      "thanos-query 2",
    ]);
    const failures = await queryNow(platform.api, NAMESPACE, "sum(prometheus_rule_evaluation_failures_total)");
    assert.deepEqual(
      failures.map(({ value }) => value),
      [0],
    );
  });

  it("each Prometheus sends to every Alertmanager", async () => {
    const discovered = await queryNow(platform.api, NAMESPACE, "prometheus_notifications_alertmanagers_discovered");
    assert.deepEqual(discovered.map(({ labels, value }) => [labels.pod, value]).sort(), [
      ["prometheus-prometheus-0", 3],
      ["prometheus-prometheus-1", 3],
    ]);
  });

  it("a second run changes nothing", async () => {
    const { code, stdout, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\(0 changes\)/);
  });

  it("a preview after up shows no change, a changed setting exactly its own", async () => {
    assert.deepEqual(await platform.preview(await platform.stack()), []);
    assert.deepEqual(await platform.preview(await platform.stack(["prometheus.scrapeInterval=10s"])), [
      {
        resource: "Prometheus prometheus",
        operation: "update",
        properties: ["spec.evaluationInterval", "spec.scrapeInterval"],
      },
    ]);
    assert.deepEqual(await platform.preview(await platform.stack(["longTermStorage.queriers=3"])), [
      { resource: "Deployment thanos-query", operation: "update", properties: ["spec.replicas"] },
    ]);
    await platform.stack();
  });

  for (const replica of [0, 1]) {
    it(`SIGKILL of Prometheus ${replica} leaves no hole longer than two scrape intervals`, async () => {
      const pod = `prometheus-prometheus-${replica}`;
      const selector = 'DCGM_FI_DEV_GPU_TEMP{instance="gpu-node-0",gpu="0"}';
      const bothAnswer = () =>
        eventually(
          "both replicas answer",
          () => sampleTimes(platform, selector, WINDOW_SECONDS, { dedup: false }),
          (series) => series.length === 2,
        );
      await bothAnswer();
      // Long enough that the merged series has settled on one replica.
      await sleep(20_000);
      const { restarts } = await containerState(platform, pod, "prometheus");
      await sigkill(platform, pod, "prometheus");
      await recovers(platform, pod, "prometheus", restarts);
      const single = await bothAnswer();
      const [merged = [], ...others] = await sampleTimes(platform, selector, WINDOW_SECONDS, { dedup: true });
      assert.deepEqual(others, [], "the replicas are one series");
      const gaps = single.map((times) => longestGap(times).toFixed(1));
      console.log(
        `      longest gap: merged ${longestGap(merged).toFixed(1)} s, single replicas ${gaps.join(" and ")} s`,
      );
      assert.ok(merged.length > 10, `${merged.length} samples`);
      assert.ok(longestGap(merged) <= 2 * SCRAPE_INTERVAL_SECONDS + 0.5, `a hole of ${longestGap(merged)} s`);
    });
  }

  describe("an alert", () => {
    const fire = (alertname: string) =>
      platform.apply({
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: { name: alertname.toLowerCase(), namespace: NAMESPACE },
        spec: {
          groups: [
            { name: alertname, rules: [{ alert: alertname, expr: "vector(1)", labels: { severity: "critical" } }] },
          ],
        },
      });
    const arrival = (alertname: string) =>
      eventually(
        `${alertname} arrives`,
        async () => postsOf(await receivedPosts(platform), alertname),
        (posts) => posts.length > 0,
        240,
      );

    before(async () => {
      await startReceiver(platform);
      const opened = await platform.stack(["alerting.receivers=[{ name: e2e, kind: webhook }]"]);
      await platform.setSecret(opened, "alerting.receivers[0].url", WEBHOOK_URL);
      const changes = await deployStack(opened, () => {});
      assert.equal(describeChanges(changes), "2 update");
    });

    it("has its secret nowhere but in the cluster's Secret", async () => {
      const files = await platform.stateFiles();
      assert.ok(
        files.some((file) => file.endsWith("gpu-observability/local.json")),
        "the state is among them",
      );
      for (const file of files) {
        assert.doesNotMatch(await readFile(file, "utf8"), new RegExp(SECRET), file);
      }
      const secret = await platform.api.request(
        "GET",
        `/api/v1/namespaces/${NAMESPACE}/secrets/alertmanager-secret-files`,
      );
      const { "e2e-url": url } = secret.data as Record<string, string>;
      assert.equal(Buffer.from(url ?? "", "base64").toString(), WEBHOOK_URL);
      const configuration = await platform.api.request(
        "GET",
        `/api/v1/namespaces/${NAMESPACE}/secrets/alertmanager-configuration`,
      );
      const { "alertmanager.yaml": yaml } = configuration.data as Record<string, string>;
      assert.doesNotMatch(Buffer.from(yaml ?? "", "base64").toString(), new RegExp(SECRET));
    });

    it("that both replicas send arrives once while the members see each other", async () => {
      await eventually(
        "three members gossip",
        () => ask("min(alertmanager_cluster_members)"),
        (n) => n === 3,
      );
      await fire("E2eOnce");
      await arrival("E2eOnce");
      const senders = await queryNow(platform.api, NAMESPACE, "prometheus_notifications_sent_total > 0");
      assert.equal(new Set(senders.map(({ labels }) => labels.pod)).size, 2, "both replicas sent");
      // The last member would notify after two peer timeouts of 15 s.
      await sleep(45_000);
      assert.equal(postsOf(await receivedPosts(platform), "E2eOnce").length, 1);
    });

    it("arrives at least once when the member that would send it is killed", async () => {
      // The first in the order of the gossip notifies; the others wait for it.
      const [first] = await queryNow(platform.api, NAMESPACE, "alertmanager_peer_position == 0");
      const member = first?.labels.pod ?? "";
      const { restarts } = await containerState(platform, member, "alertmanager");
      await fire("E2eKilled");
      await eventually(
        "the alert is pending at the members",
        () => ask('count(ALERTS{alertname="E2eKilled"})'),
        (n) => n > 0,
      );
      await sigkill(platform, member, "alertmanager");
      await arrival("E2eKilled");
      await recovers(platform, member, "alertmanager", restarts);
      await sleep(45_000);
      const posts = postsOf(await receivedPosts(platform), "E2eKilled").length;
      console.log(`      ${posts} posts, ${posts - 1} of them duplicates`);
      assert.ok(posts >= 1);
    });
  });

  it("a sick GPU is seen, and a healed one no more", async () => {
    const fault = (method: string) =>
      serviceRequest(
        platform.api,
        { namespace: NAMESPACE, name: "gpu-fleet", port: "metrics" },
        { method, path: "/faults/xid", query: { node: "gpu-node-1", gpu: "3" } },
      );
    await fault("PUT");
    const sick = await eventually(
      "status names it",
      () => runCommand("local", ["status", "--name", NAME]),
      ({ stdout }) => stdout.includes("1 sick"),
    );
    assert.match(sick.stdout, /1 sick: GPU 3 of gpu-node-1/);
    await fault("DELETE");
    await eventually(
      "status is well again",
      () => runCommand("local", ["status", "--name", NAME]),
      ({ code, stdout }) => code === 0 && stdout.includes("0 sick"),
    );
  });

  // In a suite of its own: mocha runs the tests of a suite before the suites in it.
  describe("destroyed", () => {
    it("destroy removes all but the CRDs, and up works again", async () => {
      await destroyStack(await platform.stack(), () => {});
      const namespaces = (await platform.api.request("GET", "/api/v1/namespaces")) as unknown as {
        items: { metadata: { name: string } }[];
      };
      assert.deepEqual(namespaces.items.map(({ metadata }) => metadata.name).sort(), [
        "default",
        "kube-node-lease",
        "kube-public",
        "kube-system",
      ]);
      const definitions = (await platform.api.request(
        "GET",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      )) as unknown as { items: unknown[] };
      assert.equal(definitions.items.length, 10);
      const { code, stdout, stderr } = await runCommand("local", up);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`${NODES} nodes, ${NODES * 8} GPUs, 0 sick`));
    });
  });
});
