import type { z } from "zod";
import { cardinalitySettingRules } from "./cardinalityRules";
import { bytes, milliseconds, opaqueSecret } from "./fields";
import { gpuSettingRules } from "./gpuRules";
import type { Settings } from "./schema";
import type { SettingRule } from "./settingRule";
import { storeSettingRules } from "./storeRules";

const isProduction = (settings: Settings) => settings.environment === "production";

const rules: SettingRule[] = [
  ...gpuSettingRules,
  ...cardinalitySettingRules,
  ...storeSettingRules,
  {
    needs: ["environment", "prometheus.replicas"],
    check: (settings) =>
      isProduction(settings) && settings.prometheus.replicas < 2
        ? [
            {
              path: ["prometheus", "replicas"],
              rule: "production needs at least 2 replicas, or every restart is a hole in the data",
              fix: "set prometheus.replicas to 2, or environment to development",
            },
          ]
        : [],
  },
  {
    needs: ["environment", "alertmanager.replicas"],
    check: (settings) =>
      isProduction(settings) && settings.alertmanager.replicas < 3
        ? [
            {
              path: ["alertmanager", "replicas"],
              rule: "production needs at least 3 members, so that two still gossip while one is replaced",
              fix: "set alertmanager.replicas to 3, or environment to development",
            },
          ]
        : [],
  },
  {
    needs: ["environment", "prometheus.storage", "alertmanager.storage", "ruler.storage"],
    check: (settings) =>
      (["prometheus", "alertmanager", "ruler"] as const)
        .filter((part) => isProduction(settings) && settings[part].storage.kind === "ephemeral")
        .map((part) => ({
          path: [part, "storage", "kind"],
          rule: "production keeps its data on volumes: ephemeral data is gone with the pod",
          fix: `set ${part}.storage to { kind: volume, size: … }, or environment to development`,
        })),
  },
  {
    needs: ["prometheus.localRetention", "prometheus.storage"],
    check: ({ prometheus: { localRetention, storage } }) => {
      const limit = bytes(storage.kind === "volume" ? storage.size : storage.sizeLimit) ?? 0;
      return localRetention.size !== undefined && (bytes(localRetention.size) ?? 0) > limit * 0.95
        ? [
            {
              path: ["prometheus", "localRetention", "size"],
              rule: "must leave 5 % of prometheus.storage for the write-ahead log and compaction",
              fix: "lower it, raise the size of prometheus.storage, or remove it (the default is 85 %)",
            },
          ]
        : [];
    },
  },
  {
    needs: ["prometheus.localRetention", "prometheus.scrapeInterval"],
    check: ({ prometheus: { localRetention, scrapeInterval } }) => [
      ...((milliseconds(localRetention.time) ?? 0) < (milliseconds("2h") ?? 0)
        ? [
            {
              path: ["prometheus", "localRetention", "time"],
              rule: "must be at least 2h, the length of one block",
              fix: "set it to 24h",
            },
          ]
        : []),
      ...((milliseconds(scrapeInterval) ?? 0) > (milliseconds("2m") ?? 0)
        ? [
            {
              path: ["prometheus", "scrapeInterval"],
              rule: "must be at most 2m: an instant query looks back 5m, so that two lost scrapes would be a hole",
              fix: "set it to 30s or 60s",
            },
          ]
        : []),
    ],
  },
  {
    needs: ["patches"],
    check: ({ patches }) =>
      patches.flatMap(({ patch }, index) =>
        ["apiVersion", "kind", "metadata.name", "metadata.namespace"]
          .filter((path) => path.split(".").reduce<unknown>((at, key) => Object(at)[key], patch) !== undefined)
          .map((path) => ({
            path: ["patches", index, "patch", ...path.split(".")],
            rule: "a patch changes an object, it does not make another one of it",
            fix: "remove it; the object is named by kind and name of the patch",
          })),
      ),
  },
  {
    needs: ["images"],
    check: ({ images }) =>
      Object.entries(images.overrides).flatMap(([name, reference]) =>
        reference?.includes("@") && images.digests[name as keyof typeof images.digests] !== undefined
          ? [
              {
                path: ["images", "digests", name],
                rule: "the image is pinned twice: its override has a digest already",
                fix: `remove it, or the digest in images.overrides.${name}`,
              },
            ]
          : [],
      ),
  },
  {
    needs: ["alerting", "network"],
    check: ({ alerting, network }) => {
      if (network.kind === "open") return [];
      const { heartbeat } = alerting;
      const urls = [
        ...alerting.receivers.map(({ url }) => url),
        ...(heartbeat.kind === "webhook" ? [heartbeat.url] : []),
      ];
      const ports = urls.filter((url) => url !== opaqueSecret).map(portOf);
      const closed = [...new Set(ports)].filter((port) => !network.receivers.ports.includes(port));
      return closed.map((port) => ({
        path: ["network", "receivers", "ports"],
        rule: `must have the ports of the receivers' and the heartbeat's addresses: ${port} is missing, and nothing would arrive`,
        fix: `add ${port} to the list`,
      }));
    },
  },
  {
    needs: ["teams", "namespace"],
    check: ({ teams, namespace }) => {
      if (teams.kind !== "namespaceLabel") return [];
      const names = teams.namespaces.map(({ name }) => name);
      return names.flatMap((name, index) => {
        const path = ["teams", "namespaces", index, "name"];
        if (name === namespace || name === `${namespace}-nodes`) {
          return [{ path, rule: "must not be one of the platform's own namespaces", fix: "remove it from the list" }];
        }
        if (names.indexOf(name) === index) return [];
        return [{ path, rule: "must be unique among teams.namespaces", fix: "remove one of the two" }];
      });
    },
  },
  {
    needs: ["environment", "ruler.replicas", "prometheus.shards"],
    check: (settings) =>
      isProduction(settings) && settings.prometheus.shards > 1 && settings.ruler.replicas < 2
        ? [
            {
              path: ["ruler", "replicas"],
              rule: "production needs at least 2 rulers, or one restart silences every rule that spans shards",
              fix: "set ruler.replicas to 2, or environment to development",
            },
          ]
        : [],
  },
  {
    needs: ["alerting.heartbeat"],
    check: ({ alerting: { heartbeat } }) =>
      heartbeat.kind === "webhook" && (milliseconds(heartbeat.interval ?? "1m") ?? 0) < 60_000
        ? [
            {
              path: ["alerting", "heartbeat", "interval"],
              rule: "must be at least 1m: the members of the cluster wait up to 30 s for each other",
              fix: "set it to 1m or more, or remove it",
            },
          ]
        : [],
  },
  {
    needs: ["alerting"],
    check: ({ alerting }) => {
      const names = alerting.receivers.map((receiver) => receiver.name);
      const known = names.length === 0 ? "there is none" : `there are: ${names.join(", ")}`;
      const unknown = (path: (string | number)[], name: string | undefined) =>
        name === undefined || names.includes(name)
          ? []
          : [
              {
                path,
                rule: `must name one of alerting.receivers (${known})`,
                fix: "name one of them, or add it there",
              },
            ];
      return [
        ...names.flatMap((name, index) =>
          names.indexOf(name) === index
            ? []
            : [
                {
                  path: ["alerting", "receivers", index, "name"],
                  rule: "must be unique among the receivers",
                  fix: "rename one of the two",
                },
              ],
        ),
        ...names.flatMap((name, index) =>
          ["nobody", "heartbeat"].includes(name)
            ? [
                {
                  path: ["alerting", "receivers", index, "name"],
                  rule: "nobody and heartbeat are names of the platform's own receivers",
                  fix: "choose another name",
                },
              ]
            : [],
        ),
        ...unknown(["alerting", "defaultReceiver"], alerting.defaultReceiver),
        ...alerting.routes.flatMap((route, index) =>
          unknown(["alerting", "routes", index, "receiver"], route.receiver),
        ),
      ];
    },
  },
];

/** The port of an address, also where it is the scheme's own. */
function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

/** Problems that leave the values of other fields readable: a rule need not be silent because of them. */
const harmless = new Set(["custom", "unrecognized_keys"]);

function overlap(need: string, path: readonly PropertyKey[]): boolean {
  return need.split(".").every((key, index) => index >= path.length || path[index] === key);
}

/** Adds the rules to the schema of the fields. */
export function withRules<T extends z.ZodType>(fields: T): T {
  return rules.reduce(
    (schema, rule) =>
      schema.superRefine(
        (value, context) => {
          for (const { path, rule: message, fix } of rule.check(value as Settings)) {
            context.addIssue({ code: "custom", path, message, params: { fix } });
          }
        },
        {
          when: ({ issues }) =>
            !issues.some(
              (issue) => !harmless.has(issue.code ?? "") && rule.needs.some((need) => overlap(need, issue.path ?? [])),
            ),
        },
      ),
    fields,
  );
}
