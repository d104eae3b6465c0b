import { gpuNodeRules } from "../../components/gpu/rules/nodes";
import { INFO_METRIC } from "../../components/gpu/signals/relabelings";
import { capacity, gpu, kubeNode, onNode, pod, up, withRecorded } from "./gpuFleetInput";
import { object } from "./nodeFixtures";
import { type AlertProof, type Input, proveAlert } from "./promtool";

const rules = gpuNodeRules({ namespace: "monitoring", profile: "essential", scrapeSeconds: 30, podsKnown: true });
const prove = (alert: string, proof: AlertProof) => proveAlert(withRecorded(rules, alert), alert, proof);

/** A node with GPUs in a rack. */
const inRack = (node: string, state: Parameters<typeof kubeNode>[1] = {}, domain = "rack-1"): Input => ({
  ...kubeNode(node, state),
  ...capacity("8x200", node),
  ...up("1x200", { node, domain }),
});
const fails = { ready: "1x20 0x200" };

describe("rules: GPU nodes, ready", () => {
  const rack = { ...inRack("n1", fails), ...inRack("n2", fails), ...inRack("n3"), ...inRack("n4", {}, "rack-2") };
  prove("GpuDomainNotReady", {
    input: rack,
    quiet: "25m",
    fires: {
      at: "27m",
      alerts: [
        {
          labels: { cluster: "c1", region: "r1", failure_domain: "rack-1" },
          summary: "Half of the GPU nodes of rack-1 or more are not ready.",
          description:
            "2 nodes with GPUs in failure domain rack-1 are not ready: what they share fails, such as the rack's power, its cooling, its switch or a zone.",
        },
      ],
    },
    silent: [
      { why: "one node, alone in its rack", input: { ...inRack("n1", fails), ...inRack("n2", {}, "rack-2") } },
      {
        why: "two of five",
        input: { ...inRack("n1", fails), ...inRack("n2", fails), ...inRack("n3"), ...inRack("n4"), ...inRack("n5") },
      },
      { why: "nodes of nowhere", input: { ...inRack("n1", fails, ""), ...inRack("n2", fails, "") } },
      {
        why: "a rack in maintenance",
        input: {
          ...inRack("n1", { ...fails, cordoned: "0x10 1x200" }),
          ...inRack("n2", { ...fails, cordoned: "0x10 1x200" }),
        },
      },
      {
        why: "nodes that join",
        input: {
          ...inRack("n1", { ready: "0x14 1x200", created: "0x200" }),
          ...inRack("n2", { ready: "0x14 1x200", created: "0x200" }),
        },
      },
    ],
  });

  const busy = { ...inRack("n1", fails), ...pod("a", { gpus: 4 }), ...pod("b", { gpus: 2 }) };
  prove("GpuNodeNotReady", {
    input: { ...busy, ...inRack("n2") },
    quiet: "25m",
    fires: {
      at: "27m",
      alerts: [
        {
          labels: onNode(),
          summary: "Node n1 is not ready, and work on its GPUs is lost.",
          description:
            "Node n1 has not been ready for 5 minutes. Pods hold 6 of its GPUs or parts of them; they are evicted, and a job that they belong to stands still.",
        },
      ],
    },
    silent: [
      { why: "nobody uses its GPUs", input: { ...inRack("n1", fails), ...pod("a", { phase: "Succeeded" }) } },
      { why: "its whole rack: one alert says it", input: { ...busy, ...inRack("n2", fails) } },
      { why: "for three minutes", input: { ...busy, ...inRack("n1", { ready: "1x20 0x3 1x200" }) } },
      { why: "in maintenance", input: { ...busy, ...inRack("n1", { ...fails, cordoned: "0x10 1x200" }) } },
      { why: "it joins", input: { ...busy, ...inRack("n1", { ready: "0x14 1x200", created: "0x200" }) } },
      {
        why: "a node without GPUs",
        input: { ...kubeNode("n1", fails), ...pod("a", { resource: "cpu" }) },
      },
    ],
  });
});

