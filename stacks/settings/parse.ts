import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { type Environment, environmentSchema } from "./environment";
import { isSecretField } from "./fields";
import type { Problem } from "./problem";
import { presets, type Settings, settingsSchema, settingsSecretPaths } from "./schema";

/** What is known about the raw settings besides their values. */
export interface SettingsSource {
  /** Paths that are encrypted in the stack file. `undefined`: it cannot be known here. */
  encryptedPaths?: readonly string[];
}

export type ParsedSettings = { ok: true; settings: Settings } | { ok: false; problems: Problem[] };

const CONFIG_KEY = "gpu-observability:platform";

type Path = readonly PropertyKey[];

/** `["alerting", "receivers", 0, "url"]` → `alerting.receivers[0].url`. */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    "",
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lays `over` on `base`, key by key; lists, scalars and unions of another kind replace what is below them. */
function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isObject(base) || !isObject(over)) return over;
  if (over.kind !== undefined && base.kind !== undefined && over.kind !== base.kind) return over;
  const keys = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(keys.map((key) => [key, merge(base[key], over[key])]));
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    root,
  );
}

/** The schema of the field at `path`, as far as it can be followed: for the example of a fix. */
function schemaAt(schema: z.core.$ZodType, path: Path, value: unknown): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return schemaAt(schema.unwrap() as z.core.$ZodType, path, value);
  }
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const next = isObject(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined;
  if (schema instanceof z.ZodObject) {
    const field = schema.shape[String(key)] as z.core.$ZodType | undefined;
    return field && schemaAt(field, rest, next);
  }
  if (schema instanceof z.ZodArray) return schemaAt(schema.element as z.core.$ZodType, rest, next);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const option = schemaOfKind(schema, value);
    return option && schemaAt(option, path, value);
  }
  return undefined;
}

/** The kind of a value without its content, which may be or hold a secret. */
function outline(value: unknown): string {
  if (value === undefined) return "(nothing)";
  if (value === null) return "null";
  if (Array.isArray(value)) return "[ … ]";
  return typeof value === "object" ? "{ … }" : `(a ${typeof value})`;
}

function shown(root: unknown, path: Path): string {
  const pattern = formatPath(path).replace(/\[\d+\]/g, "[]");
  const value = valueAt(root, path);
  if (settingsSecretPaths.includes(pattern)) return value === undefined ? "(nothing)" : "[secret]";
  // An object may hold a secret further down.
  if (settingsSecretPaths.some((secret) => secret.startsWith(`${pattern}.`) || secret.startsWith(`${pattern}[]`))) {
    return outline(value);
  }
  return JSON.stringify(value) ?? outline(value);
}

const setCommand = (path: string) => `pulumi config set --path '${CONFIG_KEY}.${path}' …`;
const setSecretCommand = (path: string) => `pulumi config set --secret --path '${CONFIG_KEY}.${path}'`;

function unknownKeys(root: unknown, path: Path, keys: readonly string[], known: readonly string[]): Problem[] {
  return keys.map((key) => {
    const best = known.length === 0 ? undefined : closest(key, [...known]);
    const near = best !== undefined && distance(key.toLowerCase(), best.toLowerCase()) <= 3;
    return {
      path: formatPath([...path, key]),
      // Never its content: a misspelt `url` is as secret as a right one.
      value: outline(valueAt(root, [...path, key])),
      rule: `is not a setting; ${formatPath(path) || "the platform"} has ${known.join(", ")}`,
      fix: near ? `did you mean ${best}?` : "remove it",
    };
  });
}

function exampleOf(schema: z.core.$ZodType | undefined): string | undefined {
  const example = schema instanceof z.ZodType ? schema.meta()?.example : undefined;
  return typeof example === "string" ? example : undefined;
}

function fixFor(issue: z.core.$ZodIssue, root: unknown): string {
  const path = formatPath(issue.path);
  const field = schemaAt(settingsSchema, issue.path, root);
  const missing = valueAt(root, issue.path) === undefined;
  if (issue.code === "custom" && typeof issue.params?.fix === "string") return issue.params.fix;
  if (field && isSecretField(field)) {
    return `${missing ? "set it" : "set it anew"}, encrypted: ${setSecretCommand(path)}`;
  }
  const example = exampleOf(field);
  if (example !== undefined) return `for example: ${path}: ${example}`;
  return missing ? `set it: ${setCommand(path)}` : "correct it or remove it";
}

