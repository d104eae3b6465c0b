import * as pulumi from "@pulumi/pulumi";
import type { BucketArgs } from "../../../components/backends/bucket";
import { type BucketSettings, prefixOf } from "../../settings/stores/bucket";
import { withoutUndefined } from "../../settings/withoutUndefined";
import type { PartContext } from "../context";

/** The bucket of a store of this kind; keys leave here as Pulumi secrets. */
export function bucketArgs({ settings }: PartContext, bucket: BucketSettings, kind: string): BucketArgs {
  const { credentials, ...place } = bucket;
  return {
    ...withoutUndefined(place),
    prefix: prefixOf(bucket, kind, settings.cluster.name),
    ...(credentials.kind === "role" ? { roleArn: credentials.arn } : {}),
    ...(credentials.kind === "keys"
      ? {
          accessKeyId: pulumi.secret(credentials.accessKeyId),
          secretAccessKey: pulumi.secret(credentials.secretAccessKey),
        }
      : {}),
  } as BucketArgs;
}