describe("rules: GPU nodes", () => {
  const FB_USED = "DCGM_FI_DEV_FB_USED";
  const inKubernetes = { ...kubeNode(), ...up("1x200") };
  const instance = (id: number, used: number, holder = ""): Input => ({
    [gpu(FB_USED, 0, {}, `GPU_I_ID="${id}"${holder}`)]: `${used}x200`,
  });
  const held = (labels: Record<string, string>) => ({
    labels: { ...onNode(), gpu: "0", UUID: "GPU-n1-0", modelName: "NVIDIA H100 80GB HBM3", ...labels },
    summary: "Memory of GPU 0 of node n1 is held by no pod.",
    description:
      "20GiB of the memory of GPU 0 of node n1 have been in use for 30 minutes, and no pod has this GPU: a process was left behind, or runs outside Kubernetes. The next pod may run out of memory.",
  });
  const leaked = { ...inKubernetes, [gpu(FB_USED, 0)]: "480x20 20480x200" };
  prove("GpuMemoryHeldWithoutPod", {
    input: leaked,
    quiet: "50m",
    fires: { at: "52m", alerts: [held({})] },
    silent: [
      { why: "what the driver keeps of an idle GPU", input: { ...inKubernetes, [gpu(FB_USED, 0)]: "480x200" } },
      {
        why: "a pod has it",
        input: { ...inKubernetes, [gpu(FB_USED, 0, {}, 'namespace="ml", pod="a", container="c"')]: "20480x200" },
      },
      { why: "a diagnosis", input: { ...inKubernetes, [gpu(FB_USED, 0)]: "480x20 20480x25 480x100" } },
      {
        why: "a card whose instances have pods",
        input: {
          ...inKubernetes,
          [gpu(FB_USED, 0)]: "20480x200",
          ...instance(1, 20_000, ', namespace="ml", pod="a"'),
          ...instance(2, 10),
        },
      },
      { why: "outside Kubernetes", input: { ...up("1x200"), [gpu(FB_USED, 0)]: "20480x200" } },
      { why: "who holds GPUs is not known", input: { ...leaked, ...pod("a") } },
      { why: "in maintenance", input: { ...leaked, ...kubeNode("n1", { cordoned: "0x19 1x200" }) } },
    ],
  });
  proveAlert(withRecorded(rules, "GpuMemoryHeldWithoutPod"), "GpuMemoryHeldWithoutPod", {
    input: { ...inKubernetes, [gpu(FB_USED, 0)]: "20490x200", ...instance(1, 20_480), ...instance(2, 10) },
    quiet: "29m",
    fires: { at: "31m", alerts: [held({ GPU_I_ID: "1" })] },
    silent: [{ why: "it is empty", input: { ...inKubernetes, ...instance(1, 10) } }],
  });

  const software = (
    index: number,
    { driver = "580.1", vbios = "96.0", node = "n1", model = "NVIDIA H100 80GB HBM3" } = {},
  ) => gpu(INFO_METRIC, index, { node, model }, `driver_version="${driver}", vbios_version="${vbios}"`);
  prove("GpuVbiosSkew", {
    input: { [software(0)]: "40x200", [software(1)]: "40x200", [software(2, { vbios: "97.0" })]: "40x200" },
    quiet: "59m",
    fires: {
      at: "61m",
      alerts: [
        {
          labels: { ...onNode(), modelName: "NVIDIA H100 80GB HBM3" },
          summary: "GPUs of node n1 have different VBIOS versions.",
          description:
            "The NVIDIA H100 80GB HBM3 of node n1 have 2 VBIOS versions: a card was replaced, or an update left some out. Limits of power and clocks may differ, and the slowest sets the pace.",
        },
      ],
    },
    silent: [
      {
        why: "another node's",
        input: { [software(0)]: "40x200", [software(0, { node: "n2", vbios: "97.0" })]: "40x200" },
      },
      {
        why: "another model's",
        input: { [software(0)]: "40x200", [software(1, { model: "T4", vbios: "97.0" })]: "40x200" },
      },
      { why: "an exporter that does not tell", input: { [software(0)]: "40x200", [gpu(INFO_METRIC, 1)]: "40x200" } },
      {
        why: "in maintenance",
        input: {
          ...kubeNode("n1", { cordoned: "1x200" }),
          ...up("1x200"),
          [software(0)]: "40x200",
          [software(1, { vbios: "97.0" })]: "40x200",
        },
      },
    ],
  });

  prove("GpuDriverSkew", {
    input: { [software(0)]: "40x2000", [software(0, { node: "n2", driver: "575.9" })]: "40x2000" },
    quiet: "1439m",
    fires: {
      at: "1441m",
      alerts: [
        {
          labels: { cluster: "c1", modelName: "NVIDIA H100 80GB HBM3" },
          summary: "Nodes with NVIDIA H100 80GB HBM3 have different drivers.",
          description:
            "For a day, NVIDIA H100 80GB HBM3 have run with 2 driver versions. Jobs over nodes of both can fail or be slow in ways that depend on where they run.",
        },
      ],
    },
    silent: [
      {
        why: "a rollout of 20 hours",
        input: {
          [software(0)]: "40x10 stale",
          [software(0, { driver: "575.9" })]: "_x11 40x2000",
          [software(0, { node: "n2" })]: "40x1210 stale",
          [software(0, { node: "n2", driver: "575.9" })]: "_x1211 40x800",
        },
      },
      {
        why: "another model's",
        input: { [software(0)]: "40x2000", [software(0, { node: "n2", model: "T4", driver: "575.9" })]: "40x2000" },
      },
    ],
  });

  const cordoned = (values: string): Input => ({ ...kubeNode("n1", { cordoned: values }), ...capacity("8x2000") });
  prove("GpuCordonedTooLong", {
    input: cordoned("0x10 1x2000"),
    quiet: "1450m",
    fires: {
      at: "1452m",
      alerts: [
        {
          labels: { cluster: "c1", node: "n1" },
          summary: "Node n1 has been out of service for a day.",
          description:
            "Node n1 has GPUs and has been cordoned, tainted or about to be deleted for a day (out of service: 1). Nobody uses it, it is paid for, and alerts on its hardware are silent.",
        },
      ],
    },
    silent: [
      { why: "a repair of 20 hours", input: cordoned("0x10 1x1200 0x2000") },
      { why: "a node without GPUs", input: kubeNode("n1", { cordoned: "1x2000" }) },
      {
        why: "a node that has the taint of NVIDIA's GPUs, as all have",
        input: {
          ...cordoned("0x2000"),
          [object("kube_node_spec_taint", 'key="nvidia.com/gpu", effect="NoSchedule", value="present"')]: "1x2000",
        },
      },
    ],
  });
});
