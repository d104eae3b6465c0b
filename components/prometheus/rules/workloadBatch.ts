import { copyLabel, gpuPods, objectSeries, objects, onPod } from "./objects";
import type { RuleGroup } from "./rule";

const JOB = "namespace, job_name";
const onJob = `on (cluster, ${JOB})`;
const DAY = 86_400;

/** Jobs that a CronJob made, with its name. */
const scheduledJobs = `max by (cluster, ${JOB}, cronjob) (${copyLabel(objectSeries("kube_job_owner", 'owner_kind="CronJob"'), "owner_name", "cronjob")})`;

/** Jobs of which a pod asks for GPUs. */
const gpuJobs = copyLabel(
  `(${objectSeries("kube_pod_info", 'created_by_kind="Job"')} and ${onPod} ${gpuPods})`,
  "created_by_name",
  "job_name",
);

const failed = `max by (cluster, ${JOB}) (${objectSeries("kube_job_failed", 'condition="true"')})`;
const failedADayAgo = `max by (cluster, ${JOB}) (${objectSeries("kube_job_failed", 'condition="true"')} offset 1d)`;

/** Jobs that failed a day ago already, and are still the same. Those of CronJobs stay until a later one succeeds. */
const oldFailures = `(${failedADayAgo} == 1 and time() - ${objects("kube_job_created", JOB)} > ${DAY} unless ${onJob} ${scheduledJobs})`;
const repeatedSince =
  `(${scheduledJobs} * on (cluster, namespace, cronjob) group_left () ${objects("kube_cronjob_status_last_successful_time", "namespace, cronjob")}` +
  ` > ${onJob} ${objects("kube_job_status_start_time", JOB)})`;

const jobRules: RuleGroup["rules"] = [
  {
    alert: "KubeJobNotCompleted",
    // Only of CronJobs, which come again, and without GPUs: a training job may run for weeks. Half a day is a judgement.
    expr:
      `(time() - (${objects("kube_job_status_start_time", JOB)} and ${objects("kube_job_status_active", JOB)} > 0)) / 3600 > 12` +
      ` and ${onJob} ${scheduledJobs} unless ${onJob} ${gpuJobs}`,
    severity: "warning",
    summary: "Job {{ $labels.namespace }}/{{ $labels.job_name }} of a CronJob does not complete.",
    description:
      'Job {{ $labels.job_name }} in namespace {{ $labels.namespace }} has been running for {{ printf "%.0f" $value }} hours. Its CronJob may not start the next one meanwhile.',
  },
  {
    alert: "KubeJobFailed",
    expr: `${failed} == 1 unless ${oldFailures} unless ${onJob} ${repeatedSince}`,
    // A JobSet replaces its failed Jobs within this time.
    for: "15m",
    severity: "warning",
    summary: "Job {{ $labels.namespace }}/{{ $labels.job_name }} failed.",
    description:
      "Job {{ $labels.job_name }} in namespace {{ $labels.namespace }} failed within the last day, or is of a CronJob that has not succeeded since; it is not tried again.",
  },
];

const autoscalers = (metric: string, matchers = "") =>
  objects(`kube_horizontalpodautoscaler_${metric}`, "namespace, horizontalpodautoscaler", matchers);
const budgets = (metric: string) =>
  objects(`kube_poddisruptionbudget_status_${metric}`, "namespace, poddisruptionbudget");

const scalingRules: RuleGroup["rules"] = [
  {
    alert: "KubeHpaReplicasMismatch",
    // While it scales, the number changes.
    expr:
      `${autoscalers("status_desired_replicas")} - ${autoscalers("status_current_replicas")} != 0` +
      ` and max by (cluster, namespace, horizontalpodautoscaler) (changes(${objectSeries("kube_horizontalpodautoscaler_status_current_replicas")}[10m])) == 0`,
    for: "15m",
    severity: "warning",
    summary: "What autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} wants does not happen.",
    description:
      'The number of pods should change by {{ printf "%+.0f" $value }}, says autoscaler {{ $labels.horizontalpodautoscaler }} in namespace {{ $labels.namespace }}, and it has not changed for 15 minutes.',
  },
  {
    alert: "KubeHpaMaxedOut",
    // At the maximum, and it would go further. Where minimum and maximum are the same, nothing is to be scaled.
    expr:
      `${autoscalers("status_current_replicas")} == ${autoscalers("spec_max_replicas")}` +
      ` and ${autoscalers("spec_max_replicas")} > ${autoscalers("spec_min_replicas")}` +
      ` and ${autoscalers("status_condition", 'condition="ScalingLimited", status="true"')} == 1`,
    for: "30m",
    severity: "warning",
    summary: "Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} is at its maximum.",
    description:
      "Autoscaler {{ $labels.horizontalpodautoscaler }} in namespace {{ $labels.namespace }} has wanted more than its maximum of {{ $value }} pods for 30 minutes: what it scales has more load than planned.",
  },
  {
    alert: "KubePdbNotEnoughHealthyPods",
    // A fixed minimum also holds for a workload that is scaled to zero.
    expr: `${budgets("desired_healthy")} - ${budgets("current_healthy")} > 0 and ${budgets("expected_pods")} > 0`,
    // As long as new pods with large models may take to be ready [judgement].
    for: "30m",
    severity: "warning",
    summary: "Disruption budget {{ $labels.namespace }}/{{ $labels.poddisruptionbudget }} has too few healthy pods.",
    description:
      "Disruption budget {{ $labels.poddisruptionbudget }} in namespace {{ $labels.namespace }} wants {{ $value }} more healthy pods than there are: the workload is degraded, and no node with one of them can be drained.",
  },
];

const quota = (matchers: string) => objects("kube_resourcequota", "namespace, resourcequota, resource", matchers);
/** Without GPUs: that their quota is used up is what it is for. */
const usedQuota = `100 * ${quota('type="used", resource!~"(.+[.])?nvidia[.]com/.+"')} / (${quota('type="hard"')} > 0)`;

const quotaRules: RuleGroup["rules"] = [
  {
    alert: "KubeQuotaAlmostFull",
    expr: `${usedQuota} > 90 < 100`,
    for: "15m",
    severity: "info",
    summary: "Namespace {{ $labels.namespace }} has almost used up its quota of {{ $labels.resource }}.",
    description:
      'Namespace {{ $labels.namespace }} uses {{ printf "%.0f" $value }} % of the {{ $labels.resource }} that quota {{ $labels.resourcequota }} grants; at 100 % no more objects that need some are created.',
  },
  {
    alert: "KubeQuotaFullyUsed",
    expr: `${usedQuota} >= 100`,
    for: "15m",
    severity: "info",
    summary: "Namespace {{ $labels.namespace }} has used up its quota of {{ $labels.resource }}.",
    description:
      'Namespace {{ $labels.namespace }} uses {{ printf "%.0f" $value }} % of the {{ $labels.resource }} that quota {{ $labels.resourcequota }} grants: new pods or claims that need some are refused.',
  },
];

export const batchGroups: RuleGroup[] = [
  { name: "workload-jobs", scope: "shard", rules: jobRules },
  { name: "workload-scaling", scope: "shard", rules: scalingRules },
  { name: "workload-quotas", scope: "shard", rules: quotaRules },
];
