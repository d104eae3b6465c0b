import * as pulumi from "@pulumi/pulumi";
import type { ServerArgs, ServerFiles } from "../../kubernetes/server";
import { images } from "../../versions";
import type { VictoriaMetricsArgs, VictoriaMetricsImages } from "./args";
import { LICENCE_FILE, LICENCE_PATH } from "./flags";

type Program = keyof VictoriaMetricsImages;

const defaults: Record<Program, string> = { ...images, single: images.victoriaMetrics };

/** Programs that do what only a licence allows; the others are the open-source builds, which do the same. */
const LICENSED: readonly Program[] = ["single", "vmstorage", "vmselect"];

/** The image of a program; with a licence, the Enterprise build where there is something to licence. */
export function imageOf(args: VictoriaMetricsArgs, program: Program): string {
  const image = args.images?.[program] ?? defaults[program];
  return args.licence === undefined || !LICENSED.includes(program) ? image : enterprise(image);
}

/** `v1.2.3-cluster` → `v1.2.3-enterprise-cluster`. What names its build or its digest is taken as it is. */
const enterprise = (image: string) =>
  image.includes("-enterprise") || image.includes("@")
    ? image
    : image.replace(/:([^:/-]+)(-cluster)?$/, ":$1-enterprise$2");

/** The licence as a file: arguments of a process are seen by everybody on its node. */
export const licenceFiles = ({ licence }: VictoriaMetricsArgs): { files?: ServerFiles[] } =>
  licence === undefined
    ? {}
    : { files: [{ mountPath: LICENCE_PATH, content: { [LICENCE_FILE]: pulumi.secret(licence) }, secret: true }] };

/** What every pod of the store has; the name of the workload is also that of its program. */
export const common = (args: VictoriaMetricsArgs, name: string, component: string) => ({
  identity: { name, instance: name, component },
  namespace: args.namespace,
  requireSpread: args.requireSpread ?? true,
});

type Probes = Required<Pick<ServerArgs, "readiness" | "liveness">>;

/** Figures of VictoriaMetrics' operator; a process that only has much to do must not be killed for it. */
export const probes = (port: string): Probes => ({
  readiness: { path: "/health", port, periodSeconds: 5, failureThreshold: 10 },
  liveness: { port, periodSeconds: 15, failureThreshold: 4 },
});
