import assert from "node:assert/strict";
import { parse } from "yaml";
import { alertmanagerConfiguration, type Routing } from "../../components";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { isAlertingRule } from "../../components/prometheus/rules/rule";

const DIRECTORY = "/etc/alertmanager/secrets/files";

const render = (routing: Partial<Routing>) => {
  const { configuration, secretFiles } = alertmanagerConfiguration(
    { receivers: [], routes: [], ...routing },
    DIRECTORY,
  );
  return { ...parse(configuration), secretFiles };
};

/** What a rendered tree cannot prove: that Alertmanager loads it. The e2e tests look. */
describe("Alertmanager's routing", () => {
  it("without receivers sends nothing to nobody", () => {
    const { route, receivers, secretFiles } = render({});
    assert.equal(route.receiver, "nobody");
    assert.deepEqual(route.routes, [{ matchers: ['alertname="Watchdog"', 'namespace=""'], receiver: "nobody" }]);
    assert.deepEqual(receivers, [{ name: "nobody" }]);
    assert.deepEqual(secretFiles, {});
  });

  it("reads every address from a file, and has none in itself", () => {
    const { receivers, secretFiles } = render({
      receivers: [{ name: "oncall", url: "https://secret.example/a" }],
      heartbeat: { url: "https://secret.example/b" },
    });
    assert.deepEqual(receivers, [
      { name: "nobody" },
      { name: "oncall", webhook_configs: [{ url_file: `${DIRECTORY}/oncall-url`, send_resolved: true }] },
      { name: "heartbeat", webhook_configs: [{ url_file: `${DIRECTORY}/heartbeat-url`, send_resolved: false }] },
    ]);
    assert.deepEqual(secretFiles, {
      "oncall-url": "https://secret.example/a",
      "heartbeat-url": "https://secret.example/b",
    });
  });

  it("has the Watchdog leave first, posted once per interval by one member", () => {
    const { route } = render({
      receivers: [{ name: "oncall", url: "https://a" }],
      routes: [{ matchers: ['severity="critical"'], receiver: "oncall", repeatInterval: "4h" }],
      heartbeat: { url: "https://b", intervalSeconds: 120 },
    });
    assert.deepEqual(route.routes, [
      {
        matchers: ['alertname="Watchdog"', 'namespace=""'],
        receiver: "heartbeat",
        group_wait: "0s",
        group_interval: "120s",
        repeat_interval: "96s",
      },
      { matchers: ['severity="critical"'], receiver: "oncall", repeat_interval: "4h" },
    ]);
  });

  it("gives what no route takes to the default receiver, else to the first", () => {
    const receivers = [
      { name: "first", url: "https://a" },
      { name: "second", url: "https://b" },
    ];
    assert.equal(render({ receivers }).route.receiver, "first");
    assert.equal(render({ receivers, defaultReceiver: "second" }).route.receiver, "second");
  });

  it("silences the milder alert of the same name at the same place only", () => {
    const places = ["failure_domain", "node", "UUID", "workload", "model_name"];
    const equal = ["cluster", "namespace", "alertname", "job", "instance", ...places];
    assert.deepEqual(render({}).inhibit_rules.slice(0, 2), [
      { source_matchers: ['severity="critical"'], target_matchers: ['severity=~"warning|info"'], equal },
      { source_matchers: ['severity="warning"'], target_matchers: ['severity=~"info"'], equal },
    ]);
  });

  it("of GPUs: a fault silences its consequences, and every label that must be equal is required on both sides", () => {
    const rules: { source_matchers: string[]; target_matchers: string[]; equal: string[] }[] = render(
      {},
    ).inhibit_rules.slice(2);
    assert.deepEqual(
      rules.map(({ equal }) => equal),
      [
        ["cluster", "namespace", "workload", "workload_kind"],
        ...Array(5).fill(["cluster", "failure_domain"]),
        ["cluster", "node"],
        ["cluster", "node", "UUID"],
      ],
    );
    for (const { source_matchers, target_matchers, equal } of rules) {
      const labels = equal.filter((label) => label !== "cluster");
      const required = (matchers: string[]) => labels.filter((label) => matchers.includes(`${label}!=""`));
      // A node is required by its card, whose UUID no other node has.
      const needed = labels.filter((label) => !(label === "node" && labels.includes("UUID")));
      assert.deepEqual(required(source_matchers), needed);
      assert.deepEqual(required(target_matchers), needed);
      assert.ok(![...source_matchers, ...target_matchers].some((matcher) => matcher.includes("Watchdog")));
    }
  });

  it("of GPUs: every alert that is named exists", () => {
    const alerts = platformRuleGroups().flatMap(({ rules }) => rules.filter(isAlertingRule).map(({ alert }) => alert));
    const matches = JSON.stringify(render({}).inhibit_rules.slice(2)).matchAll(/alertname=~?\\"([^"\\]+)/g);
    const named = [...matches].flatMap(([, names = ""]) => names.split("|"));
    assert.ok(named.length > 8);
    assert.deepEqual(
      named.filter((name) => !alerts.includes(name)),
      [],
    );
  });
});
