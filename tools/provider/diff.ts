import { isDeepStrictEqual } from "node:util";
import { formatPath, isObject, type Json, type JsonObject, type Path } from "./json";
import type { Revealed } from "./secrets";

/** One field in which the new inputs differ from the old ones. */
export interface Change {
  path: Path;
  kind: "add" | "delete" | "update";
}

/**
 * Exactly the fields that differ, as deep as both sides have the same shape. A value that became secret is a change
 * too: only an update rewrites the state, where it stands in plain text until then.
 */
export function changedFields(old: Revealed, next: Revealed): Change[] {
  const changes: Change[] = [];
  compareObjects(old.value, next.value, [], changes);
  const secretBefore = new Set(old.secretPaths.map(formatPath));
  for (const path of next.secretPaths) {
    const covered = changes.some((change) => startsWith(change.path, path) || startsWith(path, change.path));
    const wasSecret = path.some((_, end) => secretBefore.has(formatPath(path.slice(0, end + 1))));
    if (!wasSecret && !covered) changes.push({ path, kind: "update" });
  }
  return changes;
}

function compareObjects(old: JsonObject, next: JsonObject, path: Path, changes: Change[]): void {
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    compare(old[key], next[key], [...path, key], changes);
  }
}

function compare(old: Json | undefined, next: Json | undefined, path: Path, changes: Change[]): void {
  if (old === undefined && next === undefined) return;
  if (old === undefined) changes.push({ path, kind: "add" });
  else if (next === undefined) changes.push({ path, kind: "delete" });
  else if (isObject(old) && isObject(next)) compareObjects(old, next, path, changes);
  else if (Array.isArray(old) && Array.isArray(next)) {
    for (let index = 0; index < Math.max(old.length, next.length); index++) {
      compare(old[index], next[index], [...path, index], changes);
    }
  } else if (!isDeepStrictEqual(old, next)) changes.push({ path, kind: "update" });
}

/** Whether `path` lies at or under `prefix`. */
export function startsWith(path: Path, prefix: Path): boolean {
  return prefix.every((key, index) => path[index] === key);
}
