export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };
/** Keys and indexes from the root of an object to one of its values. */
export type Path = readonly (string | number)[];

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, `undefined` where the path ends early. */
export function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let current = value;
  for (const key of path) {
    if (Array.isArray(current) && typeof key === "number") current = current[key];
    else if (isObject(current) && Object.hasOwn(current, key)) current = current[key];
    else return undefined;
  }
  return current;
}

export function textAt(value: Json | undefined, ...path: (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** A number at a path; a missing one counts as `missing`, which is what status counters mean by absence. */
export function numberAt(value: Json | undefined, path: (string | number)[], missing: number): number {
  const found = at(value, ...path);
  return typeof found === "number" ? found : missing;
}

export function listAt(value: Json | undefined, ...path: (string | number)[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** In the engine's notation: `spec.containers[0].args`, `data["prometheus.yml"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (/^[A-Za-z_$][\w$]*$/.test(key)) return text === "" ? key : `${text}.${key}`;
    return `${text}["${key.replaceAll('"', '\\"')}"]`;
  }, "");
}
