import { coreDnsRules } from "../../components/prometheus/rules/coreDns";
import { type Input, inputSeries, promtool, proveAlert } from "./promtool";

const groups = coreDnsRules();

const target = (pod: string, namespace = "kube-system") =>
  `job="coredns", namespace="${namespace}", pod="${pod}", instance="${pod}:9153"`;
const pods = (name: string, values: string[], labels = "", namespace?: string): Input =>
  Object.fromEntries(
    values.map((value, index) => [`${name}{${target(`coredns-${index}`, namespace)}${labels}}`, value]),
  );
const up = (...values: string[]) => pods("up", values);

describe("rules: CoreDNS", () => {
  proveAlert(groups, "CoreDNSDown", {
    input: up("1x10 0x30", "1x10 0x5 _x25"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { job: "coredns", namespace: "kube-system" },
          summary: "No CoreDNS pod can be scraped.",
          description:
            "No target of job coredns in namespace kube-system has answered for 5 minutes: if DNS is down with them, Services cannot find each other and jobs cannot start.",
        },
      ],
    },
    silent: [
      { why: "one of two is down", input: up("0x40", "1x40") },
      { why: "another namespace's is down", input: { ...up("1x40"), ...pods("up", ["0x40"], "", "team") } },
    ],
  });

  it("CoreDNSDown also fires when there are no targets", () =>
    promtool(groups, [
      {
        interval: "1m",
        input_series: inputSeries(pods("up", ["1x40"], "", "team")),
        promql_expr_test: [
          {
            expr: 'count by (namespace) (ALERTS{alertname="CoreDNSDown", alertstate="firing"})',
            eval_time: "10m",
            exp_samples: [{ labels: '{namespace="kube-system"}', value: 1 }],
          },
        ],
      },
    ]));

  const responses = (rcode: string, perMinute: number, namespace?: string) =>
    pods(
      "coredns_dns_responses_total",
      [`0+${perMinute}x60`],
      `, server="dns://:53", zone=".", view="", rcode="${rcode}", plugin=""`,
      namespace,
    );
  proveAlert(groups, "CoreDNSErrorsHigh", {
    input: { ...responses("NOERROR", 2900), ...responses("NXDOMAIN", 3000), ...responses("SERVFAIL", 100) },
    quiet: "10m",
    fires: {
      at: "20m",
      alerts: [
        {
          labels: {},
          summary: "CoreDNS cannot answer many lookups.",
          description:
            "CoreDNS answers 1.7 lookups per second with SERVFAIL, more than 1 % of all, for 10 minutes: connections fail, or are late by the resolver's timeouts.",
        },
      ],
    },
    silent: [
      { why: "0.9 %", input: { ...responses("NOERROR", 5946), ...responses("SERVFAIL", 54) } },
      { why: "five a minute of few", input: { ...responses("NOERROR", 60), ...responses("SERVFAIL", 5) } },
      {
        why: "names that do not exist: search domains make most lookups such",
        input: { ...responses("NOERROR", 1000), ...responses("NXDOMAIN", 5000) },
      },
      {
        why: "another namespace's",
        input: { ...responses("NOERROR", 1000), ...responses("SERVFAIL", 1000, "team") },
      },
    ],
  });

  const lookups = (histogram: string, labels: string, all: number, fast: number): Input => ({
    ...pods(`${histogram}_count`, [`0+${all}x60`], `, ${labels}`),
    ...pods(`${histogram}_bucket`, [`0+${fast}x60`], `, ${labels}, le="1.024"`),
    ...pods(`${histogram}_bucket`, [`0+${Math.floor(fast / 2)}x60`], `, ${labels}, le="0.512"`),
  });
  const dns = (all: number, fast: number) =>
    lookups("coredns_dns_request_duration_seconds", 'server="dns://:53", zone=".", view=""', all, fast);
  proveAlert(groups, "CoreDNSLatencyHigh", {
    input: dns(600, 588),
    quiet: "15m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: { zone: "." },
          summary: "CoreDNS is slow.",
          description:
            "2% of the lookups in zone . take longer than 1.024 seconds, for 15 minutes: CoreDNS lacks CPU, or the servers that it asks are slow.",
        },
      ],
    },
    silent: [
      { why: "half a percent", input: dns(600, 597) },
      { why: "one slow lookup in ten of hardly any", input: dns(20, 18) },
    ],
  });

  const broken = (...values: string[]) => pods("coredns_forward_healthcheck_broken_total", values);
  proveAlert(groups, "CoreDNSForwardHealthcheckBroken", {
    input: { ...up("1x60", "1x60"), ...broken("0x20 0+60x40", "0x60") },
    quiet: "30m",
    fires: {
      at: "32m",
      alerts: [
        {
          labels: {},
          summary: "CoreDNS reaches no upstream DNS server.",
          description:
            "50% of the CoreDNS pods have found all upstream servers unhealthy for 10 minutes: names outside the cluster, such as those of S3 and registries, do not resolve.",
        },
      ],
    },
    silent: [
      { why: "one of three pods", input: { ...up("1x60", "1x60", "1x60"), ...broken("0+60x60", "0x60", "0x60") } },
      {
        why: "both, for six minutes",
        input: { ...up("1x60", "1x60"), ...broken("0x20 0+60x5 300x40", "0x20 0+60x5 300x40") },
      },
    ],
  });

  const upstream = (rcode: string, perMinute: number, labels = 'proxy_name="forward"') =>
    pods(
      "coredns_proxy_request_duration_seconds_count",
      [`0+${perMinute}x60`],
      `, ${labels}, to="10.0.0.2:53", rcode="${rcode}"`,
    );
  proveAlert(groups, "CoreDNSForwardErrorsHigh", {
    input: { ...upstream("NOERROR", 540), ...upstream("SERVFAIL", 60) },
    quiet: "10m",
    fires: {
      at: "20m",
      alerts: [
        {
          labels: { to: "10.0.0.2:53" },
          summary: "The upstream DNS server 10.0.0.2:53 answers with errors.",
          description:
            "10.0.0.2:53 answers 1.0 lookups per second with SERVFAIL, more than 5 % of what CoreDNS asks it: names outside the cluster resolve late or not at all.",
        },
      ],
    },
    silent: [
      { why: "4 %", input: { ...upstream("NOERROR", 576), ...upstream("SERVFAIL", 24) } },
      {
        why: "another plugin's server",
        input: upstream("SERVFAIL", 600, 'proxy_name="grpc"'),
      },
    ],
  });

  const forwarded = (all: number, fast: number) =>
    lookups(
      "coredns_proxy_request_duration_seconds",
      'proxy_name="forward", to="10.0.0.2:53", rcode="NOERROR"',
      all,
      fast,
    );
  proveAlert(groups, "CoreDNSForwardLatencyHigh", {
    input: forwarded(600, 588),
    quiet: "15m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: { to: "10.0.0.2:53" },
          summary: "The upstream DNS server 10.0.0.2:53 is slow.",
          description:
            "2% of the answers of 10.0.0.2:53 take longer than 1.024 seconds, for 15 minutes: names outside the cluster resolve late.",
        },
      ],
    },
    silent: [{ why: "half a percent", input: forwarded(600, 597) }],
  });
});

