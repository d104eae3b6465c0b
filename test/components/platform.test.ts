import assert from "node:assert/strict";
import { createProvider, Prometheus } from "../../components";
import { deploy } from "../../stacks/platform";
import { graphOf, previewHonesty } from "../harness";
import { platformOf, platformOptions, stackSettings } from "./platformProgram";

const SERVICE = "kubernetes:core/v1:Service";

describe("the platform: which resources", () => {
  // Which objects each of them makes is exact in test/golden.
  it("production has exactly these components", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const components = graph.resources.filter(({ custom }) => !custom);
    assert.deepEqual(components.map(({ type, name }) => `${type.split(":").pop()} ${name}`).sort(), [
      "Alertmanager alertmanager",
      "ClusterScrapes cluster-scrapes",
      "DcgmExporter dcgm-exporter",
      "KubeStateMetrics kube-state-metrics",
      "NetworkPolicies network",
      "NodeExporter node-exporter",
      "PlatformRules platform-rules",
      "Prometheus prometheus",
      "PrometheusOperator prometheus-operator",
      "Stack gpu-observability-test",
      "TeamLimits team-limits",
      "ThanosQuery thanos-query",
    ]);
  });

  it("a preinstalled operator is adopted: everything but the operator is made", async () => {
    const installed = await platformOf(stackSettings("prod"));
    const adopted = await platformOf({ ...stackSettings("prod"), prometheusOperator: { kind: "preinstalled" } });
    const operator = installed.resources.filter((resource) => resource.urn.includes(":PrometheusOperator"));
    assert.equal(operator.length, 9);
    const rest = installed.resources.filter(
      // The way of the operator through the network goes with it.
      (resource) => !operator.includes(resource) && !resource.urn.endsWith("NetworkPolicy::prometheus-operator"),
    );
    assert.deepEqual(
      adopted.resources.map((resource) => resource.urn).sort(),
      rest.map((resource) => resource.urn).sort(),
    );
  });

  it("a namespace that exists already is left alone", async () => {
    const graph = await platformOf({ ...stackSettings("prod"), createNamespace: false });
    assert.deepEqual(graph.names("kubernetes:core/v1:Namespace"), []);
    assert.equal(graph.manifest("Prometheus", "prometheus").metadata.namespace, "monitoring");
  });

  it("single replicas have no disruption budget: it would block every drain", async () => {
    const graph = await platformOf(stackSettings("dev"));
    assert.deepEqual(graph.names("kubernetes:policy/v1:PodDisruptionBudget"), []);
  });

  it("every shard has a disruption budget of its own", async () => {
    const graph = await platformOf({ ...stackSettings("prod"), prometheus: { shards: 3 } });
    const names = ["prometheus", "prometheus-shard-1", "prometheus-shard-2"];
    const selected = names.map((name) => graph.manifest("PodDisruptionBudget", name).spec);
    assert.deepEqual(
      selected.map((spec) => (spec as { selector: { matchLabels: object } }).selector.matchLabels),
      ["0", "1", "2"].map((shard) => ({
        "operator.prometheus.io/name": "prometheus",
        "operator.prometheus.io/shard": shard,
      })),
    );
  });

  for (const stack of ["local", "dev", "prod"]) {
    it(`a preview of ${stack} shows what the deployment makes`, () =>
      previewHonesty(deploy, platformOptions(stackSettings(stack))));
  }
});

