import { byDevice, nodeExporter } from "./nodeSeries";
import { local, recorded } from "./nodesRecorded";
import type { RuleGroup } from "./rule";

const { spaceAvailable, filesFree } = recorded;
const GIB = 1024 ** 3;

/**
 * Of the time before it is full. 15 %: at 85 % the kubelet deletes images until 80 % is left in use, so above that a disk
 * that fills up is one that fills up with images, as it should.
 */
const fillsWithin24h = (share: string) => `${share} < 0.15 and predict_linear(${share}[6h], 24 * 3600) < 0`;

/** Was writable ten minutes ago, or was so when this alert began: it lasts for as long as the disk is read-only. */
const becameReadOnly =
  `min ${byDevice} (node_filesystem_readonly{${local}}) == 1 and on (cluster, node, device)` +
  ` (min ${byDevice} (node_filesystem_readonly{${local}} offset 10m) == 0 or ALERTS{alertname="NodeFilesystemReadOnly"})`;

export const nodeFilesystemGroups: RuleGroup[] = [
  {
    name: "node-filesystem",
    scope: "shard",
    rules: [
      {
        alert: "NodeFilesystemSpaceFillingUp",
        expr: fillsWithin24h(spaceAvailable),
        for: "1h",
        severity: "warning",
        summary: "Disk {{ $labels.device }} of node {{ $labels.node }} will be full within a day.",
        description:
          "{{ $value | humanizePercentage }} of disk {{ $labels.device }} of node {{ $labels.node }} are left, and at the pace of the last 6 hours nothing will be within a day. The kubelet evicts pods before that.",
      },
      {
        alert: "NodeFilesystemAlmostOutOfSpace",
        // 5 %: the kubelet evicts pods at 10 %, and that did not help. 100 GiB: of an array of local NVMe, 5 % is a terabyte.
        expr: `${spaceAvailable} < 0.05 and min ${byDevice} (node_filesystem_avail_bytes{${local}}) < ${100 * GIB}`,
        for: "15m",
        severity: "warning",
        summary: "Disk {{ $labels.device }} of node {{ $labels.node }} is almost full.",
        description:
          "{{ $value | humanizePercentage }} of disk {{ $labels.device }} of node {{ $labels.node }} are left. Writes will fail; the kubelet evicts pods and starts none.",
      },
      {
        alert: "NodeFilesystemFilesFillingUp",
        expr: fillsWithin24h(filesFree),
        for: "1h",
        severity: "warning",
        summary: "Disk {{ $labels.device }} of node {{ $labels.node }} will be out of inodes within a day.",
        description:
          "{{ $value | humanizePercentage }} of the inodes of disk {{ $labels.device }} of node {{ $labels.node }} are free, and at the pace of the last 6 hours none will be within a day. Then no file can be made, however much space is left.",
      },
      {
        alert: "NodeFilesystemAlmostOutOfFiles",
        // XFS makes inodes of free space: without space it has none either, which is the other alert's matter.
        expr: `${filesFree} < 0.05 unless ${spaceAvailable} < 0.05`,
        for: "15m",
        severity: "warning",
        summary: "Disk {{ $labels.device }} of node {{ $labels.node }} is almost out of inodes.",
        description:
          "{{ $value | humanizePercentage }} of the inodes of disk {{ $labels.device }} of node {{ $labels.node }} are free. Without one no file can be made, however much space is left.",
      },
      {
        alert: "NodeFilesystemReadOnly",
        expr: becameReadOnly,
        severity: "warning",
        summary: "Disk {{ $labels.device }} of node {{ $labels.node }} became read-only.",
        description:
          "The filesystem on {{ $labels.device }} of node {{ $labels.node }} was writable and is not any more, which the kernel does when the disk fails. Pods that write there fail, and new ones may not start.",
      },
      {
        alert: "NodeFilesystemDeviceError",
        // The exporter is nobody: it may not look at everything. And a mount can go between being listed and being looked at.
        expr: `max by (cluster, node, device, device_error) (node_filesystem_device_error{${nodeExporter}, device_error!~"|permission denied|no such file or directory"}) == 1`,
        for: "15m",
        severity: "warning",
        summary: "Filesystem {{ $labels.device }} does not answer on node {{ $labels.node }}.",
        description:
          "Asking filesystem {{ $labels.device }} of node {{ $labels.node }} for its size fails ({{ $labels.device_error }}). Whatever touches it hangs or fails, and processes that hang cannot be killed.",
      },
    ],
  },
];
