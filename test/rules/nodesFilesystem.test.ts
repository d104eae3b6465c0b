import { nodeRules } from "../../components/prometheus/rules/nodes";
import { exporter, proveOfNodes } from "./nodeFixtures";
import type { AlertProof, Input } from "./promtool";

interface Disk {
  device?: string;
  fstype?: string;
  mountpoint?: string;
  readOnly?: string;
}

const labels = ({ device = "/dev/md0", fstype = "xfs", mountpoint = "/var/lib/kubelet" }: Disk) =>
  `device="${device}", fstype="${fstype}", mountpoint="${mountpoint}"`;

/** What is left of a disk and how large it is, in bytes or inodes. */
const disk =
  (free: string, all: string) =>
  (left: string, size: number, options: Disk = {}): Input => ({
    [exporter(free, labels(options))]: left,
    [exporter(all, labels(options))]: `${size}x900`,
    [exporter("node_filesystem_readonly", labels(options))]: options.readOnly ?? "0x900",
  });

const space = disk("node_filesystem_avail_bytes", "node_filesystem_size_bytes");
const files = disk("node_filesystem_files_free", "node_filesystem_files");

const readOnly = (values: string, options: Disk = {}): Input => ({
  [exporter("node_filesystem_readonly", labels(options))]: values,
});

const deviceError = (error: string, values: string): Input => ({
  [exporter(
    "node_filesystem_device_error",
    `device="10.0.0.1@tcp:/fsx", fstype="lustre", mountpoint="/fsx", device_error="${error}"`,
  )]: values,
});

const where = { cluster: "c1", node: "n1", device: "/dev/md0" };

