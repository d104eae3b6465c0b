import { byDevice, byNode, nodeExporter } from "./nodeSeries";
import { recorded } from "./nodesRecorded";
import type { RuleGroup } from "./rule";

const GIB = 1024 ** 3;

/** The share of time in which nothing on the node could go on for want of a resource; kernels without PSI have none. */
const stalled = (resource: "memory" | "io") =>
  `max ${byNode} (rate(node_pressure_${resource}_stalled_seconds_total{${nodeExporter}}[5m]))`;

// Disks themselves: what lies on top of them (RAID, device mapper) counts their waiting again.
const disks = `${nodeExporter}, device!~"(dm-|md).*"`;
const ofDisk = (counter: string) => `sum ${byDevice} (rate(${counter}{${disks}}[5m]))`;
const busyTime = `(${ofDisk("node_disk_read_time_seconds_total")} + ${ofDisk("node_disk_write_time_seconds_total")})`;
const requests = `(${ofDisk("node_disk_reads_completed_total")} + ${ofDisk("node_disk_writes_completed_total")})`;

export const nodeResourceGroups: RuleGroup[] = [
  {
    name: "node-memory",
    scope: "shard",
    rules: [
      {
        alert: "NodeMemoryHighUtilization",
        // 16 GiB: on a host with 2 TiB, 5 % is more than most machines have.
        expr: `${recorded.memoryUtilisation} > 0.95 and max ${byNode} (node_memory_MemAvailable_bytes{${nodeExporter}}) < ${16 * GIB}`,
        for: "15m",
        severity: "warning",
        summary: "Node {{ $labels.node }} is almost out of memory.",
        description:
          "{{ $value | humanizePercentage }} of the memory of node {{ $labels.node }} is in use. When it is all gone, the kernel kills processes, not always those that took it.",
      },
      {
        alert: "NodeMemoryStalls",
        // A tenth of the time [judgement]. Not major faults: reading model weights through mmap causes nothing else.
        expr: `${stalled("memory")} > 0.1`,
        for: "10m",
        severity: "warning",
        summary: "Node {{ $labels.node }} stands still for want of memory.",
        description:
          "For {{ $value | humanizePercentage }} of the time nothing on node {{ $labels.node }} could go on, because everything waited for memory: the node, or the container that does the work, is at its limit and only moves pages.",
      },
      {
        alert: "NodeSwapping",
        // 100 pages are 0.4 MiB: what once went out and is not needed does not come back, so reading is what counts.
        expr: `sum ${byNode} (rate(node_vmstat_pswpin{${nodeExporter}}[10m])) > 100`,
        for: "15m",
        severity: "warning",
        summary: "Node {{ $labels.node }} reads memory back from swap.",
        description:
          'Node {{ $labels.node }} reads {{ printf "%.0f" $value }} pages per second back from swap: it has less memory than its pods use, and they run at the speed of a disk.',
      },
      {
        alert: "NodeOOMKills",
        // The counter has the kills at containers' own limits too: those are the pods' alerts. Memory that is gone tells.
        expr:
          `sum ${byNode} (increase(node_vmstat_oom_kill{${nodeExporter}}[15m])) > 0` +
          ` and max_over_time(${recorded.memoryUtilisation}[15m]) > 0.97`,
        severity: "warning",
        summary: "Node {{ $labels.node }} ran out of memory, and the kernel killed processes.",
        description:
          'The kernel of node {{ $labels.node }} killed processes ({{ printf "%.0f" $value }}) within 15 minutes while its memory was gone. It chooses by size, so a pod within its limits may have died for another.',
      },
    ],
  },
  {
    name: "node-cpu-and-disks",
    scope: "shard",
    rules: [
      {
        alert: "NodeCPUSaturated",
        // Both: load alone counts processes that wait for disks, and a node that is just busy is well used.
        expr: `${recorded.cpuUtilisation} > 0.95 and ${recorded.loadPerCpu} > 1.5`,
        for: "30m",
        severity: "info",
        summary: "Node {{ $labels.node }} has fewer CPUs than its processes need.",
        description:
          "The CPUs of node {{ $labels.node }} are {{ $value | humanizePercentage }} busy, and more than half as many processes again as it has CPUs want to run. GPUs there may wait for whoever feeds them.",
      },
      {
        alert: "NodeIOStalls",
        // A third of the time, for long [judgement]; info, because whoever writes a model to disk waits for the disk.
        expr: `${stalled("io")} > 0.3`,
        for: "30m",
        severity: "info",
        summary: "Work on node {{ $labels.node }} waits for disks.",
        description:
          "For {{ $value | humanizePercentage }} of the time nothing on node {{ $labels.node }} could go on, because everything waited for disks or network filesystems. GPUs there wait with it.",
      },
      {
        alert: "NodeDiskLatencyHigh",
        // EBS answers in a few ms and local NVMe faster; 200 ms is a volume at its throughput limit, or a dying disk. 10
        // requests per second: a mean of fewer says nothing.
        expr: `${busyTime} / ${requests} > 0.2 and ${requests} > 10`,
        for: "30m",
        severity: "warning",
        summary: "Disk {{ $labels.device }} of node {{ $labels.node }} is slow.",
        description:
          "Requests to disk {{ $labels.device }} of node {{ $labels.node }} take {{ $value | humanizeDuration }} on average. Images, checkpoints and logs on it are slow to read and write, and the kubelet may be too.",
      },
    ],
  },
];
