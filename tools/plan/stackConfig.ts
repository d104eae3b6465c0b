import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse, YAMLError } from "yaml";
import type { Problem } from "../../stacks/settings";
import { UserError } from "../cli/errors";
import { isPlainObject, joinPath } from "../engine";
import { setPath } from "./paths";

/** The one key that holds all settings. */
export const PLATFORM_KEY = "gpu-observability:platform";

/** A stack's configuration, as the CLI would hand it to the program. */
export interface StackConfig {
  project: string;
  stack: string;
  /** Every key except the platform's, as strings. */
  config: Record<string, string>;
  secretKeys: string[];
  /** What stands under {@link PLATFORM_KEY}, `--set` applied, with a stand-in for each encrypted value. */
  platform: unknown;
  /** Where in `platform` those stand. */
  encryptedPaths: string[];
  /** What makes this stack impossible to plan. */
  problems: Problem[];
}

const stackNames = (root: string) =>
  readdirSync(root)
    .map((file) => /^Pulumi\.([^.]+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();

function readYaml(file: string): Record<string, unknown> {
  try {
    const content: unknown = parse(readFileSync(file, "utf8")) ?? {};
    if (isPlainObject(content)) return content;
  } catch (error) {
    if (!(error instanceof YAMLError)) throw error;
    throw new UserError(`${path.basename(file)} is not valid YAML: ${error.message.trim()}`, `correct ${file}`);
  }
  throw new UserError(`${path.basename(file)} is not a YAML mapping`, `correct ${file}`);
}

const isEncrypted = (value: unknown) =>
  isPlainObject(value) && Object.keys(value).length === 1 && typeof value.secure === "string";

/** Replaces encrypted values by `standIn`, and says where they stood. */
function withoutCiphertext(value: unknown, standIn: string, prefix = ""): { value: unknown; paths: string[] } {
  if (isEncrypted(value)) return { value: standIn, paths: [prefix] };
  if (Array.isArray(value)) {
    const items = value.map((entry, index) => withoutCiphertext(entry, standIn, joinPath(prefix, index)));
    return { value: items.map((item) => item.value), paths: items.flatMap((item) => item.paths) };
  }
  if (!isPlainObject(value)) return { value, paths: [] };
  const entries = Object.entries(value).map(
    ([key, entry]) => [key, withoutCiphertext(entry, standIn, joinPath(prefix, key))] as const,
  );
  return {
    value: Object.fromEntries(entries.map(([key, entry]) => [key, entry.value])),
    paths: entries.flatMap(([, entry]) => entry.paths),
  };
}

const asString = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** Pulumi.yaml's `config:` holds plain values, or declarations with a `value` or a `default`. */
function projectConfig(project: string, config: unknown): Record<string, unknown> {
  if (!isPlainObject(config)) return {};
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, entry]) => {
      const value = isPlainObject(entry) ? (entry.value ?? entry.default) : entry;
      return value === undefined ? [] : [[key.includes(":") ? key : `${project}:${key}`, value]];
    }),
  );
}

function environmentProblem(file: string, environment: unknown): Problem[] {
  if (environment === undefined) return [];
  return [
    {
      path: "environment",
      value: JSON.stringify(environment),
      rule: "values from Pulumi ESC cannot be read without the Pulumi CLI and its login",
      fix: `plan a stack that has no \`environment:\`: write what it provides into ${path.basename(file)}, or use pulumi preview`,
    },
  ];
}

/** One `--set PATH=VALUE`; the value is YAML. */
export function parseSetting(setting: string): { path: string; value: unknown } {
  const at = setting.indexOf("=");
  if (at < 1)
    throw new UserError(`--set ${setting}: no value`, "write --set path=value, such as --set prometheus.replicas=3");
  const text = setting.slice(at + 1);
  try {
    return { path: setting.slice(0, at), value: parse(text) as unknown };
  } catch (error) {
    if (!(error instanceof YAMLError)) throw error;
    throw new UserError(
      `--set ${setting}: the value is not valid YAML`,
      `quote it: --set '${setting.slice(0, at)}="…"'`,
    );
  }
}

export interface ReadStackOptions {
  /** The folder with Pulumi.yaml. */
  root: string;
  stack: string;
  /** `path=value`, applied from left to right. */
  settings: readonly string[];
  /** What stands for a value that cannot be decrypted; it has to satisfy the settings' secret fields. */
  opaqueSecret: string;
}

/**
 * Reads Pulumi.yaml and the stack's file as the CLI does, but decrypts nothing.
 *
 * Throws a {@link UserError} for a stack that does not exist, a file that is not YAML and a `--set` that does not fit.
 */
export function readStackConfig({ root, stack, settings, opaqueSecret }: ReadStackOptions): StackConfig {
  const file = path.join(root, `Pulumi.${stack}.yaml`);
  if (!/^[A-Za-z0-9_-]+$/.test(stack) || !existsSync(file)) {
    const names = stackNames(root);
    throw new UserError(`there is no stack "${stack}" (no Pulumi.${stack}.yaml)`, `use one of: ${names.join(", ")}`);
  }
  const project = readYaml(path.join(root, "Pulumi.yaml"));
  const name = String(project.name);
  const content = readYaml(file);
  const own = isPlainObject(content.config) ? content.config : {};
  const { [PLATFORM_KEY]: platform, ...others } = { ...projectConfig(name, project.config), ...own };
  const changed = settings
    .map(parseSetting)
    .reduce((value, change) => setPath(value, change.path, change.value), platform);
  const clear = withoutCiphertext(changed, opaqueSecret);
  const values = Object.entries(others).map(([key, value]) => [key, withoutCiphertext(value, opaqueSecret)] as const);
  return {
    project: name,
    stack,
    config: Object.fromEntries(values.map(([key, { value }]) => [key, asString(value)])),
    secretKeys: values.filter(([, { paths }]) => paths.length > 0).map(([key]) => key),
    platform: clear.value,
    encryptedPaths: clear.paths,
    problems: environmentProblem(file, content.environment),
  };
}
