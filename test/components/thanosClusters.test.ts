import assert from "node:assert/strict";
import { policiesOf } from "../../components";
import { ThanosStore } from "../../components/backends/thanos/thanosStore";
import { Secret } from "../../tools/engine";
import { graphOf } from "../harness";
import { configOf, fileOf, productionThanos, receiveInZones, remoteQueriers } from "./thanosStore";
import { argumentsOf, podOf } from "./victoriaMetricsStore";

const opened = (value: unknown) => (value instanceof Secret ? value.value : value);

const labelFlags = (args: readonly string[]) => args.filter((arg) => arg.startsWith("--label="));

describe("Thanos for several clusters", () => {
  it("takes pushed samples into every zone, one zone changed at a time", async () => {
    const { graph, contract } = await productionThanos({ receive: receiveInZones });
    const { zones } = receiveInZones;
    const router = argumentsOf(graph, "Deployment", "thanos-receive-router");
    assert.ok(
      router.includes("--receive.hashrings-algorithm=ketama") && router.includes("--receive.replication-factor=3"),
    );
    assert.deepEqual(JSON.parse(configOf(graph, "thanos-receive-router-files")["hashrings.json"] ?? ""), [
      {
        endpoints: zones.map((az) => ({
          address: `thanos-receive-${az}-0.thanos-receive-${az}.monitoring.svc:10901`,
          az,
        })),
      },
    ]);
    for (const zone of zones) {
      const pod = podOf(graph, "StatefulSet", `thanos-receive-${zone}`) as unknown as { nodeSelector: object };
      assert.partialDeepStrictEqual(pod.nodeSelector, { "topology.kubernetes.io/zone": zone });
      const args = argumentsOf(graph, "StatefulSet", `thanos-receive-${zone}`);
      assert.deepEqual(labelFlags(args), ['--label=receive="ml-prod"', '--label=receive_replica="$(POD_NAME)"']);
    }
    const follows = (name: string) => graph.one("kubernetes:apps/v1:StatefulSet", name).options.dependencies.join();
    assert.ok(follows(`thanos-receive-${zones[1]}`).includes(`StatefulSet::thanos-receive-${zones[0]}`));
    assert.ok(follows(`thanos-receive-${zones[2]}`).includes(`StatefulSet::thanos-receive-${zones[1]}`));
    const budgets = graph.names("kubernetes:policy/v1:PodDisruptionBudget").filter((name) => name.includes("receive"));
    assert.deepEqual(budgets, ["thanos-receive", "thanos-receive-router"]);
    assert.deepEqual(
      contract.clients?.map(({ member, listener }) => [member.name, listener]),
      [["thanos-receive-router", "remote-write"]],
    );
    assert.equal(graph.outputs.receiveUrl, "http://thanos-receive-router.monitoring.svc:19291/api/v1/receive");
  });

  it("merges copies of pushed samples by another function than the pair, so by another compactor", async () => {
    const { graph } = await productionThanos({ receive: receiveInZones });
    assert.deepEqual(fileOf(graph, "thanos-compactor-files", "selector.yaml"), [
      { action: "keep", source_labels: ["cluster"], regex: "ml-prod" },
      { action: "drop", source_labels: ["receive"], regex: ".+" },
    ]);
    assert.deepEqual(fileOf(graph, "thanos-compactor-receive-files", "selector.yaml"), [
      { action: "keep", source_labels: ["receive"], regex: "ml-prod" },
    ]);
    const args = argumentsOf(graph, "StatefulSet", "thanos-compactor-receive");
    assert.deepEqual(
      args.filter((arg) => arg.startsWith("--deduplication")),
      ["--deduplication.replica-label=receive_replica"],
    );
    assert.ok(argumentsOf(graph, "Deployment", "thanos-query").includes("--query.replica-label=receive_replica"));
  });

  it("has a prefix of its own in the bucket, and compacts no block of another cluster in it", async () => {
    const { graph } = await productionThanos();
    assert.deepEqual(fileOf(graph, "thanos-compactor-files", "selector.yaml"), [
      { action: "keep", source_labels: ["cluster"], regex: "ml-prod" },
    ]);
    const { stringData } = graph.one("kubernetes:core/v1:Secret", "thanos-bucket").inputs;
    const files = opened(stringData) as Record<string, unknown>;
    assert.match(String(opened(files["objstore.yaml"])), /^prefix: thanos\/ml-prod$/m);
    const odd = await graphOf(() => {
      new ThanosStore("thanos", { namespace: "n", bucket: { name: "b" }, endpoints: [], clusterName: "a.b" });
    });
    assert.deepEqual(fileOf(odd, "thanos-compactor-files", "selector.yaml"), [
      { action: "keep", source_labels: ["cluster"], regex: "a\\.b" },
    ]);
  });

  it("asks other clusters by TLS only, above the queriers that rules and those clusters ask", async () => {
    const { graph, contract } = await productionThanos({ remoteQueriers });
    const tls = { enabled: true, min_version: "1.2" };
    assert.deepEqual(fileOf(graph, "thanos-query-global-files", "endpoints.yaml"), {
      endpoints: [
        { address: "thanos-query.monitoring.svc:10901", strict: true },
        { address: "thanos.eu.example.com:443", strict: true, client_config: { tls_config: tls } },
        {
          address: "10.1.2.3:10901",
          strict: true,
          client_config: { tls_config: { ...tls, ca_file: "/etc/thanos/asia.crt" }, server_name: "thanos-query.asia" },
        },
      ],
    });
    assert.match(configOf(graph, "thanos-query-global-files")["asia.crt"] ?? "", /BEGIN CERTIFICATE/);
    assert.doesNotMatch(configOf(graph, "thanos-query-files")["endpoints.yaml"] ?? "", /example|10\.1\.2\.3/);
    assert.deepEqual(graph.outputs, {
      queryUrl: "http://thanos-query-frontend.monitoring.svc:9090",
      localQueryUrl: "http://thanos-query.monitoring.svc:9090",
      receiveUrl: "",
    });
    assert.deepEqual(
      contract.callOutside?.map(({ member, name, cidrs, ports }) => [member.name, name, cidrs, ports]),
      [
        ["thanos-query-global", "querier eu", ["198.51.100.0/24"], [443]],
        ["thanos-query-global", "querier asia", ["0.0.0.0/0", "::/0"], [10_901]],
      ],
    );
  });

  it("declares who calls whom, and nothing else is possible", async () => {
    const { contract } = await productionThanos({ receive: receiveInZones, remoteQueriers });
    const incoming = policiesOf(contract.members, contract.edges).map(
      ({ name, incoming: rules }) => `${name}: ${rules.map(({ words }) => words).join("; ")}`,
    );
    const ingestor =
      "from thanos-query on 10901/TCP: reads series; from thanos-receive-router on 10901/TCP: forwards samples";
    assert.deepEqual(incoming.sort(), [
      "thanos-bucket-cache: from thanos-store on 11211/TCP: caches",
      "thanos-compactor-receive: ",
      "thanos-compactor: ",
      "thanos-index-cache: from thanos-store on 11211/TCP: caches",
      "thanos-query-frontend: ",
      "thanos-query-global: from thanos-query-frontend on 9090/TCP: queries",
      "thanos-query: from thanos-query-global on 10901/TCP: reads series",
      "thanos-receive-router: ",
      ...receiveInZones.zones.map((zone) => `thanos-receive-${zone}: ${ingestor}`),
      "thanos-response-cache: from thanos-query-frontend on 11211/TCP: caches",
      "thanos-store: from thanos-query on 10901/TCP: reads blocks",
    ]);
    assert.deepEqual(contract.callBucket.map(({ name }) => name).sort(), [
      "thanos-compactor",
      "thanos-compactor-receive",
      ...receiveInZones.zones.map((zone) => `thanos-receive-${zone}`),
      "thanos-store",
    ]);
    assert.equal(contract.readsSidecars?.name, "thanos-query");
  });
});
