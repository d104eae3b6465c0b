import { nodeRules } from "../../components/prometheus/rules/nodes";
import { exporter, proveOfNodes } from "./nodeFixtures";
import type { AlertProof, Input } from "./promtool";

const GIB = 1024 ** 3;
const n1 = { cluster: "c1", node: "n1" };

const memory = (available: string, total = "100x200"): Input => ({
  [exporter("node_memory_MemAvailable_bytes")]: available,
  [exporter("node_memory_MemTotal_bytes")]: total,
});

const stalled = (resource: string, values: string, kind = "stalled"): Input => ({
  [exporter(`node_pressure_${resource}_${kind}_seconds_total`)]: values,
});

const kills = (values: string): Input => ({ [exporter("node_vmstat_oom_kill")]: values });

/** Two CPUs, and how many processes want to run. */
const cpus = (idle: string, load: string): Input => ({
  [exporter("node_cpu_seconds_total", 'mode="idle", cpu="0"')]: idle,
  [exporter("node_cpu_seconds_total", 'mode="idle", cpu="1"')]: idle,
  [exporter("node_load5")]: load,
});

/** A disk's requests per minute and the seconds that they took. */
const disk = (requests: number, seconds: number, device = "nvme1n1", minutes = 60): Input => ({
  [exporter("node_disk_reads_completed_total", `device="${device}"`)]: `0+${requests / 2}x${minutes} 0x60`,
  [exporter("node_disk_writes_completed_total", `device="${device}"`)]: `0+${requests / 2}x${minutes} 0x60`,
  [exporter("node_disk_read_time_seconds_total", `device="${device}"`)]: `0+${seconds * 0.1}x${minutes} 0x60`,
  [exporter("node_disk_write_time_seconds_total", `device="${device}"`)]: `0+${seconds * 0.9}x${minutes} 0x60`,
});

