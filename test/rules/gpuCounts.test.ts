import { countRules } from "../../components/gpu/rules/counts";
import { failedScrapes, KUBE_STATE_METRICS, outages } from "./failedScrapes";
import { allocatable, capacity, gpu, kubeNode, onNode, seen, up, withRecorded } from "./gpuFleetInput";
import { type AlertProof, type Input, inputSeries, promtool, proveAlert } from "./promtool";

const rules = countRules({ namespace: "monitoring", profile: "health", scrapeSeconds: 60, podsKnown: true });
const prove = (alert: string, proof: AlertProof) => proveAlert(withRecorded(rules, alert), alert, proof);

/** A node whose exporter answers, with as many GPUs as Kubernetes says. */
const offering = (count: number, resource = "nvidia_com_gpu"): Input => ({
  ...kubeNode(),
  ...up("1x200"),
  ...capacity(`${count}x200`, "n1", resource),
});

/** All are seen, and after 20 minutes only the first. */
const losing = (before: number, after: number): Input => ({
  ...seen("40x20 stale", before),
  ...seen("40x200", after),
});

/** Each of eight in three of five scrapes, so that in each scrape some are missing. */
const patchy: Input = Object.fromEntries(
  Array.from({ length: 8 }, (_, index) => [
    gpu("DCGM_FI_DEV_GPU_TEMP", index),
    ["40 ".repeat(index % 5), "40 stale 40 stale 40 ".repeat(20)].join(""),
  ]),
);

const fellOff: Input = { [gpu("DCGM_EXP_XID_ERRORS_COUNT", 7, {}, 'xid="79"')]: "_x19 1x3 stale" };

