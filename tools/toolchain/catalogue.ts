import { versions } from "../../components/versions";
import { storeGroups } from "./catalogueStores";
import { type Download, github, type ToolEntry, type ToolGroup, withoutV } from "./entries";

export type { Download, ToolGroup } from "./entries";

/** The version of the throwaway cluster's Kubernetes, without `v`. */
const KUBERNETES = "1.34.4";
const ETCD = "3.6.16";
const COREDNS = "1.12.4";
const KUBE_ROUTER = "2.1.0";
const PULUMI = "3.259.0";

/** The release layout that Prometheus, Alertmanager and Thanos share. */
const prometheusStyle =
  (repository: string, version: string, program: string) =>
  (architecture: string): Download => {
    const name = `${repository.split("/")[1]}-${version}.linux-${architecture}`;
    const base = github(repository, version);
    return { url: `${base}/${name}.tar.gz`, checksumUrl: `${base}/sha256sums.txt`, member: `${name}/${program}` };
  };

const kubernetesTool = (name: string, versionArguments = ["--version"]): ToolEntry => ({
  package: `k8s.io/kubernetes/cmd/${name}`,
  versionArguments,
  download: (architecture) => {
    const url = `https://dl.k8s.io/release/v${KUBERNETES}/bin/linux/${architecture}/${name}`;
    return { url, checksumUrl: `${url}.sha512` };
  },
});

const prometheusStamp = (version: string) => ({ "github.com/prometheus/common/version.Version": version });

const prometheusTool = (repository: string, version: string, program: string, main: string): ToolEntry => ({
  package: main,
  versionArguments: ["--version"],
  download: prometheusStyle(repository, version, program),
});

const prometheusVersion = withoutV(versions.prometheus);
const alertmanagerVersion = withoutV(versions.alertmanager);
const operatorVersion = withoutV(versions.prometheusOperator);
const thanosVersion = withoutV(versions.thanos);
const kubeStateMetricsVersion = withoutV(versions.kubeStateMetrics);
const nodeExporterVersion = withoutV(versions.nodeExporter);

