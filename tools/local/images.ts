import path from "node:path";
import { images } from "../../components/versions";
import { repositoryRoot } from "../cli/paths";
import { type WrappedImage, withLibraries } from "../cluster";
import type { Tool } from "../toolchain";
import { NODE_IMAGE } from "./programs";

/** Which tool stands for which container image in the throwaway cluster, under the name that the real one has. */
const wrapped = {
  prometheus: { reference: images.prometheus, command: "/bin/prometheus" },
  alertmanager: { reference: images.alertmanager, command: "/bin/alertmanager" },
  "prometheus-operator": { reference: images.prometheusOperator, command: "/bin/operator" },
  "prometheus-config-reloader": {
    reference: images.prometheusConfigReloader,
    command: "/bin/prometheus-config-reloader",
  },
  thanos: { reference: images.thanos, command: "/bin/thanos" },
  "kube-state-metrics": { reference: images.kubeStateMetrics, command: "/kube-state-metrics" },
  node_exporter: { reference: images.nodeExporter, command: "/bin/node_exporter" },
} as const;

/** The tools that become images. */
export const imageTools = Object.keys(wrapped) as (keyof typeof wrapped)[];

/** The images of the platform and its fleet, made of this machine's binaries: the cluster pulls nothing. */
export async function platformImages(tools: Record<keyof typeof wrapped, Tool>): Promise<WrappedImage[]> {
  const fromTools = imageTools.map((name) => ({
    reference: wrapped[name].reference,
    entrypoint: [wrapped[name].command],
    files: [{ source: tools[name].path, target: wrapped[name].command }],
  }));
  const node = path.join(repositoryRoot, "node_modules", `node-linux-${process.arch}`, "bin", "node");
  return [
    ...fromTools,
    { reference: NODE_IMAGE, entrypoint: ["/bin/node"], files: await withLibraries(node, "/bin/node") },
  ];
}
