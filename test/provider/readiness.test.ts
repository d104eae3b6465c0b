import assert from "node:assert/strict";
import http from "node:http";
import { KubeConfig } from "@kubernetes/client-node";
import { ApiClient, ApiError } from "../../tools/provider/apiClient";
import type { JsonObject } from "../../tools/provider/json";
import { readinessRule } from "../../tools/provider/readiness";
import { timeoutSeconds, waitUntilGone, waitUntilReady } from "../../tools/provider/waiting";

type Answer = { status?: number; body?: JsonObject };

/** An API server that answers from a function. */
async function serve(answer: (method: string, url: string) => Answer): Promise<{ api: ApiClient; close(): void }> {
  const server = http.createServer((request, response) => {
    const { status = 200, body = {} } = answer(request.method ?? "", request.url ?? "");
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address && typeof address === "object");
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: "c", server: `http://127.0.0.1:${address.port}`, skipTLSVerify: true }],
    users: [{ name: "u" }],
    contexts: [{ name: "x", cluster: "c", user: "u" }],
    currentContext: "x",
  });
  const api = new ApiClient(kubeConfig);
  return {
    api,
    close() {
      api.close();
      server.close();
    },
  };
}

const object = (apiVersion: string, kind: string, rest: JsonObject): JsonObject => ({
  apiVersion,
  kind,
  metadata: { name: "n", namespace: "ns", generation: 2, uid: "1" },
  ...rest,
});

