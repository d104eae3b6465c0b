import type { RuleContext, RuleGroup } from "./rule";

/** How much of Prometheus the namespaces of teams may use. */
export interface TeamBudgets {
  /** Active series that a namespace may have unless it is named. */
  defaultSeries: number;
  /** Budgets of named namespaces. */
  series: Record<string, number>;
}

const SERIES = "namespace:active_series:sum";
const BUDGET = "namespace:series_budget:max";
const ADDED = "namespace:series_added:sum5m";

/**
 * The budget of each namespace that has series, with the same labels, whichever clusters there are. `clamp` with twice the
 * same bound makes the constant; of two budgets for one namespace, `or` takes the first.
 */
function budgets({ defaultSeries, series }: TeamBudgets): string {
  const named = Object.entries(series).sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [name] of named) {
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) throw new Error(`"${name}" is not the name of a namespace`);
  }
  return [
    ...named.map(([name, value]) => `clamp(${SERIES}{namespace="${name}"}, ${value}, ${value})`),
    `clamp(${SERIES}, ${defaultSeries}, ${defaultSeries})`,
  ].join(" or ");
}

/**
 * Rules about what teams have scraped with monitors of their own. The platform's own namespaces are exempt, and so is what
 * belongs to no namespace: nodes and the API server.
 */
export const teamRules = (context: RuleContext & { budgets: TeamBudgets }): RuleGroup[] => {
  const selector = `namespace!="", namespace!~"${context.namespace}|${context.namespace}-nodes"`;
  return [
    {
      name: "team-series",
      scope: "global",
      rules: [
        // A scrape over its limit counts what it would have stored, but stores nothing.
        {
          record: SERIES,
          expr: `sum by (cluster, namespace) (scrape_samples_post_metric_relabeling{${selector}} and up == 1)`,
        },
        { record: BUDGET, expr: budgets(context.budgets) },
        {
          record: ADDED,
          expr: `sum by (cluster, namespace) (sum_over_time(scrape_series_added{${selector}}[5m]))`,
        },
        {
          alert: "TeamSeriesOverBudget",
          expr: `100 * ${SERIES} / ${BUDGET} > 100`,
          // A rollout has old and new pods side by side.
          for: "30m",
          severity: "warning",
          summary: "Namespace {{ $labels.namespace }} has more series than its budget.",
          description:
            'The targets in {{ $labels.namespace }} have {{ printf "%.0f" $value }} % of the active series that the namespace may have; each costs memory in every replica of Prometheus, which all teams share.',
        },
        {
          alert: "TeamSeriesChurn",
          // Prometheus holds a series in memory for up to three hours after its last sample, so what was new in three
          // hours is what memory pays for. Three budgets: a rollout replaces each series once, and a restart of
          // Prometheus finds all of them new. The steps of 5 minutes count each scrape once.
          expr: `sum_over_time(${ADDED}[3h:5m]) > 3 * ${BUDGET}`,
          for: "30m",
          severity: "warning",
          summary: "Namespace {{ $labels.namespace }} keeps making new series.",
          description:
            'The targets in {{ $labels.namespace }} made {{ printf "%.0f" $value }} new series in three hours, more than three times the active series that the namespace may have: Prometheus holds all of them in memory.',
        },
      ],
    },
    {
      name: "team-scrapes",
      scope: "global",
      rules: [
        {
          alert: "TeamScrapesRejected",
          // The endpoint answered with samples, and yet the scrape failed.
          expr: `count by (cluster, namespace, job) (up{${selector}} == 0 and scrape_samples_scraped > 0)`,
          for: "15m",
          severity: "warning",
          summary: "Prometheus refuses what targets of job {{ $labels.job }} in {{ $labels.namespace }} say.",
          description:
            "{{ $value }} of the targets of job {{ $labels.job }} in namespace {{ $labels.namespace }} answered for 15 minutes with more samples or labels, or longer labels, than a scrape may have, or in a form that cannot be read: nothing of it is stored.",
        },
        {
          alert: "TeamScrapesFailing",
          // An hour: a server that loads a large model may be that long before it answers.
          expr: `count by (cluster, namespace, job) (up{${selector}} == 0 and scrape_samples_scraped == 0)`,
          for: "1h",
          severity: "info",
          summary: "Targets of job {{ $labels.job }} in {{ $labels.namespace }} cannot be scraped.",
          description:
            "{{ $value }} of the targets of job {{ $labels.job }} in namespace {{ $labels.namespace }} could not be scraped for an hour: the monitor names a port or path that does not answer, or the pods do not work.",
        },
      ],
    },
  ];
};
