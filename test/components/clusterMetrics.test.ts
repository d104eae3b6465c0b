import assert from "node:assert/strict";
import { manifestsOf } from "../../tools/plan/manifests";
import type { Graph } from "../harness";
import { platformOf, stackSettings } from "./platformProgram";

/** The namespaces with one of these values of the label. */
const looksAt = (...values: string[]) => ({
  matchExpressions: [{ key: "gpu-observability/monitoring", operator: "In", values }],
});

interface Step {
  action?: string;
  sourceLabels?: string[];
  targetLabel?: string;
  regex?: string;
  replacement?: string;
}

interface ScrapeSpec {
  endpoints?: { port: string; interval?: string; relabelings?: Step[]; metricRelabelings?: Step[] }[];
  sampleLimit?: number;
  targetLimit?: number;
  labelLimit?: number;
  scrapeInterval?: string;
  relabelings?: Step[];
  metricRelabelings?: Step[];
}

const scrapesOf = (graph: Graph) =>
  manifestsOf(graph.resources)
    .filter(({ object }) => ["ServiceMonitor", "ScrapeConfig"].includes(object.kind))
    .map(({ object }) => ({ name: object.metadata.name ?? "", spec: object.spec as ScrapeSpec }));

const targetSteps = ({ spec }: { spec: ScrapeSpec }) => [
  ...(spec.relabelings ?? []),
  ...(spec.endpoints ?? []).flatMap(({ relabelings = [] }) => relabelings),
];

describe("the cluster's own metrics", () => {
  it("come from exactly these, and from nothing that EKS does not let anybody scrape", async () => {
    assert.deepEqual(
      scrapesOf(await platformOf(stackSettings("prod")))
        .map(({ name }) => name)
        .sort(),
      [
        "alertmanager",
        "apiserver",
        "cadvisor",
        "coredns",
        "dcgm-exporter",
        "kube-state-metrics",
        "kubelet",
        "node-exporter",
        "prometheus",
        "prometheus-operator",
        "prometheus-sidecar",
        "thanos-query",
      ],
    );
  });

  it("every scrape has a limit for samples, targets and labels", async () => {
    for (const { name, spec } of scrapesOf(await platformOf(stackSettings("prod")))) {
      for (const limit of ["sampleLimit", "targetLimit", "labelLimit"] as const) {
        assert.ok((spec[limit] ?? 0) > 0, `${name} has no ${limit}`);
      }
    }
  });

  it("are scraped at their own intervals; the platform's processes at that of Prometheus", async () => {
    const intervals = scrapesOf(await platformOf(stackSettings("prod"))).map(({ name, spec }) => [
      name,
      spec.scrapeInterval ?? spec.endpoints?.[0]?.interval ?? "of Prometheus",
    ]);
    const byInterval = (wanted: string) =>
      intervals.filter(([, interval]) => interval === wanted).map(([name]) => name);
    assert.deepEqual(byInterval("60s"), ["apiserver"]);
    assert.deepEqual(byInterval("30s").sort(), [
      "cadvisor",
      "coredns",
      "dcgm-exporter",
      "kube-state-metrics",
      "kubelet",
      "node-exporter",
    ]);
  });

  it("copy no label of a node onto series, and give what is of a node its name", async () => {
    const scrapes = scrapesOf(await platformOf(stackSettings("prod")));
    for (const scrape of scrapes) {
      assert.deepEqual(
        targetSteps(scrape).filter(({ action }) => action === "labelmap"),
        [],
        scrape.name,
      );
    }
    for (const name of ["kubelet", "cadvisor", "node-exporter"]) {
      const scrape = scrapes.find((candidate) => candidate.name === name);
      assert.ok(scrape);
      const named = targetSteps(scrape).filter(({ sourceLabels }) => /node_name$/.test(sourceLabels?.[0] ?? ""));
      // The last keeps everything of one node on one shard.
      assert.deepEqual(
        named.map(({ targetLabel }) => targetLabel),
        ["node", "instance", "__tmp_hash"],
        name,
      );
    }
  });

  it("kube-state-metrics is on every shard, and looks at no Secret and no ConfigMap", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const scrape = scrapesOf(graph).find(({ name }) => name === "kube-state-metrics");
    assert.deepEqual(
      scrape?.spec.endpoints?.map(({ relabelings }) => relabelings?.[0]),
      Array(2).fill({ targetLabel: "__tmp_disable_sharding", replacement: "true", action: "replace" }),
    );
    const role = graph.manifest("ClusterRole", "monitoring-kube-state-metrics") as unknown as {
      rules: { resources: string[]; verbs: string[] }[];
    };
    const watched = role.rules.flatMap(({ resources }) => resources).sort();
    assert.ok(!watched.includes("secrets") && !watched.includes("configmaps"));
    for (const { verbs } of role.rules) assert.deepEqual(verbs, ["list", "watch"]);
    const { template } = graph.manifest("Deployment", "kube-state-metrics").spec as {
      template: { spec: { containers: { args: string[] }[] } };
    };
    assert.ok(template.spec.containers[0]?.args.includes(`--resources=${watched.join(",")}`));
  });

  it("node-exporter can read the node and do nothing to it", async () => {
    const { template } = (await platformOf(stackSettings("prod"))).manifest("DaemonSet", "node-exporter").spec as {
      template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } };
    };
    const { hostNetwork, hostPID, hostIPC, automountServiceAccountToken, tolerations, containers } = template.spec;
    assert.deepEqual(
      [hostNetwork, hostPID, hostIPC, automountServiceAccountToken],
      [true, undefined, undefined, false],
    );
    assert.deepEqual(tolerations, [{ operator: "Exists" }]);
    assert.deepEqual(containers[0]?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const mounts = containers[0]?.volumeMounts as { readOnly?: boolean }[];
    assert.deepEqual(
      mounts.map(({ readOnly }) => readOnly),
      [true, true, true],
    );
  });

  it("without them, neither rules about the cluster nor rights beyond what teams need remain", async () => {
    const none = { ...stackSettings("prod"), clusterMetrics: { kind: "none" }, gpu: { kind: "none" } };
    const graph = await platformOf(none);
    assert.deepEqual(graph.names("kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig"), []);
    assert.deepEqual(graph.names("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"), [
      "monitoring-prometheus-discovery",
      "monitoring-prometheus-operator",
    ]);
    const alone = await platformOf({ ...none, teams: { kind: "none" } });
    assert.deepEqual(alone.names("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"), []);
    assert.deepEqual(
      alone
        .names("kubernetes:monitoring.coreos.com/v1:PrometheusRule")
        .filter((name) => /node|kube|workload|team/.test(name)),
      [],
    );
  });
});

