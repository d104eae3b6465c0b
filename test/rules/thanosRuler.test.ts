import assert from "node:assert/strict";
import { thanosRules } from "../../components/prometheus/rules/thanos";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => thanosRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const labels = { job: "thanos-ruler", namespace: "monitoring", pod: "thanos-ruler-0" };
const pod = { namespace: "monitoring", pod: "thanos-ruler-0" };
const series = (metric: string, values: string, more = "", namespace = "monitoring"): Input => ({
  [`${metric}{job="thanos-ruler", namespace="${namespace}", pod="thanos-ruler-0"${more}}`]: values,
});

describe("rules: Thanos, ruler", () => {
  const statefulSet = (wanted: number, ready: string, namespace = "monitoring", ruler = "thanos-ruler"): Input => {
    const name = `{job="kube-state-metrics", instance="ksm", namespace="${namespace}", statefulset="thanos-ruler-${ruler}"}`;
    return {
      [`kube_statefulset_replicas${name}`]: `${wanted}x60`,
      [`kube_statefulset_status_replicas_ready${name}`]: ready,
    };
  };
  proveAlert(group("thanos-ruler-evaluation"), "ThanosRulerDown", {
    input: statefulSet(2, "0x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { namespace: "monitoring", statefulset: "thanos-ruler-thanos-ruler" },
          summary: "No replica of thanos-ruler-thanos-ruler is ready.",
          description:
            "thanos-ruler-thanos-ruler has had 0 ready replicas for 10 minutes: rules over several shards are not evaluated, and none of their alerts can fire.",
        },
      ],
    },
    silent: [
      { why: "one of two", input: statefulSet(2, "1x60") },
      { why: "scaled to zero", input: statefulSet(0, "0x60") },
      { why: "another namespace", input: statefulSet(2, "0x60", "team") },
      { why: "another ruler in the namespace", input: statefulSet(2, "0x60", "monitoring", "team") },
    ],
  });

  proveAlert(group("thanos-ruler-evaluation"), "ThanosRulerDown", {
    input: { ...statefulSet(2, "2x60"), ...statefulSet(2, "0x60", "monitoring", "thanos-ruler-remote-write") },
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { namespace: "monitoring", statefulset: "thanos-ruler-thanos-ruler-remote-write" },
          summary: "No replica of thanos-ruler-thanos-ruler-remote-write is ready.",
          description:
            "thanos-ruler-thanos-ruler-remote-write has had 0 ready replicas for 10 minutes: rules over several shards are not evaluated, and none of their alerts can fire.",
        },
      ],
    },
    silent: [{ why: "one of two", input: statefulSet(2, "1x60", "monitoring", "thanos-ruler-remote-write") }],
  });

  const evaluates = (evaluations: string, failures = "0x60", loaded = 20): Input => ({
    ...series("prometheus_rule_evaluations_total", evaluations, ', rule_group="g"'),
    ...series("prometheus_rule_evaluation_failures_total", failures, ', rule_group="g"'),
    ...series("thanos_rule_loaded_rules", `${loaded}x60`, ', group="g"'),
  });
  proveAlert(group("thanos-ruler-evaluation"), "ThanosNoRuleEvaluations", {
    input: evaluates("9x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: pod,
          summary: "thanos-ruler-0 evaluates no rules.",
          description:
            "thanos-ruler-0 has rules and has evaluated 0 of them per second for 10 minutes: alerts over several shards do not fire there.",
        },
      ],
    },
    silent: [
      { why: "no rules", input: evaluates("9x60", "0x60", 0), until: "30m" },
      { why: "it is busy for a while", input: evaluates("0+40x10 400x8 400+40x60"), until: "40m" },
    ],
  });

  proveAlert(group("thanos-ruler-evaluation"), "ThanosRuleHighRuleEvaluationFailures", {
    input: evaluates("0+40x60", "0+12x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: pod,
          summary: "thanos-ruler-0 cannot evaluate its rules.",
          description:
            "30 % of the evaluations on thanos-ruler-0 fail: alerts over several shards do not fire, and nobody sees that they do not.",
        },
      ],
    },
    silent: [
      { why: "one bad rule of twenty", input: evaluates("0+40x60", "0+2x60"), until: "30m" },
      { why: "a fifth", input: evaluates("0+40x60", "0+8x60"), until: "30m" },
      { why: "the queriers are replaced", input: evaluates("0+40x60", "0x5 0+40x3 120x60"), until: "30m" },
    ],
  });

  const warned = (values: string) => series("thanos_rule_evaluation_with_warnings_total", values, ', strategy="warn"');
  proveAlert(group("thanos-ruler-evaluation"), "ThanosRuleHighRuleEvaluationWarnings", {
    input: warned("0+2x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: pod,
          summary: "thanos-ruler-0 evaluates rules over incomplete data.",
          description:
            "10 evaluations on thanos-ruler-0 in 5 minutes came with a warning: a store did not answer, and sums and counts over it are too small.",
        },
      ],
    },
    silent: [{ why: "a replica restarts", input: warned("0x5 0+2x5 10x60"), until: "40m" }],
  });

  const queue = (values: string, namespace?: string) =>
    series("thanos_alert_queue_alerts_dropped_total", values, "", namespace);
  proveAlert(group("thanos-ruler-delivery"), "ThanosRuleQueueIsDroppingAlerts", {
    input: queue("0+3x60"),
    quiet: "5m",
    fires: {
      at: "6m",
      alerts: [
        {
          labels,
          summary: "thanos-ruler-0 drops alerts because its queue is full.",
          description:
            "15 alerts were dropped from the queue of thanos-ruler-0 in 5 minutes: it cannot send them as fast as they come, and some reach nobody.",
        },
      ],
    },
    silent: [
      { why: "one batch", input: queue("0x10 50x60"), until: "30m" },
      { why: "another namespace's ruler", input: queue("0+3x60", "team") },
    ],
  });

  const sender = (values: string) => series("thanos_alert_sender_alerts_dropped_total", values);
  proveAlert(group("thanos-ruler-delivery"), "ThanosRuleSenderIsFailingAlerts", {
    input: sender("0+4x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels,
          summary: "thanos-ruler-0 gets alerts through to no Alertmanager.",
          description:
            "No Alertmanager took 20 alerts that thanos-ruler-0 sent in 5 minutes: alerts over several shards reach nobody.",
        },
      ],
    },
    silent: [{ why: "five minutes", input: sender("0x10 0+4x5 20x60"), until: "40m" }],
  });

  const reload = (values: string, namespace?: string) =>
    series("thanos_rule_config_last_reload_successful", values, "", namespace);
  proveAlert(group("thanos-ruler-surroundings"), "ThanosRuleConfigReloadFailure", {
    input: reload("0x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels,
          summary: "thanos-ruler-0 cannot load its rules.",
          description:
            "thanos-ruler-0 has refused its rules for 10 minutes and runs on with the old ones: new rules over several shards are missing.",
        },
      ],
    },
    silent: [
      { why: "corrected in time", input: reload("0x9 1x60"), until: "30m" },
      { why: "another namespace's ruler", input: reload("0x60", "team") },
    ],
  });

  const lookups = (of: string, failures: string, all: string): Input => ({
    ...series(`thanos_rule_${of}_dns_failures_total`, failures),
    ...series(`thanos_rule_${of}_dns_lookups_total`, all),
  });
  const cases = [
    ["ThanosRuleQueryHighDNSFailures", "query_apis", "queriers", "rules"],
    ["ThanosRuleAlertmanagerHighDNSFailures", "alertmanagers", "Alertmanagers", "notifications"],
  ] as const;
  for (const [alert, of, whom, what] of cases) {
    proveAlert(group("thanos-ruler-surroundings"), alert, {
      input: lookups(of, "0+12x60", "0+100x60"),
      quiet: "15m",
      fires: {
        at: "16m",
        alerts: [
          {
            labels,
            summary: `thanos-ruler-0 cannot look up the ${whom}.`,
            description: `12 % of the DNS lookups of ${whom} fail on thanos-ruler-0: it goes on with the addresses that it knew, and without ${what} once these are gone.`,
          },
        ],
      },
      silent: [
        { why: "nine in a hundred", input: lookups(of, "0+9x60", "0+100x60"), until: "30m" },
        { why: "CoreDNS restarts", input: lookups(of, "0x5 0+6x3 18x60", "0+6x60"), until: "40m" },
      ],
    });
  }
});

describe("rules: Thanos, places", () => {
  it("look at the platform's own namespace alone", () => {
    for (const { expr } of thanosRules({ namespace: "monitoring" }).flatMap((one) => one.rules)) {
      assert.doesNotMatch(expr, /job=~?"[^"]*"(?!, namespace="monitoring")/);
    }
  });
});
