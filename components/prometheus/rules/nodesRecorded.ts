import { byDevice, byNode, nodeExporter } from "./nodeSeries";
import type { RecordingRule, RuleGroup } from "./rule";

/** Cards, not what container networks put on top of them: bridges, tunnels, the pods' ends of virtual cables (`eni…`). */
export const physical = `${nodeExporter}, device=~"(eth|en[ospP]|ib)[0-9].*"`;

/**
 * Filesystems on the node's own disks. Network filesystems are not here: a full one is full on every node at once. Volumes
 * of pods are the kubelet's to report; node-exporter does not look at them.
 */
export const local = `${nodeExporter}, fstype=~"ext[234]|xfs|btrfs|zfs"`;

/** The names of the recorded series that alerts use. */
export const recorded = {
  cpus: "node:cpus:count",
  cpuUtilisation: "node:cpu_utilisation:ratio_rate5m",
  loadPerCpu: "node:load5_per_cpu:ratio",
  memoryUtilisation: "node:memory_utilisation:ratio",
  spaceAvailable: "node_device:filesystem_avail:ratio",
  filesFree: "node_device:filesystem_files_free:ratio",
} as const;

// A disk that is mounted in several places, as EKS mounts arrays of local NVMe, is one series; one that is mounted read-only
// everywhere, as Bottlerocket's root is, cannot fill up.
const writableShare = (free: string, all: string) =>
  `min ${byDevice} (${free}{${local}} / ${all}{${local}}) and min ${byDevice} (node_filesystem_readonly{${local}}) == 0`;

const traffic = (direction: "receive" | "transmit"): RecordingRule => ({
  record: `node:network_${direction}_bytes:sum_rate5m`,
  expr: `sum ${byNode} (rate(node_network_${direction}_bytes_total{${physical}}[5m]))`,
});

const clusterTraffic = (direction: "receive" | "transmit"): RecordingRule => ({
  record: `cluster:network_${direction}_bytes:sum_rate5m`,
  expr: `sum by (cluster) (node:network_${direction}_bytes:sum_rate5m)`,
});

export const nodeRecordedGroups: RuleGroup[] = [
  {
    name: "node-resources-recorded",
    scope: "shard",
    rules: [
      { record: recorded.cpus, expr: `count ${byNode} (node_cpu_seconds_total{${nodeExporter}, mode="idle"})` },
      {
        record: recorded.cpuUtilisation,
        // Clamped: the counters are read one after another, and an idle node would be at -0.1 % at times.
        expr: `clamp_min(1 - sum ${byNode} (rate(node_cpu_seconds_total{${nodeExporter}, mode=~"idle|iowait"}[5m])) / ${recorded.cpus}, 0)`,
      },
      { record: recorded.loadPerCpu, expr: `max ${byNode} (node_load5{${nodeExporter}}) / ${recorded.cpus}` },
      {
        record: recorded.memoryUtilisation,
        expr: `1 - max ${byNode} (node_memory_MemAvailable_bytes{${nodeExporter}} / node_memory_MemTotal_bytes{${nodeExporter}})`,
      },
      {
        record: recorded.spaceAvailable,
        expr: writableShare("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
      },
      { record: recorded.filesFree, expr: writableShare("node_filesystem_files_free", "node_filesystem_files") },
      traffic("receive"),
      traffic("transmit"),
      {
        record: "node_device:disk_io_time:ratio_rate5m",
        expr: `sum ${byDevice} (rate(node_disk_io_time_seconds_total{${nodeExporter}}[5m]))`,
      },
    ],
  },
  {
    name: "cluster-resources-recorded",
    scope: "global",
    rules: [
      {
        record: "cluster:cpu_utilisation:ratio_rate5m",
        // By CPUs: a busy node of 192 weighs as much as 96 idle ones of 2.
        expr: `sum by (cluster) (${recorded.cpuUtilisation} * ${recorded.cpus}) / sum by (cluster) (${recorded.cpus})`,
      },
      {
        record: "cluster:memory_utilisation:ratio",
        expr: `1 - sum by (cluster) (node_memory_MemAvailable_bytes{${nodeExporter}}) / sum by (cluster) (node_memory_MemTotal_bytes{${nodeExporter}})`,
      },
      clusterTraffic("receive"),
      clusterTraffic("transmit"),
    ],
  },
];
