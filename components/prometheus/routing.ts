import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { gpuInhibitions } from "../gpu/inhibition";
import { WATCHDOG } from "./rules/general";

/** A receiver that posts Alertmanager's JSON to an address. */
export interface WebhookReceiver {
  /** What routes call it. */
  name: string;
  /** The address. Kept in a Secret and read from a file: it is a credential. */
  url: pulumi.Input<string>;
}

/** Sends the alerts that match to a receiver. */
export interface AlertRoute {
  /** Alertmanager matchers, all of which must match: `severity="critical"`. */
  matchers: string[];
  /** The name of a receiver. */
  receiver: string;
  /** How often a firing alert is sent again. Default: `12h`. */
  repeatInterval?: string | undefined;
}

/** Where the always-firing Watchdog goes: a dead-man's switch that alarms when the posts stop. */
export interface Heartbeat {
  /** The address; a credential. */
  url: pulumi.Input<string>;
  /** How often it is posted, in seconds; at least 60. Default: 60. */
  intervalSeconds?: number | undefined;
}

/** What an Alertmanager does with alerts. */
export interface Routing {
  receivers: WebhookReceiver[];
  routes: AlertRoute[];
  /** Gets what no route takes. Default: the first receiver; without any, nobody. */
  defaultReceiver?: string | undefined;
  heartbeat?: Heartbeat | undefined;
}

/** An Alertmanager configuration and the files it refers to. */
export interface AlertmanagerConfiguration {
  /** The configuration in YAML. It holds no secret. */
  configuration: string;
  /** File name → secret content. */
  secretFiles: Record<string, pulumi.Input<string>>;
}

const NOBODY = "nobody";
/** The receiver of the Watchdog. */
export const HEARTBEAT = "heartbeat";

/** Renders a routing tree; `secretsDirectory` is where Alertmanager finds the secret files. */
export function alertmanagerConfiguration(routing: Routing, secretsDirectory: string): AlertmanagerConfiguration {
  const webhooks = [
    ...routing.receivers.map((receiver) => ({ name: receiver.name, url: receiver.url, sendResolved: true })),
    ...(routing.heartbeat ? [{ name: HEARTBEAT, url: routing.heartbeat.url, sendResolved: false }] : []),
  ];
  const configuration = {
    route: {
      receiver: routing.defaultReceiver ?? routing.receivers[0]?.name ?? NOBODY,
      group_by: ["cluster", "namespace", "alertname"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: [watchdogRoute(routing.heartbeat), ...routing.routes.map(routeOf)],
    },
    inhibit_rules: [inhibits("critical", ["warning", "info"]), inhibits("warning", ["info"]), ...gpuInhibitions],
    receivers: [
      { name: NOBODY },
      ...webhooks.map((webhook) => ({
        name: webhook.name,
        webhook_configs: [{ url_file: `${secretsDirectory}/${webhook.name}-url`, send_resolved: webhook.sendResolved }],
      })),
    ],
  };
  return {
    configuration: stringify(configuration),
    secretFiles: Object.fromEntries(webhooks.map((webhook) => [`${webhook.name}-url`, webhook.url])),
  };
}

function watchdogRoute(heartbeat: Heartbeat | undefined) {
  // The alerts of teams carry their namespace: a Watchdog of theirs must not feed the heartbeat.
  const matchers = [`alertname="${WATCHDOG}"`, 'namespace=""'];
  if (!heartbeat) return { matchers, receiver: NOBODY };
  const seconds = heartbeat.intervalSeconds ?? 60;
  return {
    matchers,
    receiver: HEARTBEAT,
    group_wait: "0s",
    group_interval: `${seconds}s`,
    // Once per group interval Alertmanager looks whether the last post is older than this. It notes a post when it is done,
    // so with the same figure every second look would be a moment too early. It must also be longer than the members wait
    // for each other (15 s each), or each of them would post.
    repeat_interval: `${Math.floor(seconds * 0.8)}s`,
  };
}

function routeOf(route: AlertRoute) {
  return {
    matchers: route.matchers,
    receiver: route.receiver,
    ...(route.repeatInterval === undefined ? {} : { repeat_interval: route.repeatInterval }),
  };
}

/** Where alerts about GPUs and what uses them are: they have neither job nor instance. */
const PLACES = ["failure_domain", "node", "UUID", "workload", "model_name"];

/** The worse of two alerts of one name and place silences the other. */
function inhibits(source: string, targets: string[]) {
  return {
    source_matchers: [`severity="${source}"`],
    target_matchers: [`severity=~"${targets.join("|")}"`],
    // Down to the place: the trouble of one node must not silence that of the others.
    equal: ["cluster", "namespace", "alertname", "job", "instance", ...PLACES],
  };
}
