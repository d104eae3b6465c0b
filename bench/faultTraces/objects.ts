import { jobs } from "../../components/prometheus/jobs";
import { CLUSTER, type Fleet, GPUS_PER_NODE, type Node } from "./fleet";
import { type Samples, seriesOf } from "./series";
import type { Pod, Workload } from "./workloads";

/** What kube-state-metrics says of nodes, pods and what owns them. */
export function tellObjects(fleet: Fleet, workloads: readonly Workload[], minute: number, samples: Samples): void {
  if (!fleet.objectsKnown) return;
  const tell = (metric: string, labels: Record<string, string>, value: number) => {
    const source = { cluster: CLUSTER, job: jobs.kubeStateMetrics, instance: fleet.objectsFrom };
    samples.set(minute, seriesOf(metric, { ...source, ...labels }), value);
  };
  for (const node of fleet.nodes.filter(({ now }) => now.exists)) tellNode(node, tell);
  for (const workload of workloads) {
    for (const pod of workload.pods) tellPod(pod, tell);
    const { kind, name, namespace } = workload.spec;
    if (kind !== "Deployment" || workload.pods.length === 0) continue;
    const owner = { owner_kind: kind, owner_name: name, owner_is_controller: "true" };
    tell("kube_replicaset_owner", { namespace, replicaset: `${name}-5d9f7c`, ...owner }, 1);
  }
}

type Tell = (metric: string, labels: Record<string, string>, value: number) => void;

function tellNode({ name, now, created, cards }: Node, tell: Tell): void {
  const node = { node: name };
  tell("kube_node_info", node, 1);
  tell("kube_node_created", node, created);
  tell("kube_node_status_condition", { ...node, condition: "Ready", status: "true" }, now.ready ? 1 : 0);
  tell("kube_node_spec_unschedulable", node, now.cordoned ? 1 : 0);
  if (now.cordoned) {
    tell("kube_node_spec_taint", { ...node, key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }, 1);
  }
  if (now.offersNothing) return;
  const healthy = cards.filter((card) => !card.now.unhealthy).length;
  const gpus = { ...node, resource: "nvidia_com_gpu", unit: "integer" };
  tell("kube_node_status_capacity", gpus, GPUS_PER_NODE);
  tell("kube_node_status_allocatable", gpus, healthy);
}

function tellPod({ name, namespace, owner, asks, node, phase, created, restarts }: Pod, tell: Tell): void {
  const pod = { namespace, pod: name };
  tell(
    "kube_pod_info",
    { ...pod, node: node?.name ?? "", created_by_kind: owner.kind, created_by_name: owner.name },
    1,
  );
  tell("kube_pod_owner", { ...pod, owner_kind: owner.kind, owner_name: owner.name, owner_is_controller: "true" }, 1);
  tell("kube_pod_created", pod, created);
  const request = { ...pod, container: "main", node: node?.name ?? "", resource: "nvidia_com_gpu", unit: "integer" };
  tell("kube_pod_container_resource_requests", request, asks);
  for (const each of ["Pending", "Running", "Succeeded", "Failed", "Unknown"]) {
    tell("kube_pod_status_phase", { ...pod, phase: each }, each === phase ? 1 : 0);
  }
  if (phase === "Pending") tell("kube_pod_status_unschedulable", pod, 1);
  else tell("kube_pod_container_status_restarts_total", { ...pod, container: "main" }, restarts);
}