describe("the platform: how it is wired", () => {
  it("every Kubernetes object uses the program's own provider", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const providers = graph.resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ provider }) => provider);
    assert.deepEqual(
      [...new Set(providers)],
      ["urn:pulumi:test::gpu-observability::pulumi:providers:kubernetes::kubernetes"],
    );
  });

  it("the provider updates ConfigMaps and Secrets in place", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const { inputs } = graph.one("pulumi:providers:kubernetes", "kubernetes");
    assert.deepEqual(
      [inputs.enableConfigMapMutable, inputs.enableSecretMutable, inputs.context],
      ["true", "true", "ml-prod"],
    );
  });

  it("Prometheus lists the Alertmanagers by their endpoints, so every member", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const { alerting } = graph.manifest("Prometheus", "prometheus").spec as Record<string, unknown>;
    assert.deepEqual(alerting, {
      alertmanagers: [{ namespace: "monitoring", name: "alertmanager", port: "web", apiVersion: "v2" }],
    });
  });

  it("gossip goes over TCP and UDP, and finds members that are not ready", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const gossip = graph.manifest("Service", "alertmanager-gossip").spec as Record<string, unknown>;
    assert.equal(gossip.publishNotReadyAddresses, true);
    assert.equal(gossip.clusterIP, "None");
    const ports = (gossip.ports as { port: number; protocol?: string }[]).filter(({ port }) => port === 9094);
    assert.deepEqual(ports.map(({ protocol }) => protocol).sort(), ["TCP", "UDP"]);
    const members = graph.manifest("Alertmanager", "alertmanager").spec as Record<string, unknown>;
    assert.equal(members.serviceName, "alertmanager-gossip");
    assert.equal(members.clusterLabel, "monitoring/alertmanager");
  });

  it("the querier asks the Service that selects the sidecars, and merges by the replica label", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const prometheus = graph.manifest("Prometheus", "prometheus").spec as Record<string, unknown>;
    const sidecars = graph.manifest("Service", "prometheus-sidecar");
    const endpoints = graph.manifest("ConfigMap", "thanos-query-files");
    assert.deepEqual(endpoints.data, {
      "endpoints.yaml": `endpoints:\n  - address: dnssrv+_grpc._tcp.${sidecars.metadata.name}.${sidecars.metadata.namespace}.svc\n`,
    });
    const querier = graph.manifest("Deployment", "thanos-query").spec as {
      template: { spec: { containers: { args: string[] }[] } };
    };
    const flags = querier.template.spec.containers[0]?.args.filter((flag) => flag.startsWith("--query.replica-label"));
    assert.deepEqual(flags, [`--query.replica-label=${String(prometheus.replicaExternalLabelName)}`]);
  });

  it("every ServiceMonitor selects exactly one Service, by ports that it all has", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const services = graph.names(SERVICE).map((name) => graph.manifest("Service", name));
    const monitors = graph
      .names("kubernetes:monitoring.coreos.com/v1:ServiceMonitor")
      .map((name) => graph.manifest("ServiceMonitor", name));
    const selected = monitors.map((monitor) => {
      const { selector, endpoints } = monitor.spec as {
        selector: { matchLabels: Record<string, string> };
        endpoints: { port: string }[];
      };
      return services
        .filter((service) =>
          Object.entries(selector.matchLabels).every(([key, value]) => service.metadata.labels?.[key] === value),
        )
        .filter((service) => {
          const ports = (service.spec as { ports: { name: string }[] }).ports.map(({ name }) => name);
          return endpoints.length > 0 && endpoints.every(({ port }) => ports.includes(port));
        })
        .map((service) => service.metadata.name);
    });
    assert.deepEqual(selected, [
      ["alertmanager"],
      ["dcgm-exporter"],
      ["kube-state-metrics"],
      ["node-exporter"],
      ["prometheus"],
      ["prometheus-operator"],
      ["prometheus-sidecar"],
      ["thanos-query"],
    ]);
  });

  it("the outputs are the stack's API", async () => {
    const { outputs } = await platformOf(stackSettings("prod"));
    assert.deepEqual(outputs, {
      clusterName: "ml-prod",
      namespace: "monitoring",
      queryUrl: "http://thanos-query.monitoring.svc:9090",
      alertmanagerUrls: [0, 1, 2].map(
        (member) => `http://alertmanager-alertmanager-${member}.alertmanager-gossip.monitoring.svc:9093`,
      ),
    });
  });
});