/** Every program that the commands need, by the folder in `go/` that builds it. */
export const catalogue = {
  etcd: {
    version: ETCD,
    tags: [],
    stamps: {},
    seconds: 30,
    tools: {
      etcd: {
        package: "go.etcd.io/etcd/server/v3",
        versionArguments: ["--version"],
        download: (architecture) => {
          const name = `etcd-v${ETCD}-linux-${architecture}`;
          const base = github("etcd-io/etcd", ETCD);
          return { url: `${base}/${name}.tar.gz`, checksumUrl: `${base}/SHA256SUMS`, member: `${name}/etcd` };
        },
      },
    },
  },
  kubernetes: {
    version: KUBERNETES,
    tags: [],
    stamps: {
      "k8s.io/component-base/version.gitVersion": `v${KUBERNETES}`,
      "k8s.io/component-base/version.gitMajor": KUBERNETES.split(".")[0] ?? "",
      "k8s.io/component-base/version.gitMinor": KUBERNETES.split(".")[1] ?? "",
    },
    seconds: 340,
    tools: {
      "kube-apiserver": kubernetesTool("kube-apiserver"),
      "kube-controller-manager": kubernetesTool("kube-controller-manager"),
      "kube-scheduler": kubernetesTool("kube-scheduler"),
      kubelet: kubernetesTool("kubelet"),
      "kube-proxy": kubernetesTool("kube-proxy"),
      // `--client`, because it would ask the cluster of the user's kubeconfig too.
      kubectl: kubernetesTool("kubectl", ["version", "--client"]),
    },
  },
  coredns: {
    version: COREDNS,
    tags: [],
    stamps: {},
    seconds: 68,
    tools: {
      coredns: {
        package: "github.com/coredns/coredns",
        versionArguments: ["-version"],
        download: (architecture) => {
          const url = `${github("coredns/coredns", COREDNS)}/coredns_${COREDNS}_linux_${architecture}.tgz`;
          return { url, checksumUrl: `${url}.sha256`, member: "coredns" };
        },
      },
    },
  },
  "kube-router": {
    version: KUBE_ROUTER,
    tags: [],
    stamps: { "github.com/cloudnativelabs/kube-router/v2/pkg/version.Version": `v${KUBE_ROUTER}` },
    seconds: 210,
    tools: {
      "kube-router": {
        package: "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
        versionArguments: ["--version"],
        versionOnStderr: true,
        download: (architecture) => {
          const base = github("cloudnativelabs/kube-router", KUBE_ROUTER);
          const name = `kube-router_${KUBE_ROUTER}`;
          return {
            url: `${base}/${name}_linux_${architecture}.tar.gz`,
            checksumUrl: `${base}/${name}_checksums.txt`,
            member: "kube-router",
          };
        },
      },
    },
  },
  prometheus: {
    version: prometheusVersion,
    // The dependencies of some discovery plugins are not to be had as modules; a cluster uses these two.
    tags: ["remove_all_sd", "enable_kubernetes_sd", "enable_dns_sd"],
    stamps: prometheusStamp(prometheusVersion),
    seconds: 195,
    tools: Object.fromEntries(
      ["prometheus", "promtool"].map((name) => [
        name,
        prometheusTool(
          "prometheus/prometheus",
          prometheusVersion,
          name,
          `github.com/prometheus/prometheus/cmd/${name}`,
        ),
      ]),
    ) as Record<"prometheus" | "promtool", ToolEntry>,
  },
  alertmanager: {
    version: alertmanagerVersion,
    tags: [],
    stamps: prometheusStamp(alertmanagerVersion),
    seconds: 42,
    tools: Object.fromEntries(
      ["alertmanager", "amtool"].map((name) => [
        name,
        prometheusTool(
          "prometheus/alertmanager",
          alertmanagerVersion,
          name,
          `github.com/prometheus/alertmanager/cmd/${name}`,
        ),
      ]),
    ) as Record<"alertmanager" | "amtool", ToolEntry>,
  },
  "prometheus-operator": {
    version: operatorVersion,
    tags: [],
    stamps: prometheusStamp(operatorVersion),
    seconds: 93,
    // Released as container images only.
    tools: {
      "prometheus-operator": {
        package: "github.com/prometheus-operator/prometheus-operator/cmd/operator",
        versionArguments: ["--version"],
      },
      "prometheus-config-reloader": {
        package: "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader",
        versionArguments: ["--version"],
      },
    },
  },
  thanos: {
    version: thanosVersion,
    // Without `slicelabels` it builds, starts and reports ready, and panics at the first query.
    tags: ["netgo", "slicelabels"],
    stamps: prometheusStamp(thanosVersion),
    seconds: 93,
    tools: {
      thanos: prometheusTool("thanos-io/thanos", thanosVersion, "thanos", "github.com/thanos-io/thanos/cmd/thanos"),
    },
  },
  "kube-state-metrics": {
    version: kubeStateMetricsVersion,
    tags: [],
    // With `v`, as the released image reports itself in `kube_state_metrics_build_info`.
    stamps: prometheusStamp(versions.kubeStateMetrics),
    seconds: 240,
    // Released as a container image only.
    tools: {
      "kube-state-metrics": { package: "k8s.io/kube-state-metrics/v2", versionArguments: ["version"] },
    },
  },
  "node-exporter": {
    version: nodeExporterVersion,
    tags: [],
    stamps: prometheusStamp(nodeExporterVersion),
    seconds: 62,
    tools: {
      node_exporter: prometheusTool(
        "prometheus/node_exporter",
        nodeExporterVersion,
        "node_exporter",
        "github.com/prometheus/node_exporter",
      ),
    },
  },
  ...storeGroups,
  pulumi: {
    version: PULUMI,
    tags: [],
    stamps: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${PULUMI}` },
    seconds: 184,
    tools: {
      pulumi: {
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        versionArguments: ["version"],
        download: (architecture) => ({
          url: `https://get.pulumi.com/releases/sdk/pulumi-v${PULUMI}-linux-${architecture === "amd64" ? "x64" : "arm64"}.tar.gz`,
          checksumUrl: `${github("pulumi/pulumi", PULUMI)}/pulumi-${PULUMI}-checksums.txt`,
          member: "pulumi/pulumi",
        }),
      },
    },
  },
} as const satisfies Record<string, ToolGroup>;

export type GroupName = keyof typeof catalogue;

/** The programs that {@link catalogue} knows. */
export type ToolName = { [Group in GroupName]: keyof (typeof catalogue)[Group]["tools"] }[GroupName];

/** A program with its group. */
export interface CatalogueTool extends ToolEntry {
  name: ToolName;
  groupName: GroupName;
  group: ToolGroup;
}

const byName = new Map<string, CatalogueTool>(
  Object.entries(catalogue).flatMap(([groupName, group]: [string, ToolGroup]) =>
    Object.entries(group.tools).map(([name, entry]): [string, CatalogueTool] => [
      name,
      { ...entry, name: name as ToolName, groupName: groupName as GroupName, group },
    ]),
  ),
);

/** Looks a program up. */
export function catalogueTool(name: ToolName): CatalogueTool {
  const tool = byName.get(name);
  if (!tool) throw new Error(`the tool catalogue has no ${name}`);
  return tool;
}

/** Whether a program of `found` version can stand in for `wanted`: the same; for pulumi also a later one of the same major. */
export function isUsableVersion(name: ToolName, found: string, wanted: string): boolean {
  if (name !== "pulumi" || found === wanted) return found === wanted;
  const [foundParts, wantedParts] = [found, wanted].map((version) => version.split(".").map(Number));
  if (!foundParts || !wantedParts || foundParts[0] !== wantedParts[0]) return false;
  const first = foundParts.findIndex((part, index) => part !== wantedParts[index]);
  return first === -1 || (foundParts[first] ?? 0) > (wantedParts[first] ?? 0);
}
