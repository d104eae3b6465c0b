import * as pulumi from "@pulumi/pulumi";
import type { RingStoreArgs, StoreTenant } from "./args";

/** Something that is wrong with arguments: which one, why, what to do. */
export interface RingStoreProblem {
  property: (string | number)[];
  reason: string;
  fix: string;
}

/** What the rules look at: the shape, which is the same in arguments and in settings. */
export type RingStoreShape = Pick<
  RingStoreArgs,
  | "tenant"
  | "tenants"
  | "retention"
  | "zones"
  | "replicationFactor"
  | "haFailoverSeconds"
  | "ingester"
  | "ingestersDrainedTo"
>;

export const DEFAULT_TENANT = "platform";
export const DEFAULT_REPLICATION = 3;

/**
 * With 30 s between scrapes: an elected replica is noted at most every 10 s and 2 s at random, and may send all its samples at
 * once; 42 s without a note are then nothing unusual [judgement]. The vendors' 30 s would let the pair take turns.
 */
export const DEFAULT_FAILOVER_SECONDS = 45;
export const HA_UPDATE_SECONDS = 10;
export const HA_UPDATE_JITTER_SECONDS = 2;

/** What the elected replica may keep silent beyond a scrape interval. */
export const HA_NOTE_SECONDS = HA_UPDATE_SECONDS + HA_UPDATE_JITTER_SECONDS;

/** How long ingesters answer for what they took: a block of 2 h, its upload, and until every reader knows of it (the vendor's). */
export const INGESTER_HOURS = 13;
const SHORTEST_RETENTION_HOURS = 24;

export const tenantsOf = ({ tenant = DEFAULT_TENANT, tenants }: RingStoreShape): StoreTenant[] =>
  tenants ?? [{ name: tenant }];

/** Zones of the rings: those that are named, or one for each copy. */
export const zoneCount = ({ zones, replicationFactor = DEFAULT_REPLICATION }: RingStoreShape): number =>
  zones === undefined || zones.length === 0 ? replicationFactor : zones.length;

const HOURS: Record<string, number> = { h: 1, d: 24, w: 168, y: 8760 };

function hours(text: string): number {
  const [, figure, unit] = /^([1-9][0-9]*)(h|d|w|y)$/.exec(text) ?? [];
  return Number(figure) * (HOURS[unit ?? ""] ?? Number.NaN);
}

function retentionProblem(property: (string | number)[], retention: string | undefined): RingStoreProblem[] {
  if (retention === undefined || hours(retention) >= SHORTEST_RETENTION_HOURS) return [];
  return [
    {
      property,
      reason: `must be at least ${SHORTEST_RETENTION_HOURS}h, in hours, days, weeks or years: ingesters keep and upload for ${INGESTER_HOURS}h, and what is deleted sooner was never in the bucket for long enough to be read`,
      fix: "set it to 24h or more",
    },
  ];
}

/** Every problem of the shape. */
export function ringStoreProblems(shape: RingStoreShape): RingStoreProblem[] {
  return [...tenantProblems(shape), ...zoneProblems(shape), ...timeProblems(shape)];
}

function tenantProblems(shape: RingStoreShape): RingStoreProblem[] {
  const { tenant = DEFAULT_TENANT } = shape;
  const tenants = tenantsOf(shape);
  const names = tenants.map(({ name }) => name);
  const named = tenants.flatMap(({ name, retention }, index) => {
    const property = ["tenants", index, "name"];
    return [
      ...(/^[A-Za-z0-9][A-Za-z0-9._-]{0,149}$/.test(name)
        ? []
        : [
            {
              property,
              reason:
                "must be a name: a letter or digit, then letters, digits, dots, hyphens and underscores, at most 150",
              fix: "give the tenant a name, such as research",
            },
          ]),
      ...(names.indexOf(name) === index
        ? []
        : [{ property, reason: "must be unique among the tenants", fix: "remove one of the two" }]),
      ...retentionProblem(["tenants", index, "retention"], retention),
    ];
  });
  if (names.includes(tenant)) return named;
  return [
    ...named,
    {
      property: ["tenant"],
      reason: `must be one of tenants (there are: ${names.join(", ")}), or Prometheus could write nothing`,
      fix: `add { name: ${tenant} } to tenants, or name one of them`,
    },
  ];
}

function zoneProblems(shape: RingStoreShape): RingStoreProblem[] {
  const { zones = [], replicationFactor = DEFAULT_REPLICATION } = shape;
  const problems: RingStoreProblem[] = [];
  if (zones.length > 0 && zones.length < replicationFactor) {
    problems.push({
      property: ["zones"],
      reason: `must be at least as many as replicationFactor, ${replicationFactor}: each zone holds at most one copy of a series`,
      fix: `name ${replicationFactor} zones, or none, or lower replicationFactor`,
    });
  }
  if (new Set(zones).size < zones.length) {
    problems.push({
      property: ["zones"],
      reason: "must not name a zone twice: its loss would take two copies",
      fix: "name each zone once",
    });
  }
  if (replicationFactor % 2 === 0) {
    problems.push({
      property: ["replicationFactor"],
      reason:
        "must be odd: writes need more than half of the copies, so 2 bear no more losses than 1, and 4 no more than 3",
      fix: "set it to 3",
    });
  }
  const replicas = shape.ingester?.replicas ?? 1;
  if (shape.ingestersDrainedTo !== undefined && shape.ingestersDrainedTo !== replicas) {
    problems.push({
      property: ["ingestersDrainedTo"],
      reason: `must be the number of ingesters per zone, ${replicas}: it says that those above it were drained`,
      fix: "remove it, unless the ingesters above that number were just drained",
    });
  }
  return problems;
}

function timeProblems({ retention, haFailoverSeconds }: RingStoreShape): RingStoreProblem[] {
  const problems = retentionProblem(["retention"], retention);
  if (haFailoverSeconds !== undefined && haFailoverSeconds <= HA_NOTE_SECONDS) {
    problems.push({
      property: ["haFailoverSeconds"],
      reason: `must be more than ${HA_NOTE_SECONDS}: the elected Prometheus is noted only that often`,
      fix: `set it to the scrape interval and 15 s more; ${DEFAULT_FAILOVER_SECONDS} for 30 s`,
    });
  }
  return problems;
}

/** @throws InputPropertiesError that names every wrong argument. */
export function refuseProblems(problems: readonly RingStoreProblem[]): void {
  if (problems.length === 0) return;
  throw new pulumi.InputPropertiesError({
    message: problems.map(({ property, reason }) => `${property.join(".")} ${reason}`).join("; "),
    errors: problems.map(({ property, reason }) => ({ propertyPath: property.join("."), reason })),
  });
}
