import * as pulumi from "@pulumi/pulumi";
import type { BucketArgs } from "../../../components/backends/bucket";
import type { BucketSettings } from "../../settings/stores/bucket";
import { withoutUndefined } from "../../settings/withoutUndefined";

/** The bucket of a store of this kind; keys leave here as Pulumi secrets. */
export function bucketArgs(bucket: BucketSettings, kind: string): BucketArgs {
  const { credentials, ...place } = bucket;
  return {
    ...withoutUndefined(place),
    prefix: place.prefix ?? kind,
    ...(credentials.kind === "role" ? { roleArn: credentials.arn } : {}),
    ...(credentials.kind === "keys"
      ? {
          accessKeyId: pulumi.secret(credentials.accessKeyId),
          secretAccessKey: pulumi.secret(credentials.secretAccessKey),
        }
      : {}),
  } as BucketArgs;
}
