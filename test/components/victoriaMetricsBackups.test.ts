import assert from "node:assert/strict";
import { manifestsOf } from "../../tools/plan/manifests";
import { argumentsOf, flag, objectsOf, type Pod, podOf, productionStore } from "./victoriaMetricsStore";

describe("backups of VictoriaMetrics", () => {
  it("mount the volume of one pod, on its node, and name its own place in the bucket", async () => {
    const { graph } = await productionStore();
    const pod = podOf(graph, "CronJob", "vmstorage-backup-1") as Pod & { volumes: { name: string }[] };
    assert.deepEqual(pod.affinity, {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            labelSelector: { matchLabels: { "statefulset.kubernetes.io/pod-name": "vmstorage-1" } },
            topologyKey: "kubernetes.io/hostname",
          },
        ],
      },
    });
    assert.deepEqual(
      pod.volumes.find(({ name }) => name === "data"),
      { name: "data", persistentVolumeClaim: { claimName: "data-vmstorage-1" } },
    );
    const args = argumentsOf(graph, "CronJob", "vmstorage-backup-1");
    assert.deepEqual(flag(args, "dst"), ["s3://metrics/victoriaMetrics/ml-prod/vmstorage-1/latest"]);
    assert.deepEqual(flag(args, "snapshot.createURL"), [
      "http://vmstorage-1.vmstorage.monitoring.svc:8482/snapshot/create",
    ]);
    assert.deepEqual(flag(args, "customS3Endpoint"), ["https://s3.example.com:9000"]);
  });

  it("leave a copy for each day where that is wanted, after the upload", async () => {
    const resources = { cpu: "1", memory: "1Gi" };
    const { graph } = await productionStore({
      backup: { kind: "scheduled", schedule: "0 * * * *", copies: true, resources },
    });
    const { containers, initContainers = [] } = podOf(graph, "CronJob", "vmstorage-backup-0");
    assert.deepEqual(
      [initContainers, containers].map((each) => flag(each[0]?.args ?? [], "dst")),
      [
        ["s3://metrics/victoriaMetrics/ml-prod/vmstorage-0/latest"],
        ["s3://metrics/victoriaMetrics/ml-prod/vmstorage-0/$(JOB)"],
      ],
    );
    assert.deepEqual(flag(containers[0]?.args ?? [], "origin"), [
      "s3://metrics/victoriaMetrics/ml-prod/vmstorage-0/latest",
    ]);
  });

  it("show their keys to nobody, and have none where the pods have an identity", async () => {
    const { graph } = await productionStore();
    const readable = JSON.stringify(manifestsOf(graph.resources).map(({ object }) => object));
    assert.ok(!readable.includes("the-key-4711"));
    const secret = graph.manifest("Secret", "vmbackup-keys") as unknown as { stringData: unknown };
    assert.deepEqual(secret.stringData, { credentials: "[secret]" });
    const arn = "arn:aws:iam::123456789012:role/metrics";
    const { graph: withRole } = await productionStore({
      bucket: { name: "metrics", credentials: { kind: "role", arn } },
    });
    const { metadata } = withRole.manifest("ServiceAccount", "vmbackup") as unknown as {
      metadata: { annotations: Record<string, string> };
    };
    assert.equal(metadata.annotations["eks.amazonaws.com/role-arn"], arn);
    assert.ok(!objectsOf(withRole).includes("Secret vmbackup-keys"));
  });
});

describe("VictoriaMetrics with a licence", () => {
  it("runs the Enterprise builds of what the licence is for, and has it in a file", async () => {
    const { graph } = await productionStore({
      licence: "licence-0815",
      downsampling: ["30d:5m", "180d:1h"],
      retentionFilters: ['{team="research",env=~"a,b"}:30d'],
    });
    const storage = podOf(graph, "StatefulSet", "vmstorage").containers[0] ?? assert.fail();
    assert.match(storage.image, /\/vmstorage:v[0-9.]+-enterprise-cluster$/);
    assert.deepEqual(flag(storage.args, "licenseFile"), ["/etc/licence/licence"]);
    assert.deepEqual(flag(storage.args, "downsampling.period"), ["30d:5m", "180d:1h"]);
    assert.deepEqual(flag(storage.args, "retentionFilter"), ['{team="research",env=~"a,b"}:30d']);
    const select = argumentsOf(graph, "StatefulSet", "vmselect");
    assert.deepEqual(flag(select, "downsampling.period"), ["30d:5m", "180d:1h"]);
    assert.doesNotMatch(podOf(graph, "Deployment", "vminsert").containers[0]?.image ?? "", /enterprise/);
    assert.ok(!JSON.stringify(manifestsOf(graph.resources)).includes("licence-0815"));
  });
});
