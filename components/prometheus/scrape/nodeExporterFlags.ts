/** Collectors that run: whatever a node alert, a dashboard or a GPU host's health needs. */
export const nodeCollectors = {
  conntrack: "A full connection table drops connections.",
  cpu: "Use of CPU.",
  diskstats: "Load of disks.",
  dmi: "The instance type.",
  edac: "Memory errors that were corrected, and those that were not.",
  ethtool: "Only the allowances of EC2's network cards: traffic, packets, connections and DNS lookups over them.",
  filefd: "File handles of the whole node.",
  filesystem: "How full disks are, and whether they became read-only.",
  hwmon: "Temperatures.",
  infiniband: "EFA and InfiniBand: links and errors.",
  kernel_hung: "Tasks that hang, as they do on dead file servers and GPU drivers.",
  loadavg: "Load.",
  mdadm: "RAID of local disks.",
  meminfo: "Use of memory.",
  netclass: "Links: up, speed, changes.",
  netdev: "Traffic and errors.",
  netstat: "Retransmissions and overflows.",
  nvme: "Local disks: model and state.",
  os: "The image's version.",
  pressure: "Waiting for CPU, memory and disks.",
  sockstat: "Sockets.",
  stat: "When it booted, and how many processes wait for disks.",
  time: "Its clock.",
  timex: "Whether its clock is in step.",
  uname: "The kernel's version.",
  vmstat: "Out of memory kills and page faults.",
} as const;

/** Collectors that node-exporter would run by default, and why they do not. */
export const nodeCollectorsOff = {
  arp: "A series for each interface of each pod.",
  bcache: "Not used on EC2.",
  bcachefs: "Not used on EC2.",
  bonding: "Not used on EC2.",
  btrfs: "Not used on EC2.",
  cpufreq: "Three series for each of 192 CPUs.",
  dmmultipath: "Not used on EC2.",
  entropy: "Kernels of today do not run out of it.",
  fibrechannel: "Not used on EC2.",
  ipvs: "kube-proxy of EKS uses iptables or nftables.",
  nfs: "60 counters of RPCs for EFS; slow file systems show in the pressure of I/O.",
  nfsd: "No node serves files.",
  powersupplyclass: "Not visible on EC2.",
  rapl: "Needs root.",
  schedstat: "Three series for each of 192 CPUs.",
  selinux: "A setting.",
  softnet: "Seven series for each of 192 CPUs.",
  tapestats: "Not used on EC2.",
  textfile: "Nothing writes files for it.",
  thermal_zone: "hwmon has temperatures; this adds a cooling device for each of 192 CPUs.",
  udp_queues: "Not asked about.",
  watchdog: "Not asked about.",
  xfs: "60 series for each file system of Amazon Linux.",
  zfs: "Not used on EC2.",
} as const;

// Interfaces of pods, which come and go: of the AWS, Calico and Cilium network plugins, of Docker, and local ones.
const POD_INTERFACES =
  "^(veth|eni|vlan|cali|cilium|lxc|docker|cni|flannel|kube-|nodelocaldns|dummy|ifb|pod-id-link|tunl|lo$)";

/**
 * How node-exporter is started. A collector that a later version adds does not run by itself. Each value is one argument,
 * so no shell looks at it.
 */
export const nodeExporterFlags: string[] = [
  "--web.disable-exporter-metrics",
  "--collector.disable-defaults",
  ...Object.keys(nodeCollectors).map((collector) => `--collector.${collector}`),
  // A series for each mode and CPU that only hosts of virtual machines need.
  "--no-collector.cpu.guest",
  `--collector.netdev.device-exclude=${POD_INTERFACES}.*`,
  `--collector.netclass.ignored-devices=${POD_INTERFACES}.*`,
  "--collector.netclass.ignore-invalid-speed",
  `--collector.ethtool.device-exclude=${POD_INTERFACES}.*`,
  "--collector.ethtool.metrics-include=^(bw_in|bw_out|pps|conntrack|linklocal)_allowance_exceeded$",
  // Volumes of pods and layers of containers, which the kubelet reports; what is mounted at these folders themselves stays.
  "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/(containerd|credentials|user|netns)|var/lib/(kubelet|containerd|containers|docker)/.+)($|/)",
  "--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|erofs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs)$",
  // Partitions and devices that are files; RAIDs stay, and what they are made of.
  "--collector.diskstats.device-exclude=^(z?ram|loop|fd|nbd|sr|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$",
];
