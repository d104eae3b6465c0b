import { specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { UnservedKindError } from "./apply";
import { type Change, changedFields } from "./diff";
import { at, isObject, type JsonObject, textAt } from "./json";
import { mustDeleteFirst, replacedPaths } from "./replacement";
import { type Revealed, reveal, unknown } from "./secrets";
import type { Session } from "./session";
import { isBuiltInGroup, type ObjectType, parseTypeToken } from "./typeTokens";

/** One input that cannot be right. */
export interface CheckFailure {
  property: string;
  reason: string;
}

export interface Checked {
  inputs: JsonObject;
  failures: CheckFailure[];
}

/** Fills in the namespace and refuses what cannot be deployed, before anything is. */
export async function check(session: Session, token: string, old: JsonObject, next: JsonObject): Promise<Checked> {
  const type = parseTypeToken(token);
  const { value } = reveal(next);
  const failures: CheckFailure[] = [];
  for (const field of ["apiVersion", "kind"] as const) {
    if (value[field] === type[field] || value[field] === unknown) continue;
    failures.push({ property: field, reason: `must be "${type[field]}" in a resource of type ${token}` });
  }
  if (textAt(value, "metadata", "name") === undefined && value.metadata !== unknown) {
    failures.push({
      property: "metadata.name",
      reason: "this provider invents no names: give the object one (metadata.generateName does not work either)",
    });
  }
  const namespace = await missingNamespace(session, type, value, reveal(old).value);
  return { inputs: namespace === undefined ? next : withNamespace(next, namespace), failures };
}

async function missingNamespace(
  session: Session,
  type: ObjectType,
  inputs: JsonObject,
  old: JsonObject,
): Promise<string | undefined> {
  const { cluster } = await session.reach();
  const before = textAt(old, "metadata", "namespace");
  const served = await cluster?.discovery.find(type);
  if (cluster && !served && isBuiltInGroup(type.group)) throw new UnservedKindError(type);
  if (at(inputs, "metadata", "namespace") !== undefined || !isObject(inputs.metadata)) return undefined;
  // Whether its kind has namespaces is not known: then nothing changes.
  if (!cluster || !served) return before;
  return served.namespaced ? (session.options.namespace ?? cluster.api.defaultNamespace) : undefined;
}

function withNamespace(inputs: JsonObject, namespace: string): JsonObject {
  if (!isObject(inputs.metadata)) return inputs;
  const { metadata } = inputs;
  // Metadata that is one secret holds its fields inside the marker.
  if (specialSigKey in metadata && isObject(metadata.value)) {
    return { ...inputs, metadata: { ...metadata, value: { ...metadata.value, namespace } } };
  }
  return { ...inputs, metadata: { ...metadata, namespace } };
}

/** What an update would change, and whether it takes a new object. */
export interface Planned {
  changes: Change[];
  replaces: Set<string>;
  deleteBeforeReplace: boolean;
}

export function plan(session: Session, urn: string, old: JsonObject, live: JsonObject, next: JsonObject): Planned {
  const oldInputs: Revealed = reveal(old);
  const newInputs: Revealed = reveal(next);
  const changes = changedFields(oldInputs, newInputs);
  const difference = { oldInputs: oldInputs.value, newInputs: newInputs.value, live: reveal(live).value, changes };
  const replaces = replacedPaths(difference, session.options);
  if (replaces.size > 0) session.replacing.add(urn);
  else session.replacing.delete(urn);
  return { changes, replaces, deleteBeforeReplace: replaces.size > 0 && mustDeleteFirst(difference) };
}
