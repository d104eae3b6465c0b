import type { ApiClient } from "./apiClient";
import { at, isObject, type Json, type JsonObject, listAt, numberAt, textAt } from "./json";
import { objectType } from "./typeTokens";
import { hasCondition } from "./waitFor";

/** Whether an object does its work; text says what it still waits for. */
export type Readiness =
  | { state: "ready" }
  | { state: "waiting"; text: string }
  /** Waiting longer cannot help. */
  | { state: "failed"; text: string };

/** `applied` is the object as the last apply answered it: what was already true then, is no news. */
type Check = (live: JsonObject, api: ApiClient, applied: JsonObject) => Readiness | Promise<Readiness>;

interface Rule {
  check: Check;
  /** The vendor's defaults. */
  timeoutSeconds: number;
}

const ready: Readiness = { state: "ready" };
const waiting = (text: string): Readiness => ({ state: "waiting", text });
const failed = (text: string): Readiness => ({ state: "failed", text });

const tenMinutes = 600;
const fiveMinutes = 300;

/** Kinds that are not here are done when the API server has taken them, as with the vendor. */
const rules: Record<string, Rule> = {
  "apps/DaemonSet": { check: daemonSet, timeoutSeconds: tenMinutes },
  "apps/Deployment": { check: deployment, timeoutSeconds: tenMinutes },
  "apps/ReplicaSet": { check: replicaSet, timeoutSeconds: tenMinutes },
  "apps/StatefulSet": { check: statefulSet, timeoutSeconds: tenMinutes },
  "batch/Job": { check: job, timeoutSeconds: tenMinutes },
  "apiextensions.k8s.io/CustomResourceDefinition": { check: definition, timeoutSeconds: fiveMinutes },
  "networking.k8s.io/Ingress": { check: ingress, timeoutSeconds: tenMinutes },
  "/Namespace": { check: phaseIs("Active"), timeoutSeconds: fiveMinutes },
  "/PersistentVolume": { check: phaseIs("Available", "Bound"), timeoutSeconds: fiveMinutes },
  "/PersistentVolumeClaim": { check: claim, timeoutSeconds: fiveMinutes },
  "/Pod": { check: pod, timeoutSeconds: tenMinutes },
  "/ReplicationController": { check: replicaSet, timeoutSeconds: tenMinutes },
  "/Secret": { check: serviceAccountToken, timeoutSeconds: fiveMinutes },
  "/Service": { check: service, timeoutSeconds: tenMinutes },
};

/** How to know that an object of that kind is ready; undefined where nothing is waited for. */
export function readinessRule(live: JsonObject): Rule | undefined {
  const { group, kind } = objectType(String(live.apiVersion), String(live.kind));
  return rules[`${group}/${kind}`];
}

function observed(live: JsonObject): boolean {
  return numberAt(live, ["status", "observedGeneration"], 0) >= numberAt(live, ["metadata", "generation"], 0);
}

function condition(object: JsonObject, type: string): Json | undefined {
  return listAt(object, "status", "conditions").find((item) => textAt(item, "type") === type);
}

