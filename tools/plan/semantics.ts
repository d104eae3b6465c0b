import type { CrdSchema } from "../../crds/release";
import type { Problem } from "../../stacks/settings";
import { isPlainObject, joinPath } from "../engine";
import { type KubernetesObject, type Manifest, objectName } from "./manifests";

/** Kinds of Kubernetes itself that live outside of namespaces. */
const CLUSTER_SCOPED = new Set([
  "APIService",
  "CSIDriver",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "DeviceClass",
  "FlowSchema",
  "IngressClass",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "ResourceSlice",
  "RuntimeClass",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttributesClass",
]);

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
/** RBAC names may hold what paths may not. */
const PATH_SEGMENT = /^(?!\.{1,2}$)[^/%]+$/;

/** The API server counts all keys and values of `data` and `binaryData`. */
const CONFIG_MAP_BYTES = 1024 * 1024;

function nameProblem(object: KubernetesObject): Problem[] {
  const { name, namespace } = object.metadata;
  const problem = (path: string, value: unknown, rule: string, fix: string): Problem[] => [
    {
      path: `${objectName(object)}: ${path}`,
      value: value === undefined ? "(nothing)" : JSON.stringify(value),
      rule,
      fix,
    },
  ];
  if (name === undefined) {
    return problem(
      "metadata.name",
      name,
      "every object needs a name of its own; Pulumi would make up a different one in each deployment",
      "set metadata.name",
    );
  }
  const short = object.kind === "Namespace" || object.kind === "Service";
  const rbac = object.apiVersion.startsWith("rbac.authorization.k8s.io/");
  if (
    rbac
      ? !PATH_SEGMENT.test(name)
      : short
        ? !DNS_LABEL.test(name) || name.length > 63
        : !DNS_SUBDOMAIN.test(name) || name.length > 253
  ) {
    const rule = rbac
      ? "must be a path segment: no slash, no percent sign"
      : short
        ? "must be a DNS label: lower-case letters, digits and inner hyphens, at most 63"
        : "must be a DNS name: lower-case letters, digits, inner hyphens and dots, at most 253";
    return problem("metadata.name", name, rule, "choose a shorter or simpler name");
  }
  if (namespace !== undefined && (!DNS_LABEL.test(namespace) || namespace.length > 63)) {
    return problem("metadata.namespace", namespace, "must be a DNS label", "choose a valid namespace");
  }
  return [];
}

function scopeProblem(object: KubernetesObject, crds: readonly CrdSchema[]): Problem[] {
  const crd = crds.find(
    ({ group, version, kind }) => `${group}/${version}` === object.apiVersion && kind === object.kind,
  );
  const clusterScoped = crd ? crd.scope === "Cluster" : CLUSTER_SCOPED.has(object.kind);
  const { namespace } = object.metadata;
  if (clusterScoped === (namespace === undefined)) return [];
  return [
    {
      path: `${objectName(object)}: metadata.namespace`,
      value: namespace === undefined ? "(nothing)" : JSON.stringify(namespace),
      rule: clusterScoped
        ? `a ${object.kind} belongs to the whole cluster`
        : "must be set: without it the object lands wherever the caller's context points",
      fix: clusterScoped ? "remove metadata.namespace" : "set metadata.namespace",
    },
  ];
}

/** Every map called `labels`, `matchLabels` or `podMetadata.labels`, wherever it stands below `metadata` and `spec`. */
function labelMaps(value: unknown, path = ""): { path: string; labels: Record<string, unknown> }[] {
  if (Array.isArray(value)) return value.flatMap((entry, index) => labelMaps(entry, joinPath(path, index)));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const below = joinPath(path, key);
    const isLabels = key === "matchLabels" || (key === "labels" && /(^|\.)(podM|m)etadata$/.test(path));
    return isLabels && isPlainObject(entry) ? [{ path: below, labels: entry }] : labelMaps(entry, below);
  });
}

function labelProblems(object: KubernetesObject): Problem[] {
  return labelMaps({ metadata: object.metadata, spec: object.spec }).flatMap(({ path, labels }) =>
    Object.entries(labels).flatMap(([key, value]): Problem[] => {
      const at = `${objectName(object)}: ${joinPath(path, key)}`;
      if (!LABEL_KEY.test(key)) {
        const rule =
          "a label's name has at most 63 letters, digits, hyphens, dots and underscores, after an optional DNS name and a slash";
        return [{ path: at, value: JSON.stringify(key), rule, fix: "choose a valid label name" }];
      }
      if (typeof value !== "string" || value === "[unknown]") return [];
      if (value.length <= 63 && LABEL_VALUE.test(value)) return [];
      const rule =
        "a label's value has at most 63 letters, digits, hyphens, dots and underscores, and none of the last three at its ends";
      return [{ path: at, value: JSON.stringify(value), rule, fix: "shorten or simplify the value" }];
    }),
  );
}

function sizeProblem(object: KubernetesObject): Problem[] {
  if (object.kind !== "ConfigMap" || object.apiVersion !== "v1") return [];
  const bytes = [object.data, object.binaryData]
    .flatMap((part) => (isPlainObject(part) ? Object.entries(part).flat() : []))
    .reduce((sum: number, text) => sum + Buffer.byteLength(String(text)), 0);
  if (bytes <= CONFIG_MAP_BYTES) return [];
  return [
    {
      path: `${objectName(object)}: data`,
      value: `${bytes} bytes`,
      rule: "a ConfigMap holds at most 1 MiB",
      fix: "spread the content over several ConfigMaps",
    },
  ];
}

function duplicateProblems(manifests: readonly Manifest[]): Problem[] {
  const first = new Map<string, Manifest>();
  return manifests.flatMap((manifest): Problem[] => {
    const { apiVersion, kind, metadata } = manifest.object;
    const key = [apiVersion, kind, metadata.namespace, metadata.name].join("\0");
    const earlier = first.get(key);
    if (!earlier) {
      first.set(key, manifest);
      return [];
    }
    return [
      {
        path: objectName(manifest.object),
        value: manifest.urn,
        rule: `two resources declare this object; the other is ${earlier.urn}`,
        fix: "remove one of them or give it another name: each would overwrite the other",
      },
    ];
  });
}

/** What schemas cannot say and the API server would refuse, or accept to somebody's surprise. */
export function semanticProblems(manifests: readonly Manifest[], crds: readonly CrdSchema[]): Problem[] {
  return [
    ...manifests.flatMap(({ object }) => [
      ...nameProblem(object),
      ...scopeProblem(object, crds),
      ...labelProblems(object),
      ...sizeProblem(object),
    ]),
    ...duplicateProblems(manifests),
  ];
}
