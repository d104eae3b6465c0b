import { jobs } from "../jobs";
import { edges, le } from "../scrape/buckets";
import type { RuleGroup } from "./rule";

const selector = `job="${jobs.coreDns}", namespace="kube-system"`;

/** The share of requests of a histogram that took longer than `edges.dnsSlow`, where there are enough to speak of a share. */
const slow = (histogram: string, by: string) =>
  `1 - sum by (${by}) (rate(${histogram}_bucket{${selector}, le=~"${le(edges.dnsSlow)}"}[5m]))` +
  ` / (sum by (${by}) (rate(${histogram}_count{${selector}}[5m])) > 0.5)`;

const responses = (filter = "") => `sum by (cluster) (rate(coredns_dns_responses_total{${selector}${filter}}[5m]))`;
const servfails = responses(', rcode="SERVFAIL"');

const upstream = (filter = "") =>
  `sum by (cluster, to) (rate(coredns_proxy_request_duration_seconds_count{${selector}, proxy_name="forward"${filter}}[5m]))`;

export const coreDnsRules = (): RuleGroup[] => [
  {
    name: "core-dns",
    scope: "global",
    rules: [
      {
        alert: "CoreDNSDown",
        expr: `sum by (cluster, namespace, job) (up{${selector}}) == 0 or absent(up{${selector}})`,
        for: "5m",
        severity: "critical",
        summary: "No CoreDNS pod can be scraped.",
        description:
          "No target of job {{ $labels.job }} in namespace {{ $labels.namespace }} has answered for 5 minutes: if DNS is down with them, Services cannot find each other and jobs cannot start.",
      },
      {
        alert: "CoreDNSErrorsHigh",
        // 1 %: clients try again, so one in a hundred is a hundredth of the lookups that wait for a timeout. A tenth per
        // second is more than one client that asks for a broken name now and then.
        expr: `${servfails} > 0.1 and ${servfails} / ${responses()} > 0.01`,
        for: "10m",
        severity: "warning",
        summary: "CoreDNS cannot answer many lookups.",
        description:
          'CoreDNS answers {{ printf "%.1f" $value }} lookups per second with SERVFAIL, more than 1 % of all, for 10 minutes: connections fail, or are late by the resolver\'s timeouts.',
      },
      {
        alert: "CoreDNSLatencyHigh",
        // The 99th percentile beyond a second: from the cache and for Services an answer takes less than a millisecond.
        expr: `${slow("coredns_dns_request_duration_seconds", "cluster, zone")} > 0.01`,
        for: "15m",
        severity: "warning",
        summary: "CoreDNS is slow.",
        description: `{{ $value | humanizePercentage }} of the lookups in zone {{ $labels.zone }} take longer than ${edges.dnsSlow} seconds, for 15 minutes: CoreDNS lacks CPU, or the servers that it asks are slow.`,
      },
      {
        alert: "CoreDNSForwardHealthcheckBroken",
        // Counts lookups that find every upstream server unhealthy. On one pod it is its node's network; on half of
        // them it is everybody's.
        expr:
          `count by (cluster) (rate(coredns_forward_healthcheck_broken_total{${selector}}[5m]) > 0)` +
          ` / count by (cluster) (up{${selector}} == 1) >= 0.5`,
        for: "10m",
        severity: "critical",
        summary: "CoreDNS reaches no upstream DNS server.",
        description:
          "{{ $value | humanizePercentage }} of the CoreDNS pods have found all upstream servers unhealthy for 10 minutes: names outside the cluster, such as those of S3 and registries, do not resolve.",
      },
      {
        alert: "CoreDNSForwardErrorsHigh",
        expr: `${upstream(', rcode="SERVFAIL"')} > 0.1 and ${upstream(', rcode="SERVFAIL"')} / ${upstream()} > 0.05`,
        for: "10m",
        severity: "info",
        summary: "The upstream DNS server {{ $labels.to }} answers with errors.",
        description:
          '{{ $labels.to }} answers {{ printf "%.1f" $value }} lookups per second with SERVFAIL, more than 5 % of what CoreDNS asks it: names outside the cluster resolve late or not at all.',
      },
      {
        alert: "CoreDNSForwardLatencyHigh",
        expr: `${slow("coredns_proxy_request_duration_seconds", "cluster, to")} > 0.01`,
        for: "15m",
        severity: "info",
        summary: "The upstream DNS server {{ $labels.to }} is slow.",
        description: `{{ $value | humanizePercentage }} of the answers of {{ $labels.to }} take longer than ${edges.dnsSlow} seconds, for 15 minutes: names outside the cluster resolve late.`,
      },
    ],
  },
  {
    name: "core-dns-pods",
    scope: "shard",
    rules: [
      {
        alert: "CoreDNSForwardHealthcheckFailures",
        // An unhealthy server is checked twice a second until it answers.
        expr: `rate(coredns_proxy_healthcheck_failures_total{${selector}, proxy_name="forward"}[5m]) > 0.1`,
        for: "10m",
        severity: "warning",
        summary: "CoreDNS pod {{ $labels.pod }} cannot reach the upstream server {{ $labels.to }}.",
        description:
          'The health checks of {{ $labels.to }} by {{ $labels.namespace }}/{{ $labels.pod }} fail {{ printf "%.1f" $value }} times per second: lookups go to the other servers, or fail if there are none.',
      },
      {
        alert: "CoreDNSForwardRejects",
        expr: `rate(coredns_forward_max_concurrent_rejects_total{${selector}}[5m]) > 0`,
        for: "10m",
        severity: "warning",
        summary: "CoreDNS pod {{ $labels.pod }} refuses lookups.",
        description:
          '{{ $labels.namespace }}/{{ $labels.pod }} refuses {{ printf "%.1f" $value }} lookups per second, because as many as max_concurrent allows wait for upstream servers.',
      },
      {
        alert: "CoreDNSPanic",
        expr: `increase(coredns_panics_total{${selector}}[15m]) > 0`,
        severity: "warning",
        summary: "CoreDNS pod {{ $labels.pod }} hit a bug.",
        description:
          'Panics of {{ $labels.namespace }}/{{ $labels.pod }} in 15 minutes: {{ printf "%.0f" $value }}. The lookups that caused them failed, and it went on.',
      },
      {
        alert: "CoreDNSReloadFailed",
        // Each file is tried once, so there is nothing to take a rate of; the count is 0 again after a restart, which
        // proves that the mended file works.
        expr: `coredns_reload_failed_total{${selector}} > 0`,
        for: "5m",
        severity: "warning",
        summary: "CoreDNS pod {{ $labels.pod }} could not load a new Corefile.",
        description:
          "Versions of the Corefile that {{ $labels.namespace }}/{{ $labels.pod }} has refused since it started: {{ $value }}. It goes on with an older one, but no pod can start with a broken file: the next restart takes DNS down.",
      },
    ],
  },
];
