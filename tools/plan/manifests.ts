import { CONFIGURATION_ONLY } from "../../components/kubernetes/labels";
import { isPlainObject, type Properties, type RecordedResource, redact, Secret, type Value, withheld } from "../engine";

/** A Kubernetes object as plain data. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; namespace?: string; labels?: Record<string, string>; [key: string]: unknown };
  [key: string]: unknown;
}

/** One Kubernetes object of the plan. */
export interface Manifest {
  /** `30-clusterrole.prometheus.yaml`: sorted, the files are in an order in which they can be applied. */
  file: string;
  /** URN of the resource it comes from. */
  urn: string;
  /** Secrets read `"[secret]"`, values that exist only after deployment `"[unknown]"`. */
  object: KubernetesObject;
  /** Where it holds values that exist only after deployment. */
  unknown: string[];
  /** Where it holds secrets. */
  secret: string[];
}

/** Objects that others need come first; custom resources come last, when their operator is there. */
const ORDER: Record<string, number> = {
  CustomResourceDefinition: 0,
  Namespace: 5,
  PriorityClass: 10,
  StorageClass: 10,
  RuntimeClass: 10,
  ServiceAccount: 20,
  ClusterRole: 30,
  ClusterRoleBinding: 31,
  Role: 32,
  RoleBinding: 33,
  NetworkPolicy: 40,
  ConfigMap: 45,
  Secret: 46,
  PersistentVolumeClaim: 47,
  Service: 50,
  PodDisruptionBudget: 55,
  DaemonSet: 60,
  Deployment: 60,
  StatefulSet: 60,
  CronJob: 65,
  Job: 65,
  HorizontalPodAutoscaler: 70,
  Ingress: 70,
};
const NATIVE_DEFAULT = 75;
const CUSTOM = 80;

/** Groups of Kubernetes itself end in `.k8s.io` or have no dot; everything else is a custom resource. */
export function isNative(apiVersion: string): boolean {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  return !group.includes(".") || group.endsWith(".k8s.io");
}

function fileName(object: KubernetesObject): string {
  const rank = isNative(object.apiVersion) ? (ORDER[object.kind] ?? NATIVE_DEFAULT) : CUSTOM;
  const { namespace, name } = object.metadata;
  // Dots part the words: kinds and namespaces have none, so no two objects can meet in one name.
  const words = [object.kind.toLowerCase(), namespace, name].filter((word) => word !== undefined);
  return `${String(rank).padStart(2, "0")}-${words.join(".").replaceAll(/[^A-Za-z0-9.-]/g, "_")}.yaml`;
}

const TOP = ["apiVersion", "kind", "metadata"];
const FIRST = ["name", "namespace"];

/** People look for these keys first; the rest is alphabetical, so that two plans differ only where the objects do. */
function sortKeys(value: unknown, first: readonly string[] = FIRST): unknown {
  if (Array.isArray(value)) return value.map((entry) => sortKeys(entry));
  if (!isPlainObject(value)) return value;
  const rank = (key: string) => (first.includes(key) ? first.indexOf(key) : first.length);
  const keys = Object.keys(value).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key])]));
}

const isKubernetes = (resource: RecordedResource) =>
  resource.custom && !resource.read && resource.type.startsWith("kubernetes:");

/** What the platform puts into a Secret only because its reader wants one there. */
const isConfigurationOnly = (metadata: Value | undefined) =>
  isPlainObject(metadata) &&
  isPlainObject(metadata.annotations) &&
  Object.entries(CONFIGURATION_ONLY).every(
    ([key, value]) => Reflect.get(metadata.annotations as object, key) === value,
  );

/** Every value of a Secret is one, also those that the program did not mark; its keys are not. */
function concealed(inputs: Properties): Properties {
  const conceal = (value: Value | undefined): Value => {
    const entries = value instanceof Secret ? value.value : value;
    if (!isPlainObject(entries)) return new Secret(entries ?? null);
    return Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, new Secret(entry as Value)]));
  };
  const parts = ["data", "stringData"].filter((key) => inputs[key] !== undefined);
  return { ...inputs, ...Object.fromEntries(parts.map((key) => [key, conceal(inputs[key])])) };
}

/** The SDK marks the content of every Secret as secret; here its author says that it is none. */
function revealed(inputs: Properties): Properties {
  const { stringData } = inputs;
  return stringData instanceof Secret ? { ...inputs, stringData: stringData.value } : inputs;
}

/** The objects that the program declares, in the order in which they can be applied. */
export function manifestsOf(resources: readonly RecordedResource[]): Manifest[] {
  return resources
    .filter(isKubernetes)
    .map(({ urn, inputs }) => {
      const { apiVersion, kind, metadata } = inputs;
      if (typeof apiVersion !== "string" || typeof kind !== "string") {
        throw new Error(`${urn} is not a single Kubernetes object, which is all that a plan can show`);
      }
      const secret = kind === "Secret" && apiVersion === "v1" && !isConfigurationOnly(metadata);
      const shown = secret ? concealed(inputs) : isConfigurationOnly(metadata) ? revealed(inputs) : inputs;
      const complete = { ...shown, metadata: isPlainObject(metadata) ? metadata : {} } as Value;
      const object = sortKeys(redact(complete), TOP) as KubernetesObject;
      return { file: fileName(object), urn, object, ...withheld(shown) };
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** How problems and lists name an object: `Deployment monitoring/prometheus-operator`. */
export function objectName({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name ?? "(no name)"}`;
}

/** Whether it is a Secret that holds any. */
export const isSecretObject = ({ object, secret }: Pick<Manifest, "object" | "secret">) =>
  object.kind === "Secret" && object.apiVersion === "v1" && secret.length > 0;

/** A Secret is never written: the command that makes it stands in its place. */
export interface RequiredSecret {
  namespace: string;
  name: string;
  keys: string[];
  /** With `FILE` where the path of a file with the value goes. */
  command: string;
}

/** What somebody who applies the manifests has to create first. */
export function requiredSecrets(manifests: readonly Manifest[]): RequiredSecret[] {
  return manifests.filter(isSecretObject).map(({ object }) => {
    const { namespace = "default", name = "" } = object.metadata;
    const keys = [object.data, object.stringData].flatMap((part) => (isPlainObject(part) ? Object.keys(part) : []));
    const type = typeof object.type === "string" && object.type !== "Opaque" ? ` --type=${object.type}` : "";
    const files = keys.map((key) => ` --from-file=${key}=FILE`).join("");
    return {
      namespace,
      name,
      keys,
      command: `kubectl create secret generic ${name} --namespace ${namespace}${type}${files}`,
    };
  });
}
