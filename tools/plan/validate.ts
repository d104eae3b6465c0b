import { closest, distance } from "fastest-levenshtein";
import type { CrdSchema } from "../../crds/release";
import type { Problem } from "../../stacks/settings";
import { isPlainObject, joinPath } from "../engine";
import { customValidator } from "./customTypes";
import { isNative, isSecretObject, type KubernetesObject, type Manifest, objectName } from "./manifests";
import { metadataModel, nativeModel, validateNative } from "./nativeTypes";
import { follow, type SchemaError } from "./schemaError";
import { semanticProblems } from "./semantics";

/** Where CRD schemas come from; asked only for the kinds that are used. */
export type CrdSource = (kinds: readonly string[]) => Promise<readonly CrdSchema[]>;

/** The group of the CRDs that this project installs; it cannot know the schemas of others. */
const OPERATOR_GROUP = "monitoring.coreos.com";

function unknownProperty(name: string, known: readonly string[]): string {
  if (known.length === 0) return "remove it: this object has no fixed properties";
  const guess = closest(name, known as string[]);
  return distance(name, guess) <= Math.max(2, Math.floor(name.length / 3))
    ? `did you mean "${guess}"?`
    : `remove it, or use one of: ${[...known].sort().join(", ")}`;
}

const short = (value: unknown) => {
  const text = value === undefined ? "(nothing)" : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
};

/** A schema's complaint as a problem that names the object. */
function toProblem(object: KubernetesObject, error: SchemaError): Problem {
  const { path, value } = follow(object, error.instancePath);
  const at = (place: string) => `${objectName(object)}: ${place === "" ? "(the whole object)" : place}`;
  if (error.keyword === "additionalProperties") {
    const name = String(error.params.additionalProperty);
    return {
      path: at(joinPath(path, name)),
      value: short(isPlainObject(value) ? value[name] : undefined),
      rule: `${object.apiVersion} ${object.kind} has no such property here`,
      fix: unknownProperty(name, error.knownProperties ?? []),
    };
  }
  if (error.keyword === "required") {
    const name = String(error.params.missingProperty);
    return {
      path: at(joinPath(path, name)),
      value: "(nothing)",
      rule: `${object.apiVersion} ${object.kind} requires this property`,
      fix: `set ${joinPath(path, name)}`,
    };
  }
  const allowed = Array.isArray(error.params.allowedValues) ? error.params.allowedValues : undefined;
  return {
    path: at(path),
    value: short(value),
    rule: error.message ?? `breaks ${error.keyword}`,
    fix: allowed ? `use one of: ${allowed.join(", ")}` : "correct the component that builds this object",
  };
}

/** What stands for a secret or unknown value has no right type: nothing at or below such a place is a mistake. */
function isWithheld(manifest: Manifest, error: SchemaError): boolean {
  const { path } = follow(manifest.object, error.instancePath);
  return [...manifest.unknown, ...manifest.secret].some((place) => {
    const rest = path.startsWith(place) ? path.slice(place.length) : undefined;
    return rest !== undefined && /^($|[.[])/.test(rest);
  });
}

function unknownKind({ apiVersion, kind, metadata }: KubernetesObject): Problem {
  return {
    path: objectName({ apiVersion, kind, metadata }),
    value: short(`${apiVersion} ${kind}`),
    rule: "must be a type whose schema is known",
    fix: isNative(apiVersion)
      ? `correct apiVersion and kind: Kubernetes ${apiVersion} has no ${kind}`
      : `correct apiVersion and kind: only the CRDs of ${OPERATOR_GROUP} are known`,
  };
}

/** Says what is wrong with an object; made once for all objects of a type. */
type Validator = (object: KubernetesObject) => SchemaError[];

async function customType(objects: readonly KubernetesObject[], crd: CrdSchema): Promise<Validator> {
  const [model, validate] = await Promise.all([metadataModel(), customValidator(crd.schema, objects)]);
  return (object) => [
    ...validate(object),
    ...validateNative(model, object.metadata).map((error) => ({
      ...error,
      instancePath: `/metadata${error.instancePath}`,
    })),
  ];
}

/** The validator of the type that all of `objects` have; `undefined` when nothing is known about it. */
async function validatorFor(
  objects: readonly [KubernetesObject, ...KubernetesObject[]],
  crds: readonly CrdSchema[],
): Promise<Validator | undefined> {
  const [{ apiVersion, kind }] = objects;
  if (isNative(apiVersion)) {
    const model = await nativeModel(apiVersion, kind);
    return model && ((object) => validateNative(model, object));
  }
  const crd = crds.find((known) => `${known.group}/${known.version}` === apiVersion && known.kind === kind);
  return crd && customType(objects, crd);
}

/** A secret outside of a Secret could be read by everyone who may read the object. */
function exposedSecrets(manifest: Manifest): Problem[] {
  if (isSecretObject(manifest)) return [];
  return manifest.secret.map((place) => ({
    path: `${objectName(manifest.object)}: ${place}`,
    value: "[secret]",
    rule: "a secret value may only stand in a Secret",
    fix: "put the value into a Secret and refer to it by name and key",
  }));
}

/**
 * Checks every manifest against the types of Kubernetes or the schema of its CRD, closed to unknown properties, and
 * against the rules that schemas cannot say. A type without a known schema is a problem, never a silent pass.
 */
export async function validateManifests(manifests: readonly Manifest[], crdSource: CrdSource): Promise<Problem[]> {
  const kinds = manifests.filter(({ object }) => object.apiVersion.startsWith(`${OPERATOR_GROUP}/`));
  const crds = kinds.length > 0 ? await crdSource([...new Set(kinds.map(({ object }) => object.kind))]) : [];
  const validators = new Map<string, Validator | undefined>();
  for (const [type, [first, ...others]] of typesOf(manifests)) {
    validators.set(type, await validatorFor([first, ...others], crds));
  }
  const schemaProblems = manifests.flatMap((manifest) => {
    const { object } = manifest;
    const errors = validators.get(typeOf(object))?.(object);
    return errors
      ? errors.filter((error) => !isWithheld(manifest, error)).map((error) => toProblem(object, error))
      : [unknownKind(object)];
  });
  return [...schemaProblems, ...manifests.flatMap(exposedSecrets), ...semanticProblems(manifests, crds)];
}

const typeOf = ({ apiVersion, kind }: KubernetesObject) => `${apiVersion} ${kind}`;

function typesOf(manifests: readonly Manifest[]): Map<string, [KubernetesObject, ...KubernetesObject[]]> {
  const types = new Map<string, [KubernetesObject, ...KubernetesObject[]]>();
  for (const { object } of manifests) {
    const same = types.get(typeOf(object));
    if (same) same.push(object);
    else types.set(typeOf(object), [object]);
  }
  return types;
}
