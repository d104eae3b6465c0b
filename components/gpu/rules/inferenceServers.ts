import { jobs } from "../../prometheus/jobs";
import { copyLabel, objectSeries, objects, onPod } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { BY_MODEL, MODEL, SERVERS_UP, theModel } from "./inferenceSeries";
import { WORKLOAD_OF_POD } from "./owners";

const onWorkload = "on (cluster, namespace, workload)";

/** How many servers a Deployment or StatefulSet should have; `back` looks at an earlier moment. */
const wanted = (back = "") =>
  (["deployment", "statefulset"] as const)
    .map((kind) => {
      const metric = kind === "deployment" ? "kube_deployment_spec_replicas" : "kube_statefulset_replicas";
      return `max by (cluster, namespace, workload) (${copyLabel(objects(metric, `namespace, ${kind}`, "", back), kind, "workload")})`;
    })
    .join(" or ");

/**
 * Workloads that should have had servers all the while. A model may take half an hour to load, and those that were scaled up
 * from nothing since then are not late yet [judgement].
 */
const established = `(${wanted()}) > 0 and ${onWorkload} (${wanted("offset 30m")}) > 0`;

/**
 * Workloads that load their model anew, as in a rollout that ends the old servers first: a pod is younger than half an hour
 * [judgement], has a node, and has not crashed.
 */
const loading =
  `(${WORKLOAD_OF_POD} and ${onPod} ${objectSeries("kube_pod_created")} > time() - 1800` +
  ` unless ${onPod} ${objectSeries("kube_pod_status_unschedulable")} == 1` +
  ` unless ${onPod} ${objectSeries("kube_pod_container_status_restarts_total")} > 0)`;

const servers: RuleGroup["rules"] = [
  {
    alert: "ModelUnavailable",
    // Six hours: who was never scraped, or not for so long, has other alerts.
    expr: `${established} and ${onWorkload} max_over_time(${SERVERS_UP}[6h]) > 0 unless ${onWorkload} ${SERVERS_UP} > 0 unless ${onWorkload} ${loading}`,
    for: "5m",
    severity: "critical",
    owner: "workload",
    summary: "No server of {{ $labels.workload }} in {{ $labels.namespace }} answers.",
    description:
      "{{ $labels.workload }} in namespace {{ $labels.namespace }} should have {{ $value }} servers, and for 5 minutes not one has answered: its models cannot be reached.",
  },
  {
    alert: "ModelReplicasMissing",
    expr: `(${established}) - ${onWorkload} (${SERVERS_UP} > 0) > 0`,
    // judgement: a model of some hundred GB is read and compiled by then.
    for: "30m",
    severity: "warning",
    owner: "workload",
    summary: "{{ $labels.workload }} in {{ $labels.namespace }} has fewer servers than it should.",
    description:
      "{{ $value }} of the servers of {{ $labels.workload }} in namespace {{ $labels.namespace }} have not answered for 30 minutes: they wait for GPUs, crash, or still load their model, and the others carry their load.",
  },
];

const tritonRate = (metric: string, matchers = "") =>
  `sum by (${BY_MODEL}) (rate(nv_inference_${metric}{job="${jobs.triton}", service=""${matchers}}[5m]))`;
const failures = tritonRate("request_failure", ', reason!="CANCELED"');
const answered = tritonRate("request_success");
const queueSeconds = `${tritonRate("queue_duration_us")} / 1e6 / (${answered} > 0)`;

const triton: RuleGroup["rules"] = [
  {
    alert: "TritonRequestsFailing",
    // judgement: 5 %, and one in 100 s.
    expr: `${failures} / (${failures} + ${answered}) > 0.05 and on (${BY_MODEL}) ${failures} > 0.01`,
    for: "10m",
    severity: "warning",
    owner: "workload",
    summary: `${MODEL} fails requests.`,
    description: `Triton has failed {{ $value | humanizePercentage }} of the requests to ${theModel} for 10 minutes, without those that clients cancelled: they were refused, or the backend had errors.`,
  },
  {
    alert: "TritonQueueSlow",
    // judgement: a second, and most of what clients wait for.
    expr: `${queueSeconds} > 1 and on (${BY_MODEL}) ${tritonRate("queue_duration_us")} > 0.5 * ${tritonRate("request_duration_us")}`,
    for: "10m",
    severity: "warning",
    owner: "workload",
    summary: `Requests to ${theModel} wait in Triton's queue.`,
    description: `Requests to ${theModel} have waited {{ printf "%.1f" $value }} s on average in Triton's queue for 10 minutes, longer than it takes to answer them: too few instances of the model for this load.`,
  },
];

const BY_DEPLOYMENT = "cluster, namespace, application, deployment";
const rayServe = (metric: string) => `ray_serve_${metric}{job="${jobs.rayServe}", service=""}`;

const ray: RuleGroup["rules"] = [
  {
    alert: "RayServeReplicasUnhealthy",
    expr: `count by (${BY_DEPLOYMENT}) (${rayServe("deployment_replica_healthy")} == 0)`,
    for: "10m",
    severity: "warning",
    owner: "workload",
    summary: "Replicas of {{ $labels.deployment }} of Ray Serve in {{ $labels.namespace }} are unhealthy.",
    description:
      "{{ $value }} of the replicas of deployment {{ $labels.deployment }} of application {{ $labels.application }} in namespace {{ $labels.namespace }} have failed their health checks for 10 minutes: Ray Serve does not manage to replace them.",
  },
  {
    alert: "RayServeDeploymentFailed",
    // 1 is DEPLOY_FAILED, 2 is UNHEALTHY.
    expr: `max by (${BY_DEPLOYMENT}) (${rayServe("deployment_status")} == 1 or ${rayServe("deployment_status")} == 2)`,
    for: "5m",
    severity: "critical",
    owner: "workload",
    summary: "Deployment {{ $labels.deployment }} of Ray Serve in {{ $labels.namespace }} has failed.",
    description:
      "Deployment {{ $labels.deployment }} of application {{ $labels.application }} in namespace {{ $labels.namespace }} has had the status {{ if eq $value 1.0 }}DEPLOY_FAILED{{ else }}UNHEALTHY{{ end }} for 5 minutes: it serves with fewer replicas than it should, or with none.",
  },
];

export const inferenceServerGroup: RuleGroup = {
  name: "gpu-inference-servers",
  scope: "global",
  rules: [...servers, ...triton, ...ray],
};
