import path from "node:path";
import type { Tool } from "../toolchain";
import type { Layout } from "./layout";
import type { Network } from "./network";

/** The programs that the toolchain provides for a cluster. */
export const clusterTools = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kube-router",
  "coredns",
] as const;

export type ClusterTools = Record<(typeof clusterTools)[number], Tool>;

/** One of the cluster's own processes; its log and its entry in the process list have its name. */
export interface Daemon {
  name: string;
  command: readonly string[];
}

const ETCD = "http://127.0.0.1:2379";

/** What starts first: needs nothing but its files. */
export function firstDaemons(target: Layout, network: Network, tools: ClusterTools): Daemon[] {
  const file = (name: string) => path.join(target.state, name);
  return [
    {
      name: "etcd",
      command: [
        tools.etcd.path,
        "--data-dir=/var/lib/etcd",
        // The data lives as long as the machine is up, so nothing has to survive a power cut.
        "--unsafe-no-fsync",
        `--listen-client-urls=${ETCD}`,
        `--advertise-client-urls=${ETCD}`,
        "--listen-peer-urls=http://127.0.0.1:0",
        "--log-level=warn",
      ],
    },
    { name: "containerd", command: ["containerd", "--config", file("containerd.toml"), "--log-level=warn"] },
    {
      name: "kube-apiserver",
      command: [
        tools["kube-apiserver"].path,
        `--etcd-servers=${ETCD}`,
        "--secure-port=6443",
        `--advertise-address=${network.node}`,
        `--service-cluster-ip-range=${network.services}`,
        `--tls-cert-file=${file("api.crt")}`,
        `--tls-private-key-file=${file("api.key")}`,
        `--client-ca-file=${file("ca.crt")}`,
        `--service-account-key-file=${file("service-account.pub")}`,
        `--service-account-signing-key-file=${file("service-account.key")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        // The node's name cannot be resolved; without this, exec and logs try to.
        "--kubelet-preferred-address-types=InternalIP",
        `--kubelet-client-certificate=${file("admin.crt")}`,
        `--kubelet-client-key=${file("admin.key")}`,
        `--kubelet-certificate-authority=${file("ca.crt")}`,
        "--profiling=false",
      ],
    },
  ];
}

/** What starts when the API server answers at all; it would give up on one that does not. */
export function secondDaemons(target: Layout, network: Network, nodeName: string, tools: ClusterTools): Daemon[] {
  const file = (name: string) => path.join(target.state, name);
  const kubeconfig = `--kubeconfig=${target.kubeconfig}`;
  const alone = ["--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false"];
  return [
    {
      name: "kube-controller-manager",
      command: [
        tools["kube-controller-manager"].path,
        kubeconfig,
        `--service-account-private-key-file=${file("service-account.key")}`,
        `--root-ca-file=${file("ca.crt")}`,
        `--cluster-signing-cert-file=${file("ca.crt")}`,
        `--cluster-signing-key-file=${file("ca.key")}`,
        // One identity for all controllers: forty clients fewer, and none waits for its role to be made.
        "--use-service-account-credentials=false",
        ...alone,
      ],
    },
    { name: "kube-scheduler", command: [tools["kube-scheduler"].path, kubeconfig, ...alone] },
    {
      name: "kubelet",
      command: [
        tools.kubelet.path,
        `--config=${file("kubelet.yaml")}`,
        `--kubeconfig=${file("kubelet.kubeconfig")}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${network.node}`,
        "--node-labels=topology.kubernetes.io/region=local,topology.kubernetes.io/zone=local-a",
      ],
    },
    { name: "kube-proxy", command: [tools["kube-proxy"].path, `--config=${file("kube-proxy.yaml")}`] },
  ];
}

/** The programs that a healthy cluster runs, by the names of their files. */
export const DAEMON_NAMES = ["containerd", ...clusterTools.filter((name) => name !== "coredns")] as const;
