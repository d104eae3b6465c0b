import { nodeRules } from "../../components/prometheus/rules/nodes";
import { exporter, impostor } from "./nodeFixtures";
import { type Input, proveRecord } from "./promtool";

/** The test of a recorded series; another team's node must not be in it. */
const prove = (record: string, { input, ...proof }: Parameters<typeof proveRecord>[2]) => {
  const others = Object.fromEntries(
    Object.entries(impostor(input))
      .filter(([series]) => series.includes('"n1"'))
      .map(([series, values]) => [series.replaceAll('"n1"', '"n9"'), values]),
  );
  proveRecord(nodeRules(), record, { input: { ...input, ...others }, ...proof });
};

const cpu = (mode: string, number: number, node: string) =>
  exporter("node_cpu_seconds_total", `mode="${mode}", cpu="${number}"`, node);

/** Two CPUs that are 70 % busy, and one whose counters say that it is idle for 61 s of each minute. */
const cpus: Input = {
  [cpu("idle", 0, "n1")]: "0+15x10",
  [cpu("iowait", 0, "n1")]: "0+3x10",
  [cpu("user", 0, "n1")]: "0+42x10",
  [cpu("idle", 1, "n1")]: "0+15x10",
  [cpu("iowait", 1, "n1")]: "0+3x10",
  [cpu("user", 1, "n1")]: "0+42x10",
  [cpu("idle", 0, "n2")]: "0+61x10",
};

const memory = (available: number, total: number, node: string): Input => ({
  [exporter("node_memory_MemAvailable_bytes", "", node)]: `${available}x10`,
  [exporter("node_memory_MemTotal_bytes", "", node)]: `${total}x10`,
});

const mount = (device: string, mountpoint: string, fstype = "xfs") =>
  `device="${device}", mountpoint="${mountpoint}", fstype="${fstype}"`;

/** An array in two places, a root that is read-only, and a network filesystem. */
const filesystems = (free: string, all: string): Input => ({
  [exporter(free, mount("/dev/md0", "/mnt/k8s-disks/0"))]: "25x10",
  [exporter(all, mount("/dev/md0", "/mnt/k8s-disks/0"))]: "100x10",
  [exporter("node_filesystem_readonly", mount("/dev/md0", "/mnt/k8s-disks/0"))]: "0x10",
  [exporter(free, mount("/dev/md0", "/var/lib/kubelet"))]: "25x10",
  [exporter(all, mount("/dev/md0", "/var/lib/kubelet"))]: "100x10",
  [exporter("node_filesystem_readonly", mount("/dev/md0", "/var/lib/kubelet"))]: "1x10",
  [exporter(free, mount("/dev/dm-0", "/", "ext4"))]: "0x10",
  [exporter(all, mount("/dev/dm-0", "/", "ext4"))]: "100x10",
  [exporter("node_filesystem_readonly", mount("/dev/dm-0", "/", "ext4"))]: "1x10",
  [exporter(free, mount("10.0.0.1@tcp:/fsx", "/fsx", "lustre"))]: "1x10",
  [exporter(all, mount("10.0.0.1@tcp:/fsx", "/fsx", "lustre"))]: "100x10",
  [exporter("node_filesystem_readonly", mount("10.0.0.1@tcp:/fsx", "/fsx", "lustre"))]: "0x10",
});

/** Cards of three kinds, and what a container network adds. */
const traffic = (direction: string): Input =>
  Object.fromEntries(
    ["eth0", "ens5", "enp71s0", "ib0", "eni0a1b2c3d4e5", "lo", "veth1", "enabled"].map((device) => [
      exporter(`node_network_${direction}_bytes_total`, `device="${device}"`),
      "0+6000x10",
    ]),
  );

const n1 = '{cluster="c1", node="n1"}';
const n2 = '{cluster="c1", node="n2"}';

describe("rules: nodes, recorded", () => {
  prove("node:cpus:count", {
    input: cpus,
    at: "10m",
    samples: { [n1]: 2, [n2]: 1 },
  });

  prove("node:cpu_utilisation:ratio_rate5m", {
    input: cpus,
    at: "10m",
    samples: { [n1]: 0.7, [n2]: 0 },
  });

  prove("node:load5_per_cpu:ratio", {
    input: { ...cpus, [exporter("node_load5")]: "3x10" },
    at: "10m",
    samples: { [n1]: 1.5 },
  });

  prove("node:memory_utilisation:ratio", {
    input: { ...memory(25, 100, "n1"), ...memory(30, 40, "n2") },
    at: "10m",
    samples: { [n1]: 0.75, [n2]: 0.25 },
  });

  prove("node_device:filesystem_avail:ratio", {
    input: filesystems("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
    at: "10m",
    samples: { '{cluster="c1", node="n1", device="/dev/md0"}': 0.25 },
  });

  prove("node_device:filesystem_files_free:ratio", {
    input: filesystems("node_filesystem_files_free", "node_filesystem_files"),
    at: "10m",
    samples: { '{cluster="c1", node="n1", device="/dev/md0"}': 0.25 },
  });

  prove("node:network_receive_bytes:sum_rate5m", {
    input: traffic("receive"),
    at: "10m",
    samples: { [n1]: 400 },
  });

  prove("node:network_transmit_bytes:sum_rate5m", {
    input: traffic("transmit"),
    at: "10m",
    samples: { [n1]: 400 },
  });

  prove("node_device:disk_io_time:ratio_rate5m", {
    input: {
      [exporter("node_disk_io_time_seconds_total", 'device="nvme0n1"')]: "0+30x10",
      [exporter("node_disk_io_time_seconds_total", 'device="nvme1n1"')]: "0+6x10",
    },
    at: "10m",
    samples: {
      '{cluster="c1", node="n1", device="nvme0n1"}': 0.5,
      '{cluster="c1", node="n1", device="nvme1n1"}': 0.1,
    },
  });

  prove("cluster:cpu_utilisation:ratio_rate5m", {
    // Two CPUs at 0.7 and one at 0.
    input: cpus,
    at: "10m",
    samples: { '{cluster="c1"}': 1.4 / 3 },
  });

  prove("cluster:memory_utilisation:ratio", {
    input: { ...memory(25, 100, "n1"), ...memory(30, 40, "n2") },
    at: "10m",
    samples: { '{cluster="c1"}': 1 - 55 / 140 },
  });

  for (const direction of ["receive", "transmit"]) {
    prove(`cluster:network_${direction}_bytes:sum_rate5m`, {
      input: {
        ...traffic(direction),
        [exporter(`node_network_${direction}_bytes_total`, 'device="eth0"', "n2")]: "0+600x10",
      },
      at: "10m",
      samples: { '{cluster="c1"}': 410 },
    });
  }
});
