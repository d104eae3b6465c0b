import { prometheusRules } from "../../components/prometheus/rules/prometheus";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => prometheusRules({ namespace: "monitoring" }).filter((one) => one.name === name);

describe("rules: Prometheus, pools of targets", () => {
  const pool = (targets: number | string, limit = 1000, namespace = "monitoring"): Input => {
    const of = `{job="prometheus", namespace="${namespace}", pod="prometheus-prometheus-0", scrape_job="serviceMonitor/gpu/dcgm/0"}`;
    return {
      [`prometheus_target_scrape_pool_targets${of}`]: typeof targets === "number" ? `${targets}x60` : targets,
      [`prometheus_target_scrape_pool_target_limit${of}`]: `${limit}x60`,
    };
  };
  const labels = {
    job: "prometheus",
    namespace: "monitoring",
    pod: "prometheus-prometheus-0",
    scrape_job: "serviceMonitor/gpu/dcgm/0",
  };

  proveAlert(group("prometheus-scrape-pools"), "PrometheusTargetLimitHit", {
    input: pool(1100),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels,
          summary: "serviceMonitor/gpu/dcgm/0 has more targets than prometheus-prometheus-0 may scrape.",
          description:
            "serviceMonitor/gpu/dcgm/0 has 110 % of the targets that are allowed, so prometheus-prometheus-0 scrapes none of them: what they would report is lost.",
        },
      ],
    },
    silent: [
      { why: "exactly the limit", input: pool(1000) },
      { why: "no limit", input: pool(5000, 0) },
      { why: "another namespace's Prometheus", input: pool(1100, 1000, "team") },
    ],
  });

  proveAlert(group("prometheus-scrape-pools"), "PrometheusTargetLimitNear", {
    input: pool(900),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "serviceMonitor/gpu/dcgm/0 has almost as many targets as prometheus-prometheus-0 may scrape.",
          description:
            "serviceMonitor/gpu/dcgm/0 has 90 % of the targets that prometheus-prometheus-0 may scrape; above 100 % none of them is scraped.",
        },
      ],
    },
    silent: [
      { why: "four in five", input: pool(800) },
      { why: "more than the limit, which is another alert", input: pool(1100) },
      { why: "a rollout with old and new pods", input: pool("500x10 900x10 500x60"), until: "40m" },
    ],
  });

  const sync = (failures: string): Input => ({
    'prometheus_target_sync_failed_total{job="prometheus", namespace="monitoring", pod="prometheus-prometheus-0", scrape_job="serviceMonitor/gpu/dcgm/0"}':
      failures,
  });
  proveAlert(group("prometheus-scrape-pools"), "PrometheusTargetSyncFailure", {
    input: sync("0x10 1x80"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 cannot make targets of what serviceMonitor/gpu/dcgm/0 discovers.",
          description:
            "1 times in 30 minutes prometheus-prometheus-0 left out a target of serviceMonitor/gpu/dcgm/0, because its labels are invalid or beyond a limit: it is not scraped, and does not count as down.",
        },
      ],
    },
    silent: [{ why: "a failure of the day before", input: sync("7x80"), until: "60m" }],
  });
});

