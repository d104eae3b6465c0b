import path from "node:path";
import { images } from "../../components/versions";
import { repositoryRoot } from "../cli/paths";
import type { Progress } from "../cli/progress";
import { type WrappedImage, withLibraries } from "../cluster";
import { findTools, type Tool } from "../toolchain";
import { VERSITYGW } from "../toolchain/catalogueStores";
import { onPath } from "../toolchain/command";
import { unpackedPackage } from "../toolchain/debian";
import { NODE_IMAGE } from "./programs";

/** The image of an S3 server, for tests in the throwaway cluster. */
export const S3_IMAGE = `docker.io/versity/versitygw:v${VERSITYGW}`;

/** Which tool stands for which container image in the throwaway cluster, under the name that the real one has. */
const platform = {
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

/** Those of the long-term stores: many and big, so each is made for a cluster that asks for it. */
const stores = {
  mimir: { reference: images.mimir, command: "/bin/mimir" },
  cortex: { reference: images.cortex, command: "/bin/cortex" },
  "victoria-metrics": { reference: images.victoriaMetrics, command: "/victoria-metrics-prod" },
  vmagent: { reference: images.vmagent, command: "/vmagent-prod" },
  vmalert: { reference: images.vmalert, command: "/vmalert-prod" },
  vmauth: { reference: images.vmauth, command: "/vmauth-prod" },
  vmbackup: { reference: images.vmbackup, command: "/vmbackup-prod" },
  versitygw: { reference: S3_IMAGE, command: "/bin/versitygw" },
} as const;

const wrapped = { ...platform, ...stores };

/** The tools that can become images. */
export type ImageTool = keyof typeof wrapped;

/** The tools of the images that Pulumi.local.yaml names. */
export const imageTools = Object.keys(platform) as (keyof typeof platform)[];

/** The images of the given tools and of Node, made of this machine's binaries: the cluster pulls nothing. */
export async function platformImages(tools: Partial<Record<ImageTool, Tool>>): Promise<WrappedImage[]> {
  const fromTools = Object.entries(wrapped).flatMap(([name, { reference, command }]) => {
    const tool = tools[name as ImageTool];
    return tool ? [{ reference, entrypoint: [command], files: [{ source: tool.path, target: command }] }] : [];
  });
  const node = path.join(repositoryRoot, "node_modules", `node-linux-${process.arch}`, "bin", "node");
  return [
    ...fromTools,
    { reference: NODE_IMAGE, entrypoint: ["/bin/node"], files: await withLibraries(node, "/bin/node") },
  ];
}

/** Memcached has no Go module: this machine's own, or Debian's package without an installation. */
export async function memcachedImage(progress: Progress): Promise<WrappedImage> {
  const command = "/bin/memcached";
  const own = await onPath("memcached");
  const root = own ? undefined : await unpackedPackage("memcached", progress);
  const files = await withLibraries(own ?? path.join(root ?? "", "usr/bin/memcached"), command, root);
  return { reference: images.memcached, entrypoint: [command], files };
}

function* strings(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) yield* strings(part);
}

/** Which of the known images the objects name, as a container's image or as the end of an argument. */
function namedReferences(objects: unknown): Set<string> {
  const texts = [...strings(objects)];
  const known = [...Object.values(wrapped).map(({ reference }) => reference), images.memcached];
  return new Set(
    known.filter((reference) => texts.some((text) => text === reference || text.endsWith(`=${reference}`))),
  );
}

/** The tools whose images the planned objects name. */
export function plannedTools(objects: unknown): ImageTool[] {
  const named = namedReferences(objects);
  return (Object.keys(wrapped) as ImageTool[]).filter((name) => named.has(wrapped[name].reference));
}

/** Gets or builds what the planned objects name, and nothing else. */
export async function plannedImages(objects: unknown, progress: Progress): Promise<WrappedImage[]> {
  const made = await platformImages(await findTools(plannedTools(objects), progress));
  return namedReferences(objects).has(images.memcached) ? [...made, await memcachedImage(progress)] : made;
}
