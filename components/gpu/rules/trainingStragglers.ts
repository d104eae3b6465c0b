import type { AlertingRule, RecordingRule, RuleGroup } from "../../prometheus/rules/rule";
import type { SignalName } from "../signals";
import type { GpuRuleContext } from "./context";
import { BY_GPU, bridged, inService, signal } from "./expressions";
import { ALLOCATION } from "./owners";
import { BY_WORKLOAD, INDEPENDENT } from "./workloadsRecorded";

/** A rank: one GPU of a job. */
const BY_RANK = `${BY_GPU}, namespace, workload, workload_kind`;

/** What ranks are compared with: those of the same job on the same model. */
const PEERS = `${BY_WORKLOAD}, modelName`;
const onPeers = `on (${PEERS})`;

const UTIL = "node_gpu_workload:gpu_util:avg10m";
const CLOCK = "node_gpu_workload:gpu_sm_clock_mhz:avg10m";

const ofRanks = (labels: string, metric: SignalName, matchers = "") =>
  `max by (${BY_RANK}) (${ALLOCATION}{GPU_I_ID="", workload_kind!~"${INDEPENDENT}"} * on (${labels}) group_left ()` +
  ` max by (${labels}) (avg_over_time(${signal(metric, matchers)}[10m])))`;

const ranks: RecordingRule[] = [
  { record: UTIL, expr: ofRanks("cluster, node, UUID, namespace, pod", "DCGM_FI_DEV_GPU_UTIL", 'pod!=""') },
  {
    // Only of busy ranks: an idle GPU lowers its clocks.
    record: CLOCK,
    expr: `${ofRanks("cluster, node, UUID", "DCGM_FI_DEV_SM_CLOCK")} and on (${BY_RANK}) ${UTIL} >= 80`,
  },
];

/** The median of the ranks, and the median of their distances from it: a slow rank does not move either. */
function spread(what: string, series: string): { median: string; mad: string; rules: RecordingRule[] } {
  const median = `namespace_workload_model:${what}:median`;
  const mad = `namespace_workload_model:${what}:mad`;
  return {
    median,
    mad,
    rules: [
      { record: median, expr: `quantile by (${PEERS}) (0.5, ${series})` },
      {
        record: mad,
        expr: `quantile by (${PEERS}) (0.5, abs(${series} - ${onPeers} group_left () ${median}))`,
      },
    ],
  };
}

/**
 * Ranks whose modified z-score is below -3.5, the usual limit for outliers (Iglewicz and Hoaglin, 1993): 1.4826 median
 * distances are a standard deviation. As a product, not a quotient: the distance of equal ranks is 0. Of fewer than eight ranks
 * the median says little [judgement].
 */
const outliers = (series: string, { median, mad }: { median: string; mad: string }) =>
  `${series} < ${onPeers} group_left () (${median} - ${(3.5 * 1.4826).toFixed(2)} * ${mad}) and ${onPeers} count by (${PEERS}) (${series}) >= 8`;

const rank =
  "GPU {{ $labels.gpu }} of node {{ $labels.node }}, which {{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} holds,";
const others = "The others wait for it at each step, so the whole job runs at its pace.";

const recurring: AlertingRule = {
  alert: "GpuStragglerRecurring",
  expr: inService(
    `count by (${BY_GPU}) (group by (${BY_GPU}, namespace, workload) (last_over_time(ALERTS{alertname="GpuJobStraggler", alertstate="firing"}[1d]))) >= 2`,
  ),
  severity: "warning",
  owner: "platform",
  summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has held up several jobs.",
  description:
    "GPU {{ $labels.gpu }} ({{ $labels.modelName }}) of node {{ $labels.node }} has been slower than its peers in {{ $value }} jobs within a day: it is the card or its place, not the jobs.",
};

function stragglers(context: GpuRuleContext): (AlertingRule | RecordingRule)[] {
  // The medians are of the same ranks as the alerts: else they move while a node is missing.
  const clock = bridged(CLOCK, context);
  const util = bridged(UTIL, context);
  const clocks = spread("gpu_sm_clock_mhz", clock);
  const utils = spread("gpu_util", util);
  return [
    ...clocks.rules,
    ...utils.rules,
    {
      alert: "GpuJobStraggler",
      // Only low ones. Whether the card is slowed, or has more to do and is limited by its power, the others wait for it: waiting
      // kernels leave the clocks at their maximum, large products lower them to 69 % (measured on an H100, bench/realGpu). Power
      // does not tell: over a step, a slow rank takes about as much as those that wait for it.
      expr:
        `100 * (1 - ${clock} / ${onPeers} group_left () ${clocks.median}) > 10` +
        ` and on (${BY_RANK}) (${outliers(clock, clocks)})`,
      for: "15m",
      // Judgement: as long as the average. An exporter that restarts leaves out its GPUs, or whose they are.
      keepFiringFor: "10m",
      severity: "warning",
      owner: "workload",
      summary:
        "GPU {{ $labels.gpu }} of node {{ $labels.node }} holds up {{ $labels.namespace }}/{{ $labels.workload }}.",
      description: `${rank} has had clocks {{ printf "%.0f" $value }} % below those of the job's other GPUs for 15 minutes. ${others}`,
    },
    {
      alert: "GpuJobRankStarved",
      // Those that wait run a kernel all the time; one that is given its work late does not. Below 10 % it takes no part.
      expr:
        `${utils.median} - ${onPeers} group_right () ${util} > 10` +
        ` and on (${BY_RANK}) (${util} >= 10) and on (${PEERS}) (${utils.median} >= 95)` +
        ` and on (${BY_RANK}) (${outliers(util, utils)})`,
      for: "15m",
      severity: "warning",
      owner: "workload",
      summary:
        "GPU {{ $labels.gpu }} of node {{ $labels.node }} gets its work late, and {{ $labels.namespace }}/{{ $labels.workload }} waits.",
      description: `${rank} has had a utilisation {{ printf "%.0f" $value }} points below that of the job's other GPUs for 15 minutes: what feeds it is slow. ${others}`,
    },
    recurring,
  ];
}

/** Jobs that go at the pace of one slow rank. */
export const stragglerRules = (context: GpuRuleContext): RuleGroup[] =>
  context.podsKnown
    ? [
        { name: "gpu-job-ranks", scope: "shard", rules: ranks },
        { name: "gpu-job-stragglers", scope: "global", rules: stragglers(context) },
      ]
    : [];
