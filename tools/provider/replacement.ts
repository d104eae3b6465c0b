import { isDeepStrictEqual } from "node:util";
import type { Change } from "./diff";
import { at, formatPath, isObject, type Json, type JsonObject, type Path } from "./json";
import type { ProviderOptions } from "./providerOptions";
import { type ObjectType, objectType } from "./typeTokens";

const podSpec =
  "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID " +
  "hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates " +
  "restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName " +
  "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes";
const podContainer =
  "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext stdin " +
  "stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir";
const persistentVolumeSources =
  "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs " +
  "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume";

const under = (prefix: string, fields: string) => fields.split(" ").map((field) => `${prefix}.${field}`);

/** Fields whose change means a new object, as in the vendor's provider 4.x (provider/pkg/provider/diff.go). */
const immutableFields: Record<string, string[]> = {
  "apps/v1/DaemonSet": ["spec.selector"],
  "apps/v1/Deployment": ["spec.selector"],
  "apps/v1/StatefulSet": under(
    "spec",
    "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates",
  ),
  "batch/v1/Job": under("spec", "completions parallelism selector template"),
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/PersistentVolume": under("spec", persistentVolumeSources),
  "v1/PersistentVolumeClaim": under("spec", "accessModes selector storageClassName volumeName"),
  "v1/Pod": [
    ...under("spec", podSpec),
    ...under("spec.containers[*]", podContainer),
    ...under("spec.initContainers[*]", podContainer),
  ],
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Secret": ["type"],
  "v1/Service": ["spec.clusterIP"],
};

/** The two sides of a difference and the object that runs, all without markers. */
export interface Difference {
  oldInputs: JsonObject;
  newInputs: JsonObject;
  live: JsonObject;
  changes: Change[];
}

type Mutability = Pick<ProviderOptions, "enableConfigMapMutable" | "enableSecretMutable">;

/** Which of the changes the cluster can only take as a new object; as property paths. */
export function replacedPaths(difference: Difference, options: Mutability): Set<string> {
  const { oldInputs, newInputs } = difference;
  const next = typeOf(newInputs);
  const previous = typeOf(oldInputs);
  const found = new Set<string>();
  // Another version of the same group is another view of the same object, not another object.
  if (previous.group !== next.group) found.add("apiVersion");
  if (previous.kind !== next.kind) found.add("kind");
  for (const field of immutable(next, difference, options)) {
    const pattern = parsePattern(field);
    for (const change of difference.changes) {
      if (touches(change.path, pattern, difference)) found.add(formatPath(change.path));
    }
  }
  return found;
}

/** With the same name in the same namespace the old object has to go first. */
export function mustDeleteFirst({ oldInputs, newInputs }: Difference): boolean {
  const name = (inputs: JsonObject) => [at(inputs, "metadata", "namespace"), at(inputs, "metadata", "name")];
  return isDeepStrictEqual(name(oldInputs), name(newInputs));
}

function immutable(type: ObjectType, { oldInputs, newInputs }: Difference, options: Mutability): string[] {
  const key = `${type.apiVersion}/${type.kind}`;
  const fields = ["metadata.name", "metadata.namespace", ...(immutableFields[key] ?? [])];
  const sealed = oldInputs.immutable === true || newInputs.immutable === true;
  if (key === "v1/ConfigMap" && (sealed || !options.enableConfigMapMutable)) fields.push("data", "binaryData");
  if (key === "v1/Secret" && (sealed || !options.enableSecretMutable)) fields.push("data", "stringData");
  return fields;
}

function touches(changed: Path, pattern: string[], { oldInputs, newInputs, live }: Difference): boolean {
  const common = Math.min(changed.length, pattern.length);
  if (!pattern.slice(0, common).every((key, index) => key === "*" || key === String(changed[index]))) return false;
  if (changed.length >= pattern.length) {
    // Writing down what the cluster had chosen by itself changes nothing.
    const value = at(newInputs, ...changed);
    return value === undefined || !isDeepStrictEqual(value, at(live, ...changed));
  }
  const rest = pattern.slice(changed.length);
  return !isDeepStrictEqual(select(at(oldInputs, ...changed), rest), select(at(newInputs, ...changed), rest));
}

function select(value: Json | undefined, pattern: string[]): Json[] {
  const [key, ...rest] = pattern;
  if (value === undefined) return [];
  if (key === undefined) return [value];
  if (key === "*") return Array.isArray(value) ? value.flatMap((item) => select(item, rest)) : [];
  return isObject(value) ? select(value[key], rest) : [];
}

const parsePattern = (text: string): string[] => text.replaceAll("[*]", ".*").split(".");

const typeOf = (inputs: JsonObject): ObjectType =>
  objectType(String(inputs.apiVersion ?? ""), String(inputs.kind ?? ""));
