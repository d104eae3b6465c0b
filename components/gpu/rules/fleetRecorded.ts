import type { RecordingRule, RuleGroup } from "../../prometheus/rules/rule";
import type { SignalName } from "../signals";
import { INFO_METRIC } from "../signals/relabelings";
import { xidCodes, xidPattern } from "../xid";
import { BY_GPU, BY_NODE, exporterUp, inService, MIB, ON_GPU, perGpu, signal } from "./expressions";
import { latched } from "./xidEvents";

/**
 * The names of what is recorded of each node, with the labels cluster, region, failure_domain and node. What its exporter says
 * also has `modelName`; what Kubernetes says has `resource`, because whole GPUs, MIG instances and shares cannot be added up.
 */
export const ofNode = {
  /** GPUs that the exporter sees. */
  visible: "node:gpu_visible:count",
  /** GPUs that it has seen within 10 minutes, if not in each scrape; without `modelName`. */
  seen: "node:gpu_visible:count10m",
  /** Those of the visible ones that neither the driver nor an XID calls broken. */
  healthy: "node:gpu_healthy:count",
  /** The most GPUs that were seen since the node was last out of service; without `modelName`. */
  expected: "node:gpu_expected:max",
  /** GPUs whose values stand still, only of nodes that have some; without `modelName`. */
  frozen: "node:gpu_frozen:count",
  /** Watts, at the moment. */
  power: "node:gpu_power_watts:sum",
  /** Joules per second by the counter of energy, so the average power with nothing between samples lost. */
  energy: "node:gpu_energy_joules:rate5m",
  /** Degrees Celsius of the hottest GPU. */
  temperature: "node:gpu_temp_celsius:max",
  /** Per cent of the time in which any kernel ran. */
  utilisation: "node:gpu_util:avg",
  memoryUsed: "node:gpu_memory_used_bytes:sum",
  /** Without what the driver keeps for itself. */
  memoryTotal: "node:gpu_memory_total_bytes:sum",
  /** Shares of 1, as the others of hardware counters; only with the profile `profiling`. */
  engineActive: "node:gpu_engine_active:avg",
  smActive: "node:gpu_sm_active:avg",
  tensorActive: "node:gpu_tensor_active:avg",
  dramActive: "node:gpu_dram_active:avg",
  /** What the node has, by resource. */
  capacity: "node:gpu_capacity:sum",
  /** What of it works and may be given to pods. */
  allocatable: "node:gpu_allocatable:sum",
  /** What pods on the node hold. */
  requested: "node:gpu_requested:sum",
  /** What can still be given to pods: nothing of nodes that are not ready or out of service. */
  free: "node:gpu_free:sum",
} as const;

/** The name of the series with what identifies each GPU and its software; its value is 1. */
export const GPU_INFO = "node_gpu:dcgm_info:group";

const ofEachModel = `by (${BY_NODE}, modelName)`;

/**
 * A value of each card: its own, or that of its MIG instances together where the exporter tells of nothing else. From version
 * 4.8.4 on it has some metrics for each compute instance (`GPU_CI_ID`); those of one GPU instance share its memory.
 */
const perCard = (metric: SignalName, ofInstances: "avg" | "sum") =>
  `(max by (${BY_GPU}) (${signal(metric, 'GPU_I_ID=""')}) or ${ON_GPU} ${ofInstances} by (${BY_GPU}) (max by (${BY_GPU}, GPU_I_ID) (${signal(metric, 'GPU_I_ID!=""')})))`;

const average = (record: string, metric: SignalName): RecordingRule => ({
  record,
  expr: `avg ${ofEachModel} (${perCard(metric, "avg")})`,
});

const seen = perGpu("DCGM_FI_DEV_GPU_TEMP");
const broken =
  `(${latched(xidPattern(xidCodes({ fatal: true })))} or ${signal("DCGM_FI_DEV_ROW_REMAP_FAILURE")} > 0` +
  ` or ${signal("DCGM_FI_DEV_GPU_RECOVERY_ACTION")} > 0)`;

const memoryUsed = perCard("DCGM_FI_DEV_FB_USED", "sum");
const memoryFree = perCard("DCGM_FI_DEV_FB_FREE", "sum");

const seenOnNode = `sum by (${BY_NODE}) (${ofNode.visible})`;
// Only as long as the node has an exporter in this place: a node that moves, or is gone, is expected to have nothing.
const expectedBefore = `(${inService(`last_over_time(${ofNode.expected}[1h])`)} and on (${BY_NODE}) ${exporterUp})`;

/** What is recorded of each node and GPU from what its exporter says. */
export const fleetRecordedRules = (): RuleGroup[] => [
  {
    name: "gpu-fleet-nodes",
    scope: "shard",
    rules: [
      {
        record: GPU_INFO,
        expr: `group by (${BY_GPU}, driver_version, vbios_version, pci_address) (${signal(INFO_METRIC)})`,
      },
      { record: ofNode.visible, expr: `count ${ofEachModel} (${seen})` },
      {
        record: ofNode.seen,
        // Judgement: longer than a reset of GPUs and a start of the exporter.
        expr: `count by (${BY_NODE}) (group by (${BY_NODE}, UUID) (last_over_time(${signal("DCGM_FI_DEV_GPU_TEMP")}[10m])))`,
      },
      {
        record: ofNode.healthy,
        expr: `count ${ofEachModel} (${seen} unless ${ON_GPU} ${broken}) or 0 * ${ofNode.visible}`,
      },
      {
        record: ofNode.expected,
        // The larger of the two.
        expr: `${seenOnNode} >= ${expectedBefore} or ${expectedBefore} or ${seenOnNode}`,
      },
      { record: ofNode.power, expr: `sum ${ofEachModel} (${perGpu("DCGM_FI_DEV_POWER_USAGE")})` },
      {
        record: ofNode.energy,
        expr: `sum ${ofEachModel} (max by (${BY_GPU}) (rate(${signal("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")}[5m]))) / 1000`,
      },
      { record: ofNode.temperature, expr: `max ${ofEachModel} (${signal("DCGM_FI_DEV_GPU_TEMP")})` },
      average(ofNode.utilisation, "DCGM_FI_DEV_GPU_UTIL"),
      { record: ofNode.memoryUsed, expr: `${MIB} * sum ${ofEachModel} (${memoryUsed})` },
      { record: ofNode.memoryTotal, expr: `${MIB} * sum ${ofEachModel} (${memoryUsed} + ${memoryFree})` },
      average(ofNode.engineActive, "DCGM_FI_PROF_GR_ENGINE_ACTIVE"),
      average(ofNode.smActive, "DCGM_FI_PROF_SM_ACTIVE"),
      average(ofNode.tensorActive, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"),
      average(ofNode.dramActive, "DCGM_FI_PROF_DRAM_ACTIVE"),
    ],
  },
];
