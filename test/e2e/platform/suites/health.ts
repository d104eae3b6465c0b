import assert from "node:assert/strict";
import { queryNow, queryNumber } from "../../../../tools/local/questions";
import { eventually } from "../eventually";
import { type LivePlatform, NAMESPACE } from "../livePlatform";

export function health(platform: LivePlatform, fleetNodes: number): void {
  const ask = (promql: string) => queryNumber(platform.api, NAMESPACE, promql);

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
      "kube-state-metrics-*",
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

  // A cluster of one node can have all of them; the rulers are there with a second shard only.
  it("every target is up, and no rule fails", async () => {
    await eventually(
      "all targets are up",
      () => ask("count(up == 0)"),
      (down) => down === 0,
    );
    const jobs = await queryNow(platform.api, NAMESPACE, "count by (job) (up)");
    assert.deepEqual(jobs.map(({ labels, value }) => `${labels.job} ${value}`).sort(), [
      // Of each: the server, and the reloader of its configuration.
      "alertmanager 6",
      "apiserver 1",
      "cadvisor 1",
      "coredns 1",
      `dcgm-exporter ${fleetNodes}`,
      // Its metrics, and those about itself.
      "kube-state-metrics 2",
      "kubelet 1",
      "node-exporter 1",
      "prometheus 4",
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
}
