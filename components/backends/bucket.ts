import * as pulumi from "@pulumi/pulumi";
import { roleAnnotation } from "../kubernetes/cloudIdentity";

/** An S3 bucket and how it is reached. */
export interface BucketArgs {
  /** Its name. */
  name: pulumi.Input<string>;
  /** The region, such as `us-east-1`. Default: `us-east-1`, which servers other than AWS take for any. */
  region?: string;
  /** Host, with a port or without, of an S3 API other than that of AWS. Default: AWS in the region. */
  endpoint?: string;
  /** Whether the endpoint speaks HTTP only: keys and metrics are then readable on the way. Default: false. */
  insecure?: boolean;
  /** Where in the bucket the store begins. Two stores in one bucket need different ones. Default: the bucket's root. */
  prefix?: string;
  /** Key of somebody who may read and write the bucket. Default: none, the pods have an identity in the cloud. */
  accessKeyId?: pulumi.Input<string>;
  /** See `accessKeyId`; always treated as secret. */
  secretAccessKey?: pulumi.Input<string>;
  /** AWS role of the pods' service accounts, where the cluster has IAM roles for service accounts. Default: Pod Identity, or the node's. */
  roleArn?: string;
  /** Certificates (PEM) by which the endpoint is trusted. Default: those of the image. */
  caCertificate?: string;
  /** Key in AWS KMS with which objects are encrypted. Default: the bucket's own setting. */
  kmsKeyId?: string;
}

/** Host of the S3 API. */
export const bucketEndpoint = ({ endpoint, region }: BucketArgs): string =>
  endpoint ?? `s3.dualstack.${region ?? DEFAULT_REGION}.amazonaws.com`;

export const DEFAULT_REGION = "us-east-1";

/** The file name under which certificates of the endpoint are mounted. */
export const CA_FILE = "ca.crt";

/** Annotations of service accounts whose pods use the bucket. */
export const bucketAccount = ({ roleArn }: BucketArgs): { accountAnnotations?: Record<string, string> } =>
  roleArn === undefined ? {} : { accountAnnotations: roleAnnotation(roleArn) };

/** Keys of a bucket, both or none. */
export function bucketKeys({
  accessKeyId,
  secretAccessKey,
}: BucketArgs): { accessKeyId: pulumi.Output<string>; secretAccessKey: pulumi.Output<string> } | undefined {
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new Error(
      "bucket: accessKeyId and secretAccessKey belong together; give both, or none for the pods' own identity",
    );
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId: pulumi.secret(accessKeyId), secretAccessKey: pulumi.secret(secretAccessKey) };
}
