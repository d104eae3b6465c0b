import assert from "node:assert/strict";
import { queryNow, queryNumber } from "../../../../tools/local/questions";
import { deployStack } from "../../../../tools/local/stacks";
import { ApiError } from "../../../../tools/provider/apiClient";
import { eventually } from "../eventually";
import { type LivePlatform, NAMESPACE } from "../livePlatform";
import { makeNamespace, startTestPod } from "../testPod";

const GOOD = "e2e-good-team";
const BROKEN = "e2e-broken-team";
const UNKNOWN = "e2e-unknown-team";
const API = "monitoring.coreos.com/v1";
const label = { "gpu-observability/monitoring": "enabled" };

export function teams(platform: LivePlatform): void {
  const ask = (promql: string) => queryNow(platform.api, NAMESPACE, promql);
  const count = (promql: string) => queryNumber(platform.api, NAMESPACE, promql);
  const apply = (kind: string, namespace: string, name: string, spec: object) =>
    platform.apply({ apiVersion: API, kind, metadata: { name, namespace }, spec });
  const monitor = (namespace: string, name: string, endpoint: object = {}, spec: object = {}) =>
    apply("ServiceMonitor", namespace, name, {
      selector: { matchLabels: { app: "app" } },
      endpoints: [{ port: "http", ...endpoint }],
      ...spec,
    });
  const refused = async (made: Promise<unknown>, reason: RegExp) =>
    assert.rejects(made, (error: unknown) => {
      assert.ok(error instanceof ApiError, String(error));
      assert.match(error.message, reason);
      return true;
    });

  before(async () => {
    await makeNamespace(platform, GOOD, label);
    await makeNamespace(platform, BROKEN, label);
    await makeNamespace(platform, UNKNOWN);
    for (const namespace of [GOOD, BROKEN, UNKNOWN]) await startTestPod(platform, namespace, "app");
  });

  it("are scraped by ServiceMonitor, PodMonitor and Probe, and their rules are evaluated", async () => {
    await monitor(GOOD, "service", { honorLabels: true });
    await apply("PodMonitor", GOOD, "pod", {
      selector: { matchLabels: { app: "app" } },
      podMetricsEndpoints: [{ port: "http" }],
    });
    await apply("Probe", GOOD, "probe", {
      prober: { url: `app.${GOOD}.svc:8080` },
      targets: { staticConfig: { static: ["http://example.invalid"] } },
    });
    await apply("PrometheusRule", GOOD, "rules", {
      groups: [{ name: "e2e", rules: [{ record: "e2e:targets:count", expr: "count(up)" }] }],
    });
    await monitor(UNKNOWN, "service");
    await eventually(
      "three targets of the team are up",
      () => count(`count(up{namespace="${GOOD}"} == 1)`),
      (up) => up === 3,
    );
    assert.equal(await count(`probe_success{namespace="${GOOD}"}`), 1);
    // The rule sees its own namespace and nothing else, whatever it asks for.
    const recorded = await eventually(
      "the rule has a result",
      () => ask("e2e:targets:count"),
      (result) => result.length === 1 && result[0]?.value === 3,
    );
    assert.equal(recorded[0]?.labels.namespace, GOOD);
  });

  it("cannot pass for another namespace, and without the label are not looked at", async () => {
    // The pod says namespace="monitoring" of its series, and its monitor asks that to be honoured.
    assert.equal(await count(`count(e2e_metric{namespace="${NAMESPACE}"})`), 0);
    assert.equal(await count(`count(e2e_metric{namespace="${GOOD}"})`), 20);
    assert.equal(await count(`count(up{namespace="${UNKNOWN}"})`), 0);
  });

  it("that are broken harm nobody else", async () => {
    const before = await count("count(up == 1)");
    // Too many samples, an invalid relabelling, a template that is none, and an expression that is no PromQL.
    await monitor(BROKEN, "many", { path: "/many" });
    await monitor(BROKEN, "invalid", { relabelings: [{ action: "replace", regex: "(", targetLabel: "x" }] });
    const rule = (name: string, expr: string, summary: string) =>
      apply("PrometheusRule", BROKEN, name, {
        groups: [{ name, rules: [{ alert: "E2eInvalid", expr, annotations: { summary } }] }],
      });
    await rule("invalid", "vector(1)", "{{ unknown_function }}");
    // This one the operator leaves out without a word, as docs/teams.md says.
    await rule("no-promql", "sum(", "");
    await eventually(
      "the target with too many samples is down, at both replicas",
      () => ask(`up{namespace="${BROKEN}"} == 0`),
      (down) => down.length === 1,
    );
    await eventually(
      "the operator says which kinds it refused",
      () => ask('sum by (resource) (prometheus_operator_managed_resources{state="rejected"}) > 0'),
      (rejected) =>
        rejected
          .map(({ labels }) => labels.resource)
          .sort()
          .join() === "PrometheusRule,ServiceMonitor",
    );
    assert.equal(await count("count(up == 1)"), before, "everything else is still up");
    assert.equal(await count("min(prometheus_config_last_reload_successful)"), 1);
    assert.equal(await count(`count(e2e_metric{namespace="${BROKEN}"})`), 0);
    assert.equal(await count('count(ALERTS{alertname="E2eInvalid"})'), 0);
    // And whoever wrote them reads it where they are.
    await eventually(
      "events say why",
      async () => {
        const { items } = (await platform.api.request(
          "GET",
          `/apis/events.k8s.io/v1/namespaces/${BROKEN}/events`,
        )) as unknown as {
          items: { reason: string; regarding: { kind: string; name: string } }[];
        };
        return items
          .filter(({ reason }) => reason === "InvalidConfiguration")
          .map(({ regarding }) => `${regarding.kind} ${regarding.name}`);
      },
      (objects) => ["PrometheusRule invalid", "ServiceMonitor invalid"].every((object) => objects.includes(object)),
    );
  });

  it("are told by the API server when they ask for more than they may have", async () => {
    await refused(
      monitor(GOOD, "greedy", {}, { sampleLimit: 1_000_000 }),
      /spec\.sampleLimit is 1000000, and this namespace may have 1 to 20000: lower it, remove it, or ask/,
    );
    await refused(monitor(GOOD, "greedy", {}, { sampleLimit: 0 }), /spec\.sampleLimit is 0/);
    await refused(monitor(GOOD, "greedy", {}, { targetLimit: 5_000 }), /spec\.targetLimit is 5000/);
    await refused(
      monitor(GOOD, "greedy", {}, { bodySizeLimit: "10GB" }),
      /spec\.bodySizeLimit is the platform's to set/,
    );
    await refused(monitor(GOOD, "greedy", { interval: "1s" }), /an interval must be at least 10s/);
    await monitor(GOOD, "modest", { interval: "1m30s" }, { sampleLimit: 20_000 });
    await monitor(GOOD, "modest", { interval: "1d" }, { sampleLimit: 20_000 });
    // Elsewhere nobody is asked: nothing there is scraped either.
    await monitor(UNKNOWN, "greedy", {}, { sampleLimit: 1_000_000 });
  });

  it("are told by the API server when they reach beyond their namespace", async () => {
    const step = { sourceLabels: ["__meta_kubernetes_pod_name"], action: "replace" };
    await monitor(GOOD, "modest", { relabelings: [{ ...step, targetLabel: "rack" }] });
    const address = /relabelings must leave __address__ alone/;
    await refused(monitor(GOOD, "modest", { relabelings: [{ ...step, targetLabel: "__address__" }] }), address);
    await refused(monitor(GOOD, "modest", { relabelings: [{ ...step, targetLabel: "$1" }] }), address);
    await refused(monitor(GOOD, "modest", { relabelings: [{ regex: "x_(.+)", action: "labelmap" }] }), address);
    await refused(monitor(GOOD, "modest", { proxyUrl: "http://example.invalid" }), /proxyUrl is not allowed/);
    const probe = (url: string) =>
      apply("Probe", GOOD, "elsewhere", { prober: { url }, targets: { staticConfig: { static: ["x"] } } });
    await refused(probe(`prometheus.${NAMESPACE}.svc:9090`), /spec\.prober\.url must be a Service of this namespace/);
    await refused(probe(`app.${GOOD}.svc.example.invalid`), /spec\.prober\.url must be a Service of this namespace/);
    await refused(
      platform.apply({
        apiVersion: API,
        kind: "PrometheusRule",
        metadata: { name: "mine", namespace: GOOD, labels: { "gpu-observability/evaluator": "shard" } },
        spec: { groups: [] },
      }),
      /the label gpu-observability\/evaluator is the platform's own/,
    );
    // In every namespace: Prometheus' token would go to the target, whenever the namespace gets the label.
    for (const namespace of [GOOD, UNKNOWN]) {
      await refused(
        monitor(namespace, "modest", {}, { scrapeClass: "gpu-observability-kubernetes" }),
        /spec\.scrapeClass gpu-observability-kubernetes is the platform's own/,
      );
    }
  });

  it("that are named in the settings have limits of their own", async () => {
    const named = `teams.namespaces=[{ name: ${GOOD}, samplesPerScrape: 50000, objects: 3 }]`;
    await deployStack(await platform.stack([named]), () => {});
    await eventually(
      "the new limit holds",
      () => monitor(GOOD, "modest", {}, { sampleLimit: 50_000 }).then(() => "accepted"),
      (answer) => answer === "accepted",
    );
    await refused(monitor(GOOD, "modest", {}, { sampleLimit: 50_001 }), /may have 1 to 50000/);
    await monitor(GOOD, "third");
    await eventually(
      "the quota knows what there is",
      () =>
        platform.api.request("GET", `/api/v1/namespaces/${GOOD}/resourcequotas/monitoring-team-limits`) as Promise<{
          status?: { used?: Record<string, string> };
        }>,
      ({ status }) => status?.used?.["count/servicemonitors.monitoring.coreos.com"] === "3",
    );
    await refused(monitor(GOOD, "fourth"), /exceeded quota: monitoring-team-limits/);
    await deployStack(await platform.stack(), () => {});
  });

  after(async () => {
    for (const namespace of [GOOD, BROKEN, UNKNOWN]) {
      await platform.api.request("DELETE", `/api/v1/namespaces/${namespace}`);
    }
  });
}
