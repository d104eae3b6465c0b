import { isDeepStrictEqual } from "node:util";
import { isObject, type Json, type JsonObject } from "./json";

/** Set by the API server, never by a program. */
const serverMetadata = new Set([
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
]);

/**
 * The inputs that would describe what runs now: the old ones, with the values that changed in the cluster since the last
 * update. Fields that the program never set stay out, so a refresh shows drift only where it matters; and a value that the
 * API server writes in another form ("0.5" as "500m") is no drift, as it looked the same after the last update.
 */
export function driftedInputs(inputs: JsonObject, before: JsonObject, live: JsonObject): JsonObject {
  const entries = Object.entries(inputs).flatMap(([key, value]): [string, Json][] => {
    const now = drifted(value, before[key], live[key]);
    return now === undefined ? [] : [[key, now]];
  });
  return Object.fromEntries(entries);
}

/** For an object that Pulumi has not managed before: all that somebody set. */
export function importedInputs(live: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = live;
  const fields = isObject(metadata) ? Object.entries(metadata).filter(([key]) => !serverMetadata.has(key)) : [];
  return { ...rest, metadata: Object.fromEntries(fields) };
}

function drifted(input: Json, before: Json | undefined, live: Json | undefined): Json | undefined {
  if (isDeepStrictEqual(before, live)) return input;
  if (isObject(input) && isObject(live)) return driftedInputs(input, isObject(before) ? before : {}, live);
  if (Array.isArray(input) && Array.isArray(live) && input.length === live.length) {
    const then = Array.isArray(before) ? before : [];
    return input.map((item, index) => drifted(item, then[index], live[index]) ?? null);
  }
  return live;
}
