import assert from "node:assert/strict";
import { alertmanagerRules } from "../../components/prometheus/rules/alertmanager";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => alertmanagerRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const of = (index: number, namespace = "monitoring") =>
  `job="alertmanager", namespace="${namespace}", pod="alertmanager-${index}"`;
const labels = { job: "alertmanager", namespace: "monitoring", pod: "alertmanager-0" };
/** A metric of each member, with the values of the first, the second and so on. */
const members = (metric: string, values: string[], more = "", namespace?: string): Input =>
  Object.fromEntries(values.map((value, index) => [`${metric}{${of(index, namespace)}${more}}`, value]));

describe("rules: Alertmanager, members", () => {
  const reload = (values: string, namespace?: string) =>
    members("alertmanager_config_last_reload_successful", [values, "1x60"], "", namespace);
  proveAlert(group("alertmanager-member"), "AlertmanagerFailedReload", {
    input: reload("0x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels,
          summary: "alertmanager-0 cannot load its configuration.",
          description:
            "alertmanager-0 has refused its configuration for 10 minutes and runs on with the old one: changes of routes and receivers do not count, and after a restart it would not start.",
        },
      ],
    },
    silent: [
      { why: "corrected in time", input: reload("0x9 1x60"), until: "30m" },
      { why: "another namespace's Alertmanager", input: reload("0x60", "team") },
    ],
  });

  for (const state of ["nflog", "silences"]) {
    const errors = (values: string) => members(`alertmanager_${state}_maintenance_errors_total`, [values]);
    proveAlert(group("alertmanager-member"), "AlertmanagerStateNotSaved", {
      input: errors("0x14 1x14 2x60"),
      quiet: "29m",
      fires: {
        at: "46m",
        alerts: [
          {
            labels,
            summary: "alertmanager-0 cannot save its silences or what it has sent.",
            description:
              "alertmanager-0 failed 2 times in an hour to write its state to disk: if all members restart, silences are gone and alerts are sent again.",
          },
        ],
      },
      silent: [{ why: "once", input: errors("0x14 1x120"), until: "90m" }],
    });
  }

  const statefulSet = (wanted: number, ready: string, namespace = "monitoring", cluster = "alertmanager"): Input => {
    const name = `{job="kube-state-metrics", instance="ksm", namespace="${namespace}", statefulset="alertmanager-${cluster}"}`;
    return {
      [`kube_statefulset_replicas${name}`]: `${wanted}x60`,
      [`kube_statefulset_status_replicas_ready${name}`]: ready,
    };
  };
  proveAlert(group("alertmanager-replicas"), "AlertmanagerClusterDown", {
    input: statefulSet(3, "3x4 1x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { namespace: "monitoring", statefulset: "alertmanager-alertmanager" },
          summary: "At least half of the Alertmanagers of alertmanager-alertmanager are down.",
          description:
            "1 members of alertmanager-alertmanager are ready. When the last one is gone, nobody is notified of anything.",
        },
      ],
    },
    silent: [
      { why: "one of three", input: statefulSet(3, "2x60") },
      { why: "scaled to zero", input: statefulSet(0, "0x60") },
      { why: "a short outage", input: statefulSet(3, "3x4 1x4 3x60") },
      { why: "another namespace", input: statefulSet(3, "0x60", "team") },
      { why: "another Alertmanager in the namespace", input: statefulSet(3, "0x60", "monitoring", "team") },
    ],
  });
});

describe("rules: Alertmanager, cluster", () => {
  const sees = (...values: string[]) => members("alertmanager_cluster_members", values);
  proveAlert(group("alertmanager-cluster"), "AlertmanagerMembersInconsistent", {
    input: sees("1x60", "3x60", "3x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "alertmanager-0 does not see all other Alertmanagers.",
          description:
            "alertmanager-0 sees 1 members, and more of them run: alerts are sent more than once, and silences do not count everywhere.",
        },
      ],
    },
    silent: [
      { why: "one is gone, and all see that", input: sees("2x60", "2x60") },
      { why: "a rollout", input: sees("2x10 3x60", "3x60", "3x60"), until: "40m" },
      {
        why: "Alertmanagers of another namespace",
        input: { ...sees("1x60"), ...members("alertmanager_cluster_members", ["3x60", "3x60", "3x60"], "", "team") },
      },
    ],
  });

  const hashes = (...values: string[]) => members("alertmanager_config_hash", values);
  proveAlert(group("alertmanager-cluster"), "AlertmanagerConfigInconsistent", {
    input: hashes("70262348614558x60", "70262348614558x60", "51x60"),
    quiet: "19m",
    fires: {
      at: "20m",
      alerts: [
        {
          labels: { namespace: "monitoring" },
          summary: "The Alertmanagers in monitoring have different configurations.",
          description:
            "2 configurations have been in use among the Alertmanagers in monitoring for 20 minutes: where an alert goes depends on which member sends it.",
        },
      ],
    },
    silent: [
      {
        why: "a change reaches one after the other",
        input: hashes("7x5 51x60", "7x10 51x60", "7x20 51x60"),
        until: "40m",
      },
      {
        why: "another namespace has another one",
        input: { ...hashes("7x60"), ...members("alertmanager_config_hash", ["51x60"], "", "team") },
      },
    ],
  });

  const crashing = "0x4 300x4 600x4 900x4 1200x90";
  const starts = (values: string[], container = "alertmanager"): Input => ({
    ...members("process_start_time_seconds", values, `, container="${container}"`),
    ...sees(...values.map(() => "3x90")),
  });
  proveAlert(group("alertmanager-cluster"), "AlertmanagerClusterCrashlooping", {
    input: starts([crashing, crashing, "0x90"]),
    quiet: "24m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: { namespace: "monitoring" },
          summary: "At least half of the Alertmanagers in monitoring keep restarting.",
          description:
            "2 Alertmanagers in monitoring restarted more than three times in 30 minutes: notifications are late, sent twice or lost.",
        },
      ],
    },
    silent: [
      { why: "one of three", input: starts([crashing, "0x90", "0x90"]), until: "60m" },
      {
        why: "three restarts each",
        input: starts(["0x5 9x5 99x5 999x80", "0x5 9x5 99x5 999x80", "0x90"]),
        until: "60m",
      },
      { why: "the reloaders", input: starts([crashing, crashing, crashing], "config-reloader"), until: "60m" },
    ],
  });
});

describe("rules: Alertmanager, places", () => {
  it("look at the platform's own namespace alone", () => {
    for (const { expr } of alertmanagerRules({ namespace: "monitoring" }).flatMap((one) => one.rules)) {
      assert.doesNotMatch(expr, /job=~?"[^"]*"(?!, namespace="monitoring")/);
    }
  });
});
