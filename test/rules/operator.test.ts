import assert from "node:assert/strict";
import { operatorRules } from "../../components/prometheus/rules/operator";
import { type Input, proveAlert } from "./promtool";

const groups = operatorRules({ namespace: "monitoring" });

const series = (metric: string, values: string, more = "", namespace = "monitoring"): Input => ({
  [`prometheus_operator_${metric}{job="prometheus-operator", namespace="${namespace}", pod="operator-1", controller="prometheus"${more}}`]:
    values,
});
const labels = { namespace: "monitoring", controller: "prometheus" };

describe("rules: prometheus-operator", () => {
  /** Operations that fail, and all of them. */
  const operations =
    (failures: string, all: string) =>
    (failed: string, tried: string, namespace?: string): Input => ({
      ...series(`${failures}_total`, failed, "", namespace),
      ...series(`${all}_total`, tried, "", namespace),
    });

  const lists = operations("list_operations_failed", "list_operations");
  proveAlert(groups, "PrometheusOperatorListErrors", {
    input: lists("0+1x60", "0+2x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "The prometheus-operator cannot list what its controller prometheus looks after.",
          description:
            "50 % of the list requests of controller prometheus fail: changes of monitors, rules and servers have no effect.",
        },
      ],
    },
    silent: [
      { why: "a third", input: lists("0+1x60", "0+3x60"), until: "30m" },
      { why: "it lists nothing", input: lists("5x60", "5x60"), until: "30m" },
      { why: "another namespace's operator", input: lists("0+1x60", "0+2x60", "team"), until: "30m" },
    ],
  });

  const watches = operations("watch_operations_failed", "watch_operations");
  proveAlert(groups, "PrometheusOperatorWatchErrors", {
    input: watches("0+1x60", "0+2x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "The prometheus-operator cannot watch what its controller prometheus looks after.",
          description:
            "50 % of the watch requests of controller prometheus fail: changes of monitors, rules and servers take effect late or not at all.",
        },
      ],
    },
    silent: [
      { why: "a third", input: watches("0+1x60", "0+3x60"), until: "30m" },
      { why: "the API server is replaced", input: watches("0+2x3 6x60", "0+2x3 6x60"), until: "30m" },
    ],
  });

  const syncs = (failed: string) => ({
    ...series("syncs", failed, ', status="failed"'),
    ...series("syncs", "3x60", ', status="ok"'),
  });
  proveAlert(groups, "PrometheusOperatorSyncFailed", {
    input: syncs("1x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels,
          summary: "The prometheus-operator cannot bring about what prometheus resources ask for.",
          description:
            "The last attempt failed for 1 resources of controller prometheus: their servers run on as they were, and changes of them, their rules and targets have no effect.",
        },
      ],
    },
    silent: [
      { why: "the next attempt works", input: syncs("0x5 1x4 0x60"), until: "30m" },
      { why: "all work", input: syncs("0x60") },
    ],
  });

  const reconciles = operations("reconcile_errors", "reconcile_operations");
  proveAlert(groups, "PrometheusOperatorReconcileErrors", {
    input: { ...reconciles("0+3x60", "0+25x60"), ...syncs("0x60") },
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "The prometheus-operator often fails to reconcile prometheus resources.",
          description:
            "12 % of the attempts of controller prometheus fail, and later ones succeed: changes take effect late.",
        },
      ],
    },
    silent: [
      { why: "two in twenty-five", input: reconciles("0+2x60", "0+25x60"), until: "30m" },
      {
        why: "the last attempt failed, which is another alert",
        input: { ...reconciles("0+1x60", "0+1x60"), ...syncs("1x60") },
      },
    ],
  });

  const ready = (values: string) => series("ready", values);
  proveAlert(groups, "PrometheusOperatorNotReady", {
    input: ready("0x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels,
          summary: "The prometheus-operator's controller prometheus is not ready.",
          description:
            "Controller prometheus of the prometheus-operator has not been ready for 10 minutes: it changes nothing, and nothing that it made is repaired.",
        },
      ],
    },
    silent: [
      { why: "it starts", input: ready("0x8 1x60") },
      { why: "it is ready now and then", input: ready("0x3 1x1 0x3 1x1 0x3 1x1 0x3 1x60") },
    ],
  });

  const resources = (rejected: string, state = "rejected") =>
    series("managed_resources", rejected, `, resource="ServiceMonitor", state="${state}"`);
  proveAlert(groups, "PrometheusOperatorRejectedResources", {
    input: resources("2x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { ...labels, resource: "ServiceMonitor" },
          summary: "The prometheus-operator rejects ServiceMonitor objects.",
          description:
            "2 ServiceMonitor objects are invalid for controller prometheus and left out: what they should scrape, evaluate or route is missing. The operator's log names them.",
        },
      ],
    },
    silent: [
      { why: "corrected in time", input: resources("0x5 1x9 0x60"), until: "30m" },
      { why: "selected ones", input: resources("9x60", "selected") },
    ],
  });

  const updates = operations("status_update_errors", "status_update_operations");
  proveAlert(groups, "PrometheusOperatorStatusUpdateErrors", {
    input: updates("0+3x60", "0+25x60"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels,
          summary: "The prometheus-operator cannot write the status of prometheus resources.",
          description:
            "12 % of the status updates of controller prometheus fail: what the resources say of themselves is out of date, and deployments that wait for it time out.",
        },
      ],
    },
    silent: [{ why: "two in twenty-five, by conflicts", input: updates("0+2x60", "0+25x60"), until: "30m" }],
  });
});

describe("rules: prometheus-operator, places", () => {
  it("look at the platform's own namespace alone", () => {
    for (const { expr } of operatorRules({ namespace: "monitoring" }).flatMap((one) => one.rules)) {
      assert.doesNotMatch(expr, /job=~?"[^"]*"(?!, namespace="monitoring")/);
    }
  });
});
