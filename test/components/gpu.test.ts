import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { DcgmExporter, GpuNodesOutside } from "../../components";
import { efaDropList } from "../../components/gpu/efaScrape";
import { counterFile } from "../../components/gpu/signals/counterFile";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { isKept, relabel } from "../../components/prometheus/scrape/relabeling";
import { parseSettings } from "../../stacks/settings";
import { manifestsOf } from "../../tools/plan/manifests";
import { selectionsOf } from "../../tools/testing/promql";
import { graphOf } from "../harness";
import { platformOf, stackSettings } from "./platformProgram";

interface Container {
  env: { name: string; value?: string }[];
  securityContext: { capabilities: { drop: string[]; add?: string[] }; readOnlyRootFilesystem: boolean };
  volumeMounts: { mountPath: string; readOnly?: boolean }[];
}

interface PodSpec {
  automountServiceAccountToken: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  tolerations: unknown;
  containers: [Container];
}

const withGpu = (gpu: object, others: object = {}) => ({ ...stackSettings("prod"), gpu, ...others });

async function exporterOf(gpu: object) {
  const graph = await platformOf(withGpu(gpu));
  const { template } = graph.manifest("DaemonSet", "dcgm-exporter").spec as { template: { spec: PodSpec } };
  const [container] = template.spec.containers;
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  return { graph, pod: template.spec, container, env };
}

const endpointOf = (graph: Awaited<ReturnType<typeof platformOf>>) => {
  const { endpoints } = graph.manifest("ServiceMonitor", "dcgm-exporter").spec as {
    endpoints: [{ interval: string; relabelings: Parameters<typeof relabel>[0]; metricRelabelings: unknown[] }];
  };
  return endpoints[0];
};

describe("dcgm-exporter", () => {
  it("has the catalogue's counter file and no other right than to look, whatever is collected", async () => {
    for (const [profile, add] of [
      ["essential", undefined],
      ["health", undefined],
      ["profiling", ["SYS_ADMIN"]],
    ] as const) {
      const { graph, pod, container, env } = await exporterOf({ kind: "install", profile });
      assert.deepEqual((graph.manifest("ConfigMap", "dcgm-exporter") as unknown as { data: unknown }).data, {
        "counters.csv": counterFile(profile),
      });
      assert.equal(env.DCGM_EXPORTER_COLLECTORS, "/etc/dcgm-exporter/counters.csv");
      assert.deepEqual(container.securityContext.capabilities, add ? { drop: ["ALL"], add } : { drop: ["ALL"] });
      assert.equal(container.securityContext.readOnlyRootFilesystem, true);
      assert.deepEqual([pod.hostNetwork, pod.hostPID, pod.automountServiceAccountToken], [undefined, undefined, false]);
      assert.deepEqual(
        container.volumeMounts.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath),
        ["/var/run/nvidia-container-devices/all", "/tmp"],
      );
    }
  });

  it("is read as often as it collects, in the exporter's own unit", async () => {
    for (const [scrapeInterval, interval] of [
      ["15s", "15000"],
      ["1m", "60000"],
    ]) {
      const { graph, env } = await exporterOf({ kind: "install", scrapeInterval });
      assert.equal(env.DCGM_EXPORTER_INTERVAL, interval);
      assert.equal(endpointOf(graph).interval, scrapeInterval);
    }
  });

  it("reads devices of claims only where GPUs are claimed, by one role for that alone", async () => {
    const claims = await exporterOf({ kind: "install", dynamicResourceAllocation: true });
    assert.equal(claims.env.KUBERNETES_ENABLE_DRA, "true");
    assert.equal(claims.pod.automountServiceAccountToken, true);
    assert.deepEqual(
      (claims.graph.manifest("ClusterRole", "monitoring-dcgm-exporter") as unknown as { rules: unknown }).rules,
      [{ apiGroups: ["resource.k8s.io"], resources: ["resourceslices"], verbs: ["get", "list", "watch"] }],
    );
    const { pod, env } = await exporterOf({ kind: "install", dynamicResourceAllocation: true, sharedGpus: true });
    assert.deepEqual([pod.automountServiceAccountToken, env.KUBERNETES_ENABLE_DRA], [false, undefined]);
  });

  it("gives a node's series its name, its region and what it fails together with, and keeps them on one shard", async () => {
    const { graph } = await exporterOf({ kind: "install" });
    const steps = endpointOf(graph).relabelings.map((step) => ({ ...step, regex: step.regex ?? "(.*)" }));
    const target = (labels: Record<string, string>) =>
      relabel(steps, {
        namespace: "monitoring-nodes",
        pod: "dcgm-exporter-x",
        __meta_kubernetes_pod_node_name: "n1",
        ...labels,
      });
    const place = (labels: Record<string, string>) => {
      const { region, failure_domain } = target(labels) ?? assert.fail();
      return { region, failure_domain };
    };
    const { node, instance, __tmp_hash, pod, namespace } = target({}) ?? assert.fail();
    assert.deepEqual(
      { node, instance, __tmp_hash, pod, namespace },
      {
        ...{ node: "n1", instance: "n1", __tmp_hash: "n1" },
        ...{ pod: undefined, namespace: undefined },
      },
    );
    const zone = {
      __meta_kubernetes_node_label_topology_kubernetes_io_region: "us-east-1",
      __meta_kubernetes_node_label_topology_kubernetes_io_zone: "us-east-1a",
    };
    assert.deepEqual(place({}), { region: undefined, failure_domain: undefined });
    assert.deepEqual(place(zone), { region: "us-east-1", failure_domain: "us-east-1a" });
    const rack = { ...zone, __meta_kubernetes_node_label_nvidia_com_gpu_clique: "rack-7" };
    assert.deepEqual(place(rack), { region: "us-east-1", failure_domain: "rack-7" });
  });

  it("may list nodes also where nothing else of the cluster is watched", async () => {
    const graph = await platformOf(withGpu({ kind: "install" }, { clusterMetrics: { kind: "none" } }));
    assert.deepEqual(
      (graph.manifest("ClusterRole", "monitoring-prometheus-nodes") as unknown as { rules: unknown }).rules,
      [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] }],
    );
  });

  it("without GPUs, neither exporter nor rules about them remain", async () => {
    const graph = await platformOf(withGpu({ kind: "none" }));
    const left = manifestsOf(graph.resources).filter(({ object }) =>
      /dcgm|gpu-/.test(`${object.metadata.name}`.replace("gpu-observability", "")),
    );
    assert.deepEqual(
      left.map(({ file }) => file),
      [],
    );
  });

  it("refuses what it cannot do, by the name of the argument", async () => {
    const attempt = (args: object) =>
      graphOf(() => {
        new DcgmExporter("dcgm-exporter", { namespace: "n", ...args });
        return {};
      }, {});
    await assert.rejects(attempt({ profile: "all" }), /'all' is none of essential, health, profiling/);
    await assert.rejects(attempt({ scrapeInterval: "500ms" }), /'500ms' is not a whole number of seconds or minutes/);
  });
});

