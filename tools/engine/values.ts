import { runtime } from "@pulumi/pulumi";

/** A value that the state must encrypt; what is inside can itself hold unknowns. */
export class Secret {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** A value that exists only after deployment. */
export class Unknown {
  readonly kind = "unknown";
}

/** Another resource, passed as a whole. */
export class ResourceReference {
  readonly urn: string;

  constructor(urn: string) {
    this.urn = urn;
  }
}

/** A property as the engine saw it. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Secret
  | Unknown
  | ResourceReference
  | readonly Value[]
  | { readonly [key: string]: Value };

/** The properties of one resource. */
export type Properties = Record<string, Value>;

/** The marks that Pulumi's protocol puts into plain objects; the SDK exports them at run time only. */
const marks = runtime as unknown as {
  specialSigKey: string;
  specialSecretSig: string;
  specialResourceSig: string;
  unknownValue: string;
};

/** A tree of plain values; everything that is not one of the marker classes. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown) &&
    !(value instanceof ResourceReference)
  );
}

/** Turns the wire format (a protobuf Struct as JavaScript) into a tree in which secrets and unknowns are typed. */
export function decode(raw: unknown): Value {
  if (raw === marks.unknownValue) return new Unknown();
  if (raw === null || typeof raw === "boolean" || typeof raw === "number" || typeof raw === "string") return raw;
  if (Array.isArray(raw)) return raw.map(decode);
  if (!isPlainObject(raw)) throw new Error(`the engine cannot decode a ${typeof raw}`);
  const signature = raw[marks.specialSigKey];
  if (signature === marks.specialSecretSig) return new Secret(decode(raw.value));
  if (signature === marks.specialResourceSig) return new ResourceReference(String(raw.urn));
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, decode(value)]));
}

/** The reverse of {@link decode}: what goes back over the wire. */
export function encode(value: Value): unknown {
  if (value instanceof Unknown) return marks.unknownValue;
  if (value instanceof Secret) {
    return { [marks.specialSigKey]: marks.specialSecretSig, value: encode(value.value) };
  }
  if (value instanceof ResourceReference) return { [marks.specialSigKey]: marks.specialResourceSig, urn: value.urn };
  if (Array.isArray(value)) return value.map(encode);
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, encode(entry as Value)]));
  }
  return value;
}

/** How a path names a key: `spec.template`, `metadata.labels["app.kubernetes.io/name"]`, `receivers[0]`. */
export function joinPath(prefix: string, key: string | number): string {
  if (typeof key === "number") return `${prefix}[${key}]`;
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${prefix}[${JSON.stringify(key)}]`;
  return prefix === "" ? key : `${prefix}.${key}`;
}

/** Plain JSON for people and files: `"[secret]"` and `"[unknown]"` stand for what must not or cannot be shown. */
export function redact(value: Value): unknown {
  if (value instanceof Secret) return "[secret]";
  if (value instanceof Unknown) return "[unknown]";
  if (value instanceof ResourceReference) return value.urn;
  if (Array.isArray(value)) return value.map(redact);
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, redact(entry as Value)]));
  }
  return value;
}

/** Where `value` holds what cannot be shown: unknowns, also inside of secrets, and secrets. */
export function withheld(value: Value, prefix = ""): { unknown: string[]; secret: string[] } {
  if (value instanceof Unknown) return { unknown: [prefix], secret: [] };
  if (value instanceof Secret) return { unknown: withheld(value.value, prefix).unknown, secret: [prefix] };
  const entries: [string, Value][] = Array.isArray(value)
    ? value.map((entry, index) => [joinPath(prefix, index), entry])
    : isPlainObject(value)
      ? Object.entries(value).map(([key, entry]) => [joinPath(prefix, key), entry as Value])
      : [];
  const found = entries.map(([path, entry]) => withheld(entry, path));
  return { unknown: found.flatMap((part) => part.unknown), secret: found.flatMap((part) => part.secret) };
}