function ruleFor(issue: z.core.$ZodIssue, root: unknown): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "invalid_union") {
    const union = schemaAt(settingsSchema, issue.path.slice(0, -1), root);
    const kinds =
      union instanceof z.ZodDiscriminatedUnion
        ? union.options.flatMap((option) =>
            option instanceof z.ZodObject ? [...((option.shape.kind as z.ZodLiteral).values as Set<string>)] : [],
          )
        : [];
    return kinds.length > 0 ? `must be one of ${kinds.join(", ")}` : "must be an object with a kind";
  }
  if (issue.code === "invalid_type") {
    return valueAt(root, issue.path) === undefined
      ? `is required (${issue.expected})`
      : `must be of type ${issue.expected}`;
  }
  return issue.message;
}

function problemsOf(issue: z.core.$ZodIssue, root: unknown): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const parent = schemaAt(settingsSchema, issue.path, root);
    const owner = parent instanceof z.ZodDiscriminatedUnion ? schemaOfKind(parent, valueAt(root, issue.path)) : parent;
    const known = owner instanceof z.ZodObject ? Object.keys(owner.shape) : [];
    return unknownKeys(root, issue.path, issue.keys, known);
  }
  return [
    {
      path: formatPath(issue.path) || CONFIG_KEY,
      value: shown(root, issue.path),
      rule: ruleFor(issue, root),
      fix: fixFor(issue, root),
    },
  ];
}

const unknownPaths = (issue: z.core.$ZodIssue): string[] =>
  issue.code === "unrecognized_keys" ? issue.keys.map((key) => formatPath([...issue.path, key])) : [];

function schemaOfKind(union: z.ZodDiscriminatedUnion, value: unknown): z.core.$ZodType | undefined {
  return union.options.find(
    (option) =>
      option instanceof z.ZodObject &&
      isObject(value) &&
      (option.shape.kind as z.ZodLiteral).safeParse(value.kind).success,
  );
}

/** What stands in plain text but must be encrypted, and the other way round. */
function encryptionProblems(root: unknown, encrypted: readonly string[]): Problem[] {
  const secrets = secretsIn(root);
  const plain = secrets.filter((path) => !encrypted.includes(path));
  const needless = encrypted.filter((path) => !secrets.includes(path));
  return [
    ...plain.map((path) => ({
      path,
      value: "[secret]",
      rule: "is a secret and must be encrypted in the stack file",
      fix: `replace it: ${setSecretCommand(path)}; and treat the old value as known to others`,
    })),
    ...needless.map((path) => ({
      path,
      value: "[encrypted]",
      rule: "is not a secret: it decides what is deployed, so a preview must be able to show it",
      fix: `set it in plain text: ${setCommand(path)}`,
    })),
  ];
}

/** Where settings hold a secret. */
export const secretsIn = (settings: unknown): string[] =>
  settingsSecretPaths.flatMap((pattern) => expand(settings, pattern));

/** The paths of `root` that a pattern with `[]` stands for and that hold something. */
function expand(root: unknown, pattern: string): string[] {
  const step = (value: unknown, parts: string[], done: string): string[] => {
    const [part, ...rest] = parts;
    if (part === undefined) return value === undefined ? [] : [done];
    const list = part.endsWith("[]");
    const key = list ? part.slice(0, -2) : part;
    const next = isObject(value) ? value[key] : undefined;
    const path = done === "" ? key : `${done}.${key}`;
    if (!list) return step(next, rest, path);
    return Array.isArray(next) ? next.flatMap((item, index) => step(item, rest, `${path}[${index}]`)) : [];
  };
  return step(root, pattern.split("."), "");
}

/** Checks raw settings and fills in the presets of their environment. Reports every problem at once. */
export function parseSettings(raw: unknown, source: SettingsSource = {}): ParsedSettings {
  if (!isObject(raw)) {
    const fix = "write the settings under that key in Pulumi.<stack>.yaml; Pulumi.dev.yaml is an example";
    return {
      ok: false,
      problems: [{ path: CONFIG_KEY, value: outline(raw), rule: "must be an object", fix }],
    };
  }
  const environment = environmentSchema.safeParse(raw.environment);
  // The strictest preset while the environment is unknown: it hides no problem.
  const preset: Environment = environment.success ? environment.data : "production";
  const complete = merge(presets(preset, raw), raw);
  const result = settingsSchema.safeParse(complete);
  const issues = result.error?.issues ?? [];
  const inFields = issues.flatMap((issue) => problemsOf(issue, complete));
  const unknown = new Set(issues.flatMap(unknownPaths));
  const encrypted = source.encryptedPaths ?? [];
  const inEncryption = source.encryptedPaths ? encryptionProblems(raw, encrypted) : [];
  const problems = [
    // Of an encrypted value only a stand-in is known: whatever else is said of it would be about the stand-in.
    ...inFields.filter(({ path }) => unknown.has(path) || !encrypted.includes(path)),
    // A misspelt key that is encrypted was meant to be a secret.
    ...inEncryption.filter(({ path }) => !unknown.has(path)),
  ];
  return result.success && problems.length === 0 ? { ok: true, settings: result.data } : { ok: false, problems };
}
