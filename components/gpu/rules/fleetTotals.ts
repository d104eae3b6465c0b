import type { RecordingRule, RuleGroup } from "../../prometheus/rules/rule";
import { ON_NODE, OUT_OF_SERVICE } from "./expressions";
import { WHOLE } from "./fleetCapacity";
import { ofNode } from "./fleetRecorded";

/** Levels above the node, and the labels that each has. */
export const levels = {
  cluster: "cluster",
  cluster_model: "cluster, modelName",
  cluster_domain: "cluster, region, failure_domain",
} as const;

export type Level = keyof typeof levels;

/** The name that a series of nodes has on a higher level. */
export const at = (level: Level, ofNodes: string) => `${level}:${ofNodes.replace(/^node:/, "")}`;

/** What is recorded of clusters only. */
export const ofCluster = {
  /** GPUs on nodes that somebody has taken out of service. */
  outOfService: "cluster:gpu_out_of_service:count",
  /** The most that one node can give away, by resource: no larger pod finds a place. */
  largestFree: "cluster:gpu_largest_free:max",
  /** Nodes with GPUs of which nobody holds one, and none is broken. */
  freeWholeNodes: "cluster:gpu_free_whole_nodes:count",
  /** The share of the free whole GPUs that are on nodes with GPUs in use or broken; 0 where none is free. */
  fragmentation: "cluster:gpu_fragmentation:ratio",
} as const;

const summed = [ofNode.visible, ofNode.healthy, ofNode.power, ofNode.energy, ofNode.memoryUsed, ofNode.memoryTotal];
const averaged = [ofNode.utilisation, ofNode.engineActive, ofNode.smActive, ofNode.tensorActive, ofNode.dramActive];
const byResource = [ofNode.capacity, ofNode.allocatable, ofNode.requested, ofNode.free];

const onLevel = (level: Level): RecordingRule[] => {
  const by = levels[level];
  return [
    ...summed.map((series) => ({ record: at(level, series), expr: `sum by (${by}) (${series})` })),
    { record: at(level, ofNode.temperature), expr: `max by (${by}) (${ofNode.temperature})` },
    // By GPUs: a node with 8 weighs as much as 8 with one.
    ...averaged.map((series) => ({
      record: at(level, series),
      expr: `sum by (${by}) (${series} * ${ofNode.visible}) / sum by (${by}) (${ofNode.visible} and ${series})`,
    })),
    ...byResource.map((series) => ({
      record: at(level, series),
      expr: `sum by (${by}, resource) (${level === "cluster_model" ? withModel(series) : series})`,
    })),
  ];
};

// Kubernetes does not know models. Of a node with two, one is taken for all of it.
const withModel = (series: string) =>
  `(${series} * ${ON_NODE} group_left (modelName) topk by (cluster, node) (1, group by (cluster, node, modelName) (${ofNode.visible})) or ${series} unless ${ON_NODE} ${ofNode.visible})`;

const free = `${ofNode.free}{${WHOLE}}`;
const whole = `${free} == ${ofNode.capacity}{${WHOLE}} > 0`;
const none = `0 * sum by (cluster) (${free})`;

/** What is recorded of clusters, models and failure domains, from the series of nodes. */
export const fleetTotalsRules = (): RuleGroup[] => [
  {
    name: "gpu-fleet-totals",
    scope: "global",
    rules: [
      ...onLevel("cluster"),
      ...onLevel("cluster_model"),
      ...onLevel("cluster_domain"),
      {
        record: ofCluster.outOfService,
        expr: `sum by (cluster) (${ofNode.visible} and ${ON_NODE} ${OUT_OF_SERVICE} == 1) or 0 * sum by (cluster) (${ofNode.visible})`,
      },
      { record: ofCluster.largestFree, expr: `max by (cluster, resource) (${ofNode.free})` },
      { record: ofCluster.freeWholeNodes, expr: `count by (cluster) (${whole}) or ${none}` },
      {
        record: ofCluster.fragmentation,
        expr: `1 - (sum by (cluster) (${whole}) or ${none}) / (sum by (cluster) (${free}) > 0) or ${none}`,
      },
    ],
  },
];
