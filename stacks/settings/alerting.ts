import { z } from "zod";
import type { Presets } from "./environment";
import { dnsLabel, duration, secretUrl } from "./fields";

const receiverSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    name: dnsLabel().describe("What routes call it."),
    kind: z.literal("webhook"),
    url: secretUrl().describe("Where Alertmanager posts its JSON. Secret."),
  }),
]);

const matcher = /^[a-zA-Z_][a-zA-Z0-9_]*(=|!=|=~|!~)"([^"\\]|\\.)*"$/;

const routeSchema = z.strictObject({
  matchers: z
    .array(
      z
        .string()
        .regex(matcher, { error: 'must be an Alertmanager matcher: label="value", with =, !=, =~ or !~' })
        .meta({ example: `'severity="critical"'` }),
    )
    .min(1, { error: "must have at least one matcher; alerts that no route takes go to the default receiver" })
    .describe('All must match: severity="critical".'),
  receiver: dnsLabel().describe("The name of a receiver."),
  repeatInterval: duration().optional().describe("How often a firing alert is sent again. Default: 12h."),
});

export const alertingSchema = z.strictObject({
  receivers: z.array(receiverSchema).describe("Who is told."),
  defaultReceiver: dnsLabel()
    .optional()
    .describe("Who gets alerts that no route takes. Default: the first receiver; without any, nobody."),
  routes: z
    .array(routeSchema)
    .describe("Which alert goes to whom. Of the routes that match, the first from the top wins."),
  heartbeat: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("webhook"),
        url: secretUrl().describe("A dead-man's switch outside this cluster that alarms when posts stop. Secret."),
        interval: duration().optional().describe("How often the Watchdog alert is posted. Default: 1m."),
      }),
      z.strictObject({ kind: z.literal("none") }).describe("Nobody notices when the whole pipeline is down."),
    ])
    .describe("Where the always-firing Watchdog alert goes.")
    .meta({ example: "{ kind: webhook, url: … }, or { kind: none } if nobody shall watch the watchers" }),
});

export type AlertingSettings = z.output<typeof alertingSchema>;
export type ReceiverSettings = AlertingSettings["receivers"][number];

// Production has no preset for the heartbeat on purpose: somebody has to decide where it goes.
export const alertingPresets: Presets = {
  local: { receivers: [], routes: [], heartbeat: { kind: "none" } },
  development: { receivers: [], routes: [], heartbeat: { kind: "none" } },
  production: { receivers: [], routes: [] },
};
