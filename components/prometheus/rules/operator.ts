import { jobs } from "../jobs";
import type { RuleContext, RuleGroup } from "./rule";

const CONTROLLER = "cluster, namespace, controller";

/** Rules about the prometheus-operator. */
export const operatorRules = ({ namespace }: RuleContext): RuleGroup[] => {
  const operator = `job="${jobs.prometheusOperator}", namespace="${namespace}"`;
  /** Percent of the operations that failed. */
  const failed = (failures: string, operations: string) => {
    const rate = (counter: string) =>
      `sum by (${CONTROLLER}) (rate(prometheus_operator_${counter}_total{${operator}}[10m]))`;
    return `100 * ${rate(failures)} / ${rate(operations)}`;
  };
  const syncs = `max by (${CONTROLLER}) (prometheus_operator_syncs{${operator}, status="failed"})`;
  return [
    {
      name: "prometheus-operator",
      // One pod.
      scope: "shard",
      rules: [
        {
          alert: "PrometheusOperatorListErrors",
          // It lists seldom, so that single failures make large shares; a missing right makes all of them fail.
          expr: `${failed("list_operations_failed", "list_operations")} > 40`,
          for: "15m",
          severity: "warning",
          summary: "The prometheus-operator cannot list what its controller {{ $labels.controller }} looks after.",
          description:
            '{{ printf "%.0f" $value }} % of the list requests of controller {{ $labels.controller }} fail: changes of monitors, rules and servers have no effect.',
        },
        {
          alert: "PrometheusOperatorWatchErrors",
          expr: `${failed("watch_operations_failed", "watch_operations")} > 40`,
          for: "15m",
          severity: "warning",
          summary: "The prometheus-operator cannot watch what its controller {{ $labels.controller }} looks after.",
          description:
            '{{ printf "%.0f" $value }} % of the watch requests of controller {{ $labels.controller }} fail: changes of monitors, rules and servers take effect late or not at all.',
        },
        {
          alert: "PrometheusOperatorSyncFailed",
          expr: `${syncs} > 0`,
          for: "10m",
          severity: "warning",
          summary: "The prometheus-operator cannot bring about what {{ $labels.controller }} resources ask for.",
          description:
            "The last attempt failed for {{ $value }} resources of controller {{ $labels.controller }}: their servers run on as they were, and changes of them, their rules and targets have no effect.",
        },
        {
          alert: "PrometheusOperatorReconcileErrors",
          // While the last attempt failed, the alert above says so.
          expr: `${failed("reconcile_errors", "reconcile_operations")} > 10 unless ${syncs} > 0`,
          for: "15m",
          severity: "warning",
          summary: "The prometheus-operator often fails to reconcile {{ $labels.controller }} resources.",
          description:
            '{{ printf "%.0f" $value }} % of the attempts of controller {{ $labels.controller }} fail, and later ones succeed: changes take effect late.',
        },
        {
          alert: "PrometheusOperatorNotReady",
          // While it starts it is not ready for about a minute.
          expr: `max by (${CONTROLLER}) (max_over_time(prometheus_operator_ready{${operator}}[5m])) == 0`,
          for: "10m",
          severity: "warning",
          summary: "The prometheus-operator's controller {{ $labels.controller }} is not ready.",
          description:
            "Controller {{ $labels.controller }} of the prometheus-operator has not been ready for 10 minutes: it changes nothing, and nothing that it made is repaired.",
        },
        {
          alert: "PrometheusOperatorRejectedResources",
          expr: `max by (${CONTROLLER}, resource) (min_over_time(prometheus_operator_managed_resources{${operator}, state="rejected"}[5m])) > 0`,
          for: "10m",
          severity: "warning",
          summary: "The prometheus-operator rejects {{ $labels.resource }} objects.",
          description:
            "{{ $value }} {{ $labels.resource }} objects are invalid for controller {{ $labels.controller }} and left out: what they should scrape, evaluate or route is missing. The operator's log names them.",
        },
        {
          alert: "PrometheusOperatorStatusUpdateErrors",
          expr: `${failed("status_update_errors", "status_update_operations")} > 10`,
          for: "15m",
          severity: "warning",
          summary: "The prometheus-operator cannot write the status of {{ $labels.controller }} resources.",
          description:
            '{{ printf "%.0f" $value }} % of the status updates of controller {{ $labels.controller }} fail: what the resources say of themselves is out of date, and deployments that wait for it time out.',
        },
      ],
    },
  ];
};
