import assert from "node:assert/strict";
import { prometheusRules } from "../../components/prometheus/rules/prometheus";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => prometheusRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const replica = (index: number, namespace = "monitoring") =>
  `job="prometheus", namespace="${namespace}", pod="prometheus-prometheus-${index}"`;
const labels = { job: "prometheus", namespace: "monitoring", pod: "prometheus-prometheus-0" };
const shard = { namespace: "monitoring", statefulset: "prometheus-prometheus" };

/** What each replica sends to each of two Alertmanagers: sent, and failed. */
const sends = (values: [sent: string, failed: string][], namespace = "monitoring"): Input =>
  Object.fromEntries(
    values.flatMap(([sent, failed], index) => {
      const of = `{${replica(Math.floor(index / 2), namespace)}, alertmanager="am-${index % 2}"}`;
      return [
        [`prometheus_notifications_sent_total${of}`, sent],
        [`prometheus_notifications_errors_total${of}`, failed],
      ];
    }),
  );
const works: [string, string] = ["0+60x80", "0x80"];
const fails: [string, string] = ["0x80", "0+60x80"];

describe("rules: Prometheus, delivery of alerts", () => {
  const queue = (length: string, namespace?: string): Input => ({
    [`prometheus_notifications_queue_length{${replica(0, namespace)}, alertmanager="am-0"}`]: length,
    [`prometheus_notifications_queue_capacity{${replica(0, namespace)}}`]: "10000x60",
  });
  proveAlert(group("prometheus-alert-delivery"), "PrometheusNotificationQueueRunningFull", {
    input: queue("2500x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { ...labels, alertmanager: "am-0" },
          summary: "Alerts of prometheus-prometheus-0 queue up for an Alertmanager.",
          description:
            "The queue of prometheus-prometheus-0 for am-0 is 25 % full: alerts arrive late, and when it is full the oldest are dropped.",
        },
      ],
    },
    silent: [
      { why: "a fifth", input: queue("2000x60") },
      { why: "a burst of alerts", input: queue("0x10 9000x7 0x60"), until: "30m" },
      { why: "another namespace's Prometheus", input: queue("2500x60", "team") },
    ],
  });

  proveAlert(group("prometheus-alert-delivery"), "PrometheusErrorSendingAlertsToSomeAlertmanagers", {
    input: sends([works, ["0+988x80", "0+12x80"]]),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...labels, alertmanager: "am-1" },
          summary: "prometheus-prometheus-0 fails to send alerts to an Alertmanager.",
          description:
            "1.2 % of the alerts that prometheus-prometheus-0 sends to am-1 fail. They arrive as long as another member takes them.",
        },
      ],
    },
    silent: [
      { why: "nine in a thousand", input: sends([works, ["0+991x80", "0+9x80"]]) },
      {
        why: "an Alertmanager whose node died, until it is replaced",
        input: sends([works, ["0x80", "0+60x7 420x80"]]),
      },
    ],
  });

  proveAlert(group("prometheus-alert-delivery"), "PrometheusErrorSendingAlertsToAnyAlertmanager", {
    input: sends([fails, ["0+70x80", "0+30x80"], fails, fails]),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: shard,
          summary: "No replica of prometheus-prometheus gets its alerts through to any Alertmanager.",
          description:
            "Whichever replica of prometheus-prometheus sends, and to whichever Alertmanager: at least 30 % of the alerts fail. Nobody is notified in time, or at all.",
        },
      ],
    },
    silent: [
      { why: "one Alertmanager takes all", input: sends([fails, works, fails, fails]), until: "30m" },
      { why: "one replica gets through", input: sends([fails, fails, works, works]), until: "30m" },
      { why: "a fifth fails", input: sends([fails, ["0+80x80", "0+20x80"]]), until: "30m" },
    ],
  });
  const second = 'job="prometheus", namespace="monitoring", pod="prometheus-prometheus-shard-1-0"';
  proveAlert(group("prometheus-alert-delivery"), "PrometheusErrorSendingAlertsToAnyAlertmanager", {
    input: {
      ...sends([works, works]),
      [`prometheus_notifications_sent_total{${second}, alertmanager="am-0"}`]: "0x80",
      [`prometheus_notifications_errors_total{${second}, alertmanager="am-0"}`]: "0+60x80",
    },
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...shard, statefulset: "prometheus-prometheus-shard-1" },
          summary: "No replica of prometheus-prometheus-shard-1 gets its alerts through to any Alertmanager.",
          description:
            "Whichever replica of prometheus-prometheus-shard-1 sends, and to whichever Alertmanager: at least 100 % of the alerts fail. Nobody is notified in time, or at all.",
        },
      ],
    },
    silent: [{ why: "no alert was sent", input: sends([["0x80", "0x80"]]) }],
  });

  const discovered = (...counts: (string | number)[]): Input =>
    Object.fromEntries(
      counts.map((count, index) => [
        `prometheus_notifications_alertmanagers_discovered{${replica(index)}}`,
        typeof count === "number" ? `${count}x60` : count,
      ]),
    );
  const run = (members: number, namespace = "monitoring"): Input =>
    Object.fromEntries(
      Array.from({ length: members }, (_, index) => [
        `alertmanager_build_info{job="alertmanager", namespace="${namespace}", pod="alertmanager-${index}"}`,
        "1x60",
      ]),
    );
  proveAlert(group("prometheus-alert-delivery"), "PrometheusNotConnectedToAlertmanagers", {
    input: discovered(0, 0),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: shard,
          summary: "No replica of prometheus-prometheus knows an Alertmanager.",
          description:
            "The replicas of prometheus-prometheus have discovered 0 Alertmanagers for 10 minutes: no alert of theirs reaches anybody.",
        },
      ],
    },
    silent: [
      { why: "the twin knows one", input: discovered(0, 1) },
      { why: "both have just started", input: discovered("0x5 3x60", "0x5 3x60") },
    ],
  });

  proveAlert(group("prometheus-alert-delivery"), "PrometheusAlertmanagersMissing", {
    input: { ...discovered(2, 3), ...run(3) },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 does not send alerts to every Alertmanager.",
          description:
            "prometheus-prometheus-0 sends alerts to 2 Alertmanagers, and more than that run: a member that is not sent an alert cannot stand in for the others.",
        },
      ],
    },
    silent: [
      { why: "a member is down and not discovered either", input: { ...discovered(2, 2), ...run(2) } },
      { why: "Alertmanagers of another namespace", input: { ...discovered(3, 3), ...run(3), ...run(5, "team") } },
    ],
  });
});

