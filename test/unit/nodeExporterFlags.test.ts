import assert from "node:assert/strict";
import {
  nodeCollectors,
  nodeCollectorsOff,
  nodeExporterFlags,
} from "../../components/prometheus/scrape/nodeExporterFlags";

describe("node-exporter's flags", () => {
  it("run each collector that is wanted, and no default one that is not", () => {
    assert.ok(nodeExporterFlags.includes("--collector.disable-defaults"));
    const on = nodeExporterFlags.flatMap((flag) => /^--collector\.([a-z_]+)$/.exec(flag)?.[1] ?? []);
    assert.deepEqual(on, Object.keys(nodeCollectors));
    assert.deepEqual(
      on.filter((collector) => collector in nodeCollectorsOff),
      [],
    );
  });

  it("leave out pods' interfaces and mounts, and no others", () => {
    const value = (flag: string) => {
      const found = nodeExporterFlags.find((argument) => argument.startsWith(`--collector.${flag}=`));
      return new RegExp(found?.slice(found.indexOf("=") + 1) ?? "nothing");
    };
    const excluded = (flag: string, values: string[]) => values.filter((text) => value(flag).test(text));
    const hosts = ["eth0", "ens5", "ens64np0", "enp71s0", "ib0", "bond0", "br0", "lo1"];
    const pods = [
      "veth1a2b",
      "eni4f2a",
      "cali12",
      "cilium_host",
      "lxc9",
      "docker0",
      "lo",
      "pod-id-link0",
      "vlan.eth.1",
    ];
    for (const flag of ["netdev.device-exclude", "netclass.ignored-devices", "ethtool.device-exclude"]) {
      assert.deepEqual(excluded(flag, [...hosts, ...pods]), pods, flag);
    }
    const disks = ["/", "/mnt/k8s-disks/0", "/var/lib/kubelet", "/var/lib/containerd", "/run", "/fsx"];
    const ofPods = ["/var/lib/kubelet/pods/1/volumes/x", "/run/containerd/io.containerd/x", "/proc/sys/fs", "/dev/shm"];
    assert.deepEqual(excluded("filesystem.mount-points-exclude", [...disks, ...ofPods]), ofPods);
    assert.deepEqual(excluded("filesystem.fs-types-exclude", ["xfs", "ext4", "lustre", "tmpfs", "overlay"]), [
      "tmpfs",
      "overlay",
    ]);
    assert.deepEqual(excluded("diskstats.device-exclude", ["nvme0n1", "nvme0n1p1", "md127", "sda", "sda1", "loop3"]), [
      "nvme0n1p1",
      "sda1",
      "loop3",
    ]);
  });
});
