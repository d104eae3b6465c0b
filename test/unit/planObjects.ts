import type { CrdSchema } from "../../crds/release";
import type { Problem } from "../../stacks/settings";
import type { KubernetesObject, Manifest } from "../../tools/plan/manifests";
import { validateManifests } from "../../tools/plan/validate";

/** A small CRD that has every kind of schema that the operator's have. */
export const crd: CrdSchema = {
  group: "monitoring.coreos.com",
  version: "v1",
  kind: "Thing",
  plural: "things",
  scope: "Namespaced",
  schema: {
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: {
        type: "object",
        required: ["mode"],
        properties: {
          mode: { type: "string", enum: ["one", "two"] },
          replicas: { type: "integer", format: "int32", minimum: 0 },
          port: { "x-kubernetes-int-or-string": true },
          size: {
            anyOf: [{ type: "integer" }, { type: "string" }],
            "x-kubernetes-int-or-string": true,
            pattern: "^[0-9]+(Mi|Gi)?$",
          },
          selector: { type: "object", additionalProperties: { type: "string" } },
          free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          embedded: {
            type: "object",
            "x-kubernetes-embedded-resource": true,
            properties: { kind: { type: "string" } },
          },
          empty: { type: "object" },
          items: {
            type: "array",
            items: {
              type: "object",
              properties: { name: { type: "string" }, when: { type: "string", format: "date-time" } },
            },
          },
        },
      },
    },
  },
};

export const manifestOf = (object: KubernetesObject, over: Partial<Manifest> = {}): Manifest => ({
  file: "f.yaml",
  urn: `urn:${object.kind}`,
  object,
  unknown: [],
  secret: [],
  ...over,
});

export const check = (...manifests: (Manifest | KubernetesObject)[]) =>
  validateManifests(
    manifests.map((entry) =>
      "object" in entry && "urn" in entry ? (entry as Manifest) : manifestOf(entry as KubernetesObject),
    ),
    async () => [crd],
  );

export const meta = { name: "x", namespace: "n" };
export const thing = (
  spec: Record<string, unknown>,
  metadata: KubernetesObject["metadata"] = meta,
): KubernetesObject => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "Thing",
  metadata,
  spec: { mode: "one", ...spec },
});

export const container = (fields: Record<string, unknown> = {}) => ({ name: "c", image: "i", ...fields });
export const deployment = (
  pod: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { ...meta, ...metadata },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "a" } },
    template: { metadata: { labels: { app: "a" } }, spec: { containers: [container()], ...pod } },
    ...spec,
  },
});

export const paths = (problems: Problem[]) => problems.map(({ path }) => path).sort();