describe("an EFA exporter", () => {
  it("keeps every metric that rules ask for", () => {
    const asked = platformRuleGroups()
      .flatMap(({ rules }) => rules)
      .flatMap(({ expr }) => selectionsOf(expr).map(({ name }) => name))
      .filter((name) => name.startsWith("node_amazonefa_"));
    assert.ok(asked.length > 5);
    assert.deepEqual(
      asked.filter((name) => !isKept(efaDropList, { __name__: name })),
      [],
    );
    assert.ok(!isKept(efaDropList, { __name__: "node_cpu_seconds_total" }));
  });
});

describe("GPU nodes outside Kubernetes", () => {
  const slurm = {
    name: "slurm",
    region: "dc1",
    cidrs: ["10.9.0.0/24"],
    targets: [
      { node: "c1", address: "10.9.0.1:9400", failureDomain: "rack-1" },
      { node: "c2", address: "10.9.0.2:9400" },
    ],
  };

  it("have the identity of those inside, and a way through the network", async () => {
    const graph = await platformOf(withGpu({ kind: "install", outside: [slurm] }));
    const spec = graph.manifest("ScrapeConfig", "gpu-nodes-slurm").spec as Record<string, unknown>;
    assert.equal(spec.jobName, "dcgm-exporter");
    assert.deepEqual(spec.staticConfigs, [
      {
        targets: ["10.9.0.1:9400"],
        labels: { instance: "c1", node: "c1", region: "dc1", failure_domain: "rack-1" },
      },
      { targets: ["10.9.0.2:9400"], labels: { instance: "c2", node: "c2", region: "dc1" } },
    ]);
    const policy = graph.manifest("NetworkPolicy", "prometheus").spec as { egress: unknown[] };
    assert.ok(
      policy.egress.some(
        (rule) =>
          JSON.stringify(rule) ===
          JSON.stringify({ to: [{ ipBlock: { cidr: "10.9.0.0/24" } }], ports: [{ protocol: "TCP", port: 9400 }] }),
      ) || JSON.stringify(policy.egress).includes("10.9.0.0/24"),
    );
  });

  it("must have names and addresses: each problem says where", () => {
    const parsed = parseSettings(
      withGpu({ kind: "install", outside: [{ ...slurm, targets: [{ node: "c1", address: "c1" }] }] }),
    );
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.problems.map(({ path, rule }) => [path, rule]),
      [["gpu.outside[0].targets[0].address", "must be HOST:PORT"]],
    );
  });

  it("are a component of their own, too", async () => {
    const graph = await graphOf(() => {
      new GpuNodesOutside("lab", { namespace: "n", nodes: [{ node: "a", address: "a:9400" }] });
      return {};
    }, {});
    assert.deepEqual(graph.names("kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig"), ["lab"]);
    assert.ok(pulumi.runtime.isDryRun !== undefined);
  });
});
