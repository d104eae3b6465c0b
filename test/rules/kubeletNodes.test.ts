import { kubeletRules } from "../../components/prometheus/rules/kubelet";
import { impostor, object, proveOfNodes } from "./nodeFixtures";
import type { AlertProof, Input } from "./promtool";

const LONG = 200;
const n1 = { cluster: "c1", node: "n1" };

interface NodeInput {
  /** The condition Ready with each status, over time. */
  ready?: string;
  notReady?: string;
  unknown?: string;
  created?: number;
  unschedulable?: string;
  deleted?: boolean;
}

/** A node as kube-state-metrics has it: it exists since the epoch and is ready. Its other conditions are as good or bad. */
function node(name: string, options: NodeInput = {}): Input {
  const condition = (status: string, of = "Ready") =>
    object("kube_node_status_condition", `condition="${of}", status="${status}"`, name);
  return {
    [condition("true", "KernelReady")]: `1x${LONG}`,
    [condition("false", "MemoryPressure")]: `1x${LONG}`,
    [condition("unknown", "NetworkingReady")]: `1x${LONG}`,
    [object("kube_node_created", "", name)]: `${options.created ?? 0}x${LONG}`,
    [object("kube_node_spec_unschedulable", "", name)]: options.unschedulable ?? `0x${LONG}`,
    [condition("true")]: options.ready ?? `1x${LONG}`,
    [condition("false")]: options.notReady ?? `0x${LONG}`,
    [condition("unknown")]: options.unknown ?? `0x${LONG}`,
    ...(options.deleted ? { [object("kube_node_deletion_timestamp", "", name)]: `1000x${LONG}` } : {}),
  };
}

const down = { ready: `1x29 0x${LONG}`, notReady: `0x29 1x${LONG}` };
const silentNode = { ready: `1x29 0x${LONG}`, unknown: `0x29 1x${LONG}` };

/** Nodes n1 to nN, of which some are different. */
const nodes = (count: number, different: Record<string, NodeInput>): Input =>
  Object.assign(
    {},
    ...Array.from({ length: count }, (_, index) => node(`n${index + 1}`, different[`n${index + 1}`] ?? {})),
  );

/** Eight nodes that are taken out of service, one of which is not ready. */
const several = (prefix: string, options: NodeInput): Input =>
  Object.assign(
    {},
    ...Array.from({ length: 8 }, (_, index) =>
      node(`${prefix}${index}`, index === 0 ? { ...down, ...options } : options),
    ),
  );

const condition = (name: string, values: string): Input => ({
  [object("kube_node_status_condition", `condition="${name}", status="true"`)]: values,
  // Not the opposite, so that it would show if it was looked at.
  [object("kube_node_status_condition", `condition="${name}", status="false"`)]: `1x${LONG}`,
  [object("kube_node_spec_unschedulable")]: `0x${LONG}`,
});

