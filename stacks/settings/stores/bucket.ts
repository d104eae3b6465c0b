import { z } from "zod";
import { certificates, secretText } from "../fields";

const ENDPOINT = "must be a host, with a port or without, and no https:// before it";
const BUCKET = "must be a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens";
const PREFIX = "must be a path without a slash at either end: letters, digits, dots, hyphens, underscores and slashes";

/** Who the pods are to the bucket. */
const credentialsSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("podIdentity") }),
  z.strictObject({
    kind: z.literal("role"),
    arn: z
      .string({ error: "must be the ARN of an IAM role" })
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, { error: "must be the ARN of an IAM role" })
      .meta({ example: "arn:aws:iam::123456789012:role/metrics" })
      .describe("The role that their service accounts name, on clusters with IAM roles for service accounts."),
  }),
  z.strictObject({
    kind: z.literal("keys"),
    accessKeyId: secretText().describe("The key's id."),
    secretAccessKey: secretText().describe("The key. For S3 servers other than AWS; on AWS, pods have identities."),
  }),
  z
    .strictObject({ kind: z.literal("nodeRole") })
    .describe(
      "The role of the nodes, which every pod of theirs may then use: network policies let the store's pods reach the instance metadata (169.254.169.254), which has to answer pods (hop limit 2).",
    ),
]);

/** The bucket of a long-term store. */
export const bucketSchema = z.strictObject({
  name: z
    .string({ error: BUCKET })
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: BUCKET })
    .meta({ example: "ml-prod-metrics" })
    .describe("An existing bucket. The store never deletes it."),
  region: z
    .string({ error: "must be a region" })
    .regex(/^[a-z0-9-]+$/, { error: "must be a region: us-east-1" })
    .meta({ example: "us-east-1" })
    .optional()
    .describe("Its region. Default: us-east-1, which S3 servers other than AWS take for any."),
  endpoint: z
    .string({ error: ENDPOINT })
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/, { error: ENDPOINT })
    .meta({ example: "s3.example.com:9000" })
    .optional()
    .describe("An S3 API other than that of AWS. Default: AWS in the region."),
  insecure: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe("Whether the endpoint speaks HTTP only; refused in production. Default: false."),
  prefix: z
    .string({ error: PREFIX })
    .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, { error: PREFIX })
    .meta({ example: "thanos" })
    .optional()
    .describe(
      "Where in the bucket the store begins; no other store may have the same, whosever it is. Default: thanos/CLUSTER, victoriaMetrics/CLUSTER or, of letters and digits only, mimirXCLUSTERX with an X for each hyphen; Cortex has none and takes the whole bucket. So clusters can share a bucket, and a new cluster.name finds nothing of the old one: set the old prefix.",
    ),
  credentials: credentialsSchema
    .default({ kind: "podIdentity" })
    .describe(
      "Who the pods are to the bucket. podIdentity: EKS Pod Identity, whose agent the pods reach on their node; nothing is kept.",
    ),
  caCertificate: certificates()
    .optional()
    .describe("Certificates by which the endpoint is trusted. Default: those that the images bring."),
  kmsKeyId: z
    .string({ error: "must be the id or ARN of a KMS key" })
    .min(1, { error: "must be the id or ARN of a KMS key" })
    .optional()
    .describe("AWS KMS key with which objects are encrypted. Default: the bucket's own setting."),
});

export type BucketSettings = z.output<typeof bucketSchema>;

/** Where in its bucket a store of this kind begins. */
export function prefixOf({ prefix }: BucketSettings, kind: string, cluster: string): string {
  if (prefix !== undefined) return prefix;
  // Mimir takes letters and digits only, and writes what it keeps right behind. Names of clusters have no capitals.
  return kind === "mimir" ? `mimir-${cluster}-`.replaceAll("-", "X") : `${kind}/${cluster}`;
}