describe("teams", () => {
  const specOf = async (settings: object) =>
    (await platformOf(settings)).manifest("Prometheus", "prometheus").spec as Record<string, unknown>;

  it("are picked up by the label of their namespace, for exactly four kinds", async () => {
    const spec = await specOf(stackSettings("prod"));
    const selectors = Object.keys(spec).filter((key) => key.endsWith("NamespaceSelector"));
    assert.deepEqual(selectors.sort(), [
      "podMonitorNamespaceSelector",
      "probeNamespaceSelector",
      "ruleNamespaceSelector",
      "serviceMonitorNamespaceSelector",
    ]);
    for (const key of selectors) {
      assert.deepEqual(spec[key], looksAt("platform-monitoring", "enabled"));
    }
    assert.equal(spec.enforcedNamespaceLabel, "namespace");
    assert.equal(spec.ignoreNamespaceSelectors, true);
    assert.deepEqual(spec.arbitraryFSAccessThroughSMs, { deny: true });
    const excluded = spec.excludedFromEnforcement as { namespace: string }[];
    assert.deepEqual([...new Set(excluded.map(({ namespace }) => namespace))], ["monitoring", "monitoring-nodes"]);
  });

  it("that are not wanted are not looked at, while the platform's own namespaces still are", async () => {
    const settings = { ...stackSettings("prod"), teams: { kind: "none" } };
    const graph = await platformOf(settings);
    const spec = await specOf(settings);
    for (const key of Object.keys(spec).filter((name) => name.endsWith("NamespaceSelector"))) {
      assert.deepEqual(spec[key], looksAt("platform-monitoring"), key);
    }
    assert.deepEqual(
      manifestsOf(graph.resources).filter(({ object }) => /AdmissionPolicy|ResourceQuota/.test(object.kind)),
      [],
    );
    const label = (name: string) => graph.manifest("Namespace", name).metadata.labels?.["gpu-observability/monitoring"];
    assert.deepEqual(["monitoring", "monitoring-nodes"].map(label), ["platform-monitoring", "platform-monitoring"]);
  });

  it("the limits that the API server keeps are those of Prometheus, and a named namespace's own", async () => {
    const settings = {
      ...stackSettings("prod"),
      teams: { kind: "namespaceLabel", namespaces: [{ name: "research", samplesPerScrape: 50_000, objects: 7 }] },
    };
    const graph = await platformOf(settings);
    const policy = graph.manifest("ValidatingAdmissionPolicy", "monitoring-team-limits").spec as {
      variables: { name: string; expression: string }[];
      validations: { expression: string }[];
      matchConstraints: { namespaceSelector: object };
    };
    const prometheus = graph.manifest("Prometheus", "prometheus").spec as Record<string, unknown>;
    assert.deepEqual(policy.variables.slice(0, 2), [
      { name: "named", expression: "{'research': 50000}" },
      {
        name: "samples",
        expression: `namespaceObject.metadata.name in variables.named ? variables.named[namespaceObject.metadata.name] : ${prometheus.sampleLimit}`,
      },
    ]);
    assert.ok(
      policy.validations.some(({ expression }) =>
        expression.endsWith(`object.spec.targetLimit <= ${prometheus.targetLimit})`),
      ),
    );
    assert.ok(
      policy.validations.some(({ expression }) =>
        expression.endsWith(`object.spec.labelLimit <= ${prometheus.labelLimit})`),
      ),
    );
    assert.deepEqual(policy.matchConstraints.namespaceSelector, {
      matchLabels: { "gpu-observability/monitoring": "enabled" },
    });
    const quota = graph.manifest("ResourceQuota", "monitoring-team-limits");
    assert.equal(quota.metadata.namespace, "research");
    assert.deepEqual((quota.spec as { hard: object }).hard, {
      "count/servicemonitors.monitoring.coreos.com": "7",
      "count/podmonitors.monitoring.coreos.com": "7",
      "count/probes.monitoring.coreos.com": "7",
      "count/prometheusrules.monitoring.coreos.com": "7",
    });
  });
});