describe("the own provider: readiness", () => {
  let served: Awaited<ReturnType<typeof serve>>;
  let answers: Record<string, Answer> = {};
  before(async () => {
    served = await serve((_method, url) => answers[url.split("?")[0] ?? ""] ?? { status: 404 });
  });
  after(() => served.close());
  beforeEach(() => {
    answers = {};
  });

  async function state(live: JsonObject, applied: JsonObject = live): Promise<string> {
    const result = await readinessRule(live)?.check(live, served.api, applied);
    return result === undefined
      ? "nothing to wait for"
      : "text" in result
        ? `${result.state}: ${result.text}`
        : result.state;
  }
  const rollout = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };
  const revisions = { currentRevision: "a", updateRevision: "b" };
  const progress = (lastTransitionTime: string) => [
    {
      type: "Progressing",
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: "too slow",
      lastTransitionTime,
    },
  ];
  const cases: [string, JsonObject, string][] = [
    ["a rolled out Deployment", object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: rollout }), "ready"],
    [
      "one that its controller has not seen",
      object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { ...rollout, observedGeneration: 1 } }),
      "waiting: the controller to see the change",
    ],
    [
      "one with old pods",
      object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { ...rollout, replicas: 3 } }),
      "waiting: 1 old pods to end",
    ],
    [
      "one with too few pods",
      object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { ...rollout, availableReplicas: 1 } }),
      "waiting: 1 of 2 pods available",
    ],
    [
      "one without replicas",
      object("apps/v1", "Deployment", { spec: { replicas: 0 }, status: { observedGeneration: 2 } }),
      "ready",
    ],
    [
      "a StatefulSet",
      object("apps/v1", "StatefulSet", { spec: { replicas: 2 }, status: { ...rollout, ...revisions } }),
      "ready",
    ],
    [
      "one in the middle of an update",
      object("apps/v1", "StatefulSet", {
        spec: { replicas: 2 },
        status: { ...rollout, ...revisions, updatedReplicas: 1 },
      }),
      "waiting: 1 of 2 pods updated",
    ],
    [
      "one with a partition",
      object("apps/v1", "StatefulSet", {
        spec: { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } },
        status: { ...rollout, ...revisions, updatedReplicas: 1 },
      }),
      "ready",
    ],
    [
      "one with too few pods",
      object("apps/v1", "StatefulSet", { spec: { replicas: 3 }, status: rollout }),
      "waiting: 2 of 3 pods ready",
    ],
    [
      "a DaemonSet",
      object("apps/v1", "DaemonSet", {
        spec: {},
        status: { observedGeneration: 2, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1 },
      }),
      "ready",
    ],
    [
      "one with an old pod",
      object("apps/v1", "DaemonSet", {
        spec: {},
        status: { observedGeneration: 2, desiredNumberScheduled: 1, numberAvailable: 1 },
      }),
      "waiting: 0 of 1 pods updated",
    ],
    [
      "a Job that is done",
      object("batch/v1", "Job", { spec: {}, status: { conditions: [{ type: "Complete", status: "True" }] } }),
      "ready",
    ],
    [
      "a Job that failed",
      object("batch/v1", "Job", {
        spec: {},
        status: { conditions: [{ type: "Failed", status: "True", message: "why" }] },
      }),
      "failed: why",
    ],
    [
      "a Job at work",
      object("batch/v1", "Job", { spec: { completions: 3 }, status: { succeeded: 1 } }),
      "waiting: 1 of 3 completions",
    ],
    [
      "a Pod that runs but is not ready",
      object("v1", "Pod", { status: { phase: "Running" } }),
      "waiting: Running, not ready",
    ],
    ["a Pod that has done its work", object("v1", "Pod", { status: { phase: "Succeeded" } }), "ready"],
    ["a headless Service", object("v1", "Service", { spec: { clusterIP: "None", selector: { a: "b" } } }), "ready"],
    ["a Service without selector", object("v1", "Service", { spec: {} }), "ready"],
    [
      "a Service that has a load balancer to come",
      object("v1", "Service", { spec: { type: "LoadBalancer" } }),
      "waiting: the load balancer's address",
    ],
    [
      "an established definition",
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
        status: { conditions: [{ type: "Established", status: "True" }] },
      }),
      "ready",
    ],
    [
      "a definition whose names are taken",
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
        status: { conditions: [{ type: "NamesAccepted", status: "False", message: "taken" }] },
      }),
      "failed: taken",
    ],
    ["a Namespace", object("v1", "Namespace", { status: { phase: "Active" } }), "ready"],
    [
      "a claim",
      object("v1", "PersistentVolumeClaim", { spec: {}, status: { phase: "Pending" } }),
      "waiting: Pending, not bound",
    ],
    ["a custom resource", object("example.com/v1", "Deployment", {}), "nothing to wait for"],
  ];
  for (const [title, live, expected] of cases) {
    it(`${title}: ${expected}`, async () => assert.equal(await state(live), expected));
  }

  it("a Deployment past its deadline has failed, but not when it had already before this update", async () => {
    const late = (time: string) =>
      object("apps/v1", "Deployment", { spec: {}, status: { observedGeneration: 2, conditions: progress(time) } });
    assert.equal(await state(late("2"), late("1")), "failed: too slow");
    assert.equal(await state(late("1"), late("1")), "waiting: 0 of 1 pods updated");
  });
  it("a Service with a selector needs a ready endpoint", async () => {
    const service = object("v1", "Service", { spec: { clusterIP: "10.0.0.1", selector: { a: "b" } } });
    const slices = (ready: boolean): Answer => ({ body: { items: [{ endpoints: [{ conditions: { ready } }] }] } });
    const path = "/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices";
    answers = { [path]: slices(false) };
    assert.equal(await state(service), "waiting: a ready pod behind its selector");
    answers = { [path]: slices(true) };
    assert.equal(await state(service), "ready");
  });
  it("a claim that its first pod will bind is ready", async () => {
    const body = { volumeBindingMode: "WaitForFirstConsumer" };
    answers = { "/apis/storage.k8s.io/v1/storageclasses/late": { body } };
    const claim = { spec: { storageClassName: "late" }, status: { phase: "Pending" } };
    assert.equal(await state(object("v1", "PersistentVolumeClaim", claim)), "ready");
  });

  describe("waits", () => {
    const wait = (cancelled = new AbortController().signal, timeout = 1) => ({
      api: served.api,
      path: "/thing",
      timeoutSeconds: timeout,
      cancelled,
      report: () => {},
    });
    const pending = object("v1", "Pod", { spec: {}, status: { phase: "Pending" } });

    it("until the object is ready", async () => {
      const ready = object("v1", "Pod", { status: { phase: "Succeeded" } });
      answers = { "/thing": { body: ready } };
      assert.deepEqual(await waitUntilReady(pending, wait()), { live: ready, problems: [] });
    });
    it("no longer than the time allows, and says what the containers and events say", async () => {
      const waiting = { name: "main", state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } };
      const status = { phase: "Pending", containerStatuses: [waiting] };
      const event = (uid: string, message: string) => ({
        involvedObject: { kind: "Pod", name: "n", uid },
        reason: "Failed",
        message,
      });
      answers = {
        "/thing": { body: object("v1", "Pod", { status }) },
        "/api/v1/namespaces/ns/events": { body: { items: [event("1", "ours"), event("2", "another's")] } },
      };
      assert.deepEqual((await waitUntilReady(pending, wait())).problems, [
        "timed out after 1 s, waiting for: Pending, not ready",
        "pod n: container main: ImagePullBackOff: no such image",
        "Pod n: Failed: ours",
      ]);
    });
    it("not when skipAwait says so, and not after a cancellation", async () => {
      const skipped = { ...pending, metadata: { annotations: { "pulumi.com/skipAwait": "true" } } };
      assert.deepEqual((await waitUntilReady(skipped, wait())).problems, []);
      const { problems } = await waitUntilReady(pending, wait(AbortSignal.abort(), 100));
      assert.equal(problems[0], "cancelled, waiting for: Pending, not ready");
    });
    it("for what waitFor asks instead of what is usual", async () => {
      const annotations = { "pulumi.com/waitFor": "jsonpath={.status.phase}=Pending" };
      const custom = { ...pending, metadata: { annotations } };
      assert.deepEqual((await waitUntilReady(custom, wait())).problems, []);
    });
    it("until a deleted object is gone, or another one has its name", async () => {
      await waitUntilGone(pending, wait());
      answers = { "/thing": { body: { metadata: { uid: "another" } } } };
      await waitUntilGone(pending, wait());
      answers = { "/thing": { body: { metadata: { uid: "1", finalizers: ["example.com/held"] } } } };
      await assert.rejects(waitUntilGone(pending, wait()), /still there 1 s .*finalizers example\.com\/held/);
    });
    it("as long as customTimeouts, else the annotation, else the kind says", () => {
      const annotated = { metadata: { annotations: { "pulumi.com/timeoutSeconds": "5" } } };
      assert.deepEqual(
        [timeoutSeconds(annotated, 3, 9), timeoutSeconds(annotated, 0, 9), timeoutSeconds({}, 0, 9)],
        [3, 5, 9],
      );
    });
  });
});

describe("the own provider: API requests", () => {
  it("repeat what the server asks to repeat, and pass on its own words otherwise", async () => {
    let asked = 0;
    const { api, close } = await serve((method) => {
      asked++;
      if (method === "DELETE") return { status: 403, body: { reason: "Forbidden", message: "not you" } };
      return asked < 3 ? { status: 429 } : { body: { fine: true } };
    });
    assert.deepEqual(await api.request("GET", "/x"), { fine: true });
    assert.equal(asked, 3);
    await assert.rejects(api.request("DELETE", "/x"), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.reason, error.message], [403, "Forbidden", "not you"]);
      return true;
    });
    close();
  });
});
