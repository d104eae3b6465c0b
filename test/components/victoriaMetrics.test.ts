import assert from "node:assert/strict";
import { parse } from "yaml";
import { storeOf, type ThanosQuery } from "../../components";
import type { VictoriaMetricsArgs } from "../../components/backends/victoriaMetrics/args";
import { VictoriaMetrics } from "../../components/backends/victoriaMetrics/victoriaMetrics";
import { restrictedContainer } from "../../components/kubernetes/securityContext";
import { type Graph, graphOf, previewHonesty } from "../harness";
import { argumentsOf, flag, objectsOf, type Pod, podOf, productionStore, withEverything } from "./victoriaMetricsStore";

const store = (args: Partial<VictoriaMetricsArgs> = {}, preview = false) =>
  graphOf(
    () => {
      new VictoriaMetrics("victoria-metrics", { namespace: "n", retentionDays: 30, ...args });
      return {};
    },
    { preview },
  );

function assertRestricted(pod: Pod) {
  assert.equal(pod.automountServiceAccountToken, false);
  const { runAsNonRoot, seccompProfile } = pod.securityContext as Record<string, unknown>;
  assert.deepEqual([runAsNonRoot, seccompProfile], [true, { type: "RuntimeDefault" }]);
  for (const { securityContext, env } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    assert.deepEqual(securityContext, restrictedContainer());
    assert.ok(env.some(({ name }) => name === "GOMEMLIMIT"));
  }
}

const guard = ["", "Binding"].map((kind) => `ValidatingAdmissionPolicy${kind} monitoring-victoria-metrics`);

