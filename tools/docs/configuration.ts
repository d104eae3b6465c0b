import { z } from "zod";
import { parseSettings, settingsSchema, settingsSecretPaths } from "../../stacks/settings";
import { environmentSchema } from "../../stacks/settings/environment";
import { cpu, dnsLabel, duration, quantity } from "../../stacks/settings/fields";
import { presets } from "../../stacks/settings/schema";
import { table } from "./markdown";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** One line of the reference. */
interface Row {
  path: string;
  schema: JsonSchema;
  optional: boolean;
  /** The value of `kind` beside it that it belongs to, where there is a choice. */
  kind?: string;
  /** The kind of long-term store that it belongs to: each has presets of its own. */
  store?: string;
  /** Inside a list or a union: whether it must be given depends on what is around it. */
  conditional: boolean;
}

const scalars = { duration, bytes: quantity, CPU: cpu, "DNS label": dnsLabel };
const environments = environmentSchema.options;
const NO_PRESET = "–";
const FIRST_STORE = "longTermStorage";
const SECOND_STORE = "alsoWriteTo";

const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input" });
const scalarOfPattern = new Map(
  Object.entries(scalars).map(([name, make]) => [schemaOf(make()).pattern, name] as const),
);

const code = (text: unknown) => `\`${typeof text === "string" ? text : JSON.stringify(text)}\``;

/** JSON Schema also knows `true` and `false` for schemas; the settings have neither. */
function solid(schema: JsonSchema | boolean | undefined): JsonSchema {
  if (typeof schema === "object") return schema;
  throw new Error("the reference can only describe schemas of a known shape");
}

const variants = (schema: JsonSchema) => (schema.oneOf ?? []).map(solid);
const kindOf = (variant: JsonSchema) => String(solid(variant.properties?.kind).const);

/** The rows of an object's own keys, in the schema's order. */
function rowsOfKeys(object: JsonSchema, path: string, around: Pick<Row, "conditional" | "kind" | "store">): Row[] {
  const prefix = path === "" ? "" : `${path}.`;
  return Object.entries(object.properties ?? {}).flatMap(([key, field]) =>
    rowsOf({ ...around, path: prefix + key, schema: solid(field), optional: !object.required?.includes(key) }),
  );
}

/** The rows of a field: its own, and those of everything inside it. */
function rowsOf(row: Row): Row[] {
  const { path, schema, conditional } = row;
  // What longTermStorage has, once more.
  if (path === SECOND_STORE) return [row];
  if (schema.oneOf) return [row, ...variants(schema).flatMap((variant) => rowsOfVariant(row, variant))];
  if (schema.type === "object") return rowsOfKeys(schema, path, row);
  if (schema.type !== "array") return [row];
  const item = solid(schema.items as JsonSchema | undefined);
  const inside = rowsOf({ ...storeOf(row), path: `${path}[]`, schema: item, optional: false, conditional: true });
  return item.oneOf || item.type === "object" ? [{ ...row, conditional }, ...inside] : [row];
}

const storeOf = ({ store }: Row) => (store === undefined ? {} : { store });

function rowsOfVariant(row: Row, variant: JsonSchema): Row[] {
  const { path, schema, conditional } = row;
  const choice = variants(schema).length > 1;
  return rowsOfKeys(variant, path, {
    conditional: conditional || choice,
    ...(path === FIRST_STORE ? { store: kindOf(variant) } : storeOf(row)),
    ...(choice ? { kind: kindOf(variant) } : {}),
  }).filter((row) => row.path !== `${path}.kind`);
}

function typeName(schema: JsonSchema): string {
  if (schema.oneOf) return variants(schema).map(kindOf).map(code).join(" | ");
  if (schema.enum) return schema.enum.map(code).join(" | ");
  if (schema.type === "array") {
    const item = solid(schema.items as JsonSchema | undefined);
    return item.oneOf || item.type === "object" ? "list" : `list of ${typeName(item)}`;
  }
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "integer") return `whole number from ${schema.minimum} to ${schema.maximum}`;
  const example = typeof schema.example === "string" ? `, such as ${code(schema.example)}` : "";
  return scalarOfPattern.get(schema.pattern) ?? `text${example}`;
}

/** The preset's `kind` that decides whether the key of that path is there: the one that stands nearest above it. */
function nearestKind(at: (keys: string[]) => unknown, keys: string[]): unknown {
  const above = keys.map((_, index) => keys.slice(0, keys.length - 1 - index));
  return above.map((parent) => at([...parent, "kind"])).find((kind) => kind !== undefined);
}

