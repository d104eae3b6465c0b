import { ofCluster } from "../../components/gpu/rules/fleetTotals";

/** Whether one line, or a few, is drawn of the whole fleet, or one of each node. */
export type Extent = "fleet" | "nodes";

/** One question, asked of the exporters' series and of ours. */
export interface QueryPair {
  what: string;
  extent: Extent;
  raw: string;
  recorded: string;
}

/** With the labels of dcgm-exporter's series as we store them, which makes the raw side no slower than with the charts' labels. */
export const queryPairs: readonly QueryPair[] = [
  {
    what: "GPUs by model",
    extent: "fleet",
    raw: "count by (modelName) (DCGM_FI_DEV_GPU_TEMP)",
    recorded: "cluster_model:gpu_visible:count",
  },
  {
    what: "average utilisation",
    extent: "fleet",
    raw: "avg(DCGM_FI_DEV_GPU_UTIL)",
    recorded: "cluster:gpu_util:avg",
  },
  {
    what: "power",
    extent: "fleet",
    raw: "sum(DCGM_FI_DEV_POWER_USAGE)",
    recorded: "cluster:gpu_power_watts:sum",
  },
  {
    what: "average activity of tensor cores",
    extent: "fleet",
    raw: "avg(DCGM_FI_PROF_PIPE_TENSOR_ACTIVE)",
    recorded: "cluster:gpu_tensor_active:avg",
  },
  {
    what: "GPUs that somebody holds",
    extent: "fleet",
    raw: 'count(DCGM_FI_DEV_FB_USED{pod!=""})',
    recorded: "sum(namespace:gpu_allocated:count)",
  },
  {
    what: "GPUs that somebody holds and that do nothing",
    extent: "fleet",
    raw: 'count(avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{pod!=""}[5m]) < 0.01)',
    recorded: "sum(namespace:gpu_idle:count)",
  },
  {
    what: "broken GPUs",
    extent: "fleet",
    raw: "count(DCGM_FI_DEV_ROW_REMAP_FAILURE > 0 or DCGM_FI_DEV_GPU_RECOVERY_ACTION > 0)",
    recorded: "cluster:gpu_visible:count - cluster:gpu_healthy:count",
  },
  {
    what: "the ten namespaces with most GPUs",
    extent: "fleet",
    raw: 'topk(10, count by (namespace) (DCGM_FI_DEV_FB_USED{pod!=""}))',
    recorded: "topk(10, namespace:gpu_allocated:count)",
  },
  {
    what: "nodes with no GPU in use",
    extent: "fleet",
    raw: 'count(count by (node) (DCGM_FI_DEV_FB_USED{pod=""}) == 8)',
    recorded: ofCluster.freeWholeNodes,
  },
  {
    what: "utilisation of each node",
    extent: "nodes",
    raw: "avg by (node) (DCGM_FI_DEV_GPU_UTIL)",
    recorded: "node:gpu_util:avg",
  },
  {
    what: "power of each node",
    extent: "nodes",
    raw: "sum by (node) (DCGM_FI_DEV_POWER_USAGE)",
    recorded: "node:gpu_power_watts:sum",
  },
  {
    what: "activity of tensor cores on each node",
    extent: "nodes",
    raw: "avg by (node) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE)",
    recorded: "node:gpu_tensor_active:avg",
  },
];
