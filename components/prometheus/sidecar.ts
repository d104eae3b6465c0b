import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type * as pulumi from "@pulumi/pulumi";
import type { DeepInput } from "../kubernetes/customResources";
import { images, versions } from "../versions";
import type { PrometheusArgs } from "./prometheus";

/** The Secret with a bucket's file for Thanos, in the namespace of Prometheus. Its files are mounted at `/etc/thanos-bucket`. */
export interface SidecarBucket {
  secretName: pulumi.Input<string>;
  /** Key of the Secret under which the file is. It may name others of the Secret, such as certificates, by their path. */
  key: string;
  /**
   * Annotations of the pods that read the Secret. Thanos reads it only when it starts, so they have to change with its content.
   * Default: none, a change reaches each pod at its next start.
   */
  podAnnotations?: pulumi.Input<Record<string, string>>;
  /** AWS role that the service account names. Default: none, the pods have EKS Pod Identity or keys. */
  roleArn?: string;
}

/** Where sidecars find the files about the bucket. */
export const BUCKET_DIRECTORY = "/etc/thanos-bucket";

const BUCKET_VOLUME = "thanos-bucket";

type PrometheusSpec = DeepInput<NonNullable<IPrometheus["spec"]>>;

/** How a container of the operator's reads the Secret. As a file: the operator would put its content into the arguments. */
export const bucketFile = ({ secretName, key }: SidecarBucket) => ({
  volumes: [{ name: BUCKET_VOLUME, secret: { secretName } }],
  container: {
    objectStorageConfigFile: `${BUCKET_DIRECTORY}/${key}`,
    volumeMounts: [{ name: BUCKET_VOLUME, mountPath: BUCKET_DIRECTORY, readOnly: true }],
  },
});

/** Annotations of the pods that read the Secret. */
export const bucketAnnotations = (bucket: SidecarBucket | undefined) =>
  bucket?.podAnnotations === undefined ? {} : { annotations: bucket.podAnnotations };

/** The Thanos sidecar beside each server, and what it mounts. */
export function sidecarSpec(args: PrometheusArgs): PrometheusSpec {
  if (args.thanosSidecar === false) return {};
  const memory = args.sidecarMemory ?? "512Mi";
  const bucket = args.bucket && bucketFile(args.bucket);
  return {
    thanos: {
      image: args.sidecarImage ?? images.thanos,
      version: versions.thanos,
      resources: { requests: { cpu: "25m", memory }, limits: { memory } },
      ...bucket?.container,
    },
    ...(bucket === undefined ? {} : { volumes: bucket.volumes }),
  };
}
