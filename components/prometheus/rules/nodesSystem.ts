import type { nodeCollectors } from "../scrape/nodeExporterFlags";
import { byDevice, byNode, nodeExporter, nodeObjects } from "./nodeSeries";
import type { RuleGroup } from "./rule";

/** Collectors that find something on every Linux node; others fail wherever there is nothing to read. */
const everywhere: (keyof typeof nodeCollectors)[] = [
  "cpu",
  "diskstats",
  "filefd",
  "filesystem",
  "loadavg",
  "meminfo",
  "netclass",
  "netdev",
  "stat",
  "time",
  "timex",
  "vmstat",
];

// What the kernel knows where it keeps the clock itself, or else the difference to Prometheus' own clock, less the time that
// asking took. With chrony, which keeps the clock for the kernel, the first is always 0.
const clockOffset =
  `abs(node_timex_offset_seconds{${nodeExporter}}) > 0.1` +
  ` or abs(node_time_seconds{${nodeExporter}} - timestamp(node_time_seconds{${nodeExporter}})) - scrape_duration_seconds{${nodeExporter}} > 1`;

/** Arrays that lack disks, have failed ones, or do not run: RAID 0 never lacks any, it is just broken (in no state at all). */
const raidDegraded =
  `max ${byDevice} (node_md_disks_required{${nodeExporter}}) - max ${byDevice} (node_md_disks{${nodeExporter}, state="active"}) > 0` +
  ` or max ${byDevice} (node_md_disks{${nodeExporter}, state="failed"}) > 0` +
  ` or 1 - sum ${byDevice} (node_md_state{${nodeExporter}, state!="inactive"}) > 0`;

// A node's object is made after it boots: a boot after that is a second one. Whoever reboots on purpose cordons before.
const bootTime = `max ${byNode} (node_boot_time_seconds{${nodeExporter}})`;
const rebooted =
  `time() - ${bootTime} < 1800 and on (cluster, node) (${bootTime} > max ${byNode} (kube_node_created{${nodeObjects}}) + 60)` +
  ` unless on (cluster, node) max_over_time(kube_node_spec_unschedulable{${nodeObjects}}[1h]) == 1`;

const memoryErrors = (kind: "correctable" | "uncorrectable") =>
  `sum ${byNode} (increase(node_edac_${kind}_errors_total{${nodeExporter}}[1h]))`;

export const nodeSystemGroups: RuleGroup[] = [
  {
    name: "node-system",
    scope: "shard",
    rules: [
      {
        alert: "NodeClockSkewDetected",
        expr: `max ${byNode} (${clockOffset})`,
        for: "15m",
        severity: "warning",
        summary: "The clock of node {{ $labels.node }} is wrong.",
        description:
          "The clock of node {{ $labels.node }} is {{ $value | humanizeDuration }} off. Its logs, traces and metrics lie about their order, and tokens and certificates may be refused.",
      },
      {
        alert: "NodeClockNotSynchronising",
        // 16 s is where the kernel stops counting: nothing has set this clock for 9 hours, or since it booted.
        expr: `max ${byNode} (node_timex_maxerror_seconds{${nodeExporter}} >= 16 and node_timex_sync_status{${nodeExporter}} == 0)`,
        for: "15m",
        severity: "warning",
        summary: "Nothing keeps the clock of node {{ $labels.node }} right.",
        description:
          "The kernel of node {{ $labels.node }} has not heard from a time service for 9 hours, or since it booted: it takes the clock for {{ $value | humanizeDuration }} wrong, which is as much as it can say. The clock drifts.",
      },
      {
        alert: "NodeFileDescriptorLimit",
        expr: `max ${byNode} (node_filefd_allocated{${nodeExporter}} / node_filefd_maximum{${nodeExporter}}) > 0.8`,
        for: "15m",
        severity: "warning",
        summary: "Node {{ $labels.node }} is almost out of file descriptors.",
        description:
          "{{ $value | humanizePercentage }} of the files that the kernel of node {{ $labels.node }} can have open are open. When all are, nothing on it can open a file or a connection.",
      },
      {
        alert: "NodeRebooted",
        expr: rebooted,
        severity: "warning",
        summary: "Node {{ $labels.node }} rebooted by itself.",
        description:
          "Node {{ $labels.node }} started {{ $value | humanizeDuration }} ago, although it belonged to the cluster before and was not cordoned. All that ran on it was lost.",
      },
      {
        alert: "NodeKernelHungTasks",
        expr: `sum ${byNode} (increase(node_kernel_hung_tasks_total{${nodeExporter}}[30m])) > 0`,
        severity: "warning",
        summary: "Processes hang in the kernel of node {{ $labels.node }}.",
        description:
          'The kernel of node {{ $labels.node }} found processes ({{ printf "%.0f" $value }} within 30 minutes) that waited for minutes without a sign: for a driver, a disk or a network filesystem that does not answer. They cannot be killed.',
      },
      {
        alert: "NodeCollectorFailing",
        expr: `max by (cluster, node, collector) (node_scrape_collector_success{${nodeExporter}, collector=~"${everywhere.join("|")}"}) == 0`,
        for: "15m",
        severity: "warning",
        summary: "The {{ $labels.collector }} collector of node-exporter fails on node {{ $labels.node }}.",
        description:
          "node-exporter on node {{ $labels.node }} could not read what its collector {{ $labels.collector }} reports for 15 minutes: these series are missing or incomplete, and alerts on them cannot fire.",
      },
    ],
  },
  {
    name: "node-hardware",
    scope: "shard",
    rules: [
      {
        alert: "NodeRAIDDegraded",
        expr: raidDegraded,
        for: "5m",
        severity: "warning",
        summary: "RAID array {{ $labels.device }} of node {{ $labels.node }} has lost a disk.",
        description:
          "Array {{ $labels.device }} of node {{ $labels.node }} lacks a disk, has a failed one or does not run. A striped array has lost its data, any other will with the next disk.",
      },
      {
        alert: "NodeMemoryUncorrectableErrors",
        expr: `${memoryErrors("uncorrectable")} > 0`,
        severity: "warning",
        summary: "The memory of node {{ $labels.node }} has errors that could not be corrected.",
        description:
          'Memory errors that could not be corrected were found on node {{ $labels.node }} within an hour ({{ printf "%.0f" $value }}). What used that memory was killed or has wrong data.',
      },
      {
        alert: "NodeMemoryCorrectableErrors",
        // A few a day are cosmic rays; a hundred an hour is one bad module [judgement].
        expr: `${memoryErrors("correctable")} > 100`,
        for: "1h",
        severity: "warning",
        summary: "A memory module of node {{ $labels.node }} is failing.",
        description:
          '{{ printf "%.0f" $value }} memory errors were corrected on node {{ $labels.node }} within an hour. Nothing is wrong yet, but modules that do this get worse.',
      },
    ],
  },
];