describe("rules and shards", () => {
  type Selector = {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values: string[] }[];
  };
  const selects = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string>) =>
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => operator === "NotIn" && !values.includes(labels[key] ?? ""));

  for (const shards of [1, 2]) {
    it(`with ${shards} every rule is evaluated by exactly one kind of server`, async () => {
      const graph = await platformOf({ ...stackSettings("prod"), prometheus: { shards } });
      const objects = manifestsOf(graph.resources).map(({ object }) => object);
      const evaluators = objects.filter(({ kind }) => ["Prometheus", "ThanosRuler"].includes(kind));
      assert.deepEqual(
        evaluators.map(({ kind }) => kind).sort(),
        shards === 1 ? ["Prometheus"] : ["Prometheus", "ThanosRuler"],
      );
      const rules = objects.filter(({ kind }) => kind === "PrometheusRule");
      assert.ok(rules.length > 15);
      for (const rule of rules) {
        const by = evaluators.filter(({ spec }) =>
          selects((spec as { ruleSelector: Selector }).ruleSelector, rule.metadata.labels ?? {}),
        );
        assert.equal(by.length, 1, `${rule.metadata.name}: ${by.map(({ kind }) => kind).join(", ")}`);
      }
    });
  }

  it("rules of teams have no label of ours: one shard alone evaluates them, else the ruler", async () => {
    const graph = await platformOf({ ...stackSettings("prod"), prometheus: { shards: 2 } });
    const prometheus = graph.manifest("Prometheus", "prometheus").spec as {
      ruleSelector: Selector;
      ruleNamespaceSelector?: object;
    };
    const ruler = graph.manifest("ThanosRuler", "thanos-ruler").spec as {
      ruleSelector: Selector;
      ruleNamespaceSelector?: object;
    };
    assert.equal(prometheus.ruleNamespaceSelector, undefined);
    assert.deepEqual(ruler.ruleNamespaceSelector, looksAt("platform-monitoring", "enabled"));
    assert.deepEqual([selects(prometheus.ruleSelector, {}), selects(ruler.ruleSelector, {})], [false, true]);
  });
});
