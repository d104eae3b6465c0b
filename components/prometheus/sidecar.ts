import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type * as pulumi from "@pulumi/pulumi";
import type { DeepInput } from "../kubernetes/customResources";
import { images, versions } from "../versions";
import type { PrometheusArgs } from "./prometheus";

/** The Secret with a bucket's file for Thanos, in the namespace of Prometheus. */
export interface SidecarBucket {
  secretName: pulumi.Input<string>;
  /** Key of the Secret under which the file is. */
  key: string;
  /**
   * Key of the same Secret with certificates of the endpoint; the file finds them in `/etc/thanos-bucket` under this name. Default:
   * the endpoint is trusted by the certificates of the image.
   */
  caKey?: string;
  /** AWS role that the service account names. Default: none, the pods have EKS Pod Identity or keys. */
  roleArn?: string;
}

/** Where sidecars find the certificates of the bucket's endpoint. */
export const SIDECAR_CA_DIRECTORY = "/etc/thanos-bucket";

const CA_VOLUME = "thanos-bucket-ca";

type PrometheusSpec = DeepInput<NonNullable<IPrometheus["spec"]>>;

/** The Thanos sidecar beside each server, and what it mounts. */
export function sidecarSpec(args: PrometheusArgs): PrometheusSpec {
  if (args.thanosSidecar === false) return {};
  const memory = args.sidecarMemory ?? "512Mi";
  const { bucket } = args;
  const ca = bucket?.caKey;
  return {
    thanos: {
      image: args.sidecarImage ?? images.thanos,
      version: versions.thanos,
      resources: { requests: { cpu: "25m", memory }, limits: { memory } },
      ...(bucket === undefined ? {} : { objectStorageConfig: { name: bucket.secretName, key: bucket.key } }),
      ...(ca === undefined
        ? {}
        : { volumeMounts: [{ name: CA_VOLUME, mountPath: SIDECAR_CA_DIRECTORY, readOnly: true }] }),
    },
    ...(bucket === undefined || ca === undefined
      ? {}
      : {
          volumes: [{ name: CA_VOLUME, secret: { secretName: bucket.secretName, items: [{ key: ca, path: ca }] } }],
        }),
  };
}