describe("rules: Prometheus, configuration and discovery", () => {
  proveAlert(group("prometheus-configuration"), "PrometheusBadConfig", {
    input: { [`prometheus_config_last_reload_successful{${replica(0)}}`]: "1x5 0x60" },
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 cannot load its configuration.",
          description:
            "prometheus-prometheus-0 has refused its configuration or rules for 10 minutes and runs on with the old ones: new targets and rules are missing, and after a restart it would not start.",
        },
      ],
    },
    silent: [
      { why: "corrected in time", input: { [`prometheus_config_last_reload_successful{${replica(0)}}`]: "0x9 1x60" } },
      {
        why: "another namespace's Prometheus",
        input: { [`prometheus_config_last_reload_successful{${replica(0, "team")}}`]: "0x60" },
      },
    ],
  });

  const reloader = (job: string, namespace = "monitoring") =>
    `reloader_last_reload_successful{job="${job}", namespace="${namespace}", pod="${job}-0", container="config-reloader"}`;
  const refused = (metric: string, job: string): Input => ({
    [reloader(job)]: "0x60",
    [`${metric}{job="${job}", namespace="monitoring", pod="${job}-0"}`]: "0x60",
  });
  const failing = (job: string) => ({
    labels: { job, namespace: "monitoring", pod: `${job}-0`, container: "config-reloader" },
    summary: `The configuration reloader of ${job}-0 fails.`,
    description: `The reloader in ${job}-0 has not been able to hand over the configuration for 10 minutes: changes of rules, targets or routes do not arrive there.`,
  });
  proveAlert(group("config-reloader"), "ConfigReloaderSidecarErrors", {
    input: {
      [reloader("prometheus")]: "0x60",
      'prometheus_config_last_reload_successful{job="prometheus", namespace="monitoring", pod="prometheus-0"}': "1x60",
      [reloader("alertmanager")]: "0x60",
      [reloader("thanos-ruler")]: "0x60",
    },
    quiet: "9m",
    fires: { at: "10m", alerts: [failing("alertmanager"), failing("prometheus"), failing("thanos-ruler")] },
    silent: [
      {
        why: "Prometheus refuses the configuration",
        input: refused("prometheus_config_last_reload_successful", "prometheus"),
      },
      {
        why: "Alertmanager refuses the configuration",
        input: refused("alertmanager_config_last_reload_successful", "alertmanager"),
      },
      {
        why: "the ruler refuses the configuration",
        input: refused("thanos_rule_config_last_reload_successful", "thanos-ruler"),
      },
      { why: "another namespace's Prometheus", input: { [reloader("prometheus", "team")]: "0x60" } },
    ],
  });

  const refresh = (failures: string): Input => ({
    [`prometheus_sd_refresh_failures_total{${replica(0)}, mechanism="http", config="scrapeConfig/monitoring/slurm"}`]:
      failures,
  });
  proveAlert(group("prometheus-discovery"), "PrometheusSDRefreshFailure", {
    input: refresh("0+1x60"),
    quiet: "20m",
    fires: {
      at: "21m",
      alerts: [
        {
          labels: { ...labels, mechanism: "http", config: "scrapeConfig/monitoring/slurm" },
          summary: "prometheus-prometheus-0 cannot refresh the targets of scrapeConfig/monitoring/slurm.",
          description:
            "Discovery by http for scrapeConfig/monitoring/slurm failed 10 times in 10 minutes on prometheus-prometheus-0: new targets are not scraped, and those that are gone count as down.",
        },
      ],
    },
    silent: [{ why: "it fails for ten minutes", input: refresh("0x10 1+1x9 10x60"), until: "40m" }],
  });

  const watch = (failures: string): Input => ({
    [`prometheus_sd_kubernetes_failures_total{${replica(0)}}`]: failures,
  });
  proveAlert(group("prometheus-discovery"), "PrometheusKubernetesListWatchFailures", {
    input: watch("0+0.45x60"),
    quiet: "25m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels,
          summary: "prometheus-prometheus-0 cannot list or watch what it discovers targets from.",
          description:
            "Requests of prometheus-prometheus-0 to the API server failed 7 times in 15 minutes: new pods and Services are not scraped.",
        },
      ],
    },
    silent: [
      { why: "a watch ends every five minutes", input: watch("0x4 1x4 2x4 3x4 4x4 5x4 6x4 7x4 8x4 9x4"), until: "40m" },
      { why: "the API server is replaced", input: watch("0x10 0+5x3 15x60"), until: "40m" },
    ],
  });
});

describe("rules: Prometheus, places", () => {
  it("look at the platform's own namespace alone", () => {
    for (const { expr } of prometheusRules({ namespace: "monitoring" }).flatMap((one) => one.rules)) {
      assert.doesNotMatch(expr, /job=~?"[^"]*"(?!, namespace="monitoring")/);
    }
  });
});
