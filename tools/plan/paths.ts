import { UserError } from "../cli/errors";
import { isPlainObject } from "../engine";

type Key = string | number;

/** `alerting.receivers[0].url` → `["alerting", "receivers", 0, "url"]`; keys with dots are written `["a.b"]`. */
export function parsePath(path: string): Key[] {
  const keys: Key[] = [];
  const token = /(?:^|(?<!^)\.)([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (token.lastIndex < path.length) {
    const match = token.exec(path);
    if (!match)
      throw new UserError(`"${path}" is not a path`, "write it like prometheus.replicas or alerting.receivers[0].url");
    const [, name, index, quoted] = match;
    keys.push(name ?? (index === undefined ? String(JSON.parse(quoted ?? '""')) : Number(index)));
  }
  if (keys.length === 0) throw new UserError("a path is empty", "write it like prometheus.replicas");
  return keys;
}

function setInList(
  list: readonly unknown[],
  index: number,
  rest: readonly Key[],
  value: unknown,
  path: string,
): unknown[] {
  if (index > list.length || (index === list.length && value === null && rest.length === 0)) {
    const has = list.length === 1 ? "1 item" : `${list.length} items`;
    throw new UserError(
      `${path}: the list has ${has}`,
      `use an index from 0 to ${list.length}; ${list.length} appends`,
    );
  }
  if (value === null && rest.length === 0) return list.toSpliced(index, 1);
  const copy = [...list];
  copy[index] = setKeys(list[index], rest, value, path);
  return copy;
}

function setKeys(root: unknown, keys: readonly Key[], value: unknown, path: string): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (typeof key === "number") {
    if (root !== undefined && !Array.isArray(root))
      throw new UserError(`${path}: [${key}] needs a list there`, "correct the path");
    return setInList(root ?? [], key, rest, value, path);
  }
  if (root !== undefined && root !== null && !isPlainObject(root)) {
    throw new UserError(`${path}: "${key}" needs an object there`, "correct the path");
  }
  const { [key]: current, ...others } = root ?? {};
  if (value === null && rest.length === 0) return others;
  return { ...others, [key]: setKeys(current, rest, value, path) };
}

/**
 * A copy of `root` with `value` at `path`; `null` removes what stands there. Objects and lists on the way are made, and
 * the index after a list's last item appends.
 *
 * Throws a {@link UserError} when the path does not fit what stands there.
 */
export function setPath(root: unknown, path: string, value: unknown): unknown {
  return setKeys(root, parsePath(path), value, path);
}
