import { workloadRules } from "../../components/prometheus/rules/workloads";
import { fromTeam, object } from "./objectInput";
import { type Input, inputSeries, promtool, proveAlert } from "./promtool";

const rules = workloadRules().filter(({ name }) => /^workload-(jobs|scaling|quotas)$/.test(name));

const job = (name: string, values: Record<string, string>, cronJob = "", kind = "CronJob"): Input => {
  const labels = `namespace="ml", job_name="${name}"`;
  const owner = cronJob === "" ? 'owner_kind="", owner_name=""' : `owner_kind="${kind}", owner_name="${cronJob}"`;
  return {
    [object("kube_job_owner", `${labels}, ${owner}`)]: "1x1600",
    ...Object.fromEntries(Object.entries(values).map(([metric, at]) => [object(`kube_job_${metric}`, labels), at])),
  };
};
const failed = (name: string, at: string): Input => ({
  [object("kube_job_failed", `namespace="ml", job_name="${name}", condition="true"`)]: at,
});
const lastSuccess = (cronJob: string, at: string): Input => ({
  [object("kube_cronjob_status_last_successful_time", `namespace="ml", cronjob="${cronJob}"`)]: at,
});

describe("rules: Jobs", () => {
  const pod = (kind: string, requests: Record<string, number>): Input => {
    const labels = `namespace="ml", pod="${kind}-x", node="n1"`;
    return {
      [object("kube_pod_info", `${labels}, created_by_kind="${kind}", created_by_name="nightly-1"`)]: "1x60",
      ...Object.fromEntries(
        Object.entries(requests).map(([resource, value]) => [
          object("kube_pod_container_resource_requests", `${labels}, container="main", resource="${resource}"`),
          `${value}x60`,
        ]),
      ),
    };
  };
  // Twelve hours are over at 10m.
  const runs = { status_start_time: "-42600x60", status_active: "1x60" };
  proveAlert(rules, "KubeJobNotCompleted", {
    // Its pods ask for no GPU; those of a StatefulSet of the same name do.
    input: {
      ...job("nightly-1", runs, "nightly"),
      ...pod("Job", { cpu: 2, nvidia_com_gpu: 0 }),
      ...pod("StatefulSet", { nvidia_com_gpu: 8 }),
    },
    quiet: "10m",
    fires: {
      at: "13m",
      alerts: [
        {
          labels: { namespace: "ml", job_name: "nightly-1" },
          summary: "Job ml/nightly-1 of a CronJob does not complete.",
          description:
            "Job nightly-1 in namespace ml has been running for 12 hours. Its CronJob may not start the next one meanwhile.",
        },
      ],
    },
    silent: [
      { why: "a Job that somebody started", input: job("train-1", runs) },
      { why: "a Job that has ended", input: job("nightly-1", { ...runs, status_active: "0x60" }, "nightly") },
      {
        why: "a Job with GPUs",
        input: {
          ...job("nightly-1", runs, "nightly"),
          ...pod("Job", { nvidia_com_gpu: 1 }),
        },
      },
    ],
  });

  const hasFailed = (name: string) => ({
    labels: { namespace: "ml", job_name: name },
    summary: `Job ml/${name} failed.`,
    description: `Job ${name} in namespace ml failed within the last day, or is of a CronJob that has not succeeded since; it is not tried again.`,
  });
  const nightly = {
    ...job("nightly-1", { status_start_time: "600x1600", created: "600x1600" }, "nightly"),
    ...failed("nightly-1", "1x1600"),
  };
  proveAlert(rules, "KubeJobFailed", {
    input: {
      // Its JobSet has the name of a CronJob.
      ...job("train-1", { created: "-90000x60", status_start_time: "0x60" }, "train", "JobSet"),
      ...lastSuccess("train", "700x60"),
      ...failed("train-1", "1x60"),
      ...nightly,
      ...lastSuccess("nightly", "500x60"),
    },
    quiet: "14m",
    fires: { at: "15m", alerts: [hasFailed("train-1"), hasFailed("nightly-1")] },
    silent: [
      { why: "a later success of the CronJob", input: { ...nightly, ...lastSuccess("nightly", "700x1600") } },
      { why: "a Job that its JobSet replaces", input: failed("train-1", "1x14 stale") },
      {
        why: "a Job that did not fail",
        input: {
          ...failed("train-1", "0x60"),
          [object("kube_job_failed", 'namespace="ml", job_name="train-1", condition="false"')]: "1x60",
        },
      },
      { why: "a team's own kube-state-metrics", input: fromTeam(failed("train-1", "1x60")) },
    ],
  });

  it("KubeJobFailed forgets a Job after a day, but no CronJob, and not one that was made anew", () =>
    promtool(rules, [
      {
        interval: "1m",
        input_series: inputSeries({
          ...job("train-1", { created: "-60x1600" }, "train", "JobSet"),
          ...failed("train-1", "1x1600"),
          ...nightly,
          ...job("again-1", { created: "-60x165 10000x1400" }),
          ...failed("again-1", "1x1600"),
        }),
        alert_rule_test: [
          {
            eval_time: "1500m",
            alertname: "KubeJobFailed",
            exp_alerts: ["nightly-1", "again-1"].map(hasFailed).map(({ labels, ...annotations }) => ({
              exp_labels: { severity: "warning", ...labels },
              exp_annotations: { ...annotations, runbook: "docs/runbooks/KubeJobFailed.md" },
            })),
          },
        ],
      },
    ]));
});

