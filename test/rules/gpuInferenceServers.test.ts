import { inferenceRules } from "../../components/gpu/rules/inference";
import { onlyRules } from "./gpuInferenceInput";
import { object } from "./objectInput";
import { type Input, proveAlert } from "./promtool";

const groups = inferenceRules({ namespace: "monitoring", profile: "health", scrapeSeconds: 30, podsKnown: true });

const wants = (values: string, kind: "deployment" | "statefulset" = "deployment"): Input => ({
  [object(
    kind === "deployment" ? "kube_deployment_spec_replicas" : "kube_statefulset_replicas",
    `cluster="c1", namespace="chat", ${kind}="llm"`,
  )]: values,
});
const up = (values: string, pod = "llm-a"): Input => ({
  [`up{job="vllm", cluster="c1", namespace="chat", workload="llm", pod="${pod}"}`]: values,
});

/** A pod that was made at a minute, and what else is known of it. */
const pod = (name: string, minute: number, more: Record<string, string> = {}): Input => {
  const labels = `cluster="c1", namespace="chat", pod="${name}"`;
  return {
    [`namespace_workload_pod:gpu_owner:relabel{${labels}, workload="llm", workload_kind="Deployment"}`]: `_x${minute} 1x200`,
    [object("kube_pod_created", labels)]: `_x${minute} ${minute * 60}x200`,
    ...Object.fromEntries(Object.entries(more).map(([metric, at]) => [object(metric, labels), at])),
  };
};

describe("rules: servers of models", () => {
  const prove = (alert: string, proof: Parameters<typeof proveAlert>[2]) =>
    proveAlert(onlyRules(groups, alert, "namespace_workload:inference_servers_up:sum"), alert, proof);
  const labels = { cluster: "c1", namespace: "chat", workload: "llm" };
  const unavailable = {
    labels,
    summary: "No server of llm in chat answers.",
    description:
      "llm in namespace chat should have 2 servers, and for 5 minutes not one has answered: its models cannot be reached.",
  };

  prove("ModelUnavailable", {
    // One hangs, the other's pod is gone.
    input: { ...wants("2x200"), ...up("1x60 0x100"), ...up("1x60", "llm-b") },
    quiet: "64m",
    fires: { at: "72m", alerts: [unavailable] },
    silent: [
      { why: "one that answers", input: { ...wants("2x200"), ...up("1x60 0x100"), ...up("1x160", "llm-b") } },
      { why: "one that is scaled to nothing", input: { ...wants("2x60 0x140"), ...up("1x60") } },
      {
        why: "one that is scaled up from nothing and loads its model",
        input: { ...wants("2x10 0x50 2x140"), ...up("1x10 _x50 0x25 1x100") },
        until: "130m",
      },
      { why: "one that never answered, as its label is wrong", input: { ...wants("2x200"), ...up("0x200") } },
      { why: "one that is new", input: { ...wants("_x60 2x140"), ...up("_x60 0x20 1x100") } },
      { why: "a short gap", input: { ...wants("2x200"), ...up("1x60 0x4 1x100") } },
      {
        why: "a rollout that ends the old servers first",
        input: { ...wants("2x200"), ...up("1x60 stale"), ...up("_x62 0x26 1x100", "llm-b"), ...pod("llm-b", 61) },
        until: "130m",
      },
    ],
  });
  describe("as new servers", () => {
    const ended = { ...wants("2x200"), ...up("1x60 stale"), ...up("_x62 0x100", "llm-b") };
    const silent = [
      {
        why: "ones that load, while an old one had crashed",
        input: {
          ...ended,
          ...pod("llm-b", 61, { kube_pod_container_status_restarts_total: "_x61 0x100" }),
          ...pod("llm-old", 1, { kube_pod_container_status_restarts_total: "5x60 stale" }),
        },
        until: "80m",
      },
    ];
    prove("ModelUnavailable", {
      input: { ...ended, ...pod("llm-b", 61, { kube_pod_container_status_restarts_total: "_x61 0x9 1x100" }) },
      quiet: "74m",
      fires: { at: "78m", alerts: [unavailable] },
      silent,
    });
    prove("ModelUnavailable", {
      input: { ...ended, ...pod("llm-b", 61, { kube_pod_status_unschedulable: "_x61 1x100" }) },
      quiet: "64m",
      fires: { at: "68m", alerts: [unavailable] },
      silent,
    });
    prove("ModelUnavailable", {
      // They load for too long.
      input: { ...ended, ...pod("llm-b", 61) },
      quiet: "94m",
      fires: { at: "98m", alerts: [unavailable] },
      silent,
    });
  });
  describe("of a StatefulSet", () =>
    prove("ModelUnavailable", {
      input: { ...wants("2x200", "statefulset"), ...up("1x60 0x100") },
      fires: { at: "72m", alerts: [unavailable] },
      silent: [{ why: "none is wanted", input: { ...wants("0x200", "statefulset"), ...up("1x60 0x100") } }],
    }));

  prove("ModelReplicasMissing", {
    input: { ...wants("3x200"), ...up("1x200"), ...up("1x60 0x100", "llm-b"), ...up("1x60", "llm-c") },
    quiet: "89m",
    fires: {
      at: "97m",
      alerts: [
        {
          labels,
          summary: "llm in chat has fewer servers than it should.",
          description:
            "2 of the servers of llm in namespace chat have not answered for 30 minutes: they wait for GPUs, crash, or still load their model, and the others carry their load.",
        },
      ],
    },
    silent: [
      { why: "as many as are wanted", input: { ...wants("1x200"), ...up("1x200") } },
      {
        why: "more than are wanted, during a rollout",
        input: { ...wants("1x200"), ...up("1x200"), ...up("1x200", "llm-b") },
      },
      { why: "none at all, which is another alert", input: { ...wants("2x200"), ...up("0x200") } },
      {
        why: "a rollout of one after the other",
        input: { ...wants("2x200"), ...up("1x60 0x25 1x100"), ...up("1x200", "llm-b") },
      },
    ],
  });
});

