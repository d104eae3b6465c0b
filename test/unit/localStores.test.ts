import assert from "node:assert/strict";
import { askHealth, complaints, type Expectation } from "../../tools/local/health";
import { placeOf } from "../../tools/local/questions";
import type { ApiClient } from "../../tools/provider/apiClient";

const expected: Expectation = {
  namespace: "monitoring",
  prometheusReplicas: 2,
  alertmanagerReplicas: 1,
  fleetNodes: 2,
  queryUrl: "http://mimir-gateway.monitoring.svc:8427/tenants/platform/prometheus",
};

const sample = (labels: Record<string, string>) => ({ metric: labels, value: [0, "1"] });
const fleetNode = (instance: string) => sample({ job: "dcgm-exporter", instance });

/** An API server before a store that cannot tell replicas apart; each Prometheus answers for itself. */
function fakeApi(servers: Record<string, ReturnType<typeof sample>[]>) {
  const asked: string[] = [];
  const request = async (_method: string, path: string, options: { query?: Record<string, string> } = {}) => {
    if (path.endsWith("/pods")) {
      const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
      const pods = [...Object.keys(servers), "mimir-querier-0"];
      return { items: pods.map((name) => ({ metadata: { name }, status })) };
    }
    if (path.endsWith("/api/v2/status")) return { cluster: { status: "disabled" } };
    asked.push(path);
    const pod = /pods\/([^:]+):9090/.exec(path)?.[1];
    if (pod !== undefined) return { data: { result: servers[pod] ?? [] } };
    return { data: { result: options.query?.query?.endsWith("== 0") ? [] : [sample({})] } };
  };
  return { api: { request } as unknown as ApiClient, asked };
}

/** What a real store answers, the e2e shows. */
describe("health of a local platform with a store that cannot tell replicas apart", () => {
  const all = [fleetNode("a"), fleetNode("b")];
  const cases: [string, Record<string, ReturnType<typeof sample>[]>, string[]][] = [
    ["every server scrapes every node", { "prometheus-prometheus-0": all, "prometheus-prometheus-1": all }, []],
    [
      "nodes divided among two shards",
      {
        "prometheus-prometheus-0": [fleetNode("a")],
        "prometheus-prometheus-1": [fleetNode("a")],
        "prometheus-prometheus-shard-1-0": [fleetNode("b")],
        "prometheus-prometheus-shard-1-1": [fleetNode("b")],
      },
      [],
    ],
    [
      "a server that answers nothing",
      { "prometheus-prometheus-0": all, "prometheus-prometheus-1": [] },
      ["1 of 2 Prometheus replicas answer", "0 of 2 GPU nodes are scraped"],
    ],
    [
      "a node that one server misses",
      { "prometheus-prometheus-0": all, "prometheus-prometheus-1": [fleetNode("a")] },
      ["1 of 2 GPU nodes are scraped"],
    ],
  ];
  for (const [what, servers, wanted] of cases) {
    it(`${what}: ${wanted.join("; ") || "nothing to complain of"}`, async () => {
      const { api } = fakeApi(servers);
      assert.deepEqual(complaints(await askHealth(api, expected), expected), wanted);
    });
  }

  it("asks the store at its own address, below its path", async () => {
    const { api, asked } = fakeApi({ "prometheus-prometheus-0": all });
    await askHealth(api, expected);
    const ofStore = asked.filter((path) => !path.includes("/pods/"));
    assert.deepEqual(
      [...new Set(ofStore)],
      ["/api/v1/namespaces/monitoring/services/mimir-gateway:8427/proxy/tenants/platform/prometheus/api/v1/query"],
    );
  });

  it("an address is a Service, a port and a path", () => {
    assert.deepEqual(placeOf("http://thanos-query.monitoring.svc:9090"), {
      service: "thanos-query",
      port: "9090",
      path: "",
    });
  });
});
