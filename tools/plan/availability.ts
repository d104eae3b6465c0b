import { isPlainObject } from "../engine";
import { type KubernetesObject, type Manifest, objectName } from "./manifests";

/** How one workload survives the loss of a pod, a node or a zone. */
export interface Availability {
  workload: string;
  /** `2`, `2 × 3 shards`, `1 per node`. */
  replicas: string;
  /** What the PodDisruptionBudget says; `none` without one. */
  budget: string;
  /** What pods are kept apart over: `zone`, `node (preferred)`. */
  spread: string[];
}

type Tree = Record<string, unknown>;

const tree = (value: unknown): Tree => (isPlainObject(value) ? value : {});
const list = (value: unknown): Tree[] => (Array.isArray(value) ? value.map(tree) : []);

/** The label that the operator puts on the pods of each of its kinds. */
const OPERATOR_KINDS: Record<string, string> = {
  Alertmanager: "alertmanager",
  Prometheus: "prometheus",
  PrometheusAgent: "prometheus",
  ThanosRuler: "thanos-ruler",
};
const WORKLOADS = new Set(["DaemonSet", "Deployment", "StatefulSet"]);

interface Pods {
  labels: Tree;
  spec: Tree;
}

function podsOf({ kind, metadata, spec }: KubernetesObject): Pods | undefined {
  const own = tree(spec);
  if (WORKLOADS.has(kind)) {
    const template = tree(own.template);
    return { labels: tree(tree(template.metadata).labels), spec: tree(template.spec) };
  }
  const label = OPERATOR_KINDS[kind];
  if (label === undefined) return undefined;
  const operator = {
    [label]: metadata.name,
    "app.kubernetes.io/instance": metadata.name,
    "app.kubernetes.io/managed-by": "prometheus-operator",
    "app.kubernetes.io/name": label,
    "operator.prometheus.io/name": metadata.name,
    // All shards are alike; budgets are made for each, and the first stands for all.
    ...(label === "prometheus" ? { "operator.prometheus.io/shard": "0" } : {}),
  };
  return { labels: { ...tree(tree(own.podMetadata).labels), ...operator }, spec: own };
}

function replicasOf({ kind, spec }: KubernetesObject): string {
  if (kind === "DaemonSet") return "1 per node";
  const { replicas = 1, shards = 1 } = tree(spec);
  return shards === 1 ? String(replicas) : `${replicas} × ${shards} shards`;
}

const KEYS: Record<string, string> = { "topology.kubernetes.io/zone": "zone", "kubernetes.io/hostname": "node" };
const topology = (key: unknown) => KEYS[String(key)] ?? String(key);

function spreadOf(spec: Tree): string[] {
  const constraints = list(spec.topologySpreadConstraints).map(
    ({ topologyKey, whenUnsatisfiable }) =>
      `${topology(topologyKey)}${whenUnsatisfiable === "ScheduleAnyway" ? " (preferred)" : ""}`,
  );
  const apart = tree(tree(spec.affinity).podAntiAffinity);
  const required = list(apart.requiredDuringSchedulingIgnoredDuringExecution).map((term) => topology(term.topologyKey));
  const preferred = list(apart.preferredDuringSchedulingIgnoredDuringExecution).map(
    (term) => `${topology(tree(term.podAffinityTerm).topologyKey)} (preferred)`,
  );
  return [...new Set([...constraints, ...required, ...preferred])];
}

function budgetOf(namespace: string | undefined, labels: Tree, budgets: readonly KubernetesObject[]): string {
  const budget = budgets.find(({ metadata, spec }) => {
    const selector = tree(tree(spec).selector);
    const wanted = Object.entries(tree(selector.matchLabels));
    // An expression would need the API server's own logic; no budget of ours has one.
    return (
      metadata.namespace === namespace &&
      selector.matchExpressions === undefined &&
      wanted.length > 0 &&
      wanted.every(([key, value]) => labels[key] === value)
    );
  });
  if (!budget) return "none";
  const { maxUnavailable, minAvailable } = tree(budget.spec);
  return maxUnavailable === undefined ? `at least ${minAvailable} up` : `at most ${maxUnavailable} down`;
}

/** One entry per workload, in the order of the manifests. */
export function availabilityOf(manifests: readonly Manifest[]): Availability[] {
  const objects = manifests.map(({ object }) => object);
  const budgets = objects.filter(({ kind }) => kind === "PodDisruptionBudget");
  return objects.flatMap((object) => {
    const pods = podsOf(object);
    if (!pods) return [];
    return [
      {
        workload: objectName(object),
        replicas: replicasOf(object),
        budget: budgetOf(object.metadata.namespace, pods.labels, budgets),
        spread: spreadOf(pods.spec),
      },
    ];
  });
}
