import { isPlainObject } from "../engine";
import { childPointer, type SchemaError } from "./schemaError";

/** What the package's compiled validators have in common. */
interface Model {
  prototype: { validate(this: unknown): void };
}

/**
 * Wraps `value` so that every property that the validator looks at is noted. The validators of `kubernetes-models` look
 * at each property that the Kubernetes type has, whether it is there or not, and pass over all others in silence: the
 * ones that were never looked at are the misspelt ones.
 */
class Observer {
  private readonly seen = new Map<object, { path: string; properties: Set<string> }>();

  wrap(value: unknown, path = ""): unknown {
    if (Array.isArray(value)) return value.map((entry, index) => this.wrap(entry, `${path}/${index}`));
    if (!isPlainObject(value)) return value;
    const note = { path, properties: new Set<string>() };
    this.seen.set(value, note);
    const children = new Map(
      Object.entries(value).map(([key, entry]) => [key, this.wrap(entry, childPointer(path, key))]),
    );
    return new Proxy(value, {
      get: (_target, key) => {
        if (typeof key !== "string") return undefined;
        note.properties.add(key);
        return children.get(key);
      },
    });
  }

  /** Properties that the type does not have. An object that nobody looked into has no fixed properties. */
  unknownProperties(): SchemaError[] {
    return [...this.seen].flatMap(([value, { path, properties }]) =>
      properties.size === 0
        ? []
        : Object.keys(value)
            .filter((key) => !properties.has(key))
            .map((key) => ({
              instancePath: path,
              keyword: "additionalProperties",
              params: { additionalProperty: key },
              message: "must not have other properties",
              knownProperties: [...properties].filter((name) => name !== "toJSON"),
            })),
    );
  }
}

async function load(specifier: string, kind: string): Promise<Model | undefined> {
  try {
    return ((await import(specifier)) as Record<string, Model>)[kind];
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
    throw error;
  }
}

/** The validator of a type of Kubernetes itself; `undefined` when the package does not know it. */
export async function nativeModel(apiVersion: string, kind: string): Promise<Model | undefined> {
  return load(`kubernetes-models/${apiVersion}/${kind}`, kind);
}

/** The validator of the metadata that every object has. */
export async function metadataModel(): Promise<Model> {
  const model = await load("@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta", "ObjectMeta");
  if (!model) throw new Error("@kubernetes-models/apimachinery has no ObjectMeta");
  return model;
}

/** Everything in `value` that breaks the type, unknown properties included. */
export function validateNative(model: Model, value: object): SchemaError[] {
  const observer = new Observer();
  const errors: SchemaError[] = [];
  try {
    model.prototype.validate.call(observer.wrap(value));
  } catch (error) {
    const found = (error as { errors?: SchemaError[] }).errors;
    if (!Array.isArray(found)) throw error;
    errors.push(...found);
  }
  return [...errors, ...observer.unknownProperties()];
}
