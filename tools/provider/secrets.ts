import {
  specialArchiveSig,
  specialAssetSig,
  specialOutputValueSig,
  specialResourceSig,
  specialSecretSig,
  specialSigKey,
  unknownValue,
} from "@pulumi/pulumi/runtime/rpc";
import { formatPath, isObject, type Json, type JsonObject, type Path } from "./json";

/** Properties as the engine sent them, with what its markers said set apart from the values. */
export interface Revealed {
  /** Plain values; what is not known yet is `unknownValue` in place. */
  value: JsonObject;
  secretPaths: Path[];
  /** Every text inside a secret, to recognise it where the cluster repeats it. */
  secretTexts: string[];
  hasUnknowns: boolean;
}

export const unknown = unknownValue;

/** Shorter texts ("true", "admin") also occur where nothing is secret. */
const shortestRecognisableSecret = 8;

/**
 * Takes the engine's secret and unknown markers out of properties; nulls go too, as they mean "not set" to Pulumi.
 * @throws Error for assets, archives and resource references, which no Kubernetes field can hold.
 */
export function reveal(properties: JsonObject): Revealed {
  const found: Revealed = { value: {}, secretPaths: [], secretTexts: [], hasUnknowns: false };
  const plain = (value: Json, path: Path, inSecret: boolean): Json | undefined => {
    if (value === null) return undefined;
    if (value === unknown) found.hasUnknowns = true;
    if (typeof value === "string" && inSecret && value !== unknown) found.secretTexts.push(value);
    if (Array.isArray(value)) return value.map((item, index) => plain(item, [...path, index], inSecret) ?? null);
    if (!isObject(value)) return value;
    switch (value[specialSigKey]) {
      case specialSecretSig:
        found.secretPaths.push(path);
        return plain(value.value ?? null, path, true);
      case specialOutputValueSig:
        if (value.secret === true) found.secretPaths.push(path);
        return plain(value.value ?? unknown, path, inSecret || value.secret === true);
      case specialAssetSig:
      case specialArchiveSig:
      case specialResourceSig:
        throw new Error(`${formatPath(path)} is a Pulumi asset, archive or resource: pass a plain value`);
      default:
        return plainObject(value, path, inSecret);
    }
  };
  const plainObject = (value: JsonObject, path: Path, inSecret: boolean): JsonObject => {
    const entries = Object.entries(value).flatMap(([key, item]): [string, Json][] => {
      const result = plain(item, [...path, key], inSecret);
      return result === undefined ? [] : [[key, result]];
    });
    return Object.fromEntries(entries);
  };
  found.value = plainObject(properties, [], false);
  return found;
}

/** The engine's marker around a value that must be encrypted in the state and hidden in every output. */
export function secret(value: Json): JsonObject {
  return { [specialSigKey]: specialSecretSig, value };
}

/**
 * Marks what must stay secret in an object read from the cluster: all data of a Secret, every place that was secret
 * in the inputs, and every text that contains one of their values (an annotation, a status, a list in another order).
 */
export function conceal(live: JsonObject, inputs: Pick<Revealed, "secretPaths" | "secretTexts">): JsonObject {
  const texts = inputs.secretTexts.filter((text) => text.length >= shortestRecognisableSecret);
  const wholePaths = new Set(inputs.secretPaths.map(formatPath));
  if (live.kind === "Secret" && live.apiVersion === "v1") {
    wholePaths.add("data");
    wholePaths.add("stringData");
  }
  if (texts.length === 0 && wholePaths.size === 0) return live;
  const walk = (value: Json, path: Path): Json => {
    if (path.length > 0 && wholePaths.has(formatPath(path))) return secret(value);
    if (typeof value === "string") return texts.some((text) => value.includes(text)) ? secret(value) : value;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
  };
  return walk(live, []) as JsonObject;
}