function presetAt(environment: (typeof environments)[number], { path, schema, kind, store }: Row): unknown {
  const at = (keys: string[]) =>
    keys.reduce<unknown>(
      (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
      presets(environment, store === undefined ? {} : { [FIRST_STORE]: { kind: store } }),
    );
  const keys = path.split(".");
  if (kind !== undefined && nearestKind(at, keys) !== kind) return undefined;
  return at(schema.oneOf ? [...keys, "kind"] : keys);
}

function presetCells(row: Row): string[] {
  return environments.map((environment) => {
    const preset = presetAt(environment, row);
    if (preset !== undefined) return code(preset);
    return row.optional || row.conditional ? NO_PRESET : "**required**";
  });
}

const secretType = ({ pattern }: JsonSchema) => `${pattern?.includes("https?") ? "URL" : "text"}, **secret**`;

function meaning({ schema, kind, store }: Row): string {
  const described = variants(schema).flatMap((variant) =>
    variant.description === undefined ? [] : [`${code(kindOf(variant))}: ${variant.description}`],
  );
  const own =
    schema.description ?? (schema.oneOf && described.length === 0 ? "Decides which keys stand beside it." : "");
  const kinds = [...new Set([store, kind].filter((each) => each !== undefined))].map(code);
  return [kinds.length === 0 ? "" : `With ${kinds.join(" and ")}:`, own, ...described].filter(Boolean).join(" ");
}

function settingsTable(rows: Row[]): string[] {
  return table(
    ["Setting", "Type", ...environments.map(code), "Meaning"],
    rows.map((row) => [
      code(row.schema.oneOf ? `${row.path}.kind` : row.path),
      [
        settingsSecretPaths.includes(row.path) ? secretType(row.schema) : typeName(row.schema),
        ...(row.optional ? ["optional"] : []),
      ].join(", "),
      ...presetCells(row),
      meaning(row),
    ]),
  );
}

/** The rule and the example of each, as the settings' errors quote them. */
function scalarTypes(): string[] {
  return Object.entries(scalars).map(([name, make]) => {
    const rule = make().safeParse("").error?.issues[0]?.message ?? "";
    return `- **${name}**: ${rule.replace(/^[^:]*: /, "")}; for example ${code(make().meta()?.example)}.`;
  });
}

const DIGEST = `sha256:${"a".repeat(64)}`;

/** Breaks every rule between settings at once, so that the reference can quote what the check says. */
const contradictory = {
  environment: "production",
  cluster: { kind: "kubeconfig", name: "c1" },
  prometheus: {
    replicas: 1,
    shards: 2,
    scrapeInterval: "3m",
    localRetention: { time: "1h", size: "100Gi" },
    storage: { kind: "ephemeral", sizeLimit: "100Gi" },
  },
  alertmanager: { replicas: 2, storage: { kind: "ephemeral", sizeLimit: "1Gi" } },
  longTermStorage: { queriers: 1 },
  ruler: { replicas: 1, storage: { kind: "ephemeral", sizeLimit: "1Gi" } },
  teams: { kind: "namespaceLabel", namespaces: [{ name: "monitoring" }, { name: "research" }, { name: "research" }] },
  network: { receivers: { ports: [8443] } },
  images: { overrides: { thanos: `example.com/thanos@${DIGEST}` }, digests: { thanos: DIGEST } },
  patches: [{ kind: "Service", name: "prometheus", patch: { metadata: { name: "another" } } }],
  alerting: {
    receivers: ["oncall", "oncall", "nobody"].map((name) => ({
      name,
      kind: "webhook",
      url: "https://example.invalid",
    })),
    defaultReceiver: "absent",
    routes: [{ matchers: ['severity="critical"'], receiver: "absent" }],
    heartbeat: { kind: "none" },
  },
};

function rulesBetweenSettings(): string[] {
  const parsed = parseSettings(contradictory);
  if (parsed.ok) throw new Error("no rule between settings is broken by settings that should break them all");
  // Indices and names are those of the example above.
  const rows = parsed.problems.map(({ path, rule }) => [
    code(path.replace(/\[\d+\]/g, "[]")),
    rule.replace(/ \(there .*\)$/, "").replace(/\d+ is missing/, "one is missing"),
  ]);
  return table(["Setting", "Rule"], rows);
}

const sectionOf = ({ path, schema }: Row) =>
  path.includes(".") || schema.oneOf ? code(path.replace(/\..*$/, "")) : "The stack as a whole";

/** The generated part of docs/configuration.md: every setting with its type, its presets and its meaning, as Markdown. */
export function configurationReference(): string {
  const schema = schemaOf(settingsSchema);
  const rows = rowsOfKeys(schema, "", { conditional: false });
  const names = [...new Set(rows.map(sectionOf))];
  return [
    "### Types",
    "",
    ...scalarTypes(),
    "- **URL**: starts with `https://` or `http://`.",
    ...names.flatMap((name) => [
      "",
      `### ${name}`,
      "",
      ...settingsTable(rows.filter((row) => sectionOf(row) === name)),
    ]),
    "",
    "### Rules between settings",
    "",
    ...rulesBetweenSettings(),
    "",
  ].join("\n");
}
