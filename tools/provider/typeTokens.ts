/** What a Pulumi type token says about a Kubernetes object. */
export interface ObjectType {
  /** As it stands in a manifest: `v1`, `apps/v1`. */
  apiVersion: string;
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
}

/** Modules of the vendor's package that are not API groups: charts, YAML files and overlays are expanded by its own code. */
const notApiGroups = new Set(["helm.sh", "yaml", "kustomize"]);

const token = /^kubernetes:(?<group>[a-z0-9.-]+)\/(?<version>[a-z0-9]+):(?<kind>[A-Z][A-Za-z0-9]*)$/;

/**
 * Reads `kubernetes:GROUP/VERSION:Kind`; the core group is written `core` there and left out in `apiVersion`.
 * @throws Error for anything that is no Kubernetes object, with what is supported instead.
 */
export function parseTypeToken(text: string): ObjectType {
  const found = token.exec(text)?.groups;
  const group = found?.group ?? "";
  const version = found?.version ?? "";
  const kind = found?.kind ?? "";
  if (!found || notApiGroups.has(group)) {
    throw new Error(
      `resource type "${text}" is not supported by this provider: it serves plain Kubernetes objects only, ` +
        `as kubernetes:GROUP/VERSION:Kind`,
    );
  }
  return objectType(group === "core" ? version : `${group}/${version}`, kind);
}

/** The same from the two fields of a manifest. */
export function objectType(apiVersion: string, kind: string): ObjectType {
  const slash = apiVersion.indexOf("/");
  return {
    apiVersion,
    group: slash < 0 ? "" : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind,
  };
}

/** Kubernetes' own groups: everything else is served only once its CustomResourceDefinition is installed. */
export function isBuiltInGroup(group: string): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}
