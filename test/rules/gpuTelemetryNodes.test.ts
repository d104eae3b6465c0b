import { telemetryRules } from "../../components/gpu/rules/telemetry";
import {
  allocatable,
  capacity,
  gpus,
  kubeNode,
  onNode,
  others,
  pod,
  seen,
  up,
  watched,
  withRecorded,
} from "./gpuFleetInput";
import { type AlertProof, type Input, proveAlert, proveRecord } from "./promtool";

const context = { namespace: "monitoring", profile: "profiling", scrapeSeconds: 60, podsKnown: true } as const;
const rules = telemetryRules(context);
const prove = (alert: string, proof: AlertProof) => proveAlert(withRecorded(rules, alert), alert, proof);
const record = (name: string, proof: Parameters<typeof proveRecord>[2]) =>
  proveRecord(withRecorded(rules, name), name, proof);

const ENERGY = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION";

/** Each of the nodes is away for some minutes, one after another. */
const rollout = (count: number, minutes: number): Input =>
  Object.assign(
    {},
    ...Array.from({ length: count }, (_, index) =>
      watched(`w${index}`, `1x${10 + index * minutes} 0x${minutes + 1} 1x200`),
    ),
  );

const withoutObjects = (input: Input): Input =>
  Object.fromEntries(Object.entries(input).filter(([series]) => !series.startsWith("kube_")));