describe("rules: nodes, resources", () => {
  const ratios = [
    "node:cpus:count",
    "node:cpu_utilisation:ratio_rate5m",
    "node:load5_per_cpu:ratio",
    "node:memory_utilisation:ratio",
  ];
  const prove = (alert: string, proof: AlertProof) => proveOfNodes(nodeRules(), alert, proof, ...ratios);

  prove("NodeMemoryHighUtilization", {
    input: memory(`${14 * GIB}x60`, `${350 * GIB}x60`),
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 is almost out of memory.",
          description:
            "96% of the memory of node n1 is in use. When it is all gone, the kernel kills processes, not always those that took it.",
        },
      ],
    },
    silent: [
      { why: "a little more is left", input: memory(`${6 * GIB}x60`, `${100 * GIB}x60`) },
      { why: "a GPU host with 18 GiB left", input: memory(`${18 * GIB}x60`, `${2048 * GIB}x60`) },
      { why: "a burst", input: memory(`${4 * GIB}x12 ${40 * GIB}x60`, `${100 * GIB}x100`) },
    ],
  });

  prove("NodeMemoryStalls", {
    input: stalled("memory", "0+9x60"),
    quiet: "13m",
    fires: {
      at: "14m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 stands still for want of memory.",
          description:
            "For 15% of the time nothing on node n1 could go on, because everything waited for memory: the node, or the container that does the work, is at its limit and only moves pages.",
        },
      ],
    },
    silent: [
      { why: "a twelfth of the time", input: stalled("memory", "0+5x60") },
      { why: "only some wait", input: stalled("memory", "0+30x60", "waiting") },
      { why: "for some minutes", input: stalled("memory", "0+9x4 36x60") },
      { why: "the node reboots now and then", input: stalled("memory", "9000x7 0x7 9000x7 0x7 9000x7") },
    ],
  });

  prove("NodeSwapping", {
    input: { [exporter("node_vmstat_pswpin")]: "0+9000x60" },
    quiet: "21m",
    fires: {
      at: "22m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 reads memory back from swap.",
          description:
            "Node n1 reads 150 pages per second back from swap: it has less memory than its pods use, and they run at the speed of a disk.",
        },
      ],
    },
    silent: [
      { why: "a little", input: { [exporter("node_vmstat_pswpin")]: "0+5000x60" } },
      { why: "what is not needed goes out", input: { [exporter("node_vmstat_pswpout")]: "0+90000x60" } },
      { why: "a pod that slept wakes up", input: { [exporter("node_vmstat_pswpin")]: "0x5 100000x60" } },
    ],
  });

  prove("NodeOOMKills", {
    input: { ...kills("0x20 1x60"), ...memory("50x15 2x60") },
    quiet: "20m",
    fires: {
      at: "21m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 ran out of memory, and the kernel killed processes.",
          description:
            "The kernel of node n1 killed processes (1) within 15 minutes while its memory was gone. It chooses by size, so a pod within its limits may have died for another.",
        },
      ],
    },
    silent: [
      { why: "a container's own limit", input: { ...kills("0x20 2x60"), ...memory("5x90") } },
      { why: "nobody is killed", input: { ...kills("2x90"), ...memory("50x15 2x60") } },
      {
        why: "the memory was gone much later",
        input: { ...kills("0x20 2x90"), ...memory("50x45 2x60") },
        until: "90m",
      },
      {
        why: "the memory was gone much earlier",
        input: { ...kills("0x60 2x60"), ...memory("2x30 50x90") },
        until: "90m",
      },
      { why: "a node that is seen for the first time", input: { ...kills("_x20 2x60"), ...memory("_x20 2x60") } },
    ],
  });

  prove("NodeCPUSaturated", {
    input: cpus("0+1x60", "4x60"),
    quiet: "30m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels: n1,
          summary: "Node n1 has fewer CPUs than its processes need.",
          description:
            "The CPUs of node n1 are 98.33% busy, and more than half as many processes again as it has CPUs want to run. GPUs there may wait for whoever feeds them.",
        },
      ],
    },
    silent: [
      { why: "busy, as it should be", input: cpus("0+1x60", "2.8x60") },
      { why: "processes that wait for a disk", input: cpus("0+30x60", "40x60") },
      { why: "bursts", input: cpus("0+6x60", "4x60") },
      { why: "for twenty minutes", input: cpus("0+1x20 0+60x40", "4x60") },
    ],
  });

  prove("NodeIOStalls", {
    input: stalled("io", "0+24x60"),
    quiet: "33m",
    fires: {
      at: "34m",
      alerts: [
        {
          labels: n1,
          summary: "Work on node n1 waits for disks.",
          description:
            "For 40% of the time nothing on node n1 could go on, because everything waited for disks or network filesystems. GPUs there wait with it.",
        },
      ],
    },
    silent: [
      { why: "a quarter of the time", input: stalled("io", "0+15x60") },
      { why: "only some wait", input: stalled("io", "0+40x60", "waiting") },
      { why: "while an image is pulled", input: stalled("io", "0+24x20 480x60") },
    ],
  });

  prove("NodeDiskLatencyHigh", {
    input: disk(1200, 300),
    quiet: "32m",
    fires: {
      at: "33m",
      alerts: [
        {
          labels: { ...n1, device: "nvme1n1" },
          summary: "Disk nvme1n1 of node n1 is slow.",
          description:
            "Requests to disk nvme1n1 of node n1 take 250ms on average. Images, checkpoints and logs on it are slow to read and write, and the kubelet may be too.",
        },
      ],
    },
    silent: [
      { why: "a little faster", input: disk(1200, 200) },
      { why: "a few requests", input: disk(300, 300) },
      { why: "an array, whose disks are looked at", input: { ...disk(1200, 300, "md0"), ...disk(1200, 300, "dm-0") } },
      { why: "while an image is pulled", input: disk(1200, 300, "nvme1n1", 20) },
    ],
  });
});