describe("rules: GPU counts", () => {
  const lost = (count: number) => ({
    labels: onNode(),
    summary: "Node n1 has lost GPUs.",
    description: `Kubernetes offers ${count} GPUs of node n1 that its dcgm-exporter does not see. Work on them has failed or hangs, and new pods may still be given them.`,
  });
  prove("GpuCountMismatch", {
    input: { ...offering(8), ...losing(8, 7) },
    quiet: "34m",
    fires: { at: "36m", alerts: [lost(1)] },
    silent: [
      { why: "all are there", input: { ...offering(8), ...seen("40x200", 8) } },
      { why: "a reset of the GPU", input: { ...offering(8), ...seen("40x20 stale _x8 40x100", 8) } },
      {
        why: "a new node that Kubernetes knows before its GPUs are seen",
        input: { ...offering(8), ...seen("_x4 40x100", 8) },
      },
      { why: "the exporter leaves each out of some scrapes", input: { ...offering(8), ...patchy } },
      {
        why: "the exporter does not answer",
        input: { ...offering(8), ...up("1x20 0x100"), ...seen("40x20 stale", 8) },
      },
      { why: "each GPU is shared by two pods", input: { ...offering(16), ...seen("40x200", 8) } },
      { why: "one of those that are shared is lost", input: { ...offering(16), ...losing(8, 7) } },
      { why: "each GPU is divided in seven", input: { ...offering(56), ...seen("40x200", 8) } },
      {
        why: "some are divided",
        input: { ...offering(6), ...offering(14, "nvidia_com_mig_1g_10gb"), ...seen("40x200", 8) },
      },
      { why: "network cards", input: { ...offering(9, "nvidia_com_hostdev"), ...seen("40x200", 8) } },
      {
        why: "in maintenance",
        input: { ...offering(8), ...losing(8, 7), ...kubeNode("n1", { cordoned: "0x19 1x100" }) },
      },
      { why: "it fell off the bus, as its XID says", input: { ...offering(8), ...losing(8, 7), ...fellOff } },
      { why: "nothing is known of objects", input: { ...up("1x200"), ...losing(8, 7) } },
    ],
  });
  it("GpuCountMismatch fires once for a node that has a namesake outside Kubernetes, whichever place it is given", () =>
    promtool(withRecorded(rules, "GpuCountMismatch"), [
      {
        interval: "1m",
        input_series: inputSeries({ ...offering(8), ...losing(8, 7), ...up("1x200", { domain: "rack-2" }) }),
        promql_expr_test: [
          {
            expr: 'count by (node) (ALERTS{alertname="GpuCountMismatch", alertstate="firing"})',
            eval_time: "36m",
            exp_samples: [{ labels: '{node="n1"}', value: 1 }],
          },
        ],
      },
    ]));
  // Half of them, with Kubernetes offering as many as there were; and all of them.
  proveAlert(withRecorded(rules, "GpuCountMismatch"), "GpuCountMismatch", {
    input: { ...offering(8), ...losing(8, 3) },
    quiet: "34m",
    fires: { at: "36m", alerts: [lost(5)] },
    silent: [{ why: "all are there", input: { ...offering(8), ...seen("40x200", 8) } }],
  });
  proveAlert(withRecorded(rules, "GpuCountMismatch"), "GpuCountMismatch", {
    input: { ...offering(8), ...seen("40x20 stale", 8) },
    quiet: "34m",
    fires: { at: "36m", alerts: [lost(8)] },
    silent: [{ why: "all are there", input: { ...offering(8), ...seen("40x200", 8) } }],
  });

  const fewer = {
    labels: onNode(),
    summary: "Node n1 has fewer GPUs than it had.",
    description:
      "1 GPUs of node n1 that were seen since it was last in maintenance are not seen any more, and nothing else says that they are missing.",
  };
  prove("GpuCountBelowHistory", {
    // Outside Kubernetes.
    input: { ...up("1x200"), ...losing(8, 7) },
    quiet: "34m",
    fires: { at: "36m", alerts: [fewer] },
    silent: [
      { why: "all are there", input: { ...up("1x200"), ...seen("40x200", 8) } },
      { why: "the exporter does not answer", input: { ...up("1x20 0x100"), ...seen("40x20 stale", 8) } },
      { why: "it leaves each out of some scrapes", input: { ...up("1x200"), ...patchy } },
      { why: "it restarts", input: { ...up("1x20 0x5 1x100"), ...seen("40x20 stale _x8 40x100", 8) } },
      { why: "Kubernetes knows them, which is another alert", input: { ...offering(8), ...losing(8, 7) } },
      { why: "it fell off the bus, as its XID says", input: { ...up("1x200"), ...losing(8, 7), ...fellOff } },
      {
        why: "taken out in maintenance",
        input: { ...offering(7), ...losing(8, 7), ...kubeNode("n1", { cordoned: "0x10 1x30 0x100" }) },
        until: "90m",
      },
    ],
  });
  // Shared ones, and one that is gone after a restart of the kubelet, which offers what is left.
  for (const units of [16, 7]) {
    proveAlert(withRecorded(rules, "GpuCountBelowHistory"), "GpuCountBelowHistory", {
      input: { ...offering(units), ...losing(8, 7) },
      quiet: "34m",
      fires: { at: "36m", alerts: [fewer] },
      silent: [{ why: "all are there", input: { ...offering(units), ...seen("40x200", 8) } }],
    });
  }

  prove("GpuNotOffered", {
    input: { ...kubeNode(), ...up("1x200"), ...capacity("8x20 0x100"), ...seen("40x200", 8) },
    quiet: "35m",
    fires: {
      at: "37m",
      alerts: [
        {
          labels: onNode(),
          summary: "Node n1 has GPUs and offers none.",
          description:
            "The exporter sees 8 GPUs on node n1, and the kubelet offers none of them: its device plugin is gone. No new pod gets a GPU there.",
        },
      ],
    },
    silent: [
      {
        why: "dynamic resource allocation, or outside Kubernetes",
        input: { ...kubeNode(), ...up("1x200"), ...seen("40x200", 8) },
      },
      {
        why: "all are divided",
        input: { ...offering(0), ...offering(56, "nvidia_com_mig_1g_10gb"), ...seen("40x200", 8) },
      },
      {
        why: "the device plugin restarts",
        input: { ...kubeNode(), ...up("1x200"), ...capacity("8x20 0x8 8x100"), ...seen("40x200", 8) },
      },
      {
        why: "the node is not ready",
        input: { ...offering(0), ...kubeNode("n1", { ready: "0x200" }), ...seen("40x200", 8) },
      },
      {
        why: "in maintenance",
        input: { ...offering(0), ...kubeNode("n1", { cordoned: "1x200" }), ...seen("40x200", 8) },
      },
    ],
  });

  const partly = { ...offering(8), ...allocatable("8x20 6x200") };
  const sick = {
    labels: { ...onNode(), resource: "nvidia_com_gpu" },
    summary: "GPUs of node n1 may not be given to pods.",
    description:
      "The device plugin of node n1 has called 2 of nvidia_com_gpu unhealthy for 15 minutes: they are paid for, and no pod gets them.",
  };
  prove("GpuUnallocatable", {
    // Nothing is known of objects for a few minutes.
    input: { ...offering(8), ...allocatable("8x20 6x17 stale _x5 6x200") },
    quiet: "35m",
    fires: {
      at: "40m",
      alerts: [sick],
    },
    silent: [
      { why: "all may", input: { ...offering(8), ...allocatable("8x200") } },
      { why: "the device plugin restarts", input: { ...offering(8), ...allocatable("8x20 0x8 8x100") } },
      { why: "the node is not ready", input: { ...partly, ...kubeNode("n1", { ready: "0x200" }) } },
      { why: "in maintenance", input: { ...partly, ...kubeNode("n1", { cordoned: "1x200" }) } },
      {
        why: "network cards",
        input: { ...offering(8, "nvidia_com_hostdev"), ...allocatable("0x200", "n1", "nvidia_com_hostdev") },
      },
    ],
  });
  prove("GpuUnallocatable", {
    input: failedScrapes(failedScrapes(partly, [25]), [30], KUBE_STATE_METRICS),
    quiet: "35m",
    fires: { at: "36m", alerts: [sick] },
    silent: [
      {
        why: "kube-state-metrics is away again and again",
        input: failedScrapes(partly, outages, KUBE_STATE_METRICS),
        until: "70m",
      },
    ],
  });
});
