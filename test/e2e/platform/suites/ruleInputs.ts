import assert from "node:assert/strict";
import { platformRuleGroups } from "../../../../components/prometheus/rules";
import { isAlertingRule, type RuleGroup } from "../../../../components/prometheus/rules/rule";
import { ruleArgs } from "../../../../stacks/parts/prometheus";
import { checkedSettings } from "../../../../tools/local/checkSettings";
import { platformStack } from "../../../../tools/local/programs";
import { queryNow } from "../../../../tools/local/questions";
import { selectionsOf } from "../../../../tools/testing/promql";
import { absentHere } from "../absentMetrics";
import { eventually } from "../eventually";
import { type LivePlatform, NAMESPACE } from "../livePlatform";

interface LoadedRule {
  name: string;
  health: string;
  lastError?: string;
}

export function ruleInputs(platform: LivePlatform): void {
  let rules: RuleGroup["rules"] = [];

  before(async () => {
    const { settings } = await platformStack({ name: platform.name }, []);
    rules = platformRuleGroups(ruleArgs(checkedSettings(settings))).flatMap((group) => group.rules);
  });

  const loaded = async (replica: number) => {
    const { data } = await platform.api.request(
      "GET",
      `/api/v1/namespaces/${NAMESPACE}/pods/prometheus-prometheus-${replica}:9090/proxy/api/v1/rules`,
    );
    return (data as unknown as { groups: { rules: LoadedRule[] }[] }).groups.flatMap((group) => group.rules);
  };

  for (const replica of [0, 1]) {
    it(`every rule that ships is loaded and evaluated without an error by Prometheus ${replica}`, async () => {
      const unwell = await eventually(
        "every rule was evaluated",
        async () => (await loaded(replica)).filter(({ health }) => health === "unknown"),
        (unknown) => unknown.length === 0,
      ).then(async () => (await loaded(replica)).filter(({ health }) => health !== "ok"));
      assert.deepEqual(
        unwell.map(({ name, health, lastError }) => `${name}: ${health} ${lastError}`),
        [],
      );
      const names = (await loaded(replica)).map(({ name }) => name).sort();
      assert.deepEqual(names, rules.map((rule) => (isAlertingRule(rule) ? rule.alert : rule.record)).sort());
    });
  }

  it("exists here, or there is a reason why it does not", async () => {
    const wanted = [...new Set(rules.flatMap(({ expr }) => selectionsOf(expr).map(({ name }) => name)))].sort();
    const absent = await eventually(
      "all others are there",
      async () => {
        const found = await queryNow(
          platform.api,
          NAMESPACE,
          `count by (__name__) ({__name__=~"${wanted.join("|")}"})`,
        );
        const present = new Set(found.map(({ labels }) => labels.__name__));
        return wanted.filter((name) => !present.has(name));
      },
      (missing) => missing.every((name) => absentHere.some(({ names }) => names.test(name))),
    );
    console.log(`      ${wanted.length - absent.length} of ${wanted.length} metrics exist here`);
    // A reason for metrics that no rule asks for any more is one for nothing.
    assert.deepEqual(
      absentHere.filter(({ names }) => !wanted.some((name) => names.test(name))),
      [],
    );
  });

  it("only alerts that this machine deserves fire", async () => {
    const firing = await queryNow(platform.api, NAMESPACE, 'count by (alertname) (ALERTS{alertstate="firing"})');
    const allowed = ["Watchdog", ...Object.keys(deservedHere)];
    const names = firing.map(({ labels }) => labels.alertname ?? "").sort();
    assert.deepEqual(
      names.filter((name) => !allowed.includes(name)),
      [],
    );
    assert.ok(names.includes("Watchdog"));
  });

  it("costs what is written here (a report, with no limit to pass)", async () => {
    const series = await queryNow(platform.api, NAMESPACE, "sum by (job) (scrape_samples_post_metric_relabeling)");
    const scraped = await queryNow(platform.api, NAMESPACE, "sum by (job) (scrape_samples_scraped)");
    const memory = await queryNow(
      platform.api,
      NAMESPACE,
      `sum by (namespace, container) (container_memory_working_set_bytes{container!=""}) / 2^20`,
    );
    const before = new Map(scraped.map(({ labels, value }) => [labels.job, value]));
    for (const { labels, value } of series.sort((a, b) => b.value - a.value)) {
      console.log(`      series  ${String(labels.job).padEnd(20)} ${value} of ${before.get(labels.job)} scraped`);
    }
    for (const { labels, value } of memory.sort((a, b) => b.value - a.value)) {
      console.log(`      memory  ${`${labels.namespace}/${labels.container}`.padEnd(45)} ${value.toFixed(0)} MiB`);
    }
    assert.ok(series.length > 0 && memory.length > 0);
  });
}

/** Alerts that may fire on the machine that runs the tests, and why they are right to. */
const deservedHere: Record<string, string> = {
  NodeClockNotSynchronising: "a container or a small virtual machine has no time daemon of its own",
  NodeCPUSaturated: "two cores run a whole cluster, and the tests",
};
