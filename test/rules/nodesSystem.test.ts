import { nodeRules } from "../../components/prometheus/rules/nodes";
import { exporter, object, proveOfNodes } from "./nodeFixtures";
import type { AlertProof, Input } from "./promtool";

const n1 = { cluster: "c1", node: "n1" };

/** A node's clock, what its kernel says of it, and how long asking takes. */
const clock = (time: string, { kernel = "0x60", scrape = "0.1x60", node = "n1" } = {}): Input => ({
  [exporter("node_time_seconds", "", node)]: time,
  [exporter("node_timex_offset_seconds", "", node)]: kernel,
  [exporter("scrape_duration_seconds", "", node)]: scrape,
});

const synchronisation = (maximumError: string, status: string): Input => ({
  [exporter("node_timex_maxerror_seconds")]: maximumError,
  [exporter("node_timex_sync_status")]: status,
});

const files = (values: string): Input => ({
  [exporter("node_filefd_allocated")]: values,
  [exporter("node_filefd_maximum")]: "100x60",
});

const boots = (boot: string, created: string, unschedulable = "0x120"): Input => ({
  [exporter("node_boot_time_seconds")]: boot,
  [object("kube_node_created")]: created,
  [object("kube_node_spec_unschedulable")]: unschedulable,
});

const counter = (metric: string, values: string): Input => ({ [exporter(metric)]: values });

const collector = (name: string, values: string): Input => ({
  [exporter("node_scrape_collector_success", `collector="${name}"`)]: values,
});

interface Raid {
  required: string;
  active: string;
  failed?: string;
  /** The state that it is in; anything else is none of the known ones. */
  state?: string;
  node?: string;
}

const raid = ({ required, active, failed = "0x60", state = "active", node = "n1" }: Raid): Input => ({
  [exporter("node_md_disks_required", 'device="md0"', node)]: required,
  [exporter("node_md_disks", 'device="md0", state="active"', node)]: active,
  [exporter("node_md_disks", 'device="md0", state="failed"', node)]: failed,
  [exporter("node_md_disks", 'device="md0", state="spare"', node)]: "2x60",
  ...Object.fromEntries(
    ["active", "inactive", "recovering", "resync", "check"].map((known) => [
      exporter("node_md_state", `device="md0", state="${known}"`, node),
      known === state ? "1x60" : "0x60",
    ]),
  ),
});

