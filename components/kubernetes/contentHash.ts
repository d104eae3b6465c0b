import { createHash } from "node:crypto";

/**
 * Annotation by which pods roll when a mounted file changes: objects are updated in place, and a process that reads its
 * file only at the start would keep the old one.
 */
export function contentHash(content: string): Record<string, string> {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  return { "gpu-observability/content-hash": hash };
}