describe("rules: Prometheus, scrapes", () => {
  interface Target {
    up?: string;
    samples?: number | string;
    limit?: number;
    body?: number | string;
    seconds?: number | string;
  }
  const series = (value: number | string) => (typeof value === "number" ? `${value}x90` : value);
  /** A node's target if no namespace is given. */
  const target = (instance: string, of: Target, namespace?: string): Input => {
    const where = namespace === undefined ? "" : `, namespace="${namespace}"`;
    const name = `{job="node-exporter", instance="${instance}"${where}}`;
    return {
      [`up${name}`]: of.up ?? "1x90",
      [`scrape_samples_post_metric_relabeling${name}`]: series(of.samples ?? 1000),
      [`scrape_sample_limit${name}`]: series(of.limit ?? 20000),
      [`scrape_body_size_bytes${name}`]: series(of.body ?? 100000),
      [`scrape_duration_seconds${name}`]: series(of.seconds ?? 1),
      [`scrape_timeout_seconds${name}`]: "10x90",
    };
  };
  const labels = { job: "node-exporter" };
  const down = "0x90";

  proveAlert(group("prometheus-scrapes"), "PrometheusScrapeSampleLimitHit", {
    input: {
      ...target("n1", { samples: 20001, up: down }),
      ...target("n2", { samples: 30000, up: down }),
      ...target("n3", {}),
    },
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels,
          summary: "Targets of job node-exporter have more samples than their limit.",
          description:
            "2 targets of job node-exporter return more samples than a scrape may have, and nothing of them is stored: what they watch is invisible.",
        },
      ],
    },
    silent: [
      { why: "exactly the limit", input: target("n1", { samples: 20000 }) },
      { why: "no limit", input: target("n1", { samples: 90000, limit: 0 }) },
      { why: "a team's target", input: target("n1", { samples: 30000, up: down }, "team") },
    ],
  });

  proveAlert(group("prometheus-scrapes"), "PrometheusScrapeSampleLimitNear", {
    input: {
      ...target("n1", { samples: 17000 }),
      ...target("n2", { samples: 18000 }),
      ...target("server", { samples: 19000 }, "team"),
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [["90", labels] as const, ["95", { ...labels, namespace: "team" }] as const].map(([percent, of]) => ({
        labels: of,
        summary: "Targets of job node-exporter have almost as many samples as their limit.",
        description: `A target of job node-exporter returns ${percent} % of the samples that a scrape may have; above 100 % nothing of it is stored.`,
      })),
    },
    silent: [
      { why: "four in five", input: target("n1", { samples: 16000 }) },
      { why: "no limit", input: target("n1", { samples: 16001, limit: 0 }) },
      { why: "more than the limit, which is another alert", input: target("n1", { samples: 20001, up: down }) },
      { why: "many for a moment", input: target("n1", { samples: "1000x10 17000x10 1000x60" }), until: "40m" },
    ],
  });

  proveAlert(group("prometheus-scrapes"), "PrometheusScrapeBodySizeLimitHit", {
    input: { ...target("n1", { body: -1, samples: 0, up: down }), ...target("n2", {}) },
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels,
          summary: "Targets of job node-exporter answer with more bytes than their limit.",
          description:
            "1 targets of job node-exporter return a longer page than a scrape may have, and nothing of them is stored: what they watch is invisible.",
        },
      ],
    },
    silent: [{ why: "the target is down", input: target("n1", { body: 0, samples: 0, up: down }) }],
  });

  proveAlert(group("prometheus-scrapes"), "PrometheusScrapeRejected", {
    input: {
      ...target("n1", { samples: 5, up: down }),
      ...target("n2", { samples: 5, limit: 0, up: down }),
      ...target("operator", { samples: 0, up: down }, "monitoring-nodes"),
    },
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [[2, labels] as const, [1, { ...labels, namespace: "monitoring-nodes" }] as const].map(([count, of]) => ({
        labels: of,
        summary: "Prometheus refuses what targets of job node-exporter say.",
        description: `${count} targets of job node-exporter answer, but with more labels or longer values than a sample may have, or in a form that cannot be read: nothing of them is stored.`,
      })),
    },
    silent: [
      { why: "the target is down", input: target("n1", { body: 0, samples: 0, up: down }) },
      { why: "too many samples, which is another alert", input: target("n1", { samples: 20001, up: down }) },
      { why: "too many bytes, which is another alert", input: target("n1", { body: -1, samples: 0, up: down }) },
      { why: "a team's target", input: target("n1", { samples: 5, up: down }, "team") },
    ],
  });

  proveAlert(group("prometheus-scrapes"), "PrometheusScrapeNearTimeout", {
    input: { ...target("n1", { seconds: 8.5 }), ...target("n2", {}) },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "Targets of job node-exporter answer barely in time.",
          description:
            "1 targets of job node-exporter take more than 80 % of the time that a scrape may take: their data has gaps, and soon they will count as down.",
        },
      ],
    },
    silent: [
      { why: "seven seconds of ten", input: target("n1", { seconds: 7 }) },
      { why: "slow for a moment", input: target("n1", { seconds: "1x10 9.9x5 1x60" }), until: "40m" },
      {
        why: "the node dies and does not answer",
        input: target("n1", { seconds: "1x10 10x80", up: "1x10 0x80" }),
        until: "60m",
      },
    ],
  });
});
