import assert from "node:assert/strict";
import { parse } from "yaml";
import { Mimir } from "../../components/backends/mimir/mimir";
import { policiesOf } from "../../components/network/edges";
import { manifestsOf } from "../../tools/plan/manifests";
import { graphOf, previewHonesty } from "../harness";
import { configurationText, configured, productionStore } from "./ringStores";

interface PodTemplate {
  template: {
    metadata: { labels: Record<string, string> };
    spec: {
      automountServiceAccountToken: boolean;
      nodeSelector: Record<string, string>;
      securityContext: { runAsNonRoot: boolean };
      topologySpreadConstraints: { labelSelector: { matchLabels: object }; minDomains?: number }[];
      containers: {
        args: string[];
        resources: { requests: { memory: string }; limits: { memory: string; cpu?: string } };
        securityContext: { readOnlyRootFilesystem: boolean; capabilities: { drop: string[] } };
      }[];
    };
  };
}

const ZONED = ["a", "b", "c"].map((letter) => `zone-${letter}`);
const zonesOf = (target: string) => ZONED.map((zone) => `mimir-${target}-${zone}`);
const CACHES = ["chunks", "index", "metadata", "results"].map((cache) => `mimir-${cache}-cache`);
const DEPLOYMENTS = [
  "distributor",
  "gateway",
  "overrides-exporter",
  "querier",
  "query-frontend",
  "query-scheduler",
].map((target) => `mimir-${target}`);
const STATEFUL_SETS = [...CACHES, "mimir-compactor", ...zonesOf("ingester"), ...zonesOf("store-gateway")].sort();

const small = { namespace: "monitoring", bucket: { name: "metrics" } };
const built = (args: object) =>
  graphOf(() => {
    new Mimir("mimir", { ...small, ...args });
    return {};
  });