describe("rules: nodes, system", () => {
  const prove = (alert: string, proof: AlertProof) => proveOfNodes(nodeRules(), alert, proof);

  prove("NodeClockSkewDetected", {
    // The first by its kernel's account, the second is 1.3 s behind.
    input: { ...clock("0+60x60", { kernel: "-0.12x60" }), ...clock("-1.3+60x60", { node: "n2" }) },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: n1,
          summary: "The clock of node n1 is wrong.",
          description:
            "The clock of node n1 is 120ms off. Its logs, traces and metrics lie about their order, and tokens and certificates may be refused.",
        },
        {
          labels: { cluster: "c1", node: "n2" },
          summary: "The clock of node n2 is wrong.",
          description:
            "The clock of node n2 is 1.2s off. Its logs, traces and metrics lie about their order, and tokens and certificates may be refused.",
        },
      ],
    },
    silent: [
      { why: "its kernel is about to put it right", input: clock("0+60x60", { kernel: "0.08x60" }) },
      { why: "less than a second", input: clock("0.9+60x60") },
      { why: "a busy node that takes 4 s to answer", input: clock("4+60x60", { scrape: "4.2x60" }) },
      { why: "for ten minutes", input: clock("5+60x10 660+60x60") },
    ],
  });

  prove("NodeClockNotSynchronising", {
    input: synchronisation("16x60", "0x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: n1,
          summary: "Nothing keeps the clock of node n1 right.",
          description:
            "The kernel of node n1 has not heard from a time service for 9 hours, or since it booted: it takes the clock for 16s wrong, which is as much as it can say. The clock drifts.",
        },
      ],
    },
    silent: [
      { why: "the time service has just started", input: synchronisation("15x60", "0x60") },
      { why: "it is set", input: synchronisation("16x60", "1x60") },
      { why: "for ten minutes", input: synchronisation("16x10 0.1x60", "0x10 1x60") },
    ],
  });

  prove("NodeFileDescriptorLimit", {
    input: files("85x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 is almost out of file descriptors.",
          description:
            "85% of the files that the kernel of node n1 can have open are open. When all are, nothing on it can open a file or a connection.",
        },
      ],
    },
    silent: [
      { why: "a few less", input: files("79x60") },
      { why: "for ten minutes", input: files("85x10 60x60") },
    ],
  });

  const rebooted = (at: string, ago: string) => ({
    at,
    alerts: [
      {
        labels: n1,
        summary: "Node n1 rebooted by itself.",
        description: `Node n1 started ${ago} ago, although it belonged to the cluster before and was not cordoned. All that ran on it was lost.`,
      },
    ],
  });
  // Booted 40 s after the epoch, joined at 100 s, was cordoned for a moment, and booted again after an hour.
  const rebootedAfterAnHour = boots("40x60 3600x60", "100x120", "1 0x120");

  prove("NodeRebooted", {
    input: rebootedAfterAnHour,
    quiet: "60m",
    fires: rebooted("61m", "1m 0s"),
    silent: [
      { why: "a new node", input: boots("40x30", "100x30") },
      { why: "another node of the same name", input: boots("40x60 3600x60", "100x60 3700x60") },
      { why: "cordoned, rebooted and uncordoned", input: boots("40x60 3600x60", "100x120", "0x30 1x31 0x60") },
      { why: "the boot time is computed anew", input: boots("40x20 41x100", "100x120") },
    ],
  });

  // It lasts for half an hour.
  prove("NodeRebooted", {
    input: rebootedAfterAnHour,
    fires: rebooted("89m", "29m 0s"),
    silent: [{ why: "half an hour ago", input: boots("_x95 3600x60", "100x160", "0x160"), until: "100m" }],
  });

  prove("NodeKernelHungTasks", {
    input: counter("node_kernel_hung_tasks_total", "0x10 1x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: n1,
          summary: "Processes hang in the kernel of node n1.",
          description:
            "The kernel of node n1 found processes (1 within 30 minutes) that waited for minutes without a sign: for a driver, a disk or a network filesystem that does not answer. They cannot be killed.",
        },
      ],
    },
    silent: [
      { why: "some did long ago", input: counter("node_kernel_hung_tasks_total", "3x60") },
      { why: "a node that is seen for the first time", input: counter("node_kernel_hung_tasks_total", "_x10 3x60") },
    ],
  });

  prove("NodeCollectorFailing", {
    input: collector("filesystem", "0x60"),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: { ...n1, collector: "filesystem" },
          summary: "The filesystem collector of node-exporter fails on node n1.",
          description:
            "node-exporter on node n1 could not read what its collector filesystem reports for 15 minutes: these series are missing or incomplete, and alerts on them cannot fire.",
        },
      ],
    },
    silent: [
      { why: "there is no RAID", input: collector("mdadm", "0x60") },
      { why: "a kernel without pressure", input: collector("pressure", "0x60") },
      { why: "it works", input: collector("filesystem", "1x60") },
      { why: "for ten minutes", input: collector("filesystem", "0x10 1x60") },
    ],
  });

  const lostDisk = (node: string) => ({
    labels: { cluster: "c1", node, device: "md0" },
    summary: `RAID array md0 of node ${node} has lost a disk.`,
    description: `Array md0 of node ${node} lacks a disk, has a failed one or does not run. A striped array has lost its data, any other will with the next disk.`,
  });

  prove("NodeRAIDDegraded", {
    input: {
      ...raid({ required: "2x60", active: "1x60" }),
      ...raid({ required: "4x60", active: "4x60", failed: "1x60", node: "n2" }),
      ...raid({ required: "4x60", active: "4x60", state: "broken", node: "n3" }),
      ...raid({ required: "0x60", active: "0x60", state: "inactive", node: "n4" }),
    },
    quiet: "4m",
    fires: { at: "5m", alerts: ["n1", "n2", "n3", "n4"].map(lostDisk) },
    silent: [
      { why: "all disks are there", input: raid({ required: "4x60", active: "4x60" }) },
      { why: "it is being checked", input: raid({ required: "4x60", active: "4x60", state: "check" }) },
      { why: "it is put together", input: raid({ required: "2x60", active: "1x3 2x60" }) },
    ],
  });

  prove("NodeMemoryUncorrectableErrors", {
    input: counter("node_edac_uncorrectable_errors_total", "0x10 1x60"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: n1,
          summary: "The memory of node n1 has errors that could not be corrected.",
          description:
            "Memory errors that could not be corrected were found on node n1 within an hour (1). What used that memory was killed or has wrong data.",
        },
      ],
    },
    silent: [
      { why: "one since it booted", input: counter("node_edac_uncorrectable_errors_total", "1x60") },
      { why: "they could be corrected", input: counter("node_edac_correctable_errors_total", "0+1x60") },
    ],
  });

  prove("NodeMemoryCorrectableErrors", {
    input: counter("node_edac_correctable_errors_total", "0+2x200"),
    quiet: "109m",
    fires: {
      at: "120m",
      alerts: [
        {
          labels: n1,
          summary: "A memory module of node n1 is failing.",
          description:
            "120 memory errors were corrected on node n1 within an hour. Nothing is wrong yet, but modules that do this get worse.",
        },
      ],
    },
    silent: [
      { why: "90 an hour", input: counter("node_edac_correctable_errors_total", "0+1.5x300"), until: "180m" },
      { why: "a single burst", input: counter("node_edac_correctable_errors_total", "0x20 150x300"), until: "180m" },
    ],
  });
});
