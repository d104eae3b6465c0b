import { isPlainObject, joinPath } from "../engine";

/** The part of ajv's errors that both validators produce. */
export interface SchemaError {
  /** JSON pointer. */
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
  /** What could have been meant where a property is unknown. */
  knownProperties?: readonly string[];
}

/** JSON pointer to `key` below `pointer`. */
export function childPointer(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Follows a JSON pointer: the value there, and the path as people write it. */
export function follow(root: unknown, pointer: string): { path: string; value: unknown } {
  let value = root;
  let path = "";
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    path = joinPath(path, Array.isArray(value) ? Number(key) : key);
    if (Array.isArray(value)) value = value[Number(key)];
    else value = isPlainObject(value) ? value[key] : undefined;
  }
  return { path, value };
}
