import type { ErrorObject } from "ajv";
import { isPlainObject } from "../engine";
import type { SchemaError } from "./schemaError";

type Schema = Record<string, unknown>;

const PRESERVE = "x-kubernetes-preserve-unknown-fields";
const EMBEDDED = "x-kubernetes-embedded-resource";
const INT_OR_STRING = "x-kubernetes-int-or-string";

const isSchema = (value: unknown): value is Schema => isPlainObject(value);

/**
 * The part of a CRD's schema that `samples` touch, closed to unknown properties as the API server's field validation
 * is. Properties that no sample has keep only their name: compiling a whole Prometheus schema takes far longer than
 * everything else in a plan.
 */
export function closedSchema(schema: Schema, samples: readonly unknown[]): Schema {
  const closed: Schema = { ...schema };
  const objects = samples.filter(isPlainObject);
  if (isSchema(schema.properties)) {
    closed.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, property]) => {
        const below = objects.flatMap((sample) => (key in sample ? [sample[key]] : []));
        return [key, below.length > 0 && isSchema(property) ? closedSchema(property, below) : true];
      }),
    );
  }
  if (isSchema(schema.additionalProperties)) {
    closed.additionalProperties = closedSchema(schema.additionalProperties, objects.flatMap(Object.values));
  } else if (schema.type === "object" && schema.additionalProperties === undefined) {
    closed.additionalProperties = schema[PRESERVE] === true || schema[EMBEDDED] === true;
  }
  if (isSchema(schema.items)) {
    closed.items = closedSchema(schema.items, samples.filter(Array.isArray).flat());
  }
  // Some CRDs mark the property and leave the types to the API server.
  if (schema[INT_OR_STRING] === true && schema.anyOf === undefined && schema.type === undefined) {
    closed.type = ["integer", "string"];
  }
  return closed;
}

/** Checks one object against its CRD; metadata is not the CRD's matter. */
export type CustomValidator = (object: object) => SchemaError[];

/** A validator for `objects`, which are all of one CRD: it knows only what they hold. */
export async function customValidator(schema: object, objects: readonly object[]): Promise<CustomValidator> {
  const [{ Ajv }, formats] = await Promise.all([import("ajv"), import("ajv-formats")]);
  // `default`, CEL rules and list types are the API server's; ajv must not stumble over their keywords.
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    verbose: true,
    logger: false,
    // The API server accepted these schemas, and code that runs once need not be fast: both would double the time.
    validateSchema: false,
    code: { optimize: false },
  });
  formats.default.default(ajv);
  const withoutMetadata = objects.map((object) => Object.entries(object).filter(([key]) => key !== "metadata"));
  const root = closedSchema(
    schema as Schema,
    withoutMetadata.map((entries) => Object.fromEntries(entries)),
  );
  const validate = ajv.compile(root);
  return (object) => {
    if (validate(object)) return [];
    return withoutBranches(validate.errors ?? []).map((error) => {
      const properties = (error.parentSchema as Schema | undefined)?.properties;
      return { ...error, knownProperties: isSchema(properties) ? Object.keys(properties) : [] };
    });
  };
}

/** Of a failed `anyOf` or `oneOf` only the verdict tells something: each branch's own complaint would contradict the others. */
function withoutBranches(errors: ErrorObject[]): ErrorObject[] {
  return errors.filter((error) => !/\/(anyOf|oneOf)\/\d+\//.test(error.schemaPath));
}