function deployment(live: JsonObject, _api: ApiClient, applied: JsonObject): Readiness {
  if (!observed(live)) return waiting("the controller to see the change");
  const wanted = numberAt(live, ["spec", "replicas"], 1);
  const count = (field: string) => numberAt(live, ["status", field], 0);
  const progressing = condition(live, "Progressing");
  const givenUp = textAt(progressing, "reason") === "ProgressDeadlineExceeded";
  // One from before this apply may still come right: the engine repeats a failed start without any change.
  const since = (object: JsonObject) => textAt(condition(object, "Progressing"), "lastTransitionTime");
  if (givenUp && since(live) !== since(applied)) return failed(textAt(progressing, "message") ?? "no progress");
  const [updated, available, all] = [count("updatedReplicas"), count("availableReplicas"), count("replicas")];
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods updated${replicaFailure(live)}`);
  if (all > updated) return waiting(`${all - updated} old pods to end`);
  if (available < wanted) return waiting(`${available} of ${wanted} pods available${replicaFailure(live)}`);
  return ready;
}

function replicaFailure(live: JsonObject): string {
  const message = textAt(condition(live, "ReplicaFailure"), "message");
  return message === undefined ? "" : `: ${message}`;
}

function replicaSet(live: JsonObject): Readiness {
  if (!observed(live)) return waiting("the controller to see the change");
  const wanted = numberAt(live, ["spec", "replicas"], 1);
  const available = numberAt(live, ["status", "availableReplicas"], 0);
  return available >= wanted ? ready : waiting(`${available} of ${wanted} pods available${replicaFailure(live)}`);
}

function daemonSet(live: JsonObject): Readiness {
  if (!observed(live)) return waiting("the controller to see the change");
  const count = (field: string) => numberAt(live, ["status", field], 0);
  const wanted = count("desiredNumberScheduled");
  const updates = textAt(live, "spec", "updateStrategy", "type") !== "OnDelete";
  const updated = count("updatedNumberScheduled");
  if (updates && updated < wanted) return waiting(`${updated} of ${wanted} pods updated`);
  const available = count("numberAvailable");
  return available >= wanted ? ready : waiting(`${available} of ${wanted} pods available`);
}

function statefulSet(live: JsonObject): Readiness {
  if (!observed(live)) return waiting("the controller to see the change");
  const wanted = numberAt(live, ["spec", "replicas"], 1);
  const count = (field: string) => numberAt(live, ["status", field], 0);
  if (textAt(live, "spec", "updateStrategy", "type") !== "OnDelete") {
    const kept = numberAt(live, ["spec", "updateStrategy", "rollingUpdate", "partition"], 0);
    const toUpdate = Math.max(wanted - kept, 0);
    // Once every pod is updated the new revision becomes the current one, and the counter of updated pods may go.
    const same = textAt(live, "status", "currentRevision") === textAt(live, "status", "updateRevision");
    const updated = count("updatedReplicas");
    if (!same && updated < toUpdate) return waiting(`${updated} of ${toUpdate} pods updated`);
  }
  const readyPods = count("readyReplicas");
  if (count("replicas") > wanted) return waiting(`${count("replicas") - wanted} pods to end`);
  return readyPods >= wanted ? ready : waiting(`${readyPods} of ${wanted} pods ready`);
}

function job(live: JsonObject): Readiness {
  if (hasCondition(live, "Failed", "True")) {
    return failed(textAt(condition(live, "Failed"), "message") ?? "the job failed");
  }
  if (hasCondition(live, "Complete", "True") || at(live, "spec", "suspend") === true) return ready;
  const done = numberAt(live, ["status", "succeeded"], 0);
  return waiting(`${done} of ${numberAt(live, ["spec", "completions"], 1)} completions`);
}

function pod(live: JsonObject): Readiness {
  const phase = textAt(live, "status", "phase") ?? "Pending";
  if (phase === "Succeeded") return ready;
  if (phase === "Failed") return failed(textAt(live, "status", "message") ?? "the pod failed");
  return hasCondition(live, "Ready", "True") ? ready : waiting(`${phase}, not ready`);
}

async function service(live: JsonObject, api: ApiClient): Promise<Readiness> {
  const type = textAt(live, "spec", "type") ?? "ClusterIP";
  const balanced = listAt(live, "status", "loadBalancer", "ingress").length > 0;
  if (type === "LoadBalancer" && !balanced) return waiting("the load balancer's address");
  const headless = textAt(live, "spec", "clusterIP") === "None";
  if (type === "ExternalName" || headless || !isObject(at(live, "spec", "selector"))) return ready;
  const namespace = textAt(live, "metadata", "namespace") ?? "default";
  const labelSelector = `kubernetes.io/service-name=${textAt(live, "metadata", "name")}`;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const slices = listAt(await api.request("GET", path, { query: { labelSelector } }), "items");
  // A missing `ready` means ready, says the API.
  const served = slices
    .flatMap((slice) => listAt(slice, "endpoints"))
    .some((endpoint) => at(endpoint, "conditions", "ready") !== false);
  return served ? ready : waiting("a ready pod behind its selector");
}

function ingress(live: JsonObject): Readiness {
  const balanced = listAt(live, "status", "loadBalancer", "ingress").length > 0;
  return balanced ? ready : waiting("the controller to give it an address");
}

async function claim(live: JsonObject, api: ApiClient): Promise<Readiness> {
  const phase = textAt(live, "status", "phase") ?? "Pending";
  if (phase === "Bound") return ready;
  if (phase === "Lost") return failed("its volume is gone");
  const name = textAt(live, "spec", "storageClassName");
  const storageClass = name ? await api.find(`/apis/storage.k8s.io/v1/storageclasses/${name}`) : undefined;
  // Such a claim is bound by its first pod, which would wait for the claim here.
  if (textAt(storageClass, "volumeBindingMode") === "WaitForFirstConsumer") return ready;
  return waiting(`${phase}, not bound`);
}

function phaseIs(...phases: string[]): Check {
  return (live) => {
    const phase = textAt(live, "status", "phase") ?? "Pending";
    return phases.includes(phase) ? ready : waiting(`phase ${phases.join(" or ")}, it is ${phase}`);
  };
}

function definition(live: JsonObject): Readiness {
  const refused = condition(live, "NamesAccepted");
  if (textAt(refused, "status") === "False") return failed(textAt(refused, "message") ?? "names not accepted");
  return hasCondition(live, "Established", "True") ? ready : waiting("the API server to serve it");
}

function serviceAccountToken(live: JsonObject): Readiness {
  if (live.type !== "kubernetes.io/service-account-token") return ready;
  return textAt(live, "data", "token") === undefined ? waiting("its token") : ready;
}
