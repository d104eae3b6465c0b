import assert from "node:assert/strict";
import { askHealth, complaints, type Expectation } from "../../tools/local/health";
import type { ApiClient } from "../../tools/provider/apiClient";
import type { JsonObject } from "../../tools/provider/json";

interface Answers {
  pods: { phase?: string; ready?: boolean }[];
  cluster: JsonObject;
  /** Answers to queries of each replica's own series, by what the query contains. */
  replicas: number;
  nodes: number;
  /** Targets that are down, as `job instance`. */
  down: string[];
}

const vector = (value: number): JsonObject => ({ data: { result: [{ metric: {}, value: [0, String(value)] }] } });

/** What an API server with the platform behind it answers; keeps the queries. */
function fakeApi(answers: Answers) {
  const queries: { query: string; dedup: string }[] = [];
  const request = async (_method: string, path: string, options: { query?: Record<string, string> } = {}) => {
    if (path.endsWith("/pods")) {
      const items = answers.pods.map(({ phase = "Running", ready = true }, index) => ({
        metadata: { name: `pod-${index}` },
        status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
      }));
      return { items };
    }
    if (path.endsWith("/api/v2/status")) return { cluster: answers.cluster };
    const { query = "", dedup = "" } = options.query ?? {};
    queries.push({ query, dedup });
    if (query.includes("ALERTS")) return vector(1);
    if (query.endsWith("== 0")) {
      const result = answers.down.map((target) => {
        const [job = "", instance = ""] = target.split(" ");
        return { metric: { job, instance }, value: [0, "0"] };
      });
      return { data: { result } } as unknown as JsonObject;
    }
    if (dedup === "true") return vector(2);
    return vector(query.includes("dcgm-exporter") ? answers.nodes : answers.replicas);
  };
  return { api: { request } as unknown as ApiClient, queries };
}

const expected: Expectation = {
  namespace: "monitoring",
  prometheusReplicas: 2,
  alertmanagerReplicas: 3,
  fleetNodes: 4,
};
const well: Answers = {
  pods: [{}, {}],
  cluster: { status: "ready", peers: [{}, {}, {}] },
  replicas: 2,
  nodes: 4,
  down: [],
};

describe("health of a local platform", () => {
  const single = { ...expected, alertmanagerReplicas: 1 };
  const alone = { status: "disabled", peers: [] };
  const cases: [string, Partial<Answers>, Expectation, string[]][] = [
    ["everything as expected", {}, expected, []],
    ["a single Alertmanager, which has no cluster", { cluster: alone }, single, []],
    ["members without clustering", { cluster: alone }, expected, ["1 of 3 Alertmanager members see each other"]],
    [
      "a settling cluster that sees nobody",
      { cluster: { status: "settling" } },
      single,
      ["0 of 1 Alertmanager members see each other"],
    ],
    ["a finished pod", { pods: [{}, { phase: "Succeeded", ready: false }] }, expected, []],
    ["a failed pod", { pods: [{}, { phase: "Failed", ready: false }] }, expected, ["not ready: pod-1"]],
    ["an unready pod", { pods: [{ ready: false }, {}] }, expected, ["not ready: pod-0"]],
    ["finished pods alone", { pods: [{ phase: "Succeeded" }] }, expected, ["no pods"]],
    ["a querier that reaches one replica", { replicas: 1 }, expected, ["1 of 2 Prometheus replicas answer"]],
    [
      "targets that are down",
      { down: ["kubelet b", "kubelet a"] },
      expected,
      ["cannot be scraped: kubelet a, kubelet b"],
    ],
    ["a replica that misses a node", { nodes: 3 }, expected, ["3 of 4 GPU nodes are scraped"]],
  ];
  for (const [what, answers, expectation, wanted] of cases) {
    it(`${what}: ${wanted.join("; ") || "nothing to complain of"}`, async () => {
      const { api } = fakeApi({ ...well, ...answers });
      assert.deepEqual(complaints(await askHealth(api, expectation), expectation), wanted);
    });
  }

  it("asks for the targets of the platform, and not for those of teams", async () => {
    const { api, queries } = fakeApi(well);
    await askHealth(api, expected);
    const down = queries.filter(({ query }) => query.endsWith("== 0")).map(({ query }) => query);
    assert.deepEqual(down, ['up{namespace=~"|kube-system|monitoring|monitoring-nodes"} == 0']);
  });

  it("asks for each replica's own series where it counts replicas, and for merged ones elsewhere", async () => {
    const { api, queries } = fakeApi(well);
    await askHealth(api, expected);
    const own = queries.filter(({ dedup }) => dedup === "false").map(({ query }) => query);
    assert.deepEqual(own.sort(), [
      'count(count by (instance) (up{job="dcgm-exporter"} == 1) >= 2)',
      "count(count by (prometheus_replica) (up))",
    ]);
    assert.equal(queries.length, 6);
  });
});
