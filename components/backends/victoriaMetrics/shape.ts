import * as pulumi from "@pulumi/pulumi";
import type { VictoriaMetricsArgs } from "./args";

/** What must fit together, in a store's arguments and in a stack's settings. */
export interface VictoriaMetricsShape {
  architecture: string;
  retentionDays: number;
  dedupInterval: string;
  replicationFactor?: number;
  storageNodes?: number;
  storageNodesLoweredTo?: number;
  agents?: number;
  agentsDrainedTo?: number;
  /** Whether each storage node has a volume. */
  volumes: boolean;
  backup: boolean;
  licensed: boolean;
  downsampling: string[];
  retentionFilters: string[];
}

/** Something that does not fit: in which part of the shape, why, and what to do. */
export interface ShapeProblem {
  property: keyof VictoriaMetricsShape;
  index?: number;
  reason: string;
  fix: string;
}

const ENTERPRISE = "is only in VictoriaMetrics Enterprise, whose builds do not start without a licence";

/** Storage nodes with which every sample still finds `replicationFactor` of them while so many as may fail are away. */
export const leastStorageNodes = (replicationFactor: number): number => 2 * replicationFactor - 1;

/** Everything that does not fit together. */
export function shapeProblems(shape: VictoriaMetricsShape): ShapeProblem[] {
  return [
    ...nodeProblems(shape),
    ...leftOver("storageNodesLoweredTo", shape.storageNodesLoweredTo, shape.storageNodes),
    ...leftOver("agentsDrainedTo", shape.agentsDrainedTo, shape.agents),
    ...(Number.isInteger(shape.retentionDays) && shape.retentionDays >= 1
      ? []
      : [{ property: "retentionDays" as const, reason: "must be whole days, at least 1", fix: "set it to 400" }]),
    ...(milliseconds(shape.dedupInterval) === undefined
      ? [
          {
            property: "dedupInterval" as const,
            reason: "must be a whole number above 0 and ms, s or m",
            fix: "set it to 30s",
          },
        ]
      : []),
    ...(shape.backup && !shape.volumes
      ? [
          {
            property: "backup" as const,
            reason: "needs volumes: nobody but the pod itself sees its own directory",
            fix: "give the storage volumes, or remove the backup",
          },
        ]
      : []),
    ...enterpriseProblems(shape),
  ];
}

function nodeProblems({ architecture, replicationFactor = 2, storageNodes }: VictoriaMetricsShape): ShapeProblem[] {
  if (architecture !== "cluster" && architecture !== "single") {
    return [{ property: "architecture", reason: `'${architecture}' is none of cluster, single`, fix: "set it to one" }];
  }
  if (architecture === "single") return [];
  if (!Number.isInteger(replicationFactor) || replicationFactor < 1) {
    return [{ property: "replicationFactor", reason: "must be a whole number above 0", fix: "set it to 2" }];
  }
  const least = leastStorageNodes(replicationFactor);
  if (storageNodes === undefined || storageNodes >= least) return [];
  return [
    {
      property: "storageNodes",
      reason: `must be at least 2 × replicationFactor − 1, which is ${least}: with fewer, a storage node that is away leaves samples without their copies`,
      fix: `set it to ${least}, or lower replicationFactor`,
    },
  ];
}

/** A word for an earlier number, which would be there when somebody next lowers it to that by mistake. */
const leftOver = (
  property: keyof VictoriaMetricsShape,
  word: number | undefined,
  pods: number | undefined,
): ShapeProblem[] =>
  word === undefined || word === pods
    ? []
    : [
        {
          property,
          reason: `must be the number of pods, ${pods}: it says that it may be lowered to that`,
          fix: "remove it, unless the pods above that number were just given up",
        },
      ];

function enterpriseProblems(shape: VictoriaMetricsShape): ShapeProblem[] {
  const dedup = milliseconds(shape.dedupInterval) ?? 1;
  return [
    ...(["downsampling", "retentionFilters"] as const)
      .filter((property) => shape[property].length > 0 && !shape.licensed)
      .map((property) => ({ property, reason: ENTERPRISE, fix: "set licence, or remove it" })),
    ...shape.downsampling.flatMap((period, index): ShapeProblem[] => {
      const [offset, interval, ...others] = period.split(":").map(milliseconds);
      const right =
        offset !== undefined && interval !== undefined && others.length === 0 && offset % interval === 0
          ? interval % dedup === 0
          : false;
      if (right) return [];
      const reason =
        "must be OFFSET:INTERVAL, the offset a multiple of the interval, the interval a multiple of dedupInterval";
      return [{ property: "downsampling", index, reason, fix: "set it to 30d:5m" }];
    }),
    ...shape.retentionFilters.flatMap((filter, index): ShapeProblem[] =>
      /^\{.+\}:[1-9][0-9]*d$/.test(filter)
        ? []
        : [
            {
              property: "retentionFilters",
              index,
              reason: "must be FILTER:RETENTION, in days",
              fix: `set it to {team="research"}:30d`,
            },
          ],
    ),
  ];
}

/** Of a duration such as VictoriaMetrics takes it here. */
function milliseconds(text: string): number | undefined {
  const [, count = "", unit = ""] = /^([1-9][0-9]*)(ms|s|m|h|d)$/.exec(text) ?? [];
  const units: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
  const each = units[unit];
  return each === undefined ? undefined : Number(count) * each;
}

/**
 * @throws InputPropertyError for the first thing that does not fit together.
 */
export function checkShape(args: VictoriaMetricsArgs): void {
  const [problem] = shapeProblems({
    architecture: args.architecture ?? "cluster",
    retentionDays: args.retentionDays,
    dedupInterval: args.dedupInterval ?? DEDUP_INTERVAL,
    ...(args.replicationFactor === undefined ? {} : { replicationFactor: args.replicationFactor }),
    ...(args.storageNodes === undefined ? {} : { storageNodes: args.storageNodes }),
    ...(args.storageNodesLoweredTo === undefined ? {} : { storageNodesLoweredTo: args.storageNodesLoweredTo }),
    agents: args.agents?.replicas ?? 2,
    ...(args.agents?.drainedTo === undefined ? {} : { agentsDrainedTo: args.agents.drainedTo }),
    volumes: args.storage?.volumeSize !== undefined,
    backup: args.backup !== undefined,
    licensed: args.licence !== undefined,
    downsampling: args.downsampling ?? [],
    retentionFilters: args.retentionFilters ?? [],
  });
  if (problem === undefined) return;
  const { property, index, reason, fix } = problem;
  const propertyPath = index === undefined ? property : `${property}[${index}]`;
  throw new pulumi.InputPropertyError({ propertyPath, reason: `${reason}; ${fix}` });
}

export const DEDUP_INTERVAL = "30s";