const model = { cluster: "c1", namespace: "vision", model_name: "resnet" };
const triton = (values: Record<string, string>): Input =>
  Object.fromEntries(
    Object.entries(values).map(([name, at]) => {
      const [metric, reason] = name.split(" ");
      const more = reason === undefined ? "" : `, reason="${reason}"`;
      return [
        `nv_inference_${metric}{job="triton", cluster="c1", namespace="vision", model_name="resnet", version="1", pod="t-0"${more}}`,
        at,
      ];
    }),
  );

describe("rules: Triton", () => {
  proveAlert(onlyRules(groups, "TritonRequestsFailing"), "TritonRequestsFailing", {
    input: triton({
      request_success: "0+9x60",
      "request_failure BACKEND": "0+1x60",
      "request_failure CANCELED": "0+9x60",
    }),
    quiet: "10m",
    fires: {
      at: "14m",
      alerts: [
        {
          labels: model,
          summary: "Model resnet in namespace vision fails requests.",
          description:
            "Triton has failed 10% of the requests to model resnet in namespace vision for 10 minutes, without those that clients cancelled: they were refused, or the backend had errors.",
        },
      ],
    },
    silent: [
      {
        why: "clients that cancel",
        input: triton({ request_success: "0+9x60", "request_failure CANCELED": "0+9x60" }),
      },
      { why: "few among many", input: triton({ request_success: "0+99x60", "request_failure BACKEND": "0+1x60" }) },
      { why: "few at all", input: triton({ request_success: "0x60", "request_failure BACKEND": "0x20 1x40" }) },
    ],
  });
  const queue = (seconds: number, share: number) =>
    triton({
      request_success: "0+60x60",
      queue_duration_us: `0+${seconds * 60e6}x60`,
      request_duration_us: `0+${(seconds / share) * 60e6}x60`,
    });
  proveAlert(onlyRules(groups, "TritonQueueSlow"), "TritonQueueSlow", {
    input: queue(1.5, 0.75),
    quiet: "10m",
    fires: {
      at: "14m",
      alerts: [
        {
          labels: model,
          summary: "Requests to model resnet in namespace vision wait in Triton's queue.",
          description:
            "Requests to model resnet in namespace vision have waited 1.5 s on average in Triton's queue for 10 minutes, longer than it takes to answer them: too few instances of the model for this load.",
        },
      ],
    },
    silent: [
      { why: "a short wait", input: queue(0.9, 0.9) },
      { why: "a wait that is short beside the work", input: queue(5, 0.4) },
      {
        why: "no requests",
        input: triton({ request_success: "5x60", queue_duration_us: "9e9x60", request_duration_us: "9e9x60" }),
      },
    ],
  });
});

describe("rules: Ray Serve", () => {
  const ray = (metric: string, values: string, replica = "r1"): Input => ({
    [`ray_serve_${metric}{job="ray-serve", cluster="c1", namespace="chat", application="app", deployment="LLM", replica="${replica}", pod="ray-head"}`]:
      values,
  });
  const labels = { cluster: "c1", namespace: "chat", application: "app", deployment: "LLM" };
  proveAlert(onlyRules(groups, "RayServeReplicasUnhealthy"), "RayServeReplicasUnhealthy", {
    input: { ...ray("deployment_replica_healthy", "0x60"), ...ray("deployment_replica_healthy", "1x60", "r2") },
    quiet: "9m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels,
          summary: "Replicas of LLM of Ray Serve in chat are unhealthy.",
          description:
            "1 of the replicas of deployment LLM of application app in namespace chat have failed their health checks for 10 minutes: Ray Serve does not manage to replace them.",
        },
      ],
    },
    silent: [
      { why: "healthy ones", input: ray("deployment_replica_healthy", "1x60") },
      { why: "one that is replaced", input: ray("deployment_replica_healthy", "1x10 0x8") },
    ],
  });
  proveAlert(onlyRules(groups, "RayServeDeploymentFailed"), "RayServeDeploymentFailed", {
    input: ray("deployment_status", "2x60"),
    quiet: "4m",
    fires: {
      at: "6m",
      alerts: [
        {
          labels,
          summary: "Deployment LLM of Ray Serve in chat has failed.",
          description:
            "Deployment LLM of application app in namespace chat has had the status UNHEALTHY for 5 minutes: it serves with fewer replicas than it should, or with none.",
        },
      ],
    },
    silent: [
      { why: "one that is updated and scaled", input: ray("deployment_status", "3x10 4x10 5x10 6x30") },
      { why: "one of which nothing is known yet", input: ray("deployment_status", "0x60") },
    ],
  });
});