describe("rules: GPU telemetry, nodes", () => {
  // Of 11 nodes that count: one does not answer, one has no exporter, one repeats old values.
  const manyBlind: Input = {
    ...others(8),
    ...watched("n1", "1x20 0x200"),
    ...watched("n2"),
    ...watched("n3", "1x200"),
    ...gpus(ENERGY, "9000x200", 8, { node: "n3" }),
    ...seen("40x200", 8, { node: "n3" }),
    ...watched("n4", "0x200", { ready: "0x200" }),
    ...watched("n5", "0x200", { cordoned: "1x200" }),
    ...watched("n6", "0x200", { created: "3000x200" }),
  };
  const newcomer = watched("n6", "0x60", { created: "3000x200" });

  record("cluster:gpu_nodes_blind:count", { input: manyBlind, at: "40m", samples: { '{cluster="c1"}': 3 } });
  record("cluster:gpu_nodes_blind:ratio", { input: manyBlind, at: "40m", samples: { '{cluster="c1"}': 3 / 11 } });

  const two = { ...others(8), ...watched("n1", "1x20 0x200"), ...watched("n2", "1x20 0x200") };
  prove("GpuFleetBlind", {
    input: two,
    quiet: "34m",
    fires: {
      at: "36m",
      alerts: [
        {
          labels: { cluster: "c1" },
          summary: "The GPUs of many nodes are not watched.",
          description:
            "Nothing is known about the GPUs of 20% of the nodes that have some and are ready: their exporters have not answered for 10 minutes, do not exist or repeat old values. Alerts on this hardware cannot fire.",
        },
      ],
    },
    silent: [
      { why: "one node of a small cluster", input: { ...others(3), ...watched("n1", "0x100") } },
      {
        why: "two of forty",
        input: { ...others(38), ...watched("n1", "0x100"), ...watched("n2", "0x100") },
      },
      { why: "a rollout of the exporter, one node in ten after another", input: rollout(10, 5), until: "80m" },
      {
        why: "nodes that are cordoned for a driver, not ready, or new",
        input: {
          ...others(4),
          ...watched("n1", "0x100", { cordoned: "1x100" }),
          ...watched("n2", "0x100", { ready: "0x100" }),
          ...newcomer,
        },
      },
    ],
  });

  /** A card is lost: the device plugin sees it, and the exporter answers no more. */
  const sick = (node = "n1", values = "1x20 0x200"): Input => ({
    ...watched(node, values),
    ...allocatable("8x20 7x200", node),
    ...pod(`p-${node}`, { node, gpus: 4 }),
  });
  const dark = (place = {}) => ({
    labels: onNode(place),
    summary: "Node n1 went dark with a sick GPU while pods use it.",
    description:
      "The dcgm-exporter of node n1 has not answered for minutes, its device plugin calls 1 GPUs or parts of them unhealthy, and running pods hold GPUs there: a GPU is lost, and work on it hangs or has failed.",
  });
  prove("GpuNodeDarkWithWork", {
    input: { ...others(20), ...sick() },
    quiet: "26m",
    fires: { at: "27m", alerts: [dark()] },
    silent: [
      { why: "the exporter answers", input: { ...others(20), ...sick("n1", "1x200") } },
      {
        why: "a target of the node's old place does not",
        input: { ...sick("n1", "1x200"), ...up("0x200", { node: "n1", domain: "rack-0" }) },
      },
      { why: "all cards are well", input: { ...others(20), ...sick(), ...allocatable("8x200", "n1") } },
      {
        why: "the device plugin is gone, too",
        input: {
          ...others(20),
          ...sick("n1", "1x12 0x200"),
          ...capacity("8x18 0x200", "n1"),
          ...allocatable("8x12 0x200", "n1"),
        },
        until: "40m",
      },
      { why: "the exporter restarts", input: { ...others(20), ...sick("n1", "1x20 0x3 1x200") } },
      {
        why: "nobody uses GPUs there",
        input: {
          ...others(20),
          ...watched("n1", "1x20 0x200"),
          ...allocatable("8x20 7x200", "n1"),
          ...pod("over", { phase: "Failed" }),
          ...pod("starts", { phase: "Pending" }),
          ...pod("elsewhere", { node: "w0" }),
          ...pod("nic", { resource: "nvidia_com_hostdev" }),
        },
      },
      { why: "the node is not ready", input: { ...others(20), ...sick(), ...kubeNode("n1", { ready: "1x20 0x200" }) } },
      {
        why: "the node is cordoned",
        input: { ...others(20), ...sick(), ...kubeNode("n1", { cordoned: "0x19 1x200" }) },
      },
      {
        why: "many are: one alert says it",
        input: { ...others(8), ...sick("n1", "0x200"), ...sick("n2", "0x200") },
        until: "60m",
      },
      { why: "nothing is known of objects", input: withoutObjects({ ...others(20), ...sick() }) },
    ],
  });

  // Its pods fail, and run nowhere for a while.
  proveAlert(withRecorded(rules, "GpuNodeDarkWithWork"), "GpuNodeDarkWithWork", {
    input: { ...others(20), ...sick(), ...pod("p-n1", { gpus: 4, values: "x29 stale" }) },
    fires: { at: "34m", alerts: [dark()] },
    silent: [
      { why: "they failed at once", input: { ...others(20), ...sick(), ...pod("p-n1", { values: "x22 stale" }) } },
    ],
  });

  const down = (place = {}) => ({
    labels: onNode(place),
    summary: "The dcgm-exporter of node n1 does not answer.",
    description:
      "The dcgm-exporter of node n1 has not answered for 10 minutes (up is 0), while the node is ready: whether its GPUs work is unknown, and alerts on them cannot fire.",
  });
  prove("GpuExporterDown", {
    input: { ...others(20), ...watched("n1", "1x20 0x200") },
    quiet: "30m",
    fires: { at: "31m", alerts: [down()] },
    silent: [
      { why: "a restart", input: { ...others(20), ...watched("n1", "1x20 0x8 1x60") } },
      { why: "many are: one alert says it", input: two, until: "60m" },
      { why: "the node is not ready", input: watched("n1", "1x20 0x60", { ready: "1x20 0x60" }) },
      { why: "the node is cordoned", input: watched("n1", "1x20 0x60", { cordoned: "0x19 1x60" }) },
      { why: "the node is new", input: newcomer, until: "50m" },
      { why: "the node is gone", input: { ...others(20), ...up("1x20 stale", { node: "n1" }) } },
      { why: "a sick card darkened it, which is another alert", input: { ...others(20), ...sick() }, until: "60m" },
    ],
  });
  // Nothing is known of objects, or the node is outside Kubernetes.
  proveAlert(withRecorded(rules, "GpuExporterDown"), "GpuExporterDown", {
    input: withoutObjects({ ...others(20), ...watched("n1", "1x20 0x200") }),
    quiet: "30m",
    fires: { at: "31m", alerts: [down()] },
    silent: [{ why: "it answers", input: up("1x60") }],
  });

  prove("GpuExporterMissing", {
    input: { ...others(20), ...watched("n1") },
    quiet: "14m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { cluster: "c1", node: "n1" },
          summary: "Node n1 has GPUs and no dcgm-exporter.",
          description:
            "Node n1 offers 8 GPUs or parts of them, and Prometheus has had no dcgm-exporter to scrape there for 15 minutes: whether they work is unknown, and alerts on them cannot fire.",
        },
      ],
    },
    silent: [
      { why: "it does not answer, which is another alert", input: { ...others(20), ...watched("n1", "0x60") } },
      { why: "a node without GPUs", input: { ...others(20), ...kubeNode("n1"), ...capacity("0x60") } },
      { why: "NVIDIA's network cards", input: { ...kubeNode("n1"), ...capacity("8x60", "n1", "nvidia_com_hostdev") } },
      { why: "a new node", input: { ...others(20), ...watched("n1", undefined, { created: "300x60" }) } },
      { why: "many: one alert says it", input: { ...others(8), ...watched("n1"), ...watched("n2") }, until: "60m" },
    ],
  });
});