describe("VictoriaMetrics as a cluster", () => {
  let graph: Graph;
  let contract: Awaited<ReturnType<typeof productionStore>>["contract"];

  before(async () => {
    ({ graph, contract } = await productionStore());
  });

  it("is exactly these objects", () => {
    assert.deepEqual(
      objectsOf(graph),
      [
        ...withEverything("vmstorage", "StatefulSet", "PodDisruptionBudget"),
        ...withEverything("vmselect", "StatefulSet", "PodDisruptionBudget"),
        ...withEverything("vminsert", "Deployment", "PodDisruptionBudget"),
        ...withEverything("vmauth", "Deployment", "PodDisruptionBudget"),
        ...withEverything("vmagent", "StatefulSet", "PodDisruptionBudget"),
        "ConfigMap vmauth-files",
        "ServiceAccount vmbackup",
        "Secret vmbackup-keys",
        "ConfigMap vmbackup-ca",
        ...guard,
        ...[0, 1, 2].map((index) => `CronJob vmstorage-backup-${index}`),
      ].sort(),
    );
  });

  it("has only restricted pods", () => {
    for (const [kind, name] of [
      ["StatefulSet", "vmstorage"],
      ["StatefulSet", "vmselect"],
      ["Deployment", "vminsert"],
      ["Deployment", "vmauth"],
      ["StatefulSet", "vmagent"],
      ["CronJob", "vmstorage-backup-0"],
    ] as const) {
      assertRestricted(podOf(graph, kind, name));
    }
  });

  it("names the same storage nodes to those that write and to those that ask", () => {
    const nodes = (port: number) =>
      [0, 1, 2].map((index) => `vmstorage-${index}.vmstorage.monitoring.svc:${port}`).join(",");
    const insert = argumentsOf(graph, "Deployment", "vminsert");
    const select = argumentsOf(graph, "StatefulSet", "vmselect");
    assert.deepEqual(flag(insert, "storageNode"), [nodes(8400)]);
    assert.deepEqual(flag(select, "storageNode"), [nodes(8401)]);
    assert.deepEqual([flag(insert, "replicationFactor"), flag(select, "replicationFactor")], [["2"], ["2"]]);
  });

  it("merges replicas at one interval where it stores and where it answers, and keeps days, not months", () => {
    const storage = argumentsOf(graph, "StatefulSet", "vmstorage");
    const select = argumentsOf(graph, "StatefulSet", "vmselect");
    assert.deepEqual(flag(storage, "dedup.minScrapeInterval"), ["30s"]);
    assert.deepEqual(flag(select, "dedup.minScrapeInterval"), ["30s"]);
    assert.deepEqual(flag(storage, "retentionPeriod"), ["400d"]);
    assert.deepEqual(flag(storage, "storage.minFreeDiskSpaceBytes"), ["104857MiB"]);
    assert.deepEqual(flag(storage, "storage.maxHourlySeries"), ["-1"]);
  });

  it("takes every series that Prometheus lets in", () => {
    const insert = argumentsOf(graph, "Deployment", "vminsert");
    assert.deepEqual(flag(insert, "maxLabelsPerTimeseries"), ["70"]);
    assert.deepEqual(flag(insert, "maxLabelValueLen"), ["2048"]);
  });

  it("shares a limit of series out over the nodes, with their copies and those of one that is away", async () => {
    const limited = await store({ replicationFactor: 2, storageNodes: 4, maxHourlySeries: 1_000_000 });
    const storage = argumentsOf(limited, "StatefulSet", "vmstorage");
    assert.deepEqual(flag(storage, "storage.maxHourlySeries"), ["800000"]);
    assert.deepEqual(flag(storage, "storage.maxDailySeries"), ["-1"]);
  });

  it("lets nothing but writes and queries of one tenant through its gateway", () => {
    const { data } = graph.manifest("ConfigMap", "vmauth-files") as unknown as { data: Record<string, string> };
    assert.deepEqual(parse(data["auth.yaml"] ?? ""), {
      unauthorized_user: {
        url_map: [
          {
            src_paths: ["/insert/0/prometheus/.+"],
            url_prefix: ["http://vminsert.monitoring.svc:8480/"],
            discover_backend_ips: true,
          },
          {
            src_paths: ["/select/0/prometheus/.+"],
            url_prefix: ["http://vmselect.monitoring.svc:8481/"],
            discover_backend_ips: true,
            retry_status_codes: [502, 503],
          },
          {
            src_paths: ["/whole/select/0/prometheus/.+"],
            url_prefix: ["http://vmselect.monitoring.svc:8481/?deny_partial_response=1"],
            drop_src_path_prefix_parts: 1,
            discover_backend_ips: true,
            retry_status_codes: [502, 503],
          },
        ],
      },
    });
  });

  it("is fed through agents that hold samples on their volumes, without the label of the replica", () => {
    const agent = argumentsOf(graph, "StatefulSet", "vmagent");
    assert.deepEqual(flag(agent, "remoteWrite.url"), [
      "http://vmauth.monitoring.svc:8427/insert/0/prometheus/api/v1/write",
    ]);
    assert.deepEqual(flag(agent, "remoteWrite.tmpDataPath"), ["/queue"]);
    assert.deepEqual(flag(agent, "remoteWrite.maxDiskUsagePerURL"), ["40960MiB"]);
    assert.equal(contract.feed.kind, "remoteWrite");
    assert.ok(contract.feed.kind === "remoteWrite" && contract.feed.write.dropReplicaLabel);
    assert.deepEqual(graph.outputs, {
      queryUrl: "http://vmauth.monitoring.svc:8427/select/0/prometheus",
      writeUrl: "http://vmagent.monitoring.svc:8429/api/v1/write",
      rulesUrl: "http://vmauth.monitoring.svc:8427/whole/select/0/prometheus",
    });
  });

  it("has rules asked where nothing is answered in part", async () => {
    const url = "http://vmauth.monitoring.svc:8427/whole/select/0/prometheus";
    assert.equal(graph.outputs.rulesUrl, url);
    assert.deepEqual([contract.rules?.member.name, contract.rules?.listener], ["vmauth", "http"]);
    const { rules } = (await productionStore({ architecture: "single" })).contract;
    // One server answers for everything or not at all.
    assert.equal(rules, undefined);
    const withRules = await store({ rules: { files: {} } });
    const asked = ["http://vmauth.n.svc:8427/whole/select/0/prometheus"];
    for (const name of ["datasource.url", "remoteRead.url"]) {
      assert.deepEqual(flag(argumentsOf(withRules, "Deployment", "vmalert"), name), asked);
    }
  });

  it("says who calls whom, and who calls the bucket", () => {
    assert.deepEqual(
      contract.edges.map(({ from, to, ports = [] }) => `${from.name} → ${to.name}:${ports.map(({ port }) => port)}`),
      [
        "vminsert → vmstorage:8400",
        "vmselect → vmstorage:8401",
        "vmauth → vminsert:8480",
        "vmauth → vmselect:8481",
        "vmagent → vmauth:8427",
        "vmbackup → vmstorage:8482",
      ],
    );
    assert.deepEqual(
      contract.members.map(({ name }) => name),
      ["vmstorage", "vmselect", "vminsert", "vmauth", "vmagent", "vmbackup"],
    );
    assert.deepEqual(
      contract.callBucket.map(({ name }) => name),
      ["vmbackup"],
    );
  });

  it("rolls storage nodes first, then those that ask them, then those that write, then what is before them", () => {
    const follows = (kind: string, name: string, earlier: string) => {
      const { dependencies } = graph.one(`kubernetes:apps/v1:${kind}`, name).options;
      assert.ok(
        dependencies.some((urn) => new RegExp(`apps/v1:[A-Za-z]+::${earlier}$`).test(urn)),
        name,
      );
    };
    follows("StatefulSet", "vmselect", "vmstorage");
    follows("Deployment", "vminsert", "vmselect");
    follows("Deployment", "vmauth", "vminsert");
    follows("StatefulSet", "vmagent", "vmauth");
  });

  it("names storage nodes that are not ready, keeps their volumes, and is not deleted without a word", () => {
    const { spec } = graph.manifest("Service", "vmstorage") as unknown as { spec: Record<string, unknown> };
    assert.deepEqual([spec.clusterIP, spec.publishNotReadyAddresses], ["None", true]);
    const set = graph.manifest("StatefulSet", "vmstorage") as unknown as { spec: Record<string, unknown> };
    assert.deepEqual(set.spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    assert.equal(
      podOf(graph, "StatefulSet", "vmstorage").containers.every((each) => !("livenessProbe" in each)),
      true,
    );
    assert.equal(graph.one("kubernetes:apps/v1:StatefulSet", "vmstorage").options.protect, true);
  });

  it("shows a preview with the same resources", () =>
    previewHonesty(() => {
      new VictoriaMetrics("victoria-metrics", { namespace: "n", retentionDays: 30 });
    }));
});

describe("VictoriaMetrics as one server", () => {
  it("is one server behind the agents, with the same limits", async () => {
    const { graph, contract } = await productionStore({ architecture: "single" });
    // Pulumi would wait for the endpoints of pods that wait for the Service.
    const { annotations } = graph.manifest("Service", "victoria-metrics").metadata as { annotations: object };
    assert.deepEqual(annotations, { "pulumi.com/skipAwait": "true" });
    assert.deepEqual(
      objectsOf(graph),
      [
        ...withEverything("victoria-metrics", "StatefulSet"),
        ...withEverything("vmagent", "StatefulSet", "PodDisruptionBudget"),
        "ServiceAccount vmbackup",
        "Secret vmbackup-keys",
        "ConfigMap vmbackup-ca",
        ...guard,
        "CronJob victoria-metrics-backup-0",
      ].sort(),
    );
    const args = argumentsOf(graph, "StatefulSet", "victoria-metrics");
    for (const [name, value] of [
      ["retentionPeriod", "400d"],
      ["dedup.minScrapeInterval", "30s"],
      ["maxLabelsPerTimeseries", "70"],
      ["search.maxQueryDuration", "2m"],
    ] as const) {
      assert.deepEqual(flag(args, name), [value]);
    }
    assert.deepEqual(flag(argumentsOf(graph, "StatefulSet", "vmagent"), "remoteWrite.url"), [
      "http://victoria-metrics.monitoring.svc:8428/api/v1/write",
    ]);
    assert.deepEqual(graph.outputs.queryUrl, "http://victoria-metrics.monitoring.svc:8428");
    assert.deepEqual(
      contract.edges.map(({ from, to }) => `${from.name} → ${to.name}`),
      ["vmagent → victoria-metrics", "vmbackup → victoria-metrics"],
    );
  });
});

describe("rules over VictoriaMetrics", () => {
  it("are evaluated twice, ask the store, write through the agents, and tell every Alertmanager", async () => {
    const graph = await store({
      dedupInterval: "15s",
      rules: {
        files: { "global.yaml": "groups: []\n" },
        notifierUrls: ["http://alertmanager-0:9093", "http://alertmanager-1:9093"],
        externalLabels: { cluster: "c" },
      },
    });
    const args = argumentsOf(graph, "Deployment", "vmalert");
    assert.deepEqual(flag(args, "notifier.url"), ["http://alertmanager-0:9093", "http://alertmanager-1:9093"]);
    assert.deepEqual(flag(args, "evaluationInterval"), ["15s"]);
    assert.deepEqual(flag(args, "remoteWrite.url"), ["http://vmagent.n.svc:8429"]);
    assert.deepEqual(flag(args, "remoteRead.url"), flag(args, "datasource.url"));
    assert.deepEqual(flag(args, "external.label"), ["cluster=c"]);
    const { spec } = graph.manifest("Deployment", "vmalert") as unknown as { spec: { replicas: number } };
    assert.equal(spec.replicas, 2);
    assert.ok(args.every((arg) => arg !== "-notifier.blackhole"));
    const silent = await store({ rules: { files: {} } });
    assert.ok(argumentsOf(silent, "Deployment", "vmalert").includes("-notifier.blackhole"));
  });
});

describe("arguments of VictoriaMetrics", () => {
  it("that do not fit are refused", async () => {
    for (const [args, message] of [
      [{ architecture: "both" }, /'both' is none of cluster, single/],
      [{ replicationFactor: 3, storageNodes: 4 }, /2 × replicationFactor − 1, which is 5/],
      [{ replicationFactor: 0 }, /whole number above 0/],
      [{ retentionDays: 0.5 }, /whole days/],
      [{ dedupInterval: "30" }, /whole number above 0/],
      [{ downsampling: ["30d:5m"] }, /VictoriaMetrics Enterprise/],
      [{ retentionFilters: ['{a="b"}:3d'] }, /VictoriaMetrics Enterprise/],
      [{ licence: "k", downsampling: ["30d:45s"] }, /OFFSET:INTERVAL/],
      [{ licence: "k", retentionFilters: ["a:3d"] }, /FILTER:RETENTION/],
      [{ backup: { bucket: { name: "b" } } }, /needs volumes/],
      [{ storage: { volumeSize: "1TB" } }, /'1TB' must be a whole number and Mi, Gi or Ti/],
    ] as [Partial<VictoriaMetricsArgs>, RegExp][]) {
      await assert.rejects(store(args), message);
    }
  });

  it("do not make something else a store", () => {
    assert.throws(() => storeOf({} as ThanosQuery), /Object is no long-term store/);
  });
});
