import assert from "node:assert/strict";
import { teamRules } from "../../components/prometheus/rules/teams";
import { type Input, proveAlert, proveRecord } from "./promtool";

const groups = teamRules({
  namespace: "monitoring",
  budgets: { defaultSeries: 1000, series: { training: 5000, inference: 200 } },
});

/** A target: what it says, and whether it could be scraped. */
function target(namespace: string, instance: string, values: { up?: string; samples?: string; added?: string }): Input {
  const of = `{${namespace === "" ? "" : `namespace="${namespace}", `}job="app", instance="${instance}"}`;
  const up = values.up ?? "1x300";
  const samples = values.samples ?? "0x300";
  return {
    [`up${of}`]: up,
    [`scrape_samples_scraped${of}`]: samples,
    [`scrape_samples_post_metric_relabeling${of}`]: samples,
    [`scrape_series_added${of}`]: values.added ?? "0x300",
  };
}
const has = (namespace: string, samples: number) => target(namespace, `${namespace}-0`, { samples: `${samples}x300` });
const exempt = { ...has("", 90_000), ...has("monitoring", 90_000), ...has("monitoring-nodes", 90_000) };

describe("rules: teams", () => {
  proveRecord(groups, "namespace:active_series:sum", {
    input: {
      ...target("training", "a", { samples: "700x300" }),
      ...target("training", "b", { samples: "50x300" }),
      // Over its limit: nothing is stored.
      ...target("training", "c", { samples: "90000x300", up: "0x300" }),
      ...has("research", 20),
      ...exempt,
    },
    at: "10m",
    samples: { '{namespace="training"}': 750, '{namespace="research"}': 20 },
  });

  proveRecord(groups, "namespace:series_budget:max", {
    input: { ...has("training", 1), ...has("inference", 900), ...has("research", 1), ...has("train", 1), ...exempt },
    at: "10m",
    samples: {
      '{namespace="training"}': 5000,
      '{namespace="inference"}': 200,
      '{namespace="research"}': 1000,
      '{namespace="train"}': 1000,
    },
  });

  proveRecord(groups, "namespace:series_added:sum5m", {
    input: {
      ...target("training", "a", { added: "0x9 30 0 0 12 0x200" }),
      ...target("training", "b", { added: "5x300" }),
      ...exempt,
    },
    at: "13m",
    samples: { '{namespace="training"}': 67 },
  });

  it("the budget is the default for all if no namespace is named", () => {
    const [, budget] =
      teamRules({ namespace: "monitoring", budgets: { defaultSeries: 7, series: {} } })[0]?.rules ?? [];
    assert.equal(budget?.expr, "clamp(namespace:active_series:sum, 7, 7)");
  });

  it("a budget for what cannot be a namespace is refused", () => {
    const named = (name: string) => teamRules({ namespace: "m", budgets: { defaultSeries: 1, series: { [name]: 1 } } });
    for (const name of ["a.*", "A", 'a"', "-a", ""]) assert.throws(() => named(name), /is not the name of a namespace/);
  });

  const over = (namespace: string, percent: number) => ({
    labels: { namespace },
    summary: `Namespace ${namespace} has more series than its budget.`,
    description: `The targets in ${namespace} have ${percent} % of the active series that the namespace may have; each costs memory in every replica of Prometheus, which all teams share.`,
  });
  proveAlert(groups, "TeamSeriesOverBudget", {
    input: { ...has("inference", 300), ...has("research", 1500), ...has("training", 4900), ...exempt },
    quiet: "29m",
    fires: { at: "30m", alerts: [over("inference", 150), over("research", 150)] },
    silent: [
      { why: "all of the budget", input: { ...has("training", 5000), ...has("research", 1000) } },
      { why: "a rollout of 20 minutes", input: target("research", "a", { samples: "800x20 1600x20 800x100" }) },
      {
        why: "its scrape is over its limit, and so costs nothing",
        input: target("research", "a", { samples: "9000x300", up: "0x300" }),
      },
    ],
  });

  proveAlert(groups, "TeamSeriesChurn", {
    // 30 new series a minute: three budgets of 1 000 in 100 minutes.
    input: { ...has("research", 500), ...target("research", "b", { samples: "100x300", added: "30x300" }), ...exempt },
    quiet: "100m",
    fires: {
      at: "170m",
      alerts: [
        {
          labels: { namespace: "research" },
          summary: "Namespace research keeps making new series.",
          description:
            "The targets in research made 5130 new series in three hours, more than three times the active series that the namespace may have: Prometheus holds all of them in memory.",
        },
      ],
    },
    silent: [
      {
        why: "two rollouts of everything, and Prometheus restarted",
        input: target("research", "a", { samples: "1000x300", added: "0x10 1000 0x30 1000 0x30 1000 0x300" }),
        until: "240m",
      },
      {
        why: "as much, of a larger budget",
        input: { ...has("training", 500), ...target("training", "b", { added: "30x300" }) },
        until: "290m",
      },
      {
        why: "a new namespace of 1 000 series is no churn",
        input: target("research", "a", { samples: "_x100 1000x200", added: "_x100 1000 0x200" }),
        until: "290m",
      },
    ],
  });

  proveAlert(groups, "TeamScrapesRejected", {
    input: {
      ...target("research", "a", { up: "0x60", samples: "60000x60" }),
      ...target("research", "b", { up: "0x60", samples: "60000x60" }),
      ...target("research", "c", { up: "1x60", samples: "40000x60" }),
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: { namespace: "research", job: "app" },
          summary: "Prometheus refuses what targets of job app in research say.",
          description:
            "2 of the targets of job app in namespace research answered for 15 minutes with more samples or labels, or longer labels, than a scrape may have, or in a form that cannot be read: nothing of it is stored.",
        },
      ],
    },
    silent: [
      { why: "they do not answer at all", input: target("research", "a", { up: "0x60", samples: "0x60" }) },
      { why: "the platform's own", input: target("monitoring", "a", { up: "0x60", samples: "60000x60" }) },
      { why: "it was mended at once", input: target("research", "a", { up: "0x14 1x60", samples: "60000x14 900x60" }) },
    ],
  });

  proveAlert(groups, "TeamScrapesFailing", {
    input: {
      ...target("research", "a", { up: "0x100", samples: "0x100" }),
      ...target("research", "b", { up: "1x100", samples: "50x100" }),
    },
    quiet: "59m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { namespace: "research", job: "app" },
          summary: "Targets of job app in research cannot be scraped.",
          description:
            "1 of the targets of job app in namespace research could not be scraped for an hour: the monitor names a port or path that does not answer, or the pods do not work.",
        },
      ],
    },
    silent: [
      {
        why: "a model loads for 50 minutes",
        input: target("research", "a", { up: "0x50 1x60", samples: "0x50 9x60" }),
      },
      { why: "the platform's nodes", input: target("monitoring-nodes", "a", { up: "0x100", samples: "0x100" }) },
      { why: "no namespace", input: target("", "a", { up: "0x100", samples: "0x100" }) },
      { why: "refused, which is its own alert", input: target("research", "a", { up: "0x100", samples: "60000x100" }) },
    ],
  });
});
