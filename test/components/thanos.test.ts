import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { objectStoreFile } from "../../components/backends/thanos/objectStore";
import { ThanosStore, type ThanosStoreArgs } from "../../components/backends/thanos/thanosStore";
import { Secret } from "../../tools/engine";
import type { Graph } from "../harness";
import { graphOf } from "../harness";
import { fileOf, productionThanos, receiveInZones, remoteQueriers } from "./thanosStore";
import { argumentsOf, podOf } from "./victoriaMetricsStore";

/** Every option at once. */
const everything = { storeGateway: shards(2), receive: receiveInZones, remoteQueriers };

function shards(count: number) {
  return {
    shards: count,
    replicas: 2,
    resources: { cpu: "500m", memory: "4Gi" },
    storage: { kind: "volume", size: "20Gi", storageClass: "gp3" },
    limits: { series: 1_000, samples: 2_000_000, download: "1Gi" },
  };
}

/** Kinds and names of all objects. */
const objectsOf = ({ resources }: Graph) =>
  resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)
    .sort();

/** What {@link objectsOf} has for a server. */
const server = (kind: string, name: string, ...others: string[]) =>
  [kind, "Service", "ServiceAccount", "ServiceMonitor", ...others].map((each) => `${each} ${name}`);

describe("Thanos with object storage", () => {
  it("is exactly these objects in production, each in replicas but for the compactor", async () => {
    const { graph } = await productionThanos();
    const pairs = ["thanos-index-cache", "thanos-bucket-cache", "thanos-response-cache", "thanos-store"];
    assert.deepEqual(
      objectsOf(graph).filter((name) => name !== "kubernetes kubernetes"),
      [
        ...pairs.flatMap((name) => server("StatefulSet", name, "PodDisruptionBudget")),
        ...server("StatefulSet", "thanos-compactor"),
        ...["thanos-query", "thanos-query-frontend"].flatMap((name) =>
          server("Deployment", name, "PodDisruptionBudget"),
        ),
        "ConfigMap thanos-compactor-files",
        "ConfigMap thanos-query-files",
        "ConfigMap thanos-query-frontend-files",
        "ConfigMap thanos-store-files",
        "Secret thanos-bucket",
        "ValidatingAdmissionPolicy monitoring-thanos",
        "ValidatingAdmissionPolicyBinding monitoring-thanos",
      ].sort(),
    );
    const replicas = (kind: string, name: string) => (graph.manifest(kind, name).spec as { replicas: number }).replicas;
    assert.deepEqual(
      [...pairs.map((name) => replicas("StatefulSet", name)), replicas("StatefulSet", "thanos-compactor")],
      [2, 2, 2, 2, 1],
    );
    assert.deepEqual(
      ["thanos-query", "thanos-query-frontend"].map((name) => replicas("Deployment", name)),
      [2, 2],
    );
  });

  it("has pods that the restricted profile admits, none with a token", async () => {
    const { graph } = await productionThanos(everything);
    for (const { type, name } of graph.resources) {
      const kind = type.split(":").at(-1) ?? "";
      if (!["StatefulSet", "Deployment"].includes(kind)) continue;
      const pod = podOf(graph, kind, name);
      assert.equal(pod.automountServiceAccountToken, false, name);
      assert.partialDeepStrictEqual(pod.securityContext, {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const container of pod.containers) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    }
  });

  it("shows in a preview what it makes", async () => {
    const names = async (preview: boolean) => objectsOf((await productionThanos(everything, preview)).graph);
    assert.deepEqual(await names(true), await names(false));
  });

  it("takes over the queriers that there were without a bucket", async () => {
    const { graph } = await productionThanos();
    const { options } = graph.one("gpu-observability:index:ThanosQuery", "thanos-query");
    assert.deepEqual(options.aliases, ["parent=none"]);
  });

  it("tells sidecars of the bucket by the Secret that its own pods read", async () => {
    const { graph, contract } = await productionThanos();
    assert.equal(contract.feed.kind, "sidecar");
    const { bucket } = contract.feed as { bucket: { key: string } };
    assert.equal(bucket.key, "objstore.yaml");
    for (const name of ["thanos-store", "thanos-compactor"]) {
      assert.ok(
        argumentsOf(graph, "StatefulSet", name).includes("--objstore.config-file=/etc/thanos-bucket/objstore.yaml"),
      );
      const { volumes, containers } = podOf(graph, "StatefulSet", name) as unknown as {
        volumes: { name: string; secret?: { secretName: string } }[];
        containers: [{ volumeMounts: { name: string; mountPath: string }[] }];
      };
      const volume = volumes.find(({ secret }) => secret?.secretName === "thanos-bucket");
      const mount = containers[0].volumeMounts.find((each) => each.name === volume?.name);
      assert.equal(mount?.mountPath, "/etc/thanos-bucket");
    }
  });

  it("keeps keys of the bucket in that Secret alone", async () => {
    const { graph } = await productionThanos(everything);
    const text = (secret: (value: unknown) => unknown) =>
      JSON.stringify([graph.resources, graph.outputs], (_key, value) =>
        value instanceof Secret ? secret(value.value) : value,
      );
    assert.doesNotMatch(
      text(() => "[secret]"),
      /the-key-4711|the-id/,
    );
    assert.match(
      text((value) => value),
      /the-key-4711/,
    );
    assert.deepEqual(graph.names("kubernetes:core/v1:Secret"), ["thanos-bucket"]);
  });

  it("divides blocks so that each has one part, in workloads that name the division", async () => {
    const { graph } = await productionThanos({ storeGateway: shards(3) });
    const names = [0, 1, 2].map((shard) => `thanos-store-${shard}-of-3`);
    for (const [shard, name] of names.entries()) {
      assert.deepEqual(fileOf(graph, `${name}-files`, "selector.yaml"), [
        { action: "hashmod", source_labels: ["__block_id"], target_label: "shard", modulus: 3 },
        { action: "keep", source_labels: ["shard"], regex: String(shard) },
      ]);
    }
    // Queriers hear of the division when its pods are ready; those of the old one go after that.
    const after = graph.one("gpu-observability:index:ThanosQuery", "thanos-query").options.dependencies.join();
    for (const name of names) assert.ok(after.includes(`StatefulSet::${name}`), name);
    // Replicas of a part are a group: one of them is asked, and another when it does not answer.
    assert.deepEqual(fileOf(graph, "thanos-query-files", "endpoints.yaml"), {
      endpoints: [
        { address: "dnssrv+_grpc._tcp.prometheus-sidecar.monitoring.svc" },
        ...names.map((name) => ({ address: `dnssrv+_grpc._tcp.${name}.monitoring.svc`, group: true })),
      ],
    });
    const args = argumentsOf(graph, "StatefulSet", "thanos-store-0-of-3");
    for (const flag of [
      "--chunk-pool-size=1024MB",
      "--store.limits.request-series=1000",
      "--store.limits.request-samples=2000000",
      "--store.grpc.downloaded-bytes-limit=1024MB",
      "--ignore-deletion-marks-delay=24h",
    ]) {
      assert.ok(args.includes(flag), flag);
    }
  });

  it("compacts by one pod, which merges the pair and the rulers and deletes later than gateways forget", async () => {
    const { graph } = await productionThanos();
    const args = argumentsOf(graph, "StatefulSet", "thanos-compactor");
    for (const flag of [
      "--wait",
      "--retention.resolution-raw=30d",
      "--retention.resolution-5m=180d",
      "--retention.resolution-1h=2y",
      "--deduplication.replica-label=prometheus_replica",
      "--deduplication.replica-label=thanos_ruler_replica",
      "--deduplication.func=penalty",
      "--delete-delay=48h",
      "--consistency-delay=30m",
    ]) {
      assert.ok(args.includes(flag), flag);
    }
    // Blocks of another cluster in the bucket are another compactor's.
    assert.deepEqual(fileOf(graph, "thanos-compactor-files", "selector.yaml"), [
      { action: "keep", source_labels: ["cluster"], regex: "ml-prod" },
    ]);
    const { volumeClaimTemplates, persistentVolumeClaimRetentionPolicy } = graph.manifest(
      "StatefulSet",
      "thanos-compactor",
    ).spec as { volumeClaimTemplates: [{ spec: object }]; persistentVolumeClaimRetentionPolicy: object };
    assert.partialDeepStrictEqual(volumeClaimTemplates[0].spec, { resources: { requests: { storage: "100Gi" } } });
    assert.deepEqual(persistentVolumeClaimRetentionPolicy, { whenDeleted: "Delete", whenScaled: "Delete" });
  });

  it("caches in memcached, each cache with items as large as its clients send", async () => {
    const { graph } = await productionThanos();
    const address = (name: string) => `dnssrvnoa+_memcached._tcp.${name}.monitoring.svc`;
    for (const [name, item, limit, files, file] of [
      ["thanos-index-cache", 5, 1_024, "thanos-store-files", "index-cache.yaml"],
      ["thanos-bucket-cache", 1, 2_048, "thanos-store-files", "bucket-cache.yaml"],
      ["thanos-response-cache", 5, 512, "thanos-query-frontend-files", "response-cache.yaml"],
    ] as const) {
      assert.deepEqual(fileOf(graph, files, file), {
        type: "MEMCACHED",
        config: { addresses: [address(name)], max_item_size: `${item}MiB` },
      });
      const args = argumentsOf(graph, "StatefulSet", name);
      assert.ok(args.includes(`--max-item-size=${item}m`) && args.includes(`--memory-limit=${limit}`), name);
    }
  });

  it("caches in the pods' memory where a stack is small", async () => {
    const { graph } = await productionThanos({ cache: { kind: "inMemory", size: "64Mi" } });
    assert.deepEqual(fileOf(graph, "thanos-store-files", "index-cache.yaml"), {
      type: "IN-MEMORY",
      config: { max_size: "64MiB", max_item_size: "16MiB" },
    });
    assert.equal(objectsOf(graph).filter((name) => name.includes("cache")).length, 0);
  });

  it("refuses what it cannot do, by the name of the argument", async () => {
    const attempt = (args: Partial<ThanosStoreArgs>) =>
      graphOf(() => {
        new ThanosStore("thanos", { namespace: "n", bucket: { name: "b" }, endpoints: [], ...args });
        return {};
      });
    await assert.rejects(attempt({ bucket: { name: "b", accessKeyId: "a" } }), /accessKeyId and secretAccessKey/);
    await assert.rejects(attempt({ receive: { zones: ["a", "b"] } }), /replicationFactor: 3 copies in 2 zones/);
    await assert.rejects(attempt({ receive: { ingestors: 2 } }), /replicationFactor: 3 copies need as many ingestors/);
    await assert.rejects(attempt({ receive: { zones: ["a", "a", "b"] } }), /zones: a zone is there twice/);
    await assert.rejects(
      attempt({ receive: { ingestorsDrainedTo: 2 } }),
      /ingestorsDrainedTo: must be the number of ing/,
    );
    const twice = [
      { name: "eu", host: "a", port: 443 },
      { name: "eu", host: "b", port: 443 },
    ];
    await assert.rejects(attempt({ remoteQueriers: twice }), /two are called eu/);
    await assert.rejects(attempt({ storeGateway: { shards: 0 } }), /shards: must be a whole number above 0/);
  });
});

describe("the file about the bucket", () => {
  const fileFor = (bucket: Parameters<typeof objectStoreFile>[0]) =>
    new Promise<unknown>((resolve) => {
      pulumi.unsecret(objectStoreFile(bucket)).apply((text) => resolve(parse(text)));
    });

  it("has no keys where pods have an identity", async () => {
    assert.deepEqual(await fileFor({ name: "b", region: "eu-west-1", prefix: "thanos", kmsKeyId: "alias/metrics" }), {
      type: "S3",
      config: {
        bucket: "b",
        endpoint: "s3.dualstack.eu-west-1.amazonaws.com",
        region: "eu-west-1",
        aws_sdk_auth: true,
        sse_config: { type: "SSE-KMS", kms_key_id: "alias/metrics" },
      },
      prefix: "thanos",
    });
  });

  it("trusts another server by its certificates, where sidecars and pods find them", async () => {
    const keys = { accessKeyId: "id", secretAccessKey: "key" };
    assert.deepEqual(
      await fileFor({ name: "b", endpoint: "s3.lan:9000", insecure: false, caCertificate: "PEM", ...keys }),
      {
        type: "S3",
        config: {
          bucket: "b",
          endpoint: "s3.lan:9000",
          region: "us-east-1",
          access_key: "id",
          secret_key: "key",
          bucket_lookup_type: "path",
          http_config: { tls_config: { ca_file: "/etc/thanos-bucket/ca.crt" } },
        },
      },
    );
  });
});
