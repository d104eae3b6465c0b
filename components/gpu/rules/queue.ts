import { jobs } from "../../prometheus/jobs";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { le } from "../../prometheus/scrape/buckets";

const BY_QUEUE = "cluster, cluster_queue";
const onQueue = `on (${BY_QUEUE})`;
const kueue = (metric: string, matchers = "") =>
  `kueue_${metric}{job="${jobs.kueue}", service=""${matchers === "" ? "" : `, ${matchers}`}}`;

/** A state as the leader says it: `replica_role` goes, and what followers say is 0 or the same. */
const state = (metric: string, matchers = "") => `max by (${BY_QUEUE}) (${kueue(metric, matchers)})`;
const increase = (metric: string, range: string, matchers = "", also = "") =>
  `sum by (${BY_QUEUE}${also}) (increase(${kueue(metric, matchers)}[${range}]))`;

const PENDING = "cluster_queue:kueue_pending:sum";
const WAIT_P95 = "cluster_queue:kueue_wait_seconds:p95_rate1h";

const inactive = `${state("cluster_queue_status", 'status="active"')} == 0`;

/** The edge of a bucket of Kueue's, 2.5 s doubled eleven times: 1 h 25 min. */
const SLOW_SECONDS = 5_120;

const waits = "admission_wait_time_seconds";
const lateShare = `1 - ${increase(`${waits}_bucket`, "6h", `le=~"${le(SLOW_SECONDS)}"`)} / ${increase(`${waits}_count`, "6h")}`;

/** judgement: reasons that mean that something is broken, and how often in an hour; preemption is how queues should work. */
const evictions = [
  { reasons: "PodsReadyTimeout|NodeFailures|AdmissionCheck", more: 5 },
  { reasons: "Preempted", more: 50 },
].map(
  ({ reasons, more }) => `${increase("evicted_workloads_total", "1h", `reason=~"${reasons}"`, ", reason")} > ${more}`,
);

/** Rules about Kueue's queues. */
export const queueRules = (): RuleGroup[] => [
  {
    name: "gpu-queues",
    scope: "global",
    rules: [
      // By status first: followers say 0.
      {
        record: PENDING,
        expr: `sum by (${BY_QUEUE}) (max by (${BY_QUEUE}, status) (${kueue("pending_workloads")}))`,
      },
      {
        record: WAIT_P95,
        expr: `histogram_quantile(0.95, sum by (${BY_QUEUE}, le) (rate(${kueue(`${waits}_bucket`)}[1h])))`,
      },
      {
        alert: "KueueClusterQueueInactive",
        // One that is stopped on purpose has nothing that waits, or somebody waits in vain.
        expr: `${PENDING} > 0 and ${onQueue} ${inactive} unless ${onQueue} ${state("cluster_queue_status", 'status="terminating"')} == 1`,
        for: "10m",
        severity: "warning",
        owner: "platform",
        summary: "Queue {{ $labels.cluster_queue }} admits nothing.",
        description:
          "ClusterQueue {{ $labels.cluster_queue }} has been inactive for 10 minutes, and {{ $value }} workloads wait in it: a flavor or an admission check that it names is missing, or somebody has stopped it.",
      },
      {
        alert: "KueueQueueStuck",
        // With something running, what waits may wait for it to end.
        expr:
          `${state("pending_workloads", 'status="inadmissible"')} > 0 and ${onQueue} ${state("admitted_active_workloads")} == 0` +
          ` unless ${onQueue} ${increase("admitted_workloads_total", "1h")} > 0 unless ${onQueue} ${inactive}`,
        for: "1h",
        severity: "warning",
        owner: "platform",
        summary: "Nothing of queue {{ $labels.cluster_queue }} runs, and nothing is admitted.",
        description:
          "{{ $value }} workloads have been waiting in ClusterQueue {{ $labels.cluster_queue }} for an hour without being admitted, although none of the queue runs: they ask for more than its quota, or others have borrowed it and need not give it back.",
      },
      {
        alert: "KueueAdmissionSlow",
        // judgement: a tenth of at least ten.
        expr: `${lateShare} > 0.1 and ${onQueue} ${increase(`${waits}_count`, "6h")} >= 10`,
        for: "30m",
        severity: "info",
        owner: "platform",
        summary: "Workloads of queue {{ $labels.cluster_queue }} wait long.",
        description:
          "{{ $value | humanizePercentage }} of the workloads that ClusterQueue {{ $labels.cluster_queue }} admitted in six hours had waited for more than 85 minutes: its quota is too small for what is asked of it.",
      },
      {
        alert: "KueueEvictionStorm",
        expr: evictions.join(" or "),
        severity: "warning",
        owner: "platform",
        summary: "Queue {{ $labels.cluster_queue }} evicts many workloads.",
        description:
          'ClusterQueue {{ $labels.cluster_queue }} has evicted {{ printf "%.0f" $value }} workloads in an hour because of {{ $labels.reason }}: each loses its work since its last checkpoint, and starts again.',
      },
    ],
  },
];
