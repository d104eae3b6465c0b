import { jobs } from "../jobs";
import type { RuleContext, RuleGroup } from "./rule";

const TARGETS = "cluster, namespace, job";

/**
 * Rules about the limits of scraping. `scrape_sample_limit`, `scrape_timeout_seconds` and `scrape_body_size_bytes` need
 * Prometheus' `extra_scrape_metrics`.
 */
export const prometheusScrapeGroups = ({ namespace }: RuleContext): RuleGroup[] => {
  const prometheus = `job="${jobs.prometheus}", namespace="${namespace}"`;
  return [scrapePools(prometheus), scrapes(namespace)];
};

function scrapePools(prometheus: string): RuleGroup {
  const used = `100 * prometheus_target_scrape_pool_targets{${prometheus}} / (prometheus_target_scrape_pool_target_limit{${prometheus}} > 0)`;
  return {
    name: "prometheus-scrape-pools",
    scope: "shard",
    rules: [
      {
        alert: "PrometheusTargetLimitHit",
        expr: `${used} > 100`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.scrape_job }} has more targets than {{ $labels.pod }} may scrape.",
        description:
          '{{ $labels.scrape_job }} has {{ printf "%.0f" $value }} % of the targets that are allowed, so {{ $labels.pod }} scrapes none of them: what they would report is lost.',
      },
      {
        alert: "PrometheusTargetLimitNear",
        expr: `${used} > 80 <= 100`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.scrape_job }} has almost as many targets as {{ $labels.pod }} may scrape.",
        description:
          '{{ $labels.scrape_job }} has {{ printf "%.0f" $value }} % of the targets that {{ $labels.pod }} may scrape; above 100 % none of them is scraped.',
      },
      {
        alert: "PrometheusTargetSyncFailure",
        // Counted only when discovery brings something new, hence the long window.
        expr: `increase(prometheus_target_sync_failed_total{${prometheus}}[30m]) > 0`,
        for: "5m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot make targets of what {{ $labels.scrape_job }} discovers.",
        description:
          '{{ printf "%.0f" $value }} times in 30 minutes {{ $labels.pod }} left out a target of {{ $labels.scrape_job }}, because its labels are invalid or beyond a limit: it is not scraped, and does not count as down.',
      },
    ],
  };
}

function scrapes(namespace: string): RuleGroup {
  // What teams scrape has alerts of its own for scrapes that are refused.
  const own = `namespace=~"|${namespace}|${namespace}-nodes"`;
  const overLimit = (targets: string) =>
    `scrape_samples_post_metric_relabeling{${targets}} > (scrape_sample_limit{${targets}} > 0)`;
  return {
    name: "prometheus-scrapes",
    scope: "global",
    rules: [
      {
        alert: "PrometheusScrapeSampleLimitHit",
        // Samples are counted to the end even when there are too many.
        expr: `count by (${TARGETS}) (${overLimit(own)})`,
        for: "5m",
        severity: "warning",
        summary: "Targets of job {{ $labels.job }} have more samples than their limit.",
        description:
          "{{ $value }} targets of job {{ $labels.job }} return more samples than a scrape may have, and nothing of them is stored: what they watch is invisible.",
      },
      {
        alert: "PrometheusScrapeSampleLimitNear",
        expr: `max by (${TARGETS}) (100 * scrape_samples_post_metric_relabeling / (scrape_sample_limit > 0) > 80 <= 100)`,
        for: "15m",
        severity: "warning",
        summary: "Targets of job {{ $labels.job }} have almost as many samples as their limit.",
        description:
          'A target of job {{ $labels.job }} returns {{ printf "%.0f" $value }} % of the samples that a scrape may have; above 100 % nothing of it is stored.',
      },
      {
        alert: "PrometheusScrapeBodySizeLimitHit",
        expr: `count by (${TARGETS}) (scrape_body_size_bytes == -1)`,
        for: "5m",
        severity: "warning",
        summary: "Targets of job {{ $labels.job }} answer with more bytes than their limit.",
        description:
          "{{ $value }} targets of job {{ $labels.job }} return a longer page than a scrape may have, and nothing of them is stored: what they watch is invisible.",
      },
      {
        alert: "PrometheusScrapeRejected",
        // The target answered, and what it said was refused for another reason than its size.
        expr: `count by (${TARGETS}) (up{${own}} == 0 and scrape_body_size_bytes{${own}} > 0 unless ${overLimit(own)})`,
        for: "10m",
        severity: "warning",
        summary: "Prometheus refuses what targets of job {{ $labels.job }} say.",
        description:
          "{{ $value }} targets of job {{ $labels.job }} answer, but with more labels or longer values than a sample may have, or in a form that cannot be read: nothing of them is stored.",
      },
      {
        alert: "PrometheusScrapeNearTimeout",
        // A host that is gone takes the whole timeout too, but never answers.
        expr: `count by (${TARGETS}) (avg_over_time(scrape_duration_seconds[15m]) / scrape_timeout_seconds > 0.8 and max_over_time(up[15m]) == 1)`,
        for: "15m",
        severity: "warning",
        summary: "Targets of job {{ $labels.job }} answer barely in time.",
        description:
          "{{ $value }} targets of job {{ $labels.job }} take more than 80 % of the time that a scrape may take: their data has gaps, and soon they will count as down.",
      },
    ],
  };
}
