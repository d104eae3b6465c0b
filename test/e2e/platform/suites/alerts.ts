import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { queryNow, queryNumber } from "../../../../tools/local/questions";
import { eventually } from "../eventually";
import { containerState, recovers, sigkill } from "../faults";
import { type LivePlatform, NAMESPACE } from "../livePlatform";
import { postsOf, receivedPosts, SECRET, WEBHOOK_URL } from "../webhookReceiver";

export function alertDelivery(platform: LivePlatform, receiversReady: () => Promise<void>): void {
  const ask = (promql: string) => queryNumber(platform.api, NAMESPACE, promql);

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
      );

    before(receiversReady);

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
}
