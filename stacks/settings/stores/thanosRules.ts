import { milliseconds } from "../fields";
import type { Settings } from "../schema";
import type { FoundProblem } from "../settingRule";
import type { ThanosSettings } from "./thanos";

type Path = (string | number)[];

const text = (path: Path) => path.join(".");
const shorter = (one: string, other: string) => (milliseconds(one) ?? 0) < (milliseconds(other) ?? 0);

/** What must fit together in the settings of Thanos, and with those around it. */
export function checkThanos(store: ThanosSettings, settings: Settings, path: Path): FoundProblem[] {
  return [
    ...retention(store, path),
    ...upload(settings),
    ...(settings.environment === "production" ? production(store, path) : []),
    ...receive(store, settings, path),
    ...remoteQueriers(store, path),
  ];
}

function retention({ retention: kept }: ThanosSettings, path: Path): FoundProblem[] {
  // When the compactor downsamples is fixed in its code.
  const least = [
    { key: "raw", minimum: "40h", why: "blocks are downsampled to 5 minutes when they are 40h old" },
    { key: "fiveMinutes", minimum: "10d", why: "blocks are downsampled to hours when they are 10d old" },
  ] as const;
  const order = [
    ["raw", "fiveMinutes"],
    ["fiveMinutes", "oneHour"],
  ] as const;
  return [
    ...least
      .filter(({ key, minimum }) => shorter(kept[key], minimum))
      .map(({ key, minimum, why }) => ({
        path: [...path, "retention", key],
        rule: `must be at least ${minimum}: ${why}, and what is gone before is never downsampled`,
        fix: `set it to ${minimum} or more`,
      })),
    ...order
      .filter(([finer, coarser]) => shorter(kept[coarser], kept[finer]))
      .map(([finer, coarser]) => ({
        path: [...path, "retention", coarser],
        rule: `must be at least retention.${finer}: coarser samples are there for what finer ones no longer cover`,
        fix: `set it to ${kept[finer]} or more, or lower retention.${finer}`,
      })),
  ];
}

/** Sidecars upload finished blocks, so Prometheus must have them until the object storage is back. */
function upload({ prometheus }: Settings): FoundProblem[] {
  return shorter(prometheus.localRetention.time, "6h")
    ? [
        {
          path: ["prometheus", "localRetention", "time"],
          rule: "must be at least 6h, three blocks: blocks of 2h are uploaded when they are done, and one that cannot be is lost with its retention",
          fix: "set it to 24h: object storage may then be away for most of a day",
        },
      ]
    : [];
}

function production(store: ThanosSettings, path: Path): FoundProblem[] {
  const at = (...keys: string[]) => [...path, ...keys];
  const pairs: [string[], number, string][] = [
    [["queriers"], store.queriers, "queriers, or one restart takes every dashboard down"],
    [
      ["queryFrontend", "replicas"],
      store.queryFrontend.replicas,
      "query frontends, or one restart takes every dashboard down",
    ],
    [
      ["storeGateway", "replicas"],
      store.storeGateway.replicas,
      "store gateways of each part, or one restart hides part of the history",
    ],
    ...(store.receive.kind === "install"
      ? ([[["receive", "routers"], store.receive.routers ?? 2, "routers, or one restart refuses every write"]] as [
          string[],
          number,
          string,
        ][])
      : []),
  ];
  const ephemeral = [
    ...(store.storeGateway.storage.kind === "ephemeral" ? [["storeGateway", "storage", "kind"]] : []),
    ...(store.compactor.storage.kind === "ephemeral" ? [["compactor", "storage", "kind"]] : []),
    ...(store.receive.kind === "install" && store.receive.storage.kind === "ephemeral"
      ? [["receive", "storage", "kind"]]
      : []),
  ];
  return [
    ...pairs
      .filter(([, replicas]) => replicas < 2)
      .map(([keys, , what]) => ({
        path: at(...keys),
        rule: `production needs at least 2 ${what}`,
        fix: `set ${text(at(...keys))} to 2, or environment to development`,
      })),
    ...(store.bucket.insecure
      ? [
          {
            path: at("bucket", "insecure"),
            rule: "production reads and writes its bucket by HTTPS: keys and metrics could be read on the way",
            fix: "remove it, with caCertificate where the endpoint's certificate is your own, or set environment to development",
          },
        ]
      : []),
    ...ephemeral.map((keys) => ({
      path: at(...keys),
      rule: "production keeps it on volumes: without one, a restart fetches everything again, or loses what was not uploaded",
      fix: `set ${text(at(...keys.slice(0, -1)))} to { kind: volume, size: … }, or environment to development`,
    })),
  ];
}

function receive({ receive: settings }: ThanosSettings, { environment }: Settings, path: Path): FoundProblem[] {
  if (settings.kind === "none") return [];
  const { zones = [], replicationFactor = 3 } = settings;
  const each = settings.ingestors ?? (zones.length === 0 ? 3 : 1);
  const ingestors = each * Math.max(zones.length, 1);
  const at = (key: string) => [...path, "receive", key];
  const factor = at("replicationFactor");
  return [
    ...(settings.ingestorsDrainedTo !== undefined && settings.ingestorsDrainedTo !== each
      ? [
          {
            path: at("ingestorsDrainedTo"),
            rule: `must be the number of ingestors, ${each}: it says that those above it were drained`,
            fix: "remove it, unless the ingestors above that number were just drained",
          },
        ]
      : []),
    ...(ingestors < replicationFactor
      ? [
          {
            path: factor,
            rule: `must be at most the number of ingestors, which is ${ingestors}`,
            fix: `set it to ${ingestors}, or raise ${text(at("ingestors"))}`,
          },
        ]
      : []),
    ...(zones.length > 0 && zones.length < replicationFactor
      ? [
          {
            path: factor,
            rule: `must be at most the number of zones, which is ${zones.length}: two copies in one zone go together`,
            fix: `add zones to ${text(at("zones"))}, or lower it`,
          },
        ]
      : []),
    // With two copies a write needs both: one pod that restarts would refuse it.
    ...(environment === "production" && replicationFactor < 3
      ? [
          {
            path: factor,
            rule: "production needs 3 copies or more: a write needs more than half of them, so with fewer no ingestor may be away",
            fix: `set ${text(factor)} to 3, or environment to development`,
          },
        ]
      : []),
    ...zones.flatMap((zone, index) =>
      zones.indexOf(zone) === index
        ? []
        : [{ path: [...at("zones"), index], rule: "must be unique among the zones", fix: "remove one of the two" }],
    ),
  ];
}

function remoteQueriers({ remoteQueriers: all }: ThanosSettings, path: Path): FoundProblem[] {
  return all.flatMap(({ name, tls }, index) => [
    ...(tls === undefined
      ? [
          {
            path: [...path, "remoteQueriers", index, "tls"],
            rule: "is required: another cluster's metrics are never read without TLS",
            fix: "set it to {}, or to { caCertificate: … } where the certificate is your own",
          },
        ]
      : []),
    ...(all.findIndex((other) => other.name === name) === index
      ? []
      : [
          {
            path: [...path, "remoteQueriers", index, "name"],
            rule: "must be unique among the remote queriers",
            fix: "rename one of the two",
          },
        ]),
  ]);
}
