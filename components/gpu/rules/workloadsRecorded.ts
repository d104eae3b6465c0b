import type { RecordingRule, RuleGroup } from "../../prometheus/rules/rule";
import type { SignalName } from "../signals";
import type { GpuRuleContext } from "./context";
import { MIB, signal } from "./expressions";
import { ALLOCATION } from "./owners";

/** Which workload. Its kind tells a Job from a Deployment of the same name. */
export const BY_WORKLOAD = "cluster, namespace, workload, workload_kind";

/**
 * Kinds of workloads whose pods do not wait for each other. RayCluster too: it may train, but it may as well serve, and grows and
 * shrinks by itself.
 */
export const INDEPENDENT = "Deployment|ReplicaSet|StatefulSet|DaemonSet|RayCluster";

const BY_NODE_WORKLOAD = "cluster, node, namespace, workload, workload_kind, modelName";

/** A GPU or an instance of one, and who holds it. */
const HOLDING = "cluster, node, UUID, GPU_I_ID, namespace, pod";
const onHolding = `on (${HOLDING})`;
const onCard = "on (cluster, node, UUID)";

/**
 * How long the states of GPUs are averaged over: ten samples at 30 s, so that a restart of the exporter or a burst does not
 * change them [judgement].
 */
const STATE_WINDOW = "5m";

/**
 * When a GPU does nothing. Measured on an H100 (bench/realGpu), the graphics engine is active for 0.00006 of the time when only
 * memory is held, and for 0.37 with a decoder that has few requests.
 */
export const IDLE_ENGINE = 0.01;

/** The same by GPU_UTIL, in %: measured 0 and 38. */
export const IDLE_UTIL = 1;

/**
 * When a GPU only waits: kernels run, and neither compute nor touch memory. Measured on an H100 for kernels that wait on 1 block
 * to every multiprocessor: utilisation 100 %, tensor cores 0, memory 0.000006, and 17 % to 19 % of the power limit; copies of
 * memory: 0.90 and 55 %. Small cards (72 W) may take more than that for nothing, and are then not recognised [judgement].
 */
export const WAITING = { util: 95, active: 0.01, power: 0.35 } as const;

/**
 * Of the power limit, where hardware counters are not read. Closer to what was measured: work in tiny kernels looks alike
 * [judgement].
 */
export const WAITING_POWER_ALONE = 0.25;

/** The recorded series of one node and workload. */
export const nodeWorkload = (what: string) => `node_workload:${what}`;

/** The recorded series of one workload. */
export const ofWorkload = (what: string) => `namespace_workload:${what}`;

const ALLOCATED = nodeWorkload("gpu_allocated:count");

/** A signal of what holds a GPU; one value also where two containers of a pod ask for GPUs. */
const held = (metric: SignalName) => `max by (${HOLDING}) (${signal(metric, 'pod!=""')})`;
const heldOverTime = (metric: SignalName) =>
  `max by (${HOLDING}) (avg_over_time(${signal(metric, 'pod!=""')}[${STATE_WINDOW}]))`;
const cardOverTime = (metric: SignalName) =>
  `max by (cluster, node, UUID) (avg_over_time(${signal(metric)}[${STATE_WINDOW}]))`;

const sumOfHeld = (values: string, operator = "sum") =>
  `${operator} by (${BY_NODE_WORKLOAD}) (${ALLOCATION} * ${onHolding} group_left () ${values})`;

/** A value of a card; with MIG, those who hold its instances share it evenly, so that sums count it once. */
const shareOfCard = (by: string, value: string) =>
  `sum by (${by}) (${ALLOCATION} * ${onCard} group_left () (${value} / ${onCard} count by (cluster, node, UUID) (${ALLOCATION})))`;

/** How many of a workload's GPUs on a node are so; 0 where none is. */
const countOf = (condition: string) =>
  `count by (${BY_NODE_WORKLOAD}) (${ALLOCATION} and ${condition}) or 0 * ${ALLOCATED}`;

const idle = ({ profile }: GpuRuleContext) =>
  profile === "profiling"
    ? `${onHolding} ${heldOverTime("DCGM_FI_PROF_GR_ENGINE_ACTIVE")} < ${IDLE_ENGINE}`
    : `${onHolding} ${heldOverTime("DCGM_FI_DEV_GPU_UTIL")} < ${IDLE_UTIL}`;

function waiting({ profile }: GpuRuleContext): string {
  const counters = profile === "profiling";
  const power = `max by (cluster, node, UUID) (${signal("DCGM_FI_DEV_ENFORCED_POWER_LIMIT")})`;
  const unused = (["DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_DRAM_ACTIVE"] as const).map(
    (metric) => `${onHolding} ${heldOverTime(metric)} < ${WAITING.active}`,
  );
  return [
    `${onHolding} ${heldOverTime("DCGM_FI_DEV_GPU_UTIL")} >= ${WAITING.util}`,
    ...(counters ? unused : []),
    `${onCard} ${cardOverTime("DCGM_FI_DEV_POWER_USAGE")} / ${onCard} ${power} < ${counters ? WAITING.power : WAITING_POWER_ALONE}`,
  ].join(" and ");
}

