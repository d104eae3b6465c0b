import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/**
 * Annotation by which pods roll when a mounted file changes: objects are updated in place, and a process that reads its
 * file only at the start would keep the old one.
 */
export function contentHash(content: string): Record<string, string> {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  return { "gpu-observability/content-hash": hash };
}

/**
 * The same of files that are only known later. Of secrets too: eight bytes of a hash over a document with a key in it say
 * nothing about the key.
 */
export function contentHashOf(files: Record<string, pulumi.Input<string>>[]): pulumi.Output<Record<string, string>> {
  const content = pulumi.output(files).apply((known) => JSON.stringify(known));
  return pulumi.unsecret(content).apply(contentHash);
}
