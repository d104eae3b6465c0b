import { kubeletRules } from "../../components/prometheus/rules/kubelet";
import { kubelet, object, proveOfNodes } from "./nodeFixtures";
import type { AlertProof, Input } from "./promtool";

const n1 = { cluster: "c1", node: "n1" };
const DAY = 86_400;

/** A histogram's bucket that ends at an edge, another one, and all of it. */
const histogram = (metric: string, edge: string, within: string, all: string, labels = ""): Input => {
  const more = labels && `, ${labels}`;
  return {
    [kubelet(`${metric}_bucket`, `le="${edge}"${more}`)]: within,
    [kubelet(`${metric}_bucket`, `le="0.005"${more}`)]: "0x400",
    [kubelet(`${metric}_bucket`, `le="+Inf"${more}`)]: all,
    [kubelet(`${metric}_count`, labels)]: all,
  };
};

const relists = (within: string, all: string) => histogram("kubelet_pleg_relist_duration_seconds", "5.0", within, all);
const starts = (within: string, all: string) => histogram("kubelet_pod_start_duration_seconds", "600.0", within, all);

const sandboxes = (within: string, all: string, operation = "run_podsandbox"): Input => ({
  ...histogram(
    "kubelet_runtime_operations_duration_seconds",
    "19.073486328125",
    within,
    all,
    `operation_type="${operation}"`,
  ),
  [kubelet("kubelet_runtime_operations_total", `operation_type="${operation}"`)]: all,
});

/** How many operations of a kind failed, of how many. */
const operations = (kind: string, failed: string, all: string): Input => ({
  [kubelet("kubelet_runtime_operations_errors_total", `operation_type="${kind}"`)]: failed,
  [kubelet("kubelet_runtime_operations_total", `operation_type="${kind}"`)]: all,
});

const pods = (running: string, allocatable: string): Input => ({
  [kubelet("kubelet_running_pods")]: running,
  [object("kube_node_status_allocatable", 'resource="pods", unit="integer"')]: allocatable,
  [object("kube_node_status_allocatable", 'resource="memory", unit="byte"')]: "1000000x60",
});

