import assert from "node:assert/strict";
import { call, type NetworkMember, networkOf, policiesOf } from "../../components";
import { networkReference } from "../../tools/docs/network";
import { manifestsOf } from "../../tools/plan/manifests";
import { networkTable } from "../../tools/plan/networkTable";
import { generatedPart } from "../generatedPart";
import type { Graph } from "../harness";
import { platformOf, stackSettings } from "./platformProgram";

type Labels = Record<string, string>;

interface Peer {
  podSelector?: { matchLabels?: Labels };
  namespaceSelector?: { matchLabels?: Labels };
  ipBlock?: { cidr: string };
}

interface PolicySpec {
  podSelector: { matchLabels?: Labels };
  policyTypes: string[];
  ingress?: { from: Peer[]; ports?: { port: number; protocol: string }[] }[];
  egress?: { to: Peer[]; ports?: { port: number; protocol: string }[] }[];
}

const POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";

const policiesIn = (graph: Graph) =>
  manifestsOf(graph.resources)
    .filter(({ object }) => object.kind === "NetworkPolicy")
    .map(({ object }) => ({
      name: object.metadata.name ?? "",
      namespace: object.metadata.namespace,
      spec: object.spec as PolicySpec,
    }));

/** What these tests do not prove: that a cluster's network plugin enforces the policies. The e2e tests look. */
describe("network policies", () => {
  it("deny everything in both namespaces, in both directions", async () => {
    const denials = policiesIn(await platformOf(stackSettings("prod"))).filter(({ name }) => name === "default-deny");
    assert.deepEqual(denials.map(({ namespace }) => namespace).sort(), ["monitoring", "monitoring-nodes"]);
    for (const { spec } of denials) assert.deepEqual(spec, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  it("deny only the platform's own pods in namespaces that are not its own", async () => {
    const graph = await platformOf({ ...stackSettings("prod"), createNamespace: false });
    const denials = policiesIn(graph).filter(({ name }) => name === "default-deny");
    assert.equal(denials.length, 2);
    for (const { spec } of denials) {
      assert.deepEqual(spec.podSelector, { matchLabels: { "app.kubernetes.io/part-of": "gpu-observability" } });
    }
    // The pods that the operator makes have the label too.
    for (const kind of ["Prometheus", "Alertmanager"]) {
      const { podMetadata } = graph.manifest(kind, kind.toLowerCase()).spec as { podMetadata: { labels: Labels } };
      assert.equal(podMetadata.labels["app.kubernetes.io/part-of"], "gpu-observability");
    }
  });

  it("there is one for every workload, and it selects the workload's pods", async () => {
    const graph = await platformOf({ ...stackSettings("prod"), prometheus: { shards: 2 } });
    const policies = policiesIn(graph).filter(({ name }) => name !== "default-deny");
    assert.deepEqual(policies.map(({ name }) => name).sort(), [
      "alertmanager",
      "dcgm-exporter",
      "kube-state-metrics",
      "prometheus",
      "prometheus-operator",
      "thanos-query",
      "thanos-ruler",
    ]);
    for (const { name, spec } of policies) {
      const kinds = ["DaemonSet", "Deployment", "Prometheus", "Alertmanager", "ThanosRuler"];
      const workload = manifestsOf(graph.resources).find(
        ({ object }) => kinds.includes(object.kind) && object.metadata.name === name,
      );
      assert.ok(workload, name);
      // The operator's pods have the labels that it gives to all of a kind; Deployments name their own.
      const template = (workload.object.spec as { template?: { metadata: { labels: Labels } } }).template;
      const labels: Labels = template?.metadata.labels ?? {
        "app.kubernetes.io/name":
          workload.object.kind === "ThanosRuler" ? "thanos-ruler" : workload.object.kind.toLowerCase(),
        "app.kubernetes.io/instance": name,
        "operator.prometheus.io/name": name,
      };
      for (const [key, value] of Object.entries(spec.podSelector.matchLabels ?? { none: "" })) {
        assert.equal(labels[key], value, `${name}: ${key}`);
      }
    }
  });

  it("every way from one workload to another is open at both ends", async () => {
    const policies = policiesIn(await platformOf({ ...stackSettings("prod"), prometheus: { shards: 2 } }));
    const owner = (peer: Peer) =>
      policies.find(
        ({ spec }) =>
          peer.namespaceSelector === undefined &&
          peer.podSelector?.matchLabels !== undefined &&
          JSON.stringify(spec.podSelector.matchLabels) === JSON.stringify(peer.podSelector.matchLabels),
      )?.name;
    const ways = (direction: "ingress" | "egress") =>
      policies
        .flatMap(({ name, spec }) =>
          (spec[direction] ?? []).flatMap((rule) => {
            const peers = "from" in rule ? rule.from : rule.to;
            return peers.flatMap((peer) =>
              (rule.ports ?? []).map(({ port, protocol }) => {
                const other = owner(peer);
                const [from, to] = direction === "ingress" ? [other, name] : [name, other];
                return other === undefined ? "" : `${from} → ${to} ${port}/${protocol}`;
              }),
            );
          }),
        )
        .filter(Boolean)
        .sort();
    assert.deepEqual(ways("egress"), ways("ingress"));
    assert.deepEqual(
      ways("egress").filter((way) => !way.startsWith("prometheus →")),
      [
        "alertmanager → alertmanager 9094/TCP",
        "alertmanager → alertmanager 9094/UDP",
        "thanos-query → prometheus 10901/TCP",
        "thanos-query → thanos-ruler 10901/TCP",
        "thanos-ruler → alertmanager 9093/TCP",
        "thanos-ruler → thanos-query 9090/TCP",
      ],
    );
  });

  it("every monitored port of a workload can be reached by Prometheus, and nothing else of it but what it offers", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const { rows } = networkTable(manifestsOf(graph.resources));
    const scraped = rows.filter(({ why }) => why === "scrapes").map(({ to, ports }) => `${to}: ${ports}`);
    assert.deepEqual(scraped.sort(), [
      "CoreDNS (namespace kube-system, k8s-app=kube-dns): 9153/TCP",
      "alertmanager: 9093/TCP, 8080/TCP",
      "dcgm-exporter (namespace monitoring-nodes, app.kubernetes.io/instance=dcgm-exporter,app.kubernetes.io/name=dcgm-exporter): 9400/TCP",
      "dcgm-exporter: 9400/TCP",
      "kube-state-metrics: 8080/TCP, 8081/TCP",
      "prometheus-operator: 8080/TCP",
      "prometheus: 9090/TCP, 8080/TCP, 10902/TCP",
      "thanos-query: 9090/TCP",
    ]);
    const monitors = manifestsOf(graph.resources).filter(({ object }) => object.kind === "ServiceMonitor");
    const endpoints = monitors.flatMap(({ object }) => (object.spec as { endpoints: object[] }).endpoints);
    // All of the above but CoreDNS, whose scrape configuration finds it, and node-exporter, which has its node's address.
    assert.equal(endpoints.length, 10 + 1);
  });

  it("who may query is what the settings say, and by default nobody in production", async () => {
    const rowsOf = async (clients: object[]) => {
      const settings = { ...stackSettings("prod"), network: { kind: "defaultDeny", clients } };
      const { rows } = networkTable(manifestsOf((await platformOf(settings)).resources));
      return rows.filter(({ to, why }) => to === "thanos-query" && why === "queries").map(({ from }) => from);
    };
    assert.deepEqual(await rowsOf([]), []);
    assert.deepEqual(
      await rowsOf([
        { kind: "namespace", name: "grafana" },
        { kind: "addresses", cidr: "10.1.0.0/16" },
      ]),
      ["grafana (namespace grafana)", "10.1.0.0/16"],
    );
  });

  it("let those that call the bucket reach whoever gives them their keys, and nobody else", async () => {
    const arn = "arn:aws:iam::123456789012:role/metrics";
    const keysOf = async (credentials: object) => {
      const longTermStorage = { kind: "thanos", bucket: { name: "metrics", credentials } };
      const graph = await platformOf({ ...stackSettings("prod"), prometheus: { shards: 2 }, longTermStorage });
      const { rows } = networkTable(manifestsOf(graph.resources));
      return rows.flatMap(({ from, to, ports, why }) =>
        why === "gets its identity" ? `${from} → ${to} ${ports}` : [],
      );
    };
    const callers = ["prometheus", "thanos-compactor", "thanos-ruler", "thanos-store"];
    assert.deepEqual(
      (await keysOf({ kind: "podIdentity" })).sort(),
      callers.map((from) => `${from} → EKS Pod Identity agent (169.254.170.23/32) 80/TCP`),
    );
    assert.deepEqual(
      (await keysOf({ kind: "nodeRole" })).sort(),
      callers.map((from) => `${from} → instance metadata (169.254.169.254/32) 80/TCP`),
    );
    assert.deepEqual(await keysOf({ kind: "role", arn }), []);
    assert.deepEqual(await keysOf({ kind: "keys", accessKeyId: "a", secretAccessKey: "b" }), []);
  });

  it("an open network has no policies", async () => {
    const graph = await platformOf({ ...stackSettings("prod"), network: { kind: "open" } });
    assert.deepEqual(graph.names(POLICY), []);
  });

  it("the table shows the rules and not the words of a policy that a patch has changed", async () => {
    const patch = { spec: { egress: [{ to: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }] } };
    const graph = await platformOf({
      ...stackSettings("prod"),
      patches: [{ kind: "NetworkPolicy", name: "kube-state-metrics", patch }],
    });
    const { rows } = networkTable(manifestsOf(graph.resources));
    assert.deepEqual(
      rows.filter(({ from }) => from === "kube-state-metrics"),
      [{ from: "kube-state-metrics", to: "192.0.2.0/24", ports: "every port", why: "" }],
    );
  });

  it("are the table in docs/network.md", async () => {
    const settings = { ...stackSettings("prod"), prometheus: { shards: 2 } };
    generatedPart("network.md", networkReference(networkTable(manifestsOf((await platformOf(settings)).resources))));
  });

  it("an edge needs a port that is there, and a component that has pods", () => {
    const member: NetworkMember = { name: "a", namespace: "n", podLabels: { app: "a" }, listens: { web: { port: 1 } } };
    assert.throws(() => call(member, member, "mesh", ""), /a does not listen on a port called mesh/);
    assert.throws(() => networkOf(new Map()), /Map has no place in the network of pods/);
    const [policy] = policiesOf([member], [call(member, member, "web", "talks")]);
    assert.deepEqual(policy?.incoming, [
      { peers: [{ podLabels: { app: "a" } }], ports: [{ port: 1, protocol: "TCP" }], words: "from a on 1/TCP: talks" },
    ]);
  });

  it("a peer in another namespace is named with it", () => {
    const here: NetworkMember = { name: "a", namespace: "n", podLabels: { app: "a" }, listens: {} };
    const there: NetworkMember = { name: "b", namespace: "m", podLabels: { app: "b" }, listens: { web: { port: 1 } } };
    const [policy] = policiesOf([here], [call(here, there, "web", "talks")]);
    assert.deepEqual(policy?.outgoing[0]?.peers, [{ podLabels: { app: "b" }, namespace: "m" }]);
  });
});