describe("Prometheus without a sidecar", () => {
  it("has no sidecar, no Service for it and no monitor of it", async () => {
    const graph = await graphOf(
      () =>
        new Prometheus(
          "alone",
          { namespace: "monitoring", clusterName: "c1", thanosSidecar: false },
          { provider: createProvider("kubernetes", {}) },
        ),
    );
    assert.deepEqual(graph.names(SERVICE), ["alone"]);
    assert.deepEqual(graph.names("kubernetes:monitoring.coreos.com/v1:ServiceMonitor"), ["alone"]);
    assert.equal((graph.manifest("Prometheus", "alone").spec as Record<string, unknown>).thanos, undefined);
  });
});

describe("the platform: what keeps it up", () => {
  it("Prometheus has a retention by time and by size, limits, and the labels that tell clusters and replicas apart", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const spec = graph.manifest("Prometheus", "prometheus").spec as Record<string, unknown>;
    const keys = ["replicas", "shards", "externalLabels", "replicaExternalLabelName", "retention", "retentionSize"];
    const limits = ["sampleLimit", "targetLimit", "labelLimit", "labelValueLengthLimit", "bodySizeLimit"];
    assert.deepEqual(Object.fromEntries([...keys, ...limits].map((key) => [key, spec[key]])), {
      replicas: 2,
      shards: 1,
      externalLabels: { cluster: "ml-prod" },
      replicaExternalLabelName: "prometheus_replica",
      retention: "24h",
      // 85 % of the volume of 200Gi.
      retentionSize: "174080MiB",
      sampleLimit: 20_000,
      targetLimit: 1_000,
      labelLimit: 60,
      labelValueLengthLimit: 2_048,
      bodySizeLimit: "16MB",
    });
  });

  const spreadOf = async (stack: string) => {
    const graph = await platformOf(stackSettings(stack));
    const querier = graph.manifest("Deployment", "thanos-query").spec as { template: { spec: unknown } };
    return [
      graph.manifest("Prometheus", "prometheus").spec,
      graph.manifest("Alertmanager", "alertmanager").spec,
      querier.template.spec,
    ].map((spec) =>
      (spec as { topologySpreadConstraints: Record<string, unknown>[] }).topologySpreadConstraints.map(
        ({ topologyKey, whenUnsatisfiable, maxSkew, minDomains, nodeTaintsPolicy }) =>
          [topologyKey, whenUnsatisfiable, maxSkew, minDomains ?? "-", nodeTaintsPolicy].join(" "),
      ),
    );
  };

  it("replicas of production never share a node, and nodes for GPU jobs alone do not count", async () => {
    const zone = "topology.kubernetes.io/zone DoNotSchedule 1 - Honor";
    const nodes = [2, 3, 2].map((replicas) => `kubernetes.io/hostname DoNotSchedule 1 ${replicas} Honor`);
    assert.deepEqual(
      await spreadOf("prod"),
      nodes.map((node) => [zone, node]),
    );
  });

  it("replicas of development share a node where there is no other", async () => {
    const keys = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];
    const wanted = keys.map((key) => `${key} ScheduleAnyway 1 - Honor`);
    assert.deepEqual(await spreadOf("dev"), [wanted, wanted, wanted]);
  });

  it("every pod of the platform fits the restricted profile that its namespace enforces", async () => {
    const graph = await platformOf(stackSettings("prod"));
    assert.equal(
      graph.manifest("Namespace", "monitoring").metadata.labels?.["pod-security.kubernetes.io/enforce"],
      "restricted",
    );
    for (const name of graph.names("kubernetes:apps/v1:Deployment")) {
      const { template } = graph.manifest("Deployment", name).spec as {
        template: { spec: { securityContext: object; containers: { securityContext: object }[] } };
      };
      assert.deepEqual(
        { ...template.spec.securityContext, ...template.spec.containers[0]?.securityContext },
        {
          runAsNonRoot: true,
          runAsUser: 65534,
          runAsGroup: 65534,
          fsGroup: 65534,
          fsGroupChangePolicy: "OnRootMismatch",
          seccompProfile: { type: "RuntimeDefault" },
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
      );
    }
  });
});
