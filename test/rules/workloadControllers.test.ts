import { workloadRules } from "../../components/prometheus/rules/workloads";
import { fromTeam, object, objectOf } from "./objectInput";
import { type Input, proveAlert } from "./promtool";

const rules = workloadRules().filter(({ name }) => name === "workload-controllers");

describe("rules: deployments", () => {
  const deployment = objectOf("deployment", 'namespace="ml", deployment="api"');
  const labels = { namespace: "ml", deployment: "api" };
  const condition = (type: string, status: string) =>
    object(
      "kube_deployment_status_condition",
      `namespace="ml", deployment="api", condition="${type}", status="${status}", reason="any"`,
    );
  const degraded = deployment({
    spec_replicas: "4x120",
    status_replicas: "4x120",
    status_replicas_available: "3x120",
    status_replicas_updated: "4x120",
  });
  const lacks = (name: string, pods: number) => ({
    labels: { namespace: "ml", deployment: name },
    summary: `Deployment ml/${name} lacks pods.`,
    description: `Deployment ${name} in namespace ml has had ${pods} available pods too few for 30 minutes.`,
  });

  proveAlert(rules, "KubeDeploymentReplicasMismatch", {
    input: {
      ...degraded,
      [condition("Available", "false")]: "1x120",
      [condition("Progressing", "true")]: "1x120",
      [condition("Progressing", "false")]: "0x120",
      // A quota refuses more pods.
      ...objectOf(
        "deployment",
        'namespace="ml", deployment="refused"',
      )({
        spec_replicas: "4x120",
        status_replicas: "1x20 2x100",
        status_replicas_available: "1x120",
        status_replicas_updated: "1x20 2x100",
      }),
      // A rollout without a deadline that does not go on.
      ...objectOf(
        "deployment",
        'namespace="ml", deployment="endless"',
      )({
        spec_replicas: "4x120",
        status_replicas: "4x120",
        status_replicas_available: "3x120",
        status_replicas_updated: "1x120",
      }),
    },
    quiet: "29m",
    fires: { at: "30m", alerts: [lacks("api", 1), lacks("refused", 3), lacks("endless", 1)] },
    silent: [
      {
        why: "a slow rollout that goes on",
        input: {
          ...degraded,
          ...deployment({ status_replicas: "5x120", status_replicas_updated: "1x20 2x24 3x24 4x60" }),
        },
        until: "80m",
      },
      {
        why: "a rollout that is stuck, which has its own alert",
        input: { ...degraded, [condition("Progressing", "false")]: "1x120" },
      },
      {
        why: "pods that take long to start",
        input: { ...degraded, ...deployment({ status_replicas_available: "3x29 4x90" }) },
      },
      { why: "scaling down", input: { ...degraded, ...deployment({ spec_replicas: "2x120" }) } },
      { why: "a team's own kube-state-metrics", input: fromTeam(degraded) },
    ],
  });

  proveAlert(rules, "KubeDeploymentGenerationMismatch", {
    input: deployment({ metadata_generation: "5x60", status_observed_generation: "4x60" }),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "A change of deployment ml/api is not carried out.",
          description:
            "Generation 5 of deployment api in namespace ml has not been looked at by its controller for 15 minutes.",
        },
      ],
    },
    silent: [
      {
        why: "a controller that takes its time",
        input: deployment({ metadata_generation: "5x60", status_observed_generation: "4x14 5x60" }),
      },
    ],
  });

  proveAlert(rules, "KubeDeploymentRolloutStuck", {
    input: { [condition("Progressing", "false")]: "1x60" },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "The rollout of deployment ml/api is stuck.",
          description:
            "The rollout of deployment api in namespace ml has made no progress within its deadline, and for 15 minutes since. The old pods that are left serve alone.",
        },
      ],
    },
    silent: [
      {
        why: "a rollout that is paused, and pods that lack",
        input: {
          [condition("Progressing", "unknown")]: "1x60",
          [condition("Progressing", "false")]: "0x60",
          [condition("Available", "false")]: "1x60",
        },
      },
    ],
  });
});

describe("rules: StatefulSets", () => {
  const statefulSet = objectOf("statefulset", 'namespace="ml", statefulset="db"');
  const labels = { namespace: "ml", statefulset: "db" };
  const revisions = (current: string, update: string): Input =>
    Object.fromEntries(
      Object.entries({ current, update }).map(([which, revision]) => [
        object(`kube_statefulset_status_${which}_revision`, `namespace="ml", statefulset="db", revision="${revision}"`),
        "1x120",
      ]),
    );
  const replicas = (available: string, updated = "3x120") =>
    statefulSet({ replicas: "3x120", status_replicas_available: available, status_replicas_updated: updated });

  proveAlert(rules, "KubeStatefulSetReplicasMismatch", {
    input: { ...replicas("2x120"), ...revisions("a", "a") },
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels,
          summary: "StatefulSet ml/db lacks pods.",
          description: "StatefulSet db in namespace ml has had 1 available pods too few for 30 minutes.",
        },
      ],
    },
    silent: [
      { why: "an update, which has its own alert", input: { ...replicas("2x120"), ...revisions("a", "b") } },
      { why: "pods that take long to start", input: { ...replicas("2x29 3x90"), ...revisions("a", "a") } },
      { why: "scaling down", input: { ...replicas("4x120"), ...revisions("a", "a") } },
    ],
  });

  proveAlert(rules, "KubeStatefulSetGenerationMismatch", {
    input: statefulSet({ metadata_generation: "5x60", status_observed_generation: "4x60" }),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels,
          summary: "A change of StatefulSet ml/db is not carried out.",
          description:
            "Generation 5 of StatefulSet db in namespace ml has not been looked at by its controller for 15 minutes.",
        },
      ],
    },
    silent: [
      {
        why: "a controller that takes its time",
        input: statefulSet({ metadata_generation: "5x60", status_observed_generation: "4x14 5x60" }),
      },
    ],
  });

  proveAlert(rules, "KubeStatefulSetUpdateNotRolledOut", {
    input: { ...replicas("2x120", "1x120"), ...revisions("a", "b") },
    quiet: "19m",
    fires: {
      at: "20m",
      alerts: [
        {
          labels,
          summary: "The update of StatefulSet ml/db is stuck.",
          description:
            "The update of StatefulSet db in namespace ml has replaced no pod for 30 minutes, and 1 of its pods are not available.",
        },
      ],
    },
    silent: [
      {
        why: "an update that rests at its partition",
        input: { ...replicas("3x120", "1x120"), ...revisions("a", "b") },
      },
      {
        why: "an update that goes on slowly",
        input: { ...replicas("2x120", "0x18 1x25 2x25 3x40"), ...revisions("a", "b") },
        until: "80m",
      },
      { why: "a pod that lacks without an update", input: { ...replicas("2x120", "1x120"), ...revisions("a", "a") } },
    ],
  });
});