describe("rules: nodes, filesystems", () => {
  const ratios = ["node_device:filesystem_avail:ratio", "node_device:filesystem_files_free:ratio"];
  const prove = (alert: string, proof: AlertProof) => proveOfNodes(nodeRules(), alert, proof, ...ratios);

  for (const [alert, of, texts] of [
    [
      "NodeFilesystemSpaceFillingUp",
      space,
      {
        summary: "Disk /dev/md0 of node n1 will be full within a day.",
        description:
          "13.78% of disk /dev/md0 of node n1 are left, and at the pace of the last 6 hours nothing will be within a day. The kubelet evicts pods before that.",
      },
    ],
    [
      "NodeFilesystemFilesFillingUp",
      files,
      {
        summary: "Disk /dev/md0 of node n1 will be out of inodes within a day.",
        description:
          "13.78% of the inodes of disk /dev/md0 of node n1 are free, and at the pace of the last 6 hours none will be within a day. Then no file can be made, however much space is left.",
      },
    ],
  ] as const) {
    prove(alert, {
      // Below 15 % from 251 minutes on, with 12 hours to go; the same disk in two places is one alert.
      input: { ...of("20-0.02x900", 100), ...of("20-0.02x900", 100, { mountpoint: "/var/lib/containerd" }) },
      quiet: "310m",
      fires: { at: "311m", alerts: [{ labels: where, ...texts }] },
      silent: [
        { why: "the kubelet's deletion of images keeps it above 15 %", input: of("30-0.02x700", 100), until: "680m" },
        { why: "little is left, and that for long", input: of("12x900", 100), until: "600m" },
        { why: "it will be full in two days", input: of("14-0.004x900", 100), until: "600m" },
        { why: "it was cleared", input: of("20-0.02x290 50x600", 100), until: "600m" },
        { why: "a network filesystem", input: of("20-0.02x900", 100, { fstype: "nfs4" }) },
        { why: "a read-only root", input: of("20-0.02x900", 100, { readOnly: "1x900" }) },
      ],
    });
  }

  const gib = 1024 ** 3;

  prove("NodeFilesystemAlmostOutOfSpace", {
    input: {
      ...space(`${90 * gib}x60`, 2250 * gib),
      ...space(`${90 * gib}x60`, 2250 * gib, { mountpoint: "/var/lib/containerd" }),
    },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: where,
          summary: "Disk /dev/md0 of node n1 is almost full.",
          description:
            "4% of disk /dev/md0 of node n1 are left. Writes will fail; the kubelet evicts pods and starts none.",
        },
      ],
    },
    silent: [
      { why: "a little more", input: space(`${6 * gib}x60`, 100 * gib) },
      { why: "a large array with more left than most disks have", input: space(`${110 * gib}x60`, 2750 * gib) },
      { why: "full for a moment", input: space(`${4 * gib}x12 ${9 * gib}x60`, 100 * gib) },
      { why: "a read-only root, which is always full", input: space("0x60", 2 * gib, { readOnly: "1x60" }) },
      { why: "a network filesystem", input: space(`${4 * gib}x60`, 100 * gib, { fstype: "fuse.mountpoint-s3" }) },
    ],
  });

  prove("NodeFilesystemAlmostOutOfFiles", {
    input: { ...files("4x60", 100), ...space("6x60", 100) },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: where,
          summary: "Disk /dev/md0 of node n1 is almost out of inodes.",
          description:
            "4% of the inodes of disk /dev/md0 of node n1 are free. Without one no file can be made, however much space is left.",
        },
      ],
    },
    silent: [
      { why: "a few more", input: { ...files("6x60", 100), ...space("40x60", 100) } },
      { why: "no space either", input: { ...files("4x60", 100), ...space("4x60", 100) } },
      { why: "a filesystem that counts none", input: { ...files("0x60", 0), ...space("40x60", 100) } },
    ],
  });

  const becameReadOnly: AlertProof = {
    input: { ...readOnly("0x20 1x100"), ...readOnly("0x20 1x100", { mountpoint: "/var/lib/containerd" }) },
    quiet: "20m",
    fires: {
      at: "21m",
      alerts: [
        {
          labels: where,
          summary: "Disk /dev/md0 of node n1 became read-only.",
          description:
            "The filesystem on /dev/md0 of node n1 was writable and is not any more, which the kernel does when the disk fails. Pods that write there fail, and new ones may not start.",
        },
      ],
    },
    silent: [
      { why: "one of its places is", input: { ...readOnly("0x120"), ...readOnly("0x20 1x100", { mountpoint: "/a" }) } },
      { why: "a network filesystem", input: readOnly("0x20 1x100", { fstype: "nfs4" }) },
    ],
  };
  prove("NodeFilesystemReadOnly", becameReadOnly);

  // It lasts for more than an hour, and ends when the disk is writable again.
  prove("NodeFilesystemReadOnly", {
    ...becameReadOnly,
    fires: { ...becameReadOnly.fires, at: "90m" },
    silent: [
      { why: "writable again when it is looked at", input: readOnly("0x20 1x6 0x100") },
      { why: "a root that is meant to be", input: readOnly("1x120", { device: "/dev/dm-0", mountpoint: "/" }) },
      { why: "a new node with such a root", input: readOnly("_x20 1x100", { device: "/dev/dm-0", mountpoint: "/" }) },
      {
        why: "another alert about such a root",
        input: {
          ...readOnly("1x120"),
          'ALERTS{alertname="Other", alertstate="firing", cluster="c1", node="n1", device="/dev/md0"}': "1x120",
        },
      },
    ],
  });

  prove("NodeFilesystemDeviceError", {
    input: { ...deviceError("", "0x10 stale"), ...deviceError("mountpoint timeout", "_x10 1x60") },
    quiet: "24m",
    fires: {
      at: "25m",
      alerts: [
        {
          labels: { cluster: "c1", node: "n1", device: "10.0.0.1@tcp:/fsx", device_error: "mountpoint timeout" },
          summary: "Filesystem 10.0.0.1@tcp:/fsx does not answer on node n1.",
          description:
            "Asking filesystem 10.0.0.1@tcp:/fsx of node n1 for its size fails (mountpoint timeout). Whatever touches it hangs or fails, and processes that hang cannot be killed.",
        },
      ],
    },
    silent: [
      { why: "the exporter may not look", input: deviceError("permission denied", "1x60") },
      { why: "it was unmounted", input: deviceError("no such file or directory", "1x60") },
      { why: "it answers", input: deviceError("", "0x60") },
      { why: "slow for ten minutes", input: deviceError("mountpoint timeout", "1x10 stale") },
    ],
  });
});
