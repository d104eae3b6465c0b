import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "./apiClient";
import { type JsonObject, listAt, textAt } from "./json";
import { annotation } from "./objects";
import { podProblems } from "./podProblems";
import { type Readiness, readinessRule } from "./readiness";
import { parseWaitFor } from "./waitFor";

/** Small objects are done at once; a rollout is asked about three times a second. */
const polls = { first: 40, longest: 300, growth: 1.6 };
const defaultTimeoutSeconds = 600;

export interface Wait {
  api: ApiClient;
  /** Where the object is read again. */
  path: string;
  /** From the resource's `customTimeouts`; 0 when there is none. */
  timeoutSeconds: number;
  cancelled: AbortSignal;
  report(text: string): void;
}

/** The object at the end of the wait; with reasons when it is not ready. */
export interface Waited {
  live: JsonObject;
  problems: string[];
}

/** Seconds to wait: `customTimeouts`, else the annotation, else the kind's default. */
export function timeoutSeconds(object: JsonObject, custom: number, otherwise: number): number {
  if (custom > 0) return custom;
  const annotated = Number(annotation(object, "pulumi.com/timeoutSeconds"));
  return Number.isFinite(annotated) && annotated > 0 ? annotated : otherwise;
}

export function skipsAwait(object: JsonObject): boolean {
  return annotation(object, "pulumi.com/skipAwait")?.toLowerCase() === "true";
}

/** Polls until the object does its work, fails, or time is over. */
export async function waitUntilReady(applied: JsonObject, wait: Wait): Promise<Waited> {
  const rule = readinessRule(applied);
  const custom = annotation(applied, "pulumi.com/waitFor");
  if (skipsAwait(applied) || (rule === undefined && custom === undefined)) return { live: applied, problems: [] };
  const expectations = custom === undefined ? undefined : parseWaitFor(custom);
  const seconds = timeoutSeconds(applied, wait.timeoutSeconds, rule?.timeoutSeconds ?? defaultTimeoutSeconds);
  const deadline = Date.now() + seconds * 1000;
  let live = applied;
  let reported = "";
  for (let poll = polls.first; ; poll = Math.min(poll * polls.growth, polls.longest)) {
    const readiness: Readiness | undefined = expectations
      ? expected(expectations, live)
      : await rule?.check(live, wait.api, applied);
    if (readiness === undefined || readiness.state === "ready") return { live, problems: [] };
    const ended = wait.cancelled.aborted
      ? "cancelled"
      : Date.now() > deadline
        ? `timed out after ${seconds} s`
        : readiness.state === "failed"
          ? "failed"
          : undefined;
    if (ended) {
      const details = expectations ? [] : await podProblems(wait.api, live).catch(() => []);
      return { live, problems: [`${ended}, waiting for: ${readiness.text}`, ...details] };
    }
    if (readiness.text !== reported) wait.report(`waiting for: ${readiness.text}`);
    reported = readiness.text;
    await sleep(poll);
    const next = await wait.api.find(wait.path);
    if (!next) return { live, problems: ["somebody deleted it while it was waited for"] };
    live = next;
  }
}

/**
 * Polls until the object is gone, or another one has taken its name.
 * @throws Error when time is over, with the finalizers that hold it.
 */
export async function waitUntilGone(deleted: JsonObject, wait: Wait): Promise<void> {
  const seconds = timeoutSeconds(deleted, wait.timeoutSeconds, defaultTimeoutSeconds);
  const deadline = Date.now() + seconds * 1000;
  const uid = textAt(deleted, "metadata", "uid");
  let reported = "";
  for (let poll = polls.first; ; poll = Math.min(poll * polls.growth, polls.longest)) {
    const live = await wait.api.find(wait.path);
    if (!live || textAt(live, "metadata", "uid") !== uid) return;
    if (wait.cancelled.aborted) throw new Error("cancelled while waiting until it is gone; the deletion goes on");
    const why = remaining(live);
    if (Date.now() > deadline) throw new Error(`still there ${seconds} s after its deletion: ${why}`);
    // The first answers come before the cluster had a chance.
    if (poll === polls.longest && why !== reported) {
      wait.report(`waiting until it is gone: ${why}`);
      reported = why;
    }
    await sleep(poll);
  }
}

/** What keeps an object that is being deleted. */
function remaining(live: JsonObject): string {
  const finalizers = [...listAt(live, "metadata", "finalizers"), ...listAt(live, "spec", "finalizers")];
  // A namespace says here what is left in it.
  const left = listAt(live, "status", "conditions")
    .filter((condition) => textAt(condition, "status") === "True")
    .map((condition) => textAt(condition, "message") ?? "");
  return [`finalizers ${finalizers.join(", ") || "none"}`, ...(live.kind === "Namespace" ? left : [])].join("; ");
}

function expected(expectations: ReturnType<typeof parseWaitFor>, live: JsonObject): Readiness {
  const missing = expectations.filter((expectation) => !expectation.holds(live));
  if (missing.length === 0) return { state: "ready" };
  return { state: "waiting", text: missing.map((expectation) => expectation.text).join(", ") };
}
