import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { isAlertingRule } from "../../components/prometheus/rules/rule";
import { storeKinds } from "../../components/prometheus/rules/stores";
import { repositoryRoot } from "../../tools/cli/paths";
import { alertReference, anyBudgets } from "../../tools/docs/alerts";
import { generatedPart } from "../generatedPart";
import { promtool, proven } from "./promtool";

describe("rules: every rule", () => {
  const groups = platformRuleGroups({
    teams: true,
    gpuProfile: "profiling",
    seriesBudgets: anyBudgets,
    stores: storeKinds,
    seriesOfNamespaces: [{ name: "research", series: 50_000 }],
  });
  const rules = groups.flatMap((group) => group.rules);
  const alerts = rules.filter(isAlertingRule).map(({ alert }) => alert);
  const records = rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record]));

  it("passes promtool's checks together with all the others", () => promtool(groups, []));

  it("has a name of its own, and so has every group", () => {
    const names = [...alerts, ...groups.map((group) => group.name)];
    assert.deepEqual(names, [...new Set(names)]);
    for (const { name } of groups) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it("is proved by fixtures: the Watchdog has its own, and no fixture is for a rule that is gone", () => {
    assert.deepEqual([...proven, "Watchdog"].sort(), [...new Set([...alerts, ...records])].sort());
  });

  it("has a runbook page if it is an alert, and no page is for an alert that is gone", () => {
    const pages = readdirSync(path.join(repositoryRoot, "docs", "runbooks"))
      .filter((file) => file !== "README.md")
      .sort();
    assert.deepEqual(pages, alerts.map((alert) => `${alert}.md`).sort());
  });

  it("is in the table of docs/alerts.md", () => generatedPart("alerts.md", alertReference()));

  it("says with values what is wrong, in whole sentences", () => {
    for (const rule of rules.filter(isAlertingRule)) {
      assert.match(rule.summary, /^[A-Z{][^\n]*\.$/, rule.alert);
      assert.match(rule.description, /\.$/, rule.alert);
      if (rule.severity !== "none") assert.match(rule.description, /\{\{/, `${rule.alert} names no value`);
    }
  });

  it("names its recorded series level:metric:operations", () => {
    for (const record of records) assert.match(record, /^[a-z_]+:[a-z0-9_]+:[a-z0-9_]+$/);
  });
});
