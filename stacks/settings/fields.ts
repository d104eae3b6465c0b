import { z } from "zod";

/**
 * The scalar fields that settings are made of. Each carries the rule that an error quotes and an example that its fix
 * offers; `meta` is also what the JSON Schema and the reference in the docs show.
 */

function text(pattern: RegExp, rule: string, example: string) {
  return z.string({ error: rule }).regex(pattern, { error: rule }).meta({ example });
}

/** A Prometheus duration: `30s`, `5m`, `24h`, `15d`; zero is not one. */
export const duration = () =>
  text(/^[1-9][0-9]*(ms|s|m|h|d|w|y)$/, "must be a duration: a whole number above 0 and ms, s, m, h, d, w or y", "30s");

/** A duration in Go's notation, which has no days: `120h`, `30m`. */
export const hours = () =>
  text(/^[1-9][0-9]*(h|m|s)$/, "must be a duration in hours, minutes or seconds: 120h, not 5d", "120h");

/** Bytes as Kubernetes writes them: `512Mi`, `50Gi`. */
export const quantity = () =>
  text(/^[1-9][0-9]*(Mi|Gi|Ti)$/, "must be an amount of bytes: a whole number above 0 and Mi, Gi or Ti", "50Gi");

/** CPU cores as Kubernetes writes them: `250m`, `2`. */
export const cpu = () =>
  text(
    /^([1-9][0-9]*m|[1-9][0-9]*(\.[0-9])?)$/,
    "must be an amount of CPU: cores (2, 0.5) or millicores (250m)",
    "500m",
  );

/** A DNS label: what Kubernetes takes as the name of a namespace or an object. */
export const dnsLabel = () =>
  text(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be a DNS label: lower-case letters, digits and inner hyphens, at most 63",
    "monitoring",
  );

/** A range of addresses: `10.0.0.0/16`, `fd00::/8`. */
export const cidr = () =>
  text(
    /^(((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)\/(3[0-2]|[12]?\d)|[0-9a-f:]*:[0-9a-f:]*\/(12[0-8]|1[01]\d|\d?\d))$/,
    "must be a range of addresses in CIDR notation",
    "10.0.0.0/16",
  );

const PEM = "must be certificates in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----";

/** Certificates by which somebody is trusted. */
export const certificates = () =>
  z.string({ error: PEM }).regex(/^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/, { error: PEM });

export const wholeNumber = (min: number, max: number) =>
  z
    .int({ error: `must be a whole number from ${min} to ${max}` })
    .min(min, { error: `must be a whole number from ${min} to ${max}` })
    .max(max, { error: `must be a whole number from ${min} to ${max}` })
    .meta({ example: String(min) });

const secretFields = z.registry<{ secret: true }>();

/** An `https://` or `http://` address that is itself a credential, as webhook URLs are. Encrypted in the stack file. */
export const secretUrl = () =>
  z
    .string({ error: "must be a URL that starts with https:// or http://" })
    .regex(/^https?:\/\/\S+$/, { error: "must be a URL that starts with https:// or http://" })
    .register(secretFields, { secret: true });

/** A text that is a credential, such as a secret key. Encrypted in the stack file. */
export const secretText = () =>
  z.string({ error: "must be a text" }).min(1, { error: "must not be empty" }).register(secretFields, { secret: true });

/** What `plan` puts in place of a value that it cannot decrypt; it satisfies every secret field. */
export const opaqueSecret = "https://opaque-secret.invalid/";

// `get`, not `has`: a schema made from another by describe() inherits what was registered for it.
export const isSecretField = (schema: z.core.$ZodType) => secretFields.get(schema as z.ZodType)?.secret === true;

/**
 * Where `schema` has secret fields, with `[]` for any item of a list: `alerting.receivers[].url`. The one source for
 * what may be encrypted, what is passed on as `pulumi.secret` and what an error never prints.
 */
export function secretPaths(schema: z.core.$ZodType, prefix = ""): string[] {
  if (isSecretField(schema)) return [prefix];
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, field]) =>
      secretPaths(field as z.core.$ZodType, prefix === "" ? key : `${prefix}.${key}`),
    );
  }
  if (schema instanceof z.ZodArray) return secretPaths(schema.element, `${prefix}[]`);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return [...new Set(schema.options.flatMap((option) => secretPaths(option, prefix)))];
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return secretPaths(schema.unwrap() as z.core.$ZodType, prefix);
  }
  return [];
}

/** Milliseconds of a {@link duration}; `undefined` when the text is not one. */
export function milliseconds(value: unknown): number | undefined {
  const match = typeof value === "string" ? /^([0-9]+)(ms|s|m|h|d|w|y)$/.exec(value) : null;
  if (!match) return undefined;
  const units: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, y: 31536e6 };
  return Number(match[1]) * (units[match[2] ?? ""] ?? Number.NaN);
}

/** Bytes of a {@link quantity}; `undefined` when the text is not one. */
export function bytes(value: unknown): number | undefined {
  const match = typeof value === "string" ? /^([0-9]+)(Mi|Gi|Ti)$/.exec(value) : null;
  if (!match) return undefined;
  const units: Record<string, number> = { Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
  return Number(match[1]) * (units[match[2] ?? ""] ?? Number.NaN);
}