describe("rules: kubelet", () => {
  const prove = (alert: string, proof: AlertProof) => proveOfNodes(kubeletRules(), alert, proof);

  prove("KubeletPlegDurationHigh", {
    input: relists("0+53x60", "0+60x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: n1,
          summary: "The container runtime of node n1 is slow to list its containers.",
          description:
            "11.67% of the kubelet's looks at the containers of node n1 take more than 5 seconds. It notices late that pods start and die, and the node becomes not ready when one takes 3 minutes.",
        },
      ],
    },
    silent: [
      { why: "a twelfth of them", input: relists("0+55x60", "0+60x60") },
      { why: "for a moment", input: relists("0x1 0+60x60", "0+60x60") },
      { why: "the kubelet was restarted", input: relists("600x9 0+60x60", "600x9 0+60x60") },
    ],
  });

  prove("KubeletPodSandboxSlow", {
    input: sandboxes("10x20 12x60", "10x20 15x60"),
    quiet: "30m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels: n1,
          summary: "Pods on node n1 wait for their network.",
          description:
            "60% of the pods that started on node n1 within half an hour waited more than 19 seconds for a sandbox: the network plugin or the container runtime is slow.",
        },
      ],
    },
    silent: [
      { why: "two of five", input: sandboxes("10+0.3x60", "10+0.5x60") },
      { why: "a node where two started", input: sandboxes("10x60", "10x20 12x60") },
      { why: "no pod starts", input: sandboxes("10x60", "10x60") },
      { why: "containers are slow to stop", input: sandboxes("10+0.1x60", "10+0.4x60", "stop_container") },
    ],
  });

  prove("KubeletPodStartUpLatencyHigh", {
    input: starts("10x20 12x90", "10x20 15x90"),
    quiet: "35m",
    fires: {
      at: "36m",
      alerts: [
        {
          labels: n1,
          summary: "Pods on node n1 need more than 10 minutes to start.",
          description:
            "60% of the pods that started on node n1 within an hour needed more than 10 minutes, with their images and init containers. Its GPUs are held and do nothing for that time.",
        },
      ],
    },
    silent: [
      { why: "two of five", input: starts("10+0.3x90", "10+0.5x90"), until: "70m" },
      { why: "a large job of two pods", input: starts("10x90", "10x20 12x90") },
      { why: "no pod starts", input: starts("10x90", "10x90") },
    ],
  });

  prove("KubeletRuntimeErrors", {
    // The worst of several kinds, four or five in a quarter of an hour.
    input: {
      ...operations("run_podsandbox", "10+0.3x60", "10+2.5x60"),
      ...operations("list_images", "10+1x60", "10+20x60"),
    },
    quiet: "25m",
    fires: {
      at: "40m",
      alerts: [
        {
          labels: n1,
          summary: "The container runtime of node n1 fails.",
          description:
            "Up to 12% of one kind of what the kubelet of node n1 asks of its container runtime fail, not counting what containers can get wrong themselves. Pods do not start there, or do not go.",
        },
      ],
    },
    silent: [
      { why: "a twelfth fails", input: operations("run_podsandbox", "10+1x60", "10+12x60") },
      { why: "three of six in a quarter of an hour", input: operations("run_podsandbox", "10+0.2x60", "10+0.4x60") },
      { why: "a wrong command", input: operations("start_container", "10+1x60", "10+1x60") },
      { why: "a wrong image", input: operations("pull_image", "10+1x60", "10+1x60") },
      { why: "a container is gone when it is asked for", input: operations("container_status", "10+4x60", "10+5x60") },
      { why: "the runtime is restarted", input: operations("list_podsandbox", "0x10 50x60", "0+60x80") },
    ],
  });

  prove("KubeletTooManyPods", {
    input: pods("49x60", "50x60"),
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 has nearly as many pods as it may have.",
          description:
            "Node n1 runs 98% of the pods that it may. When it is full, no other pod is scheduled there, whatever CPUs, memory and GPUs are free.",
        },
      ],
    },
    silent: [
      { why: "room for three", input: pods("47x60", "50x60") },
      { why: "it may have none yet", input: pods("5x60", "0x60") },
      { why: "for twenty minutes", input: pods("50x20 40x60", "50x60") },
      {
        why: "another cluster's node of this name may have fewer",
        input: {
          ...pods("49x60", "100x60"),
          [object("kube_node_status_allocatable", 'resource="pods"').replace("c1", "c2")]: "50x60",
        },
      },
    ],
  });

  for (const [alert, kind, consequence] of [
    [
      "KubeletClientCertificateExpiration",
      "client",
      "Then it cannot talk to the API server, and the node is lost until it joins anew.",
    ],
    ["KubeletServerCertificateExpiration", "server", "Then logs, exec and metrics of the node's pods cannot be read."],
  ] as const) {
    const left = (values: string, of: string = kind): Input => ({
      [kubelet(`kubelet_certificate_manager_${of}_ttl_seconds`)]: values,
    });
    prove(alert, {
      input: left(`${2.5 * DAY}x60`),
      quiet: "14m",
      fires: {
        at: "15m",
        alerts: [
          {
            labels: n1,
            summary: `The kubelet's ${kind} certificate on node n1 has not been renewed.`,
            description: `The ${kind} certificate of the kubelet on node n1 ends in 2d 12h 0m 0s and should have been renewed by now. ${consequence}`,
          },
        ],
      },
      silent: [
        { why: "EKS' 45 days, renewed as late as can be", input: left(`${4.5 * DAY}x60`) },
        { why: "three days and a half", input: left(`${3.5 * DAY}x60`) },
        { why: "there is none", input: left(Array(61).fill("Inf").join(" ")) },
        { why: "the other certificate", input: left(`${2 * DAY}x60`, kind === "client" ? "server" : "client") },
        { why: "it was just renewed", input: left(`${2 * DAY}x10 ${45 * DAY}x60`) },
      ],
    });
  }

  const CLIENT_ERRORS = "kubelet_certificate_manager_client_expiration_renew_errors";
  const SERVER_ERRORS = "kubelet_server_expiration_renew_errors";

  prove("KubeletCertificateRenewalErrors", {
    input: { [kubelet(CLIENT_ERRORS)]: "0+0.1x250", [kubelet(SERVER_ERRORS, "", "n2")]: "0+0.1x250" },
    quiet: "120m",
    fires: {
      at: "122m",
      alerts: [
        {
          labels: { ...n1, certificate: "client" },
          summary: "The kubelet of node n1 cannot renew its client certificate.",
          description:
            "The kubelet of node n1 failed 6 times within an hour to renew its client certificate, and did so two hours before. It goes on with the old one until that ends.",
        },
        {
          labels: { cluster: "c1", node: "n2", certificate: "server" },
          summary: "The kubelet of node n2 cannot renew its server certificate.",
          description:
            "The kubelet of node n2 failed 6 times within an hour to renew its server certificate, and did so two hours before. It goes on with the old one until that ends.",
        },
      ],
    },
    silent: [
      {
        why: "the API server was away for half an hour",
        input: { [kubelet(CLIENT_ERRORS)]: "0x180 0+1x30 30x300", [kubelet(SERVER_ERRORS)]: "0x180 0+1x30 30x300" },
        until: "390m",
      },
      { why: "once, long ago", input: { [kubelet(CLIENT_ERRORS)]: "3x300" } },
    ],
  });
});
