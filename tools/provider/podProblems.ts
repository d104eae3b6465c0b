import type { ApiClient } from "./apiClient";
import { at, isObject, type Json, type JsonObject, listAt, textAt } from "./json";
import { hasCondition } from "./waitFor";

const listedAtMost = 5;

/** Why the pods behind a selector are not ready, and what the cluster warned about: one line each. */
export async function podProblems(api: ApiClient, workload: JsonObject): Promise<string[]> {
  const namespace = textAt(workload, "metadata", "namespace") ?? "default";
  const core = `/api/v1/namespaces/${namespace}`;
  const selector = labelSelector(at(workload, "spec", "selector"));
  const pods =
    workload.kind === "Pod"
      ? [workload]
      : selector === ""
        ? []
        : listAt(await api.request("GET", `${core}/pods`, { query: { labelSelector: selector } }), "items");
  const lines = pods.flatMap((pod) => (isObject(pod) ? podProblem(pod) : [])).slice(0, listedAtMost);
  const named = new Set([workload, ...pods].map((object) => textAt(object, "metadata", "uid")));
  const events = await api.request("GET", `${core}/events`, { query: { fieldSelector: "type=Warning" } });
  const warnings = listAt(events, "items")
    .filter((event) => named.has(textAt(event, "involvedObject", "uid")))
    .map((event) => {
      const about = `${textAt(event, "involvedObject", "kind")} ${textAt(event, "involvedObject", "name")}`;
      return `${about}: ${textAt(event, "reason")}: ${textAt(event, "message")}`;
    });
  return [...lines, ...[...new Set(warnings)].slice(-listedAtMost)];
}

/** Nothing when the pod is ready or has done its work. */
function podProblem(pod: JsonObject): string[] {
  const phase = textAt(pod, "status", "phase") ?? "Unknown";
  if (phase === "Succeeded" || hasCondition(pod, "Ready", "True")) return [];
  const name = `pod ${textAt(pod, "metadata", "name")}`;
  const statuses = [...listAt(pod, "status", "initContainerStatuses"), ...listAt(pod, "status", "containerStatuses")];
  const containers = statuses.flatMap((status) => {
    const why = containerProblem(status);
    return why ? [`${name}: container ${textAt(status, "name")}: ${why}`] : [];
  });
  if (containers.length > 0) return containers;
  const unscheduled = listAt(pod, "status", "conditions").find(
    (item) => textAt(item, "type") === "PodScheduled" && textAt(item, "status") === "False",
  );
  const reason = textAt(unscheduled, "message") ?? textAt(pod, "status", "message") ?? "not ready";
  return [`${name}: ${phase}: ${reason}`];
}

function containerProblem(status: Json): string | undefined {
  const waiting = textAt(status, "state", "waiting", "reason");
  // Both name a normal moment of every start.
  if (waiting !== undefined && waiting !== "ContainerCreating" && waiting !== "PodInitializing") {
    const last = at(status, "lastState", "terminated");
    const exit = isObject(last) ? ` (last exit code ${last.exitCode})` : "";
    return `${waiting}: ${textAt(status, "state", "waiting", "message") ?? ""}${exit}`;
  }
  const ended = at(status, "state", "terminated");
  if (isObject(ended) && ended.exitCode !== 0) return `exited with ${ended.exitCode}: ${textAt(ended, "reason") ?? ""}`;
  return undefined;
}

function labelSelector(selector: Json | undefined): string {
  const labels = at(selector, "matchLabels");
  return isObject(labels)
    ? Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(",")
    : "";
}
