import assert from "node:assert/strict";
import { gpuNodeRules } from "../../components/gpu/rules/nodes";
import { telemetryRules } from "../../components/gpu/rules/telemetry";
import { capacity, gpu, gpus, kubeNode, pod, seen, up, watched, withRecorded } from "./gpuFleetInput";
import { exporter, object } from "./nodeFixtures";
import { type AlertProof, type Input, proveAlert } from "./promtool";

const context = { namespace: "monitoring", profile: "profiling", scrapeSeconds: 60, podsKnown: true } as const;
const rules = telemetryRules(context);
const prove = (alert: string, proof: AlertProof) => proveAlert(withRecorded(rules, alert), alert, proof);

describe("rules: GPU telemetry, what it is joined with", () => {
  prove("GpuPodMappingLost", {
    input: {
      ...kubeNode(),
      ...capacity("8x200"),
      ...up("1x200"),
      ...seen("40x200", 8),
      ...pod("a", { gpus: 4 }),
      ...gpus("DCGM_FI_DEV_FB_USED", "60000x200", 8),
    },
    quiet: "14m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { cluster: "c1", node: "n1" },
          summary: "Who holds GPUs of node n1 is not known.",
          description:
            "Running pods on node n1 hold 4 GPUs or instances more than its dcgm-exporter names pods for: their use is nobody's, and alerts on workloads do not see them.",
        },
      ],
    },
    silent: [
      {
        why: "all are known, whole ones and instances",
        input: {
          ...up("1x200"),
          ...pod("a"),
          ...pod("m", { resource: "nvidia_com_mig_1g_10gb", gpus: 2 }),
          [gpu("DCGM_FI_DEV_FB_USED", 0, {}, 'namespace="ml", pod="a", container="c"')]: "9x200",
          [gpu("DCGM_FI_DEV_FB_USED", 1, {}, 'GPU_I_ID="1", namespace="ml", pod="m", container="c"')]: "9x200",
          [gpu("DCGM_FI_DEV_FB_USED", 1, {}, 'GPU_I_ID="2", namespace="ml", pod="m", container="c"')]: "9x200",
        },
      },
      {
        why: "pods that are over, that start, or that have no node yet",
        input: {
          ...up("1x200"),
          ...pod("over", { phase: "Succeeded" }),
          ...pod("starts", { phase: "Pending" }),
          ...pod("waits", { phase: "Pending", node: "" }),
        },
      },
      { why: "the exporter does not answer", input: { ...up("0x200"), ...pod("a") } },
      { why: "network cards", input: { ...up("1x200"), ...pod("a", { resource: "nvidia_com_hostdev" }) } },
      {
        why: "a GPU is lost, which is another alert",
        input: {
          ...kubeNode(),
          ...capacity("2x200"),
          ...up("1x200"),
          ...pod("a", { gpus: 2 }),
          ...seen("40x200", 1),
          [gpu("DCGM_FI_DEV_FB_USED", 0, {}, 'namespace="ml", pod="a", container="c"')]: "9x200",
          [gpu("DCGM_FI_DEV_GPU_TEMP", 1)]: "40x5 stale",
        },
      },
      {
        why: "the exporter leaves one GPU out of each scrape, in turn",
        input: {
          ...kubeNode(),
          ...capacity("2x200"),
          ...up("1x200"),
          ...pod("a", { gpus: 2 }),
          [gpu("DCGM_FI_DEV_GPU_TEMP", 0)]: "40 stale ".repeat(20),
          [gpu("DCGM_FI_DEV_GPU_TEMP", 1)]: "stale 40 ".repeat(20),
          [gpu("DCGM_FI_DEV_FB_USED", 0, {}, 'namespace="ml", pod="a", container="c"')]: "9 stale ".repeat(20),
          [gpu("DCGM_FI_DEV_FB_USED", 1, {}, 'namespace="ml", pod="a", container="c"')]: "stale 9 ".repeat(20),
        },
      },
      {
        why: "in maintenance",
        input: { ...kubeNode("n1", { cordoned: "1x200" }), ...up("1x200"), ...pod("a") },
      },
    ],
  });

  const killed = (name: string, restarts: string, reason: string, container = "nvidia-dcgm-exporter"): Input => ({
    [object(
      "kube_pod_container_status_restarts_total",
      `namespace="nodes", pod="${name}", container="${container}"`,
      "",
    )]: restarts,
    [object(
      "kube_pod_container_status_last_terminated_reason",
      `namespace="nodes", pod="${name}", container="${container}", reason="${reason}"`,
      "",
    )]: "1x400",
  });
  prove("GpuExporterOutOfMemory", {
    input: {
      ...killed("e1", "0x10 1x10 2x10 3x400", "OOMKilled"),
      ...killed("e2", "0x10 1x10 2x10 3x400", "OOMKilled", "dcgm-exporter"),
    },
    quiet: "30m",
    fires: {
      at: "34m",
      alerts: [
        {
          labels: { cluster: "c1", namespace: "nodes" },
          summary: "Exporters of GPUs in namespace nodes are killed for their memory again and again.",
          description:
            "2 dcgm-exporters in namespace nodes were started three times or more within six hours, and were killed for their memory (OOMKilled). Each time XIDs of the last minutes are forgotten, and a kill in the middle of a call can hang the driver.",
        },
      ],
    },
    silent: [
      { why: "twice", input: killed("e1", "0x10 1x10 2x400", "OOMKilled") },
      { why: "for another reason", input: killed("e1", "0x10 1x10 2x10 3x400", "Error") },
      { why: "another container", input: killed("e1", "0x10 1x10 2x10 3x400", "OOMKilled", "train") },
      { why: "a week ago", input: killed("e1", "9x400", "OOMKilled"), until: "100m" },
    ],
  });

  const engine = (node: string, values: string) => gpus("DCGM_FI_PROF_GR_ENGINE_ACTIVE", values, 2, { node });
  prove("GpuProfilingMissing", {
    input: {
      ...seen("40x200", 2),
      ...seen("40x200", 2, { node: "n2" }),
      ...engine("n2", "0x200"),
      ...seen("40x200", 2, { node: "n3" }),
      ...engine("n3", "0x20 stale"),
    },
    quiet: "34m",
    fires: {
      at: "70m",
      alerts: [
        {
          labels: { cluster: "c1", modelName: "NVIDIA H100 80GB HBM3" },
          summary: "Hardware counters of NVIDIA H100 80GB HBM3 are missing.",
          description:
            "2 nodes with NVIDIA H100 80GB HBM3 have reported their GPUs, but no hardware counters (DCGM_FI_PROF_…), for 30 minutes, although the profile has them. How well these GPUs are used is unknown.",
        },
      ],
    },
    silent: [
      {
        why: "some node always starts",
        input: Object.assign(
          {},
          ...Array.from({ length: 6 }, (_, index) => ({
            ...seen(`_x${20 * index} 40x200`, 1, { node: `n${index}` }),
            ...engine(`n${index}`, `_x${20 * index + 19} 0x200`),
          })),
        ),
        until: "120m",
      },
      {
        why: "somebody measures with Nsight for a while",
        input: { ...seen("40x200", 2), ...engine("n1", "0x30 stale _x24 0x60") },
      },
      {
        why: "in maintenance",
        input: { ...up("1x200"), ...kubeNode("n1", { cordoned: "1x200" }), ...seen("40x200", 2) },
      },
    ],
  });

  const missing = (input: string, nodes: number) => ({
    labels: { cluster: "c1", input },
    summary: `Rules about GPUs lack ${input}.`,
    description: `For an hour ${input} has been missing for ${nodes} nodes with GPUs. Rules that join with it cannot fire for them, or do not end, or sum them up in no failure domain.`,
  });
  const boot = (node = "n1"): Input => ({
    [exporter("up", "", node)]: "1x200",
    [exporter("node_boot_time_seconds", "", node)]: "1x200",
  });
  prove("GpuJoinInputMissing", {
    input: {
      ...kubeNode(),
      ...up("1x200"),
      ...seen("40x200", 1),
      [exporter("up")]: "1x200",
      ...up("1x200", { node: "n2", domain: "" }),
      ...seen("40x200", 1, { node: "n2", domain: "" }),
    },
    quiet: "59m",
    fires: {
      at: "61m",
      alerts: [
        missing("kube_node_status_capacity", 1),
        missing("node_boot_time_seconds", 1),
        missing("failure_domain", 1),
      ],
    },
    silent: [
      { why: "all are there", input: { ...watched("n1", "1x200"), ...seen("40x200", 1), ...boot() } },
      {
        why: "a fleet without failure domains",
        input: { ...up("1x200", { domain: "" }), ...seen("40x200", 1, { domain: "" }) },
      },
      {
        why: "dynamic resource allocation",
        input: {
          ...kubeNode(),
          ...seen("40x200", 1),
          [object("kube_pod_resourceclaim_info", 'namespace="ml", pod="a"', "")]: "1x200",
        },
      },
      { why: "nodes outside Kubernetes", input: { ...up("1x200"), ...seen("40x200", 1) } },
      {
        why: "node-exporter does not answer, which is another alert",
        input: { ...up("1x200"), [exporter("up")]: "0x200" },
      },
    ],
  });
});

describe("rules: GPU telemetry, with shared GPUs", () => {
  it("says nothing about pods that nobody knows", () => {
    const alerts = [
      ...telemetryRules({ ...context, podsKnown: false }),
      ...gpuNodeRules({ ...context, podsKnown: false }),
    ]
      .flatMap((group) => group.rules)
      .map((rule) => ("alert" in rule ? rule.alert : rule.record));
    for (const alert of ["GpuPodMappingLost", "GpuMemoryHeldWithoutPod"]) assert.ok(!alerts.includes(alert), alert);
  });
});