describe("rules: kubelet, nodes", () => {
  const prove = (alert: string, proof: AlertProof) => proveOfNodes(kubeletRules(), alert, proof);

  prove("KubeNodesNotReady", {
    // Of those that should work, one says that it is not ready and one is silent. Both joined 20 minutes after the epoch.
    input: {
      ...nodes(16, { n1: { ...down, created: 1200 }, n2: { ...silentNode, created: 1200 } }),
      ...several("cordoned", { unschedulable: `1x${LONG}` }),
      ...several("deleted", { deleted: true }),
    },
    quiet: "40m",
    fires: {
      at: "41m",
      alerts: [
        {
          labels: { cluster: "c1" },
          summary: "Many nodes of the cluster are not ready.",
          description:
            "12.5% of the nodes that should work are not ready, and more than one: what they share fails, such as the network, its plugin or the way to the API server. Their pods are evicted, and the rest may not hold them.",
        },
      ],
    },
    silent: [
      { why: "one of three", input: nodes(3, { n1: down }), until: "60m" },
      { why: "two of twenty", input: nodes(20, { n1: down, n2: down }), until: "60m" },
      {
        why: "cordoned and rebooted",
        input: nodes(10, { n1: { ...down, unschedulable: `1x${LONG}` }, n2: down, n3: { ...down, deleted: true } }),
        until: "60m",
      },
      {
        why: "a pool that grows by half and takes eighteen minutes",
        input: nodes(10, {
          n8: { ready: "_x32 0x18 1x60", created: 1920 },
          n9: { ready: "_x32 0x18 1x60", created: 1920 },
          n10: { ready: "_x32 0x18 1x60", created: 1920 },
        }),
        until: "60m",
      },
    ],
  });

  prove("KubeNodeNotReady", {
    input: { ...node("n1", down), ...node("n2", silentNode) },
    quiet: "44m",
    fires: {
      at: "45m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 is not ready.",
          description:
            "The kubelet of node n1 has said for 15 minutes that it cannot run pods. The node is paid for and used by nobody.",
        },
      ],
    },
    silent: [
      { why: "cordoned", input: node("n1", { ...down, unschedulable: `1x${LONG}` }) },
      { why: "being deleted", input: node("n1", { ...down, deleted: true }) },
      { why: "it joins", input: node("n1", { ready: "0x12 1x90", notReady: "1x12 0x90" }) },
      { why: "silent, which is the other alert", input: node("n1", silentNode) },
      {
        why: "for ten minutes, twice",
        input: node("n1", { ready: "1x9 0x11 1x5 0x11 1x90", notReady: "0x9 1x11 0x5 1x11 0x90" }),
      },
    ],
  });

  prove("KubeNodeUnreachable", {
    input: { ...node("n1", silentNode), ...node("n2", down) },
    quiet: "44m",
    fires: {
      at: "45m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 does not report to the control plane.",
          description:
            "Nothing has been heard from the kubelet of node n1 for 15 minutes. Its pods are being replaced elsewhere, and may still run there.",
        },
      ],
    },
    silent: [
      { why: "cordoned", input: node("n1", { ...silentNode, unschedulable: `1x${LONG}` }) },
      { why: "being deleted", input: node("n1", { ...silentNode, deleted: true }) },
      { why: "it reboots", input: node("n1", { ready: "1x27 0x12 1x90", unknown: "0x27 1x12 0x90" }) },
      { why: "not ready, which is the other alert", input: node("n1", down) },
    ],
  });

  prove("KubeNodePressure", {
    input: condition("DiskPressure", `0x20 1x${LONG}`),
    quiet: "30m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels: { ...n1, condition: "DiskPressure" },
          summary: "Node n1 is short of a resource (DiskPressure).",
          description:
            "Node n1 has had the condition DiskPressure for 10 minutes: its kubelet evicts pods and takes no new ones.",
        },
      ],
    },
    silent: [
      { why: "until images are deleted", input: condition("DiskPressure", `0x20 1x7 0x${LONG}`) },
      { why: "another condition, which is good", input: condition("AcceleratedHardwareReady", `1x${LONG}`) },
      {
        why: "cordoned",
        input: {
          ...condition("MemoryPressure", `1x${LONG}`),
          [object("kube_node_spec_unschedulable")]: `1x${LONG}`,
        },
      },
      {
        why: "being deleted",
        input: {
          ...condition("MemoryPressure", `1x${LONG}`),
          [object("kube_node_deletion_timestamp")]: `1000x${LONG}`,
        },
      },
    ],
  });

  prove("KubeNodeReadinessFlapping", {
    input: node("n1", { ready: "1x9 0x1 1x7 0x1 1x7 0x1 1x60" }),
    quiet: "31m",
    fires: {
      at: "32m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 is ready and not ready in turns.",
          description:
            "The readiness of node n1 changed 6 times within an hour. Pods are evicted each time it is lost long enough, and scheduled there again.",
        },
      ],
    },
    silent: [
      {
        why: "two reboots",
        input: node("n1", { ready: "1x9 0x1 1x7 0x1 1x90", unknown: "0x9 1x1 0x7 1x1 0x90" }),
        until: "90m",
      },
      { why: "short of memory in turns", input: condition("MemoryPressure", "1x9 0x1 1x7 0x1 1x7 0x1 1x60") },
      { why: "being deleted", input: node("n1", { ready: "1x9 0x1 1x7 0x1 1x7 0x1 1x60", deleted: true }) },
      { why: "one reboot an hour", input: node("n1", { ready: "1x9 0x5 1x60 0x5 1x60 0x5 1x50" }), until: "180m" },
      {
        why: "cordoned",
        input: node("n1", { ready: "1x9 0x1 1x7 0x1 1x7 0x1 1x60", unschedulable: `1x${LONG}` }),
      },
    ],
  });

  for (const [alert, job, meaning] of [
    ["KubeletMissing", "kubelet", "What the kubelet and its pods use and do is unknown, and alerts on it cannot fire."],
    [
      "NodeExporterMissing",
      "node-exporter",
      "Its disks, memory, network and clock are unknown, and alerts on them cannot fire.",
    ],
  ] as const) {
    const up = (name: string, values = `1x${LONG}`): Input => ({
      [`up{cluster="c1", job="${job}", instance="${name}", node="${name}"}`]: values,
    });
    /** Others, all scraped. */
    const rest = (count: number) =>
      Object.assign(
        {},
        ...Array.from({ length: count }, (_, index) => ({ ...node(`r${index}`), ...up(`r${index}`) })),
      ) as Input;
    const text = (name: string) => ({
      labels: { cluster: "c1", node: name },
      summary: `Node ${name} is not scraped by job ${job}.`,
      description: `Node ${name} is ready, but Prometheus has not read its ${job} for 15 minutes. ${meaning}`,
    });
    prove(alert, {
      // The first has no target, the second one that does not answer.
      input: { ...rest(10), ...node("n1"), ...impostor(up("n1")), ...node("n2"), ...up("n2", `0x${LONG}`) },
      // Both joined at the epoch: a quarter of an hour to settle, then the alert's own.
      quiet: "30m",
      fires: { at: "31m", alerts: [text("n1"), text("n2")] },
      silent: [
        { why: "scraped", input: { ...rest(10), ...node("n1"), ...up("n1") }, until: "60m" },
        { why: "it joined ten minutes ago", input: { ...rest(10), ...node("n1", { created: 2400 }) }, until: "50m" },
        {
          why: "it is not ready",
          input: { ...rest(10), ...node("n1", { ready: `0x${LONG}`, notReady: `1x${LONG}` }) },
          until: "60m",
        },
        { why: "cordoned", input: { ...rest(10), ...node("n1", { unschedulable: `1x${LONG}` }) }, until: "60m" },
        { why: "being deleted", input: { ...rest(10), ...node("n1", { deleted: true }) }, until: "60m" },
        { why: "Fargate", input: { ...rest(10), ...node("fargate-ip-10-0-1-2.ec2.internal") }, until: "60m" },
        { why: "restarted", input: { ...rest(10), ...node("n1"), ...up("n1", `1x20 0x10 1x${LONG}`) }, until: "60m" },
        {
          why: "two of sixteen are down, which TargetDown says",
          input: { ...rest(14), ...node("n1"), ...up("n1", `0x${LONG}`), ...node("n2"), ...up("n2", `0x${LONG}`) },
          until: "60m",
        },
      ],
    });
  }
});
