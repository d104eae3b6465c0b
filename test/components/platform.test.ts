import assert from "node:assert/strict";
import { deploy } from "../../stacks/platform";
import { Secret } from "../../tools/engine";
import { previewHonesty } from "../harness";
import { platformOf, platformOptions, stackSettings } from "./platformProgram";

const cluster = { kind: "kubeconfig", name: "c1" };
const SERVICE = "kubernetes:core/v1:Service";

describe("the platform: which resources", () => {
  it("production makes exactly these", async () => {
    const graph = await platformOf(stackSettings("prod"));
    const made = graph.resources.map(({ type, name }) => `${type.split(":").pop()} ${name}`).sort();
    assert.deepEqual(made, [
      "Alertmanager alertmanager",
      "Alertmanager alertmanager",
      "ConfigMap thanos-query-endpoints",
      "Deployment prometheus-operator",
      "Deployment thanos-query",
      "Namespace namespace",
      "PlatformRules platform-rules",
      "PodDisruptionBudget alertmanager",
      "PodDisruptionBudget prometheus",
      "PodDisruptionBudget thanos-query",
      "Prometheus prometheus",
      "Prometheus prometheus",
      "PrometheusOperator prometheus-operator",
      "PrometheusRule platform-rules-general",
      "Role prometheus",
      "Role prometheus-operator",
      "RoleBinding prometheus",
      "RoleBinding prometheus-operator",
      "Secret alertmanager-configuration",
      "Secret alertmanager-secret-files",
      "Service alertmanager",
      "Service alertmanager-gossip",
      "Service prometheus",
      "Service prometheus-operator",
      "Service prometheus-sidecar",
      "Service thanos-query",
      "ServiceAccount alertmanager",
      "ServiceAccount prometheus",
      "ServiceAccount prometheus-operator",
      "ServiceAccount thanos-query",
      "ServiceMonitor alertmanager",
      "ServiceMonitor prometheus",
      "ServiceMonitor prometheus-operator",
      "ServiceMonitor prometheus-sidecar",
      "ServiceMonitor thanos-query",
      "Stack gpu-observability-test",
      "ThanosQuery thanos-query",
      "kubernetes kubernetes",
    ]);
  });

  it("nothing grants rights beyond the namespace", async () => {
    const graph = await platformOf(stackSettings("prod"));
    assert.deepEqual(graph.names("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"), []);
    assert.deepEqual(graph.names("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"), []);
  });

  it("a preinstalled operator is adopted: everything but the operator is made", async () => {
    const installed = await platformOf(stackSettings("prod"));
    const adopted = await platformOf({ ...stackSettings("prod"), prometheusOperator: { kind: "preinstalled" } });
    const operator = installed.resources.filter((resource) => resource.urn.includes(":PrometheusOperator"));
    assert.equal(operator.length, 7);
    assert.deepEqual(
      adopted.resources.map((resource) => resource.urn).sort(),
      installed.resources
        .filter((resource) => !operator.includes(resource))
        .map((resource) => resource.urn)
        .sort(),
    );
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
    const endpoints = graph.manifest("ConfigMap", "thanos-query-endpoints");
    assert.deepEqual(endpoints.data, {
      "endpoints.yaml": `endpoints:\n  - address: dnssrv+_grpc._tcp.${sidecars.metadata.name}.${sidecars.metadata.namespace}.svc\n`,
    });
    const querier = graph.manifest("Deployment", "thanos-query").spec as {
      template: { spec: { containers: { args: string[] }[] } };
    };
    const flags = querier.template.spec.containers[0]?.args.filter((flag) => flag.startsWith("--query.replica-label"));
    assert.deepEqual(flags, [`--query.replica-label=${String(prometheus.replicaExternalLabelName)}`]);
  });

  it("every ServiceMonitor selects exactly one Service, by a port that it has", async () => {
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
        .filter((service) =>
          (service.spec as { ports: { name: string }[] }).ports.some(({ name }) => name === endpoints[0]?.port),
        )
        .map((service) => service.metadata.name);
    });
    assert.deepEqual(selected, [
      ["alertmanager"],
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
      sampleLimit: 100_000,
      targetLimit: 10_000,
      labelLimit: 60,
      labelValueLengthLimit: 2_048,
      bodySizeLimit: "64MB",
    });
  });

  for (const [environment, expected] of [
    ["prod", "DoNotSchedule"],
    ["dev", "ScheduleAnyway"],
  ] as const) {
    it(`replicas of ${environment} spread over zones and nodes: ${expected}`, async () => {
      const graph = await platformOf(stackSettings(environment));
      const spread = [
        graph.manifest("Prometheus", "prometheus").spec,
        graph.manifest("Alertmanager", "alertmanager").spec,
        (graph.manifest("Deployment", "thanos-query").spec as { template: { spec: unknown } }).template.spec,
      ].map((spec) =>
        (
          spec as { topologySpreadConstraints: { topologyKey: string; whenUnsatisfiable: string; maxSkew: number }[] }
        ).topologySpreadConstraints.map(
          ({ topologyKey, whenUnsatisfiable, maxSkew }) => `${topologyKey} ${whenUnsatisfiable} ${maxSkew}`,
        ),
      );
      const wanted = [`topology.kubernetes.io/zone ${expected} 1`, `kubernetes.io/hostname ${expected} 1`];
      assert.deepEqual(spread, [wanted, wanted, wanted]);
    });
  }

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

describe("the platform: secrets", () => {
  const url = "https://hooks.example/very-secret";
  const settings = {
    environment: "local",
    cluster,
    alerting: {
      receivers: [{ name: "oncall", kind: "webhook", url }],
      heartbeat: { kind: "webhook", url: `${url}/heartbeat` },
    },
  };

  it("reach one Secret, as Pulumi secrets, and nothing else", async () => {
    const graph = await platformOf(settings);
    const { stringData } = graph.one("kubernetes:core/v1:Secret", "alertmanager-secret-files").inputs as {
      stringData: unknown;
    };
    const files = stringData instanceof Secret ? (stringData.value as Record<string, unknown>) : stringData;
    assert.deepEqual(Object.keys(files as object).sort(), ["heartbeat-url", "oncall-url"]);
    const plain = JSON.stringify([graph.resources, graph.outputs], (_key, value) =>
      value instanceof Secret ? "[secret]" : value,
    );
    assert.doesNotMatch(plain, /very-secret/);
    // The same walk must find it where the marker is ignored, or the line above proves nothing.
    assert.match(
      JSON.stringify(graph.resources, (_key, value) => (value instanceof Secret ? value.value : value)),
      /very-secret/,
    );
  });

  it("are refused where nothing in the stack file is encrypted", async () => {
    await assert.rejects(platformOf(settings, false), (error: Error) => {
      assert.match(error.message, /must be encrypted/);
      assert.doesNotMatch(error.message, /very-secret/);
      return true;
    });
  });
});