describe("Mimir", () => {
  it("has exactly these workloads in production, each with an account, a Service, a monitor and a budget", async () => {
    const { graph, contract } = await productionStore("mimir");
    const workloads = [...DEPLOYMENTS, ...STATEFUL_SETS].sort();
    assert.deepEqual(graph.names("kubernetes:apps/v1:Deployment"), DEPLOYMENTS);
    assert.deepEqual(graph.names("kubernetes:apps/v1:StatefulSet"), STATEFUL_SETS);
    assert.deepEqual(graph.names("kubernetes:core/v1:ServiceAccount"), workloads);
    assert.deepEqual(graph.names("kubernetes:core/v1:Service"), [...workloads, "mimir-gossip"].sort());
    assert.deepEqual(graph.names("kubernetes:monitoring.coreos.com/v1:ServiceMonitor"), workloads);
    assert.deepEqual(
      graph.names("kubernetes:policy/v1:PodDisruptionBudget"),
      [
        ...workloads.filter((name) => !/zone-/.test(name)),
        // One for all zones: a drain takes one copy at a time.
        ...["mimir-ingester", "mimir-store-gateway"],
      ].sort(),
    );
    assert.deepEqual(graph.names("kubernetes:core/v1:Secret"), ["mimir-configuration"]);
    assert.deepEqual(graph.names("kubernetes:core/v1:ConfigMap"), ["mimir-gateway-files", "mimir-limits"]);
    assert.deepEqual(contract.members.map(({ name }) => name).sort(), workloads);
  });

  it("makes pods that the restricted profile admits, with memory that cannot be taken away", async () => {
    const { graph } = await productionStore("mimir");
    for (const { object } of manifestsOf(graph.resources)) {
      if (object.kind !== "Deployment" && object.kind !== "StatefulSet") continue;
      const { spec } = (object.spec as PodTemplate).template;
      assert.equal(spec.automountServiceAccountToken, false);
      assert.equal(spec.securityContext.runAsNonRoot, true);
      for (const { resources, securityContext } of spec.containers) {
        assert.equal(resources.limits.memory, resources.requests.memory);
        assert.equal(resources.limits.cpu, undefined);
        assert.equal(securityContext.readOnlyRootFilesystem, true);
        assert.deepEqual(securityContext.capabilities.drop, ["ALL"]);
      }
    }
  });

  it("has one copy in each zone, and rolls one zone after the other", async () => {
    const { graph } = await productionStore("mimir");
    for (const target of ["ingester", "store-gateway"]) {
      for (const [index, zone] of ZONED.entries()) {
        const name = `mimir-${target}-${zone}`;
        const { template } = graph.manifest("StatefulSet", name).spec as PodTemplate;
        assert.equal(template.spec.nodeSelector["topology.kubernetes.io/zone"], ["eu-1a", "eu-1b", "eu-1c"][index]);
        assert.equal(template.metadata.labels["gpu-observability/rollout-group"], `mimir-${target}`);
        assert.ok(template.spec.containers[0]?.args.some((flag) => flag.endsWith(`availability-zone=${zone}`)));
        const { options } = graph.one("kubernetes:apps/v1:StatefulSet", name);
        assert.equal(options.protect ?? false, target === "ingester");
        const waitsFor = options.dependencies
          .filter((urn) => urn.includes(`StatefulSet::mimir-${target}`))
          .map((urn) => urn.split("::").at(-1));
        assert.deepEqual(waitsFor, index === 0 ? [] : [`mimir-${target}-${ZONED[index - 1]}`]);
      }
    }
  });

  it("without named zones keeps the copies on different nodes, across its three sets", async () => {
    const graph = await built({});
    const { template } = graph.manifest("StatefulSet", "mimir-ingester-zone-b").spec as PodTemplate;
    const constraints = template.spec.topologySpreadConstraints;
    assert.equal(constraints.length, 2);
    for (const { labelSelector } of constraints) {
      assert.deepEqual(labelSelector.matchLabels, { "gpu-observability/rollout-group": "mimir-ingester" });
    }
    assert.equal(constraints[1]?.minDomains, 3);
  });

  it("is told everything on which the rings and the pair depend", async () => {
    const { graph } = await productionStore("mimir");
    const wanted = {
      multitenancy_enabled: true,
      "usage_stats.enabled": false,
      "common.storage.s3.endpoint": "s3.example.com:9000",
      "common.storage.s3.bucket_name": "metrics",
      "common.storage.s3.secret_access_key": "the-key-4711",
      "common.storage.s3.http.tls_ca_path": "/etc/mimir/ca.crt",
      "blocks_storage.storage_prefix": "mimirXmlXprodXblocks",
      "ruler_storage.storage_prefix": "mimirXmlXprodXruler",
      "alertmanager_storage.storage_prefix": "mimirXmlXprodXalertmanager",
      "blocks_storage.tsdb.retention_period": "13h",
      "limits.query_ingesters_within": "13h",
      "memberlist.join_members": ["dns+mimir-gossip.monitoring.svc:7946"],
      "memberlist.cluster_label": "mimir.monitoring",
      "ingester.ring.replication_factor": 3,
      "ingester.ring.zone_awareness_enabled": true,
      "ingester.ring.unregister_on_shutdown": false,
      "store_gateway.sharding_ring.zone_awareness_enabled": true,
      "distributor.ha_tracker.enable_ha_tracker": true,
      "distributor.ha_tracker.kvstore.store": "memberlist",
      "limits.accept_ha_samples": true,
      "limits.ha_cluster_label": "ha_group",
      "limits.ha_replica_label": "prometheus_replica",
      "limits.ha_tracker_failover_timeout": "45s",
      "limits.compactor_blocks_retention_period": "365d",
      "limits.ingestion_rate": 1,
      "frontend.cache_results": true,
      "blocks_storage.bucket_store.index_cache.memcached.addresses":
        "dnssrvnoa+_memcached._tcp.mimir-index-cache.monitoring.svc",
      ingest_storage: undefined,
    };
    assert.deepEqual(configured(graph, "mimir", Object.keys(wanted)), wanted);
    const limits = graph.manifest("ConfigMap", "mimir-limits") as unknown as { data: Record<string, string> };
    assert.deepEqual(parse(limits.data["limits.yaml"] ?? ""), {
      overrides: {
        platform: { max_global_series_per_user: 2_000_000, ingestion_rate: 100_000, ingestion_burst_size: 1_000_000 },
        research: {
          max_global_series_per_user: 1_000_000,
          ingestion_rate: 500,
          // Ten seconds' worth is less than one large request.
          ingestion_burst_size: 20_000,
          compactor_blocks_retention_period: "30d",
        },
      },
    });
  });

  it("rolls its pods for a new configuration, and for new limits none", async () => {
    const hashes = async (over: object) => {
      const { graph } = await productionStore("mimir", over);
      const { template } = graph.manifest("Deployment", "mimir-distributor").spec as unknown as {
        template: { metadata: { annotations: object } };
      };
      return template.metadata.annotations;
    };
    const before = await hashes({});
    assert.deepEqual(await hashes({ tenants: [{ name: "platform", seriesLimit: 5 }] }), before);
    assert.notDeepEqual(await hashes({ haFailoverSeconds: 60 }), before);
  });

  it("keeps the bucket's key in one Secret, and shows it nowhere", async () => {
    const { graph } = await productionStore("mimir");
    assert.match(configurationText(graph, "mimir"), /the-key-4711/);
    const shown = JSON.stringify(manifestsOf(graph.resources));
    assert.doesNotMatch(shown, /the-key-4711|the-id/);
  });

  it("lets clients be a tenant by path, and refuses to guess one", async () => {
    const { graph } = await productionStore("mimir");
    const { data } = graph.manifest("ConfigMap", "mimir-gateway-files") as unknown as { data: Record<string, string> };
    const { unauthorized_user } = parse(data["auth.yaml"] ?? "") as {
      unauthorized_user: { url_map: { src_paths: string[]; url_prefix: string; headers?: string[] }[] };
    };
    const routes = unauthorized_user.url_map.map(({ src_paths, url_prefix, headers }) => [
      src_paths[0],
      url_prefix,
      headers?.[0],
    ]);
    const distributor = "http://mimir-distributor.monitoring.svc:8080";
    const frontend = "http://mimir-query-frontend.monitoring.svc:8080";
    assert.deepEqual(routes, [
      ["/tenants/platform/api/v1/push", distributor, "X-Scope-OrgID: platform"],
      ["/tenants/platform/prometheus/.*", frontend, "X-Scope-OrgID: platform"],
      ["/tenants/research/api/v1/push", distributor, "X-Scope-OrgID: research"],
      ["/tenants/research/prometheus/.*", frontend, "X-Scope-OrgID: research"],
      ["/api/v1/push", distributor, undefined],
      ["/prometheus/.*", frontend, undefined],
    ]);
    assert.deepEqual(graph.outputs, {
      queryUrl: "http://mimir-gateway.monitoring.svc:8427/tenants/platform/prometheus",
      writeUrl: "http://mimir-gateway.monitoring.svc:8427/tenants/platform/api/v1/push",
    });
  });

  it("has a gateway that says that it goes before it does, and listens on IPv6 too", async () => {
    const { graph } = await productionStore("mimir");
    const { template } = graph.manifest("Deployment", "mimir-gateway").spec as PodTemplate & {
      template: { spec: { terminationGracePeriodSeconds: number } };
    };
    const flags = template.spec.containers[0]?.args ?? [];
    assert.deepEqual(
      flags.filter((flag) => /enableTCP6|shutdownDelay|loggerFormat/.test(flag)),
      ["-loggerFormat=json", "-enableTCP6", "-http.shutdownDelay=5s"],
    );
    assert.equal(template.spec.terminationGracePeriodSeconds, 60);
  });

  it("offers what Prometheus and the network need", async () => {
    const { contract } = await productionStore("mimir");
    assert.equal(contract.feed.kind, "remoteWrite");
    if (contract.feed.kind !== "remoteWrite") return;
    const { write, to } = contract.feed;
    assert.equal(to.name, "mimir-distributor");
    assert.deepEqual(
      [write.name, write.headers, write.haGroupLabel],
      ["mimir", { "X-Scope-OrgID": "platform" }, "ha_group"],
    );
    assert.equal(contract.rulerWrites?.write.haGroupLabel, "ha_group");
    assert.deepEqual(
      contract.callBucket.map(({ name }) => name).sort(),
      [...zonesOf("ingester"), ...zonesOf("store-gateway"), "mimir-compactor", "mimir-querier"].sort(),
    );
    const policies = policiesOf(contract.members, contract.edges);
    const words = (name: string) => {
      const policy = policies.find((each) => each.name === name);
      return [...(policy?.incoming ?? []), ...(policy?.outgoing ?? [])].map((rule) => rule.words);
    };
    assert.deepEqual(words("mimir-ingester-zone-a"), [
      "from mimir-distributor on 9095/TCP: writes samples",
      "from mimir-querier on 9095/TCP: reads what is not yet in the bucket",
      "from every part of mimir on 7946/TCP: tells who is in the rings",
      "to every part of mimir on 7946/TCP: tells who is in the rings",
    ]);
    assert.ok(words("mimir-query-frontend").includes("from mimir-gateway on 8080/TCP: passes on requests of tenants"));
    assert.ok(words("mimir-index-cache").every((line) => line.startsWith("from mimir-store-gateway")));
  });

  it("has the API server refuse fewer ingesters and other zones, until a word says so", async () => {
    const { graph } = await productionStore("mimir");
    const { spec } = graph.manifest("ValidatingAdmissionPolicy", "monitoring-mimir") as unknown as {
      spec: { matchConditions: { expression: string }[]; validations: { expression: string; message: string }[] };
    };
    assert.equal(spec.matchConditions[0]?.expression, "object.metadata.name.matches('^(mimir-.+)$')");
    assert.match(spec.validations[0]?.expression ?? "", /matches\('\^\(mimir-ingester-zone-\.\+\)\$'\)/);
    assert.match(spec.validations[0]?.message ?? "", /then set ingestersDrainedTo to the new number/);
    const annotations = async (over: object, set = "mimir-ingester-zone-a") =>
      (await productionStore("mimir", over)).graph.manifest("StatefulSet", set).metadata.annotations;
    const running = {
      "gpu-observability/layout": "3 copies in eu-1a, eu-1b, eu-1c",
      "gpu-observability/volume-size": "50Gi",
    };
    assert.deepEqual(await annotations({}), running);
    assert.deepEqual(await annotations({ ingestersDrainedTo: 1 }), { ...running, "gpu-observability/drained-to": "1" });
    assert.deepEqual(await annotations({ zones: [], acceptZoneChange: true }, "mimir-store-gateway-zone-a"), {
      "gpu-observability/layout": "3 copies in any zones",
      "gpu-observability/layout-change": "accepted",
      "gpu-observability/volume-size": "10Gi",
    });
  });

  it("gives each set the time that its pods take one after the other, and never replaces it for its volumes", async () => {
    const { graph } = await productionStore("mimir");
    const optionsOf = (name: string) => graph.one("kubernetes:apps/v1:StatefulSet", name).options;
    assert.equal(optionsOf("mimir-ingester-zone-a").customTimeouts?.update, "1800s");
    assert.equal(optionsOf("mimir-compactor").customTimeouts?.update, "3000s");
    assert.deepEqual(optionsOf("mimir-compactor").ignoreChanges, [
      "spec.volumeClaimTemplates[0].spec.resources.requests.storage",
    ]);
  });

  it("shows the same in a preview", async () => {
    await previewHonesty(() => {
      const { queryUrl } = new Mimir("mimir", small);
      return { queryUrl };
    });
  });
});
