import { alertmanagerRules } from "../../components/prometheus/rules/alertmanager";
import { type Input, proveAlert } from "./promtool";

const group = (name: string) => alertmanagerRules({ namespace: "monitoring" }).filter((one) => one.name === name);

const of = (index: number, namespace = "monitoring") =>
  `job="alertmanager", namespace="${namespace}", pod="alertmanager-${index}"`;
/** A metric of each member, with the values of the first, the second and so on. */
const members = (metric: string, values: string[], more = "", namespace?: string): Input =>
  Object.fromEntries(values.map((value, index) => [`${metric}{${of(index, namespace)}${more}}`, value]));

describe("rules: Alertmanager, notifications", () => {
  /** What each member sends to a receiver, and what fails of it. */
  const notifies = (receiver: string, values: [all: string, failed: string][], namespace?: string): Input => {
    const to = `, integration="webhook", receiver_name="${receiver}"`;
    return {
      ...members(
        "alertmanager_notifications_total",
        values.map(([all]) => all),
        to,
        namespace,
      ),
      ...members(
        "alertmanager_notifications_failed_total",
        values.map(([, failed]) => failed),
        `${to}, reason="serverError"`,
        namespace,
      ),
      ...members(
        "alertmanager_notifications_failed_total",
        values.map(() => "0x90"),
        `${to}, reason="clientError"`,
        namespace,
      ),
    };
  };
  const works: [string, string] = ["0+1x90", "0x90"];
  const fails: [string, string] = ["0+1x90", "0+1x90"];
  const idle: [string, string] = ["7x90", "0x90"];
  // They end when they are given up, minutes after they began.
  const begunBefore: [string, string] = ["7x90", "0x4 1x7 2x7 3x7 4x7 5x60"];
  const receiver = { namespace: "monitoring", integration: "webhook", receiver_name: "pager" };

  proveAlert(group("alertmanager-delivery"), "AlertmanagerFailedToSendAlerts", {
    input: {
      ...notifies("pager", [["0+1000x90", "0+12x90"], works, works]),
      ...notifies("chat", [["0+2x90", "0+1x90"]]),
    },
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [["pager", 1] as const, ["chat", 50] as const].map(([name, percent]) => ({
        labels: { ...receiver, receiver_name: name, pod: "alertmanager-0", reason: "serverError" },
        summary: "alertmanager-0 fails to notify by webhook.",
        description: `${percent} % of the notifications that alertmanager-0 sends to receiver ${name} by webhook fail (serverError). Other members, or later attempts, get some of them through.`,
      })),
    },
    silent: [
      {
        why: "a failure that does not come again",
        input: notifies("pager", [["0+1x90", "0x9 1x80"], works]),
        until: "50m",
      },
      { why: "nine in a thousand", input: notifies("pager", [["0+1000x90", "0+9x90"], works]), until: "30m" },
      { why: "what fails began long before", input: notifies("pager", [begunBefore, works]), until: "30m" },
      {
        why: "all members fail, which is another alert",
        input: notifies("pager", [["0+10x90", "0+7x90"], fails, idle]),
        until: "30m",
      },
    ],
  });

  proveAlert(group("alertmanager-delivery"), "AlertmanagerClusterFailedToSendAlerts", {
    input: {
      ...notifies("pager", [fails, ["0+4x90", "0+3x90"], idle]),
      ...notifies("chat", [works, works, works]),
      ...notifies("heartbeat", [fails, fails, idle]),
    },
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: receiver,
          summary: "No Alertmanager gets notifications through by webhook.",
          description:
            "75 % of the notifications to receiver pager by webhook fail, whichever Alertmanager sends them: the people behind it do not hear of alerts.",
        },
      ],
    },
    silent: [
      { why: "another member gets them through", input: notifies("pager", [fails, works, idle]), until: "30m" },
      { why: "every second one fails", input: notifies("pager", [["0+2x90", "0+1x90"], idle]), until: "30m" },
      { why: "nothing is sent", input: notifies("pager", [idle, idle, idle]), until: "30m" },
      { why: "what fails began long before", input: notifies("pager", [begunBefore]), until: "30m" },
      { why: "another namespace's Alertmanager", input: notifies("pager", [fails], "team"), until: "30m" },
    ],
  });

  // Without Alertmanager's feature receivers have no name.
  const nameless = (input: Input): Input =>
    Object.fromEntries(
      Object.entries(input).map(([name, values]) => [name.replace(/, receiver_name="\w+"/, ""), values]),
    );
  proveAlert(group("alertmanager-delivery"), "AlertmanagerClusterFailedToSendAlerts", {
    input: nameless(notifies("pager", [fails])),
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { namespace: "monitoring", integration: "webhook" },
          summary: "No Alertmanager gets notifications through by webhook.",
          description:
            "100 % of the notifications to receiver  by webhook fail, whichever Alertmanager sends them: the people behind it do not hear of alerts.",
        },
      ],
    },
    silent: [{ why: "it works", input: nameless(notifies("pager", [works])) }],
  });

  proveAlert(group("alertmanager-delivery"), "AlertmanagerHeartbeatFailing", {
    input: notifies("heartbeat", [["0+4x90", "0+3x90"], fails, idle]),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...receiver, receiver_name: "heartbeat" },
          summary: "The heartbeat does not reach the service that waits for it.",
          description:
            "75 % of the posts to receiver heartbeat fail, whichever Alertmanager sends them: the service outside takes the whole alerting for dead, and would not notice if it were.",
        },
      ],
    },
    silent: [
      { why: "another member gets it through", input: notifies("heartbeat", [fails, works]), until: "30m" },
      { why: "every second one fails", input: notifies("heartbeat", [["0+2x90", "0+1x90"]]), until: "30m" },
      { why: "what fails began long before", input: notifies("heartbeat", [begunBefore]), until: "30m" },
      { why: "another receiver fails", input: notifies("pager", [fails, fails]), until: "30m" },
    ],
  });
});
