import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Layout } from "./layout";
import type { Network } from "./network";

/** What every pod's network namespace is held by; made from the machine's own busybox. */
export const PAUSE_IMAGE = "registry.k8s.io/pause:3.10";

function containerd(target: Layout, cniPlugins: string): string {
  // Quoted as JSON, which TOML's basic strings contain.
  return `version = 2
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE runc may not lower a container's score below containerd's own, and dies trying.
  restrict_oom_score_adj = true
  sandbox_image = ${JSON.stringify(PAUSE_IMAGE)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${JSON.stringify(cniPlugins)}
    conf_dir = ${JSON.stringify(path.join(target.state, "cni"))}
`;
}

function cni(network: Network): object {
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        // Point to point, not a bridge: every packet between pods is routed, so that Service addresses are translated both
        // ways without the br_netfilter module.
        type: "ptp",
        ipMasq: false,
        ipam: { type: "host-local", ranges: [[{ subnet: network.pods }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function kubelet(target: Layout, network: Network): object {
  const file = (name: string) => path.join(target.state, name);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    // How soon a changed Secret or ConfigMap reaches its pod; the default of a minute is for nodes of many pods.
    syncFrequency: "5s",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: file("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: file("kubelet.crt"),
    tlsPrivateKeyFile: file("kubelet.key"),
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${target.cgroup}`,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    // Later versions refuse cgroup v1 unless told otherwise.
    failCgroupV1: false,
    oomScoreAdj: 0,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    clusterDNS: [network.dns],
    clusterDomain: "cluster.local",
    resolvConf: file("resolv.conf"),
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    // Images are imported, not pulled: one that is collected as garbage could not come back.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    maxPods: 250,
    shutdownGracePeriod: "0s",
  };
}

function kubeProxy(target: Layout, network: Network, nodeName: string): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: target.kubeconfig },
    hostnameOverride: nodeName,
    mode: "iptables",
    clusterCIDR: network.pods,
    oomScoreAdj: 0,
    // It may not write these sysctls in a network namespace of its own.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    iptables: { minSyncPeriod: "100ms" },
  };
}

/** Writes the configuration files of containerd, CNI, kubelet and kube-proxy into the cluster's state folder. */
export async function writeConfiguration(
  target: Layout,
  network: Network,
  nodeName: string,
  cniPlugins: string,
): Promise<void> {
  const write = (name: string, content: string | object) =>
    writeFile(
      path.join(target.state, name),
      typeof content === "string" ? content : JSON.stringify(content, undefined, 2),
    );
  await mkdir(path.join(target.state, "cni"), { recursive: true });
  await Promise.all([
    write("containerd.toml", containerd(target, cniPlugins)),
    write("cni/pods.conflist", cni(network)),
    write("kubelet.yaml", kubelet(target, network)),
    write("kube-proxy.yaml", kubeProxy(target, network, nodeName)),
    // Nothing inside needs the outside, and the host's resolver would not be reachable.
    write("resolv.conf", ""),
  ]);
}