describe("rules: CoreDNS pods", () => {
  const ofPod = { job: "coredns", namespace: "kube-system", pod: "coredns-0", instance: "coredns-0:9153" };

  const failures = (values: string) =>
    pods("coredns_proxy_healthcheck_failures_total", [values], ', proxy_name="forward", to="10.0.0.2:53"');
  proveAlert(groups, "CoreDNSForwardHealthcheckFailures", {
    input: failures("0x10 0+120x40"),
    quiet: "20m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: { ...ofPod, proxy_name: "forward", to: "10.0.0.2:53" },
          summary: "CoreDNS pod coredns-0 cannot reach the upstream server 10.0.0.2:53.",
          description:
            "The health checks of 10.0.0.2:53 by kube-system/coredns-0 fail 2.0 times per second: lookups go to the other servers, or fail if there are none.",
        },
      ],
    },
    silent: [
      { why: "a few checks fail and the next does not", input: failures("0+3x50") },
      { why: "away for two minutes", input: failures("0x10 120 240x40") },
    ],
  });

  const rejects = (values: string) => pods("coredns_forward_max_concurrent_rejects_total", [values]);
  proveAlert(groups, "CoreDNSForwardRejects", {
    input: rejects("0x10 0+60x40"),
    quiet: "20m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: ofPod,
          summary: "CoreDNS pod coredns-0 refuses lookups.",
          description:
            "kube-system/coredns-0 refuses 1.0 lookups per second, because as many as max_concurrent allows wait for upstream servers.",
        },
      ],
    },
    silent: [{ why: "a burst of two minutes", input: rejects("0x10 600 1200x40") }],
  });

  const panics = (values: string, namespace?: string) => pods("coredns_panics_total", [values], "", namespace);
  proveAlert(groups, "CoreDNSPanic", {
    input: panics("0x10 1x30"),
    quiet: "10m",
    fires: {
      at: "12m",
      alerts: [
        {
          labels: ofPod,
          summary: "CoreDNS pod coredns-0 hit a bug.",
          description:
            "Panics of kube-system/coredns-0 in 15 minutes: 1. The lookups that caused them failed, and it went on.",
        },
      ],
    },
    silent: [
      { why: "it restarted", input: panics("7x10 0x30") },
      { why: "another namespace's", input: panics("0x10 1x30", "team") },
    ],
  });

  const reloads = (values: string) => pods("coredns_reload_failed_total", [values]);
  proveAlert(groups, "CoreDNSReloadFailed", {
    input: reloads("0x10 1x600"),
    quiet: "15m",
    // Hours later it is as true as it was.
    fires: {
      at: "590m",
      alerts: [
        {
          labels: ofPod,
          summary: "CoreDNS pod coredns-0 could not load a new Corefile.",
          description:
            "Versions of the Corefile that kube-system/coredns-0 has refused since it started: 1. It goes on with an older one, but no pod can start with a broken file: the next restart takes DNS down.",
        },
      ],
    },
    silent: [{ why: "restarted with a file that works", input: reloads("1x3 0x60"), until: "60m" }],
  });
});