const energy = `max by (cluster, node, UUID) (rate(${signal("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")}[5m])) / 1000`;

/** For each node, so that who looks at whole workloads reads few series. */
const onNodes = (context: GpuRuleContext): RecordingRule[] => [
  // GPUs; instances with MIG.
  { record: ALLOCATED, expr: `count by (${BY_NODE_WORKLOAD}) (${ALLOCATION})` },
  { record: nodeWorkload("gpu_idle:count"), expr: countOf(idle(context)) },
  { record: nodeWorkload("gpu_waiting:count"), expr: countOf(waiting(context)) },
  // In %. Not of MIG instances.
  { record: nodeWorkload("gpu_util:sum"), expr: sumOfHeld(held("DCGM_FI_DEV_GPU_UTIL")) },
  {
    record: nodeWorkload("gpu_power_watts:sum"),
    expr: shareOfCard(BY_NODE_WORKLOAD, `max by (cluster, node, UUID) (${signal("DCGM_FI_DEV_POWER_USAGE")})`),
  },
  {
    record: nodeWorkload("gpu_memory_used_bytes:sum"),
    expr: `${MIB} * ${sumOfHeld(held("DCGM_FI_DEV_FB_USED"))}`,
  },
  {
    // Without what the driver reserves.
    record: nodeWorkload("gpu_memory_total_bytes:sum"),
    expr: `${MIB} * ${sumOfHeld(`(${held("DCGM_FI_DEV_FB_USED")} + ${held("DCGM_FI_DEV_FB_FREE")})`)}`,
  },
  { record: nodeWorkload("gpu_engine_active:sum"), expr: sumOfHeld(held("DCGM_FI_PROF_GR_ENGINE_ACTIVE")) },
  { record: nodeWorkload("gpu_tensor_active:sum"), expr: sumOfHeld(held("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE")) },
  { record: nodeWorkload("gpu_tensor_active:min"), expr: sumOfHeld(held("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"), "min") },
  { record: nodeWorkload("gpu_dram_active:sum"), expr: sumOfHeld(held("DCGM_FI_PROF_DRAM_ACTIVE")) },
  { record: "node_namespace:gpu_energy_joules:rate5m", expr: shareOfCard("cluster, node, namespace", energy) },
];

/** Sums over the nodes of a workload. */
export const sumsOfWorkload = (series: string) => `sum by (${BY_WORKLOAD}) (${series})`;

const sumOfWorkload = (what: string): RecordingRule => ({
  record: ofWorkload(what),
  expr: sumsOfWorkload(nodeWorkload(what)),
});

/** Over the GPUs of which it is known. */
const averageOfWorkload = (what: string): RecordingRule => {
  const sums = nodeWorkload(`${what}:sum`);
  return {
    record: ofWorkload(`${what}:avg`),
    expr: `${sumsOfWorkload(sums)} / ${sumsOfWorkload(`${ALLOCATED} and ${sums}`)}`,
  };
};

const sumOfNamespace = (what: string, from: string): RecordingRule => ({
  record: `namespace:${what}`,
  expr: `sum by (cluster, namespace) (${from}:${what})`,
});

const ofWorkloads: RecordingRule[] = [
  sumOfWorkload("gpu_allocated:count"),
  averageOfWorkload("gpu_util"),
  sumOfWorkload("gpu_power_watts:sum"),
  {
    record: ofWorkload("gpu_memory_used:ratio"),
    expr: `${sumsOfWorkload(nodeWorkload("gpu_memory_used_bytes:sum"))} / ${sumsOfWorkload(nodeWorkload("gpu_memory_total_bytes:sum"))}`,
  },
  averageOfWorkload("gpu_engine_active"),
  averageOfWorkload("gpu_tensor_active"),
  {
    record: ofWorkload("gpu_tensor_active:min"),
    expr: `min by (${BY_WORKLOAD}) (${nodeWorkload("gpu_tensor_active:min")})`,
  },
  averageOfWorkload("gpu_dram_active"),
  sumOfNamespace("gpu_allocated:count", "node_workload"),
  sumOfNamespace("gpu_idle:count", "node_workload"),
  sumOfNamespace("gpu_energy_joules:rate5m", "node_namespace"),
];

/**
 * What workloads and namespaces do with the GPUs that they hold. A GPU that a workload holds is idle, waiting, or at work. Where
 * pods share GPUs, DCGM does not know whose work it is, and there is nothing.
 */
export const workloadRecordedRules = (context: GpuRuleContext): RuleGroup[] =>
  context.podsKnown
    ? [
        { name: "gpu-workloads-on-nodes", scope: "shard", rules: onNodes(context) },
        { name: "gpu-workloads", scope: "global", rules: ofWorkloads },
      ]
    : [];
