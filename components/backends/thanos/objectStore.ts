import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { contentHashOf } from "../../kubernetes/contentHash";
import { CONFIGURATION_ONLY, commonLabels } from "../../kubernetes/labels";
import type { ServerFiles } from "../../kubernetes/server";
import { BUCKET_DIRECTORY, type SidecarBucket } from "../backend";
import { type BucketArgs, bucketEndpoint, bucketKeys, CA_FILE, DEFAULT_REGION } from "../bucket";

const CONFIG_FILE = "objstore.yaml";

/** The flag by which every Thanos process that calls the bucket learns of it. */
export const objectStoreFlag = `--objstore.config-file=${BUCKET_DIRECTORY}/${CONFIG_FILE}`;

/** The Secret about the bucket, for sidecars and for the store's own pods. */
export interface BucketSecret {
  sidecar: SidecarBucket;
  files: ServerFiles;
}

/** Makes the Secret. There are no keys in it where the pods have an identity of their own. */
export function createBucketSecret(
  name: string,
  args: { namespace: pulumi.Input<string>; bucket: BucketArgs },
  opts: pulumi.CustomResourceOptions,
): BucketSecret {
  const { caCertificate } = args.bucket;
  const content = {
    [CONFIG_FILE]: objectStoreFile(args.bucket),
    ...(caCertificate === undefined ? {} : { [CA_FILE]: caCertificate }),
  };
  const secret = new k8s.core.v1.Secret(
    name,
    {
      metadata: {
        name,
        namespace: args.namespace,
        labels: commonLabels({ name: "thanos", instance: name, component: "bucket" }),
        ...(args.bucket.accessKeyId === undefined ? { annotations: CONFIGURATION_ONLY } : {}),
      },
      stringData: content,
    },
    opts,
  );
  return {
    sidecar: {
      secretName: secret.metadata.name,
      key: CONFIG_FILE,
      podAnnotations: contentHashOf([content]),
      ...(args.bucket.roleArn === undefined ? {} : { roleArn: args.bucket.roleArn }),
    },
    files: { mountPath: BUCKET_DIRECTORY, content, secret: true, object: secret.metadata.name },
  };
}

/** Thanos' file about the bucket. */
export function objectStoreFile(bucket: BucketArgs): pulumi.Output<string> {
  const keys = bucketKeys(bucket);
  const { region = DEFAULT_REGION, endpoint, insecure, prefix, caCertificate, kmsKeyId } = bucket;
  return pulumi.all([bucket.name, keys?.accessKeyId, keys?.secretAccessKey]).apply(([name, accessKey, secretKey]) =>
    stringify({
      type: "S3",
      config: {
        bucket: name,
        endpoint: bucketEndpoint(bucket),
        region,
        ...(accessKey === undefined ? { aws_sdk_auth: true } : { access_key: accessKey, secret_key: secretKey }),
        // Servers other than AWS seldom have a host name for each bucket.
        ...(endpoint === undefined ? {} : { bucket_lookup_type: "path" }),
        ...(insecure ? { insecure: true } : {}),
        ...(kmsKeyId === undefined ? {} : { sse_config: { type: "SSE-KMS", kms_key_id: kmsKeyId } }),
        ...(caCertificate === undefined
          ? {}
          : { http_config: { tls_config: { ca_file: `${BUCKET_DIRECTORY}/${CA_FILE}` } } }),
      },
      ...(prefix === undefined ? {} : { prefix }),
    }),
  );
}