describe("rules: scaling", () => {
  const labels = { namespace: "ml", horizontalpodautoscaler: "api" };
  const autoscaler = (values: Record<string, string>): Input =>
    Object.fromEntries(
      Object.entries(values).map(([name, at]) => [
        object(`kube_horizontalpodautoscaler_${name}`, 'namespace="ml", horizontalpodautoscaler="api"'),
        at,
      ]),
    );
  const condition = (type: string, status: string) =>
    object(
      "kube_horizontalpodautoscaler_status_condition",
      `namespace="ml", horizontalpodautoscaler="api", condition="${type}", status="${status}"`,
    );
  const limited = (at: string): Input => ({
    [condition("AbleToScale", "true")]: "1x90",
    [condition("ScalingLimited", "false")]: "1x90",
    [condition("ScalingLimited", "true")]: at,
  });

  proveAlert(rules, "KubeHpaReplicasMismatch", {
    input: autoscaler({ status_desired_replicas: "4x60", status_current_replicas: "3x60" }),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "What autoscaler ml/api wants does not happen.",
          description:
            "The number of pods should change by +1, says autoscaler api in namespace ml, and it has not changed for 15 minutes.",
        },
      ],
    },
    silent: [
      {
        why: "scaling that goes on",
        input: autoscaler({ status_desired_replicas: "3+1x60", status_current_replicas: "2 2x8 6x8 9x8 14x8 20x40" }),
        until: "30m",
      },
      {
        why: "a step that takes a while",
        input: autoscaler({ status_desired_replicas: "5x60", status_current_replicas: "3x14 5x60" }),
      },
      {
        why: "a team's own kube-state-metrics",
        input: fromTeam(autoscaler({ status_desired_replicas: "5x60", status_current_replicas: "3x60" })),
      },
    ],
  });

  const atMaximum = { spec_min_replicas: "2x90", spec_max_replicas: "8x90", status_current_replicas: "8x90" };
  proveAlert(rules, "KubeHpaMaxedOut", {
    input: { ...autoscaler(atMaximum), ...limited("1x90") },
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels,
          summary: "Autoscaler ml/api is at its maximum.",
          description:
            "Autoscaler api in namespace ml has wanted more than its maximum of 8 pods for 30 minutes: what it scales has more load than planned.",
        },
      ],
    },
    silent: [
      { why: "a maximum that is just enough", input: { ...autoscaler(atMaximum), ...limited("0x90") } },
      {
        why: "nothing to be scaled",
        input: { ...autoscaler({ ...atMaximum, spec_min_replicas: "8x90" }), ...limited("1x90") },
      },
      {
        why: "a slow ascent",
        input: { ...autoscaler({ ...atMaximum, status_current_replicas: "7x90" }), ...limited("1x90") },
      },
    ],
  });

  const budget = (desired: string, current: string, expected: string): Input =>
    Object.fromEntries(
      Object.entries({ desired_healthy: desired, current_healthy: current, expected_pods: expected }).map(
        ([name, at]) => [
          object(`kube_poddisruptionbudget_status_${name}`, 'namespace="ml", poddisruptionbudget="api"'),
          at,
        ],
      ),
    );
  proveAlert(rules, "KubePdbNotEnoughHealthyPods", {
    input: budget("1x90", "0x90", "1x90"),
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: { namespace: "ml", poddisruptionbudget: "api" },
          summary: "Disruption budget ml/api has too few healthy pods.",
          description:
            "Disruption budget api in namespace ml wants 1 more healthy pods than there are: the workload is degraded, and no node with one of them can be drained.",
        },
      ],
    },
    silent: [
      { why: "a workload that is scaled to zero", input: budget("1x90", "0x90", "0x90") },
      { why: "no pod to spare", input: budget("3x90", "3x90", "4x90") },
      { why: "pods that take long to start", input: budget("3x90", "2x29 3x60", "4x90") },
    ],
  });
});

describe("rules: quotas", () => {
  const quota = (resource: string, used: number, hard: number): Input =>
    Object.fromEntries(
      Object.entries({ used, hard }).map(([type, value]) => [
        object("kube_resourcequota", `namespace="ml", resourcequota="team", resource="${resource}", type="${type}"`),
        `${value}x60`,
      ]),
    );
  const labels = (resource: string) => ({ namespace: "ml", resourcequota: "team", resource });
  const gpus = { why: "GPUs, of which none should be left over" };

  proveAlert(rules, "KubeQuotaAlmostFull", {
    input: quota("requests.cpu", 95, 100),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: labels("requests.cpu"),
          summary: "Namespace ml has almost used up its quota of requests.cpu.",
          description:
            "Namespace ml uses 95 % of the requests.cpu that quota team grants; at 100 % no more objects that need some are created.",
        },
      ],
    },
    silent: [
      { why: "nine of ten", input: quota("pods", 9, 10) },
      { why: "all of it, which has its own alert", input: quota("pods", 10, 10) },
      { ...gpus, input: quota("requests.nvidia.com/gpu", 63, 64) },
      { why: "a team's own kube-state-metrics", input: fromTeam(quota("requests.cpu", 95, 100)) },
    ],
  });

  proveAlert(rules, "KubeQuotaFullyUsed", {
    input: { ...quota("persistentvolumeclaims", 1, 1), ...quota("pods", 12, 10) },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        { resource: "persistentvolumeclaims", used: 100 },
        { resource: "pods", used: 120 },
      ].map(({ resource, used }) => ({
        labels: labels(resource),
        summary: `Namespace ml has used up its quota of ${resource}.`,
        description: `Namespace ml uses ${used} % of the ${resource} that quota team grants: new pods or claims that need some are refused.`,
      })),
    },
    silent: [
      { why: "almost all of it", input: quota("requests.cpu", 99.9, 100) },
      { ...gpus, input: quota("requests.nvidia.com/gpu", 64, 64) },
      { why: "something that the namespace may not have at all", input: quota("services.loadbalancers", 0, 0) },
      { why: "something that it may not have any more", input: quota("services.loadbalancers", 1, 0) },
    ],
  });
});
