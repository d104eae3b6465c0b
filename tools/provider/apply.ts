import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "./apiClient";
import { type JsonObject, textAt } from "./json";
import { annotation, manifest } from "./objects";
import type { Cluster, Session } from "./session";
import { isBuiltInGroup, type ObjectType, objectType } from "./typeTokens";

/** Where one object lives on the API server. */
export interface Location {
  cluster: Cluster;
  path: string;
  type: ObjectType;
}

/** The API server serves no such kind: nothing of it can exist there. */
export class UnservedKindError extends Error {
  constructor(type: ObjectType) {
    super(
      `the Kubernetes API server serves no ${type.apiVersion} ${type.kind}: ` +
        (isBuiltInGroup(type.group)
          ? "check the apiVersion and kind, and the cluster's version"
          : "install its CustomResourceDefinition first, and make this resource depend on it"),
    );
    this.name = "UnservedKindError";
  }
}

const discoveryLagSeconds = 5;

/**
 * Finds the object's place by discovery.
 * @throws UnservedKindError for a kind that the API server does not know.
 */
export async function locate(cluster: Cluster, object: JsonObject, patience = 0): Promise<Location> {
  const type = objectType(String(object.apiVersion), String(object.kind));
  const deadline = Date.now() + patience * 1000;
  for (;;) {
    const served = await cluster.discovery.find(type);
    if (served) {
      const namespace = textAt(object, "metadata", "namespace") ?? cluster.api.defaultNamespace;
      const name = textAt(object, "metadata", "name") ?? "";
      return { cluster, type, path: cluster.discovery.path(type, served, namespace, name) };
    }
    if (Date.now() >= deadline) throw new UnservedKindError(type);
    await sleep(500);
  }
}

/** A definition that is Established can still take a moment to appear in discovery. */
export function locateForWrite(cluster: Cluster, object: JsonObject): Promise<Location> {
  const { group } = objectType(String(object.apiVersion), "");
  return locate(cluster, object, isBuiltInGroup(group) ? 0 : discoveryLagSeconds);
}

/**
 * Server-side apply; unknown fields are refused.
 * @throws Error that names the other field manager on a conflict; ApiError otherwise.
 */
export async function apply(
  session: Session,
  { cluster, path }: Location,
  inputs: JsonObject,
  manager: string,
  dryRun: boolean,
): Promise<JsonObject> {
  const query: Record<string, string> = { fieldManager: manager, fieldValidation: "Strict" };
  const forced = annotation(inputs, "pulumi.com/patchForce")?.toLowerCase();
  if (forced === "true" || (forced === undefined && session.options.enablePatchForce)) query.force = "true";
  if (dryRun) query.dryRun = "All";
  try {
    // JSON is YAML: the content type asks for server-side apply, not for a syntax.
    const request = { query, body: manifest(inputs), contentType: "application/apply-patch+yaml" };
    return await cluster.api.request("PATCH", path, request);
  } catch (error) {
    if (error instanceof ApiError && error.status === 409 && error.reason === "Conflict") {
      throw new Error(
        `${error.message}\nAnother field manager owns these fields. Leave them out, let it give them up, or take them ` +
          `over with the annotation pulumi.com/patchForce: "true" or the provider option enablePatchForce`,
        { cause: error },
      );
    }
    throw error;
  }
}
