import { queueRules } from "../../components/gpu/rules/queue";
import { onlyRules } from "./gpuInferenceInput";
import { type Input, proveAlert, proveRecord } from "./promtool";

const groups = queueRules();
const prove = (alert: string, proof: Parameters<typeof proveAlert>[2]) =>
  proveAlert(onlyRules(groups, alert, "cluster_queue:kueue_pending:sum"), alert, proof);

/** Series of Kueue's two replicas: what the leader says, and the 0 of the follower if it says anything. */
const kueue = (metric: string, values: string, more = "", follower?: string): Input => {
  const series = (role: string) =>
    `kueue_${metric}{job="kueue", cluster="c1", cluster_queue="train", instance="${role}", replica_role="${role}"${more && `, ${more}`}}`;
  return { [series("leader")]: values, ...(follower === undefined ? {} : { [series("follower")]: follower }) };
};
const pending = (status: string, values: string) => kueue("pending_workloads", values, `status="${status}"`, "0x200");
const status = (name: string, values: string) => kueue("cluster_queue_status", values, `status="${name}"`);
const running = (values: string) => kueue("admitted_active_workloads", values, "", "0x200");
const admitted = (values: string) => kueue("admitted_workloads_total", values, 'priority_class="high"');
const labels = { cluster: "c1", cluster_queue: "train" };

/** Workloads that were admitted, by minute, and those of them that waited for at most 85 minutes. */
const waits = (all: string, soon: string, edge = "5120"): Input => ({
  ...kueue("admission_wait_time_seconds_count", all),
  ...kueue("admission_wait_time_seconds_bucket", soon, `le="${edge}"`),
  ...kueue("admission_wait_time_seconds_bucket", all, 'le="+Inf"'),
});

describe("rules: queues", () => {
  proveRecord(groups, "cluster_queue:kueue_pending:sum", {
    input: { ...pending("active", "3x20"), ...pending("inadmissible", "4x20") },
    at: "10m",
    samples: { '{cluster="c1", cluster_queue="train"}': 7 },
  });
  proveRecord(groups, "cluster_queue:kueue_wait_seconds:p95_rate1h", {
    input: {
      ...kueue("admission_wait_time_seconds_bucket", "0x90", 'le="10"'),
      ...kueue("admission_wait_time_seconds_bucket", "0+60x90", 'le="20"'),
      ...kueue("admission_wait_time_seconds_bucket", "0+60x90", 'le="+Inf"'),
    },
    at: "80m",
    samples: { '{cluster="c1", cluster_queue="train"}': 19.5 },
  });

  prove("KueueClusterQueueInactive", {
    input: { ...status("active", "0x60"), ...status("pending", "1x60"), ...pending("inadmissible", "3x60") },
    quiet: "9m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels,
          summary: "Queue train admits nothing.",
          description:
            "ClusterQueue train has been inactive for 10 minutes, and 3 workloads wait in it: a flavor or an admission check that it names is missing, or somebody has stopped it.",
        },
      ],
    },
    silent: [
      { why: "an active one", input: { ...status("active", "1x60"), ...pending("active", "3x60") } },
      {
        why: "one that is stopped, with nothing in it",
        input: { ...status("active", "0x60"), ...pending("inadmissible", "0x60") },
      },
      {
        why: "one that is being deleted",
        input: { ...status("active", "0x60"), ...status("terminating", "1x60"), ...pending("inadmissible", "3x60") },
      },
      {
        why: "a follower that knows of nothing",
        input: { ...kueue("cluster_queue_status", "1x60", 'status="active"', "0x60"), ...pending("active", "3x60") },
      },
    ],
  });

  const active = status("active", "1x200");
  prove("KueueQueueStuck", {
    input: { ...active, ...pending("inadmissible", "2x200"), ...running("0x200"), ...admitted("7x200") },
    quiet: "59m",
    fires: {
      at: "61m",
      alerts: [
        {
          labels,
          summary: "Nothing of queue train runs, and nothing is admitted.",
          description:
            "2 workloads have been waiting in ClusterQueue train for an hour without being admitted, although none of the queue runs: they ask for more than its quota, or others have borrowed it and need not give it back.",
        },
      ],
    },
    silent: [
      {
        why: "one whose quota is used by a long job",
        input: { ...active, ...pending("inadmissible", "9x200"), ...running("1x200"), ...admitted("7x200") },
        until: "90m",
      },
      {
        why: "short jobs between which nothing runs",
        input: { ...active, ...pending("inadmissible", "9x200"), ...running("0x200"), ...admitted("0+0.1x200") },
        until: "90m",
      },
      {
        why: "an empty one",
        input: { ...active, ...pending("inadmissible", "0x200"), ...running("0x200") },
        until: "90m",
      },
      {
        why: "an inactive one, which is another alert",
        input: { ...status("active", "0x200"), ...pending("inadmissible", "2x200"), ...running("0x200") },
        until: "90m",
      },
    ],
  });

  prove("KueueAdmissionSlow", {
    input: waits("0+1x200", "0+0.8x200"),
    quiet: "30m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels,
          summary: "Workloads of queue train wait long.",
          description:
            "20% of the workloads that ClusterQueue train admitted in six hours had waited for more than 85 minutes: its quota is too small for what is asked of it.",
        },
      ],
    },
    silent: [
      { why: "few that waited", input: waits("0+1x200", "0+0.95x200"), until: "90m" },
      { why: "few workloads at all", input: waits("0x20 5x180", "0x200"), until: "90m" },
    ],
  });

  const evicted = (reason: string, values: string) =>
    kueue("evicted_workloads_total", values, `reason="${reason}", underlying_cause="", priority_class="low"`);
  const storm = (reason: string, times: number) => ({
    labels: { ...labels, reason },
    summary: "Queue train evicts many workloads.",
    description: `ClusterQueue train has evicted ${times} workloads in an hour because of ${reason}: each loses its work since its last checkpoint, and starts again.`,
  });
  prove("KueueEvictionStorm", {
    input: { ...evicted("PodsReadyTimeout", "0+0.1x90"), ...evicted("Preempted", "0+1x90") },
    quiet: "20m",
    fires: { at: "80m", alerts: [storm("PodsReadyTimeout", 6), storm("Preempted", 60)] },
    silent: [
      { why: "some that had to make room", input: evicted("Preempted", "0+0.5x90") },
      { why: "few whose nodes failed", input: evicted("NodeFailures", "0+0.05x90") },
      { why: "a queue that somebody stops", input: evicted("ClusterQueueStopped", "0+9x90") },
      { why: "a restart of Kueue", input: evicted("NodeFailures", "90x40 0x50") },
    ],
  });
});
