import { jobs } from "../jobs";
import { HEARTBEAT } from "../routing";
import type { RuleContext, RuleGroup } from "./rule";

const CLUSTER = "cluster, namespace";
// The receiver's name is there with Alertmanager's feature `receiver-name-in-metrics`; without it the rules work too.
const RECEIVER = "integration, receiver_name";

/** Rules about Alertmanager. */
export const alertmanagerRules = ({ namespace }: RuleContext): RuleGroup[] => {
  const members = `job="${jobs.alertmanager}", namespace="${namespace}"`;
  return [member(members), replicas(namespace), gossip(members), delivery(members)];
};

function member(members: string): RuleGroup {
  return {
    name: "alertmanager-member",
    scope: "shard",
    rules: [
      {
        alert: "AlertmanagerFailedReload",
        expr: `alertmanager_config_last_reload_successful{${members}} == 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot load its configuration.",
        description:
          "{{ $labels.pod }} has refused its configuration for 10 minutes and runs on with the old one: changes of routes and receivers do not count, and after a restart it would not start.",
      },
      {
        alert: "AlertmanagerStateNotSaved",
        // Saved every 15 minutes: two failures are half an hour.
        expr: ["nflog", "silences"]
          .map((state) => `increase(alertmanager_${state}_maintenance_errors_total{${members}}[1h]) > 1.5`)
          .join(" or "),
        severity: "warning",
        summary: "{{ $labels.pod }} cannot save its silences or what it has sent.",
        description:
          '{{ $labels.pod }} failed {{ printf "%.0f" $value }} times in an hour to write its state to disk: if all members restart, silences are gone and alerts are sent again.',
      },
    ],
  };
}

function replicas(namespace: string): RuleGroup {
  const statefulSet = `job="${jobs.kubeStateMetrics}", namespace="${namespace}", statefulset="alertmanager-${jobs.alertmanager}"`;
  const of = (metric: string) => `max by (${CLUSTER}, statefulset) (kube_statefulset_${metric}{${statefulSet}})`;
  return {
    name: "alertmanager-replicas",
    scope: "shard",
    rules: [
      {
        alert: "AlertmanagerClusterDown",
        // Half: while one member is left it can still say so.
        expr: `${of("status_replicas_ready")} <= ${of("replicas")} / 2 and ${of("replicas")} > 0`,
        for: "5m",
        severity: "critical",
        summary: "At least half of the Alertmanagers of {{ $labels.statefulset }} are down.",
        description:
          "{{ $value }} members of {{ $labels.statefulset }} are ready. When the last one is gone, nobody is notified of anything.",
      },
    ],
  };
}

function gossip(members: string): RuleGroup {
  const seen = `alertmanager_cluster_members{${members}}`;
  const restarts = `changes(process_start_time_seconds{${members}, container="alertmanager"}[30m])`;
  return {
    name: "alertmanager-cluster",
    scope: "global",
    rules: [
      {
        alert: "AlertmanagerMembersInconsistent",
        expr: `${seen} < on (${CLUSTER}) group_left () count by (${CLUSTER}) (${seen})`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} does not see all other Alertmanagers.",
        description:
          "{{ $labels.pod }} sees {{ $value }} members, and more of them run: alerts are sent more than once, and silences do not count everywhere.",
      },
      {
        alert: "AlertmanagerConfigInconsistent",
        expr: `count by (${CLUSTER}) (count_values by (${CLUSTER}) ("hash", alertmanager_config_hash{${members}})) > 1`,
        for: "20m",
        severity: "warning",
        summary: "The Alertmanagers in {{ $labels.namespace }} have different configurations.",
        description:
          "{{ $value }} configurations have been in use among the Alertmanagers in {{ $labels.namespace }} for 20 minutes: where an alert goes depends on which member sends it.",
      },
      {
        alert: "AlertmanagerClusterCrashlooping",
        // A container that ends again and again is started every 5 minutes: six times in 30.
        expr: `count by (${CLUSTER}) (${restarts} > 3) >= count by (${CLUSTER}) (${seen}) / 2`,
        for: "5m",
        severity: "critical",
        summary: "At least half of the Alertmanagers in {{ $labels.namespace }} keep restarting.",
        description:
          "{{ $value }} Alertmanagers in {{ $labels.namespace }} restarted more than three times in 30 minutes: notifications are late, sent twice or lost.",
      },
    ],
  };
}

function delivery(members: string): RuleGroup {
  const ofMember = `${CLUSTER}, pod, ${RECEIVER}`;
  const rate = (what: string, labels: string, receiver = "") =>
    `sum by (${labels}) (rate(alertmanager_notifications_${what}{${members}${receiver}}[10m]))`;
  // Members that sent nothing have no say: as a rule only the first one sends.
  const sent = (receiver = "") => `(${rate("total", ofMember, receiver)} > 0)`;
  // A notification that succeeds the second time makes it half.
  const failsEverywhere = (receiver = "") =>
    `min by (${CLUSTER}, ${RECEIVER}) (100 * ${rate("failed_total", ofMember, receiver)} / ${sent(receiver)}) > 60`;
  return {
    name: "alertmanager-delivery",
    scope: "global",
    rules: [
      {
        alert: "AlertmanagerFailedToSendAlerts",
        // A notification is tried for 5 minutes before it counts as failed, and again after the group's interval of 5 minutes:
        // one failure is seen for 10 minutes at most, unless another follows.
        expr: `100 * ${rate("failed_total", `${ofMember}, reason`)} / on (${ofMember}) group_left () ${sent()} > 1 unless on (${CLUSTER}, ${RECEIVER}) ${failsEverywhere()}`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails to notify by {{ $labels.integration }}.",
        description:
          '{{ printf "%.0f" $value }} % of the notifications that {{ $labels.pod }} sends to receiver {{ $labels.receiver_name }} by {{ $labels.integration }} fail ({{ $labels.reason }}). Other members, or later attempts, get some of them through.',
      },
      {
        alert: "AlertmanagerClusterFailedToSendAlerts",
        expr: failsEverywhere(`, receiver_name!="${HEARTBEAT}"`),
        for: "10m",
        severity: "critical",
        summary: "No Alertmanager gets notifications through by {{ $labels.integration }}.",
        description:
          '{{ printf "%.0f" $value }} % of the notifications to receiver {{ $labels.receiver_name }} by {{ $labels.integration }} fail, whichever Alertmanager sends them: the people behind it do not hear of alerts.',
      },
      {
        alert: "AlertmanagerHeartbeatFailing",
        // A warning: the service that waits for the heartbeat wakes somebody itself. This says why.
        expr: failsEverywhere(`, receiver_name="${HEARTBEAT}"`),
        for: "10m",
        severity: "warning",
        summary: "The heartbeat does not reach the service that waits for it.",
        description:
          '{{ printf "%.0f" $value }} % of the posts to receiver {{ $labels.receiver_name }} fail, whichever Alertmanager sends them: the service outside takes the whole alerting for dead, and would not notice if it were.',
      },
    ],
  };
}
