/** What tells one workload from another: its name, which instance of it, and its part in the whole. */
export interface WorkloadIdentity {
  /** The software: `prometheus`, `thanos-query`. */
  name: string;
  /** Which one of its kind in the namespace. */
  instance: string;
  /** Its part: `metrics`, `alerting`, `query`, `controller`. */
  component: string;
}

/** Selected by ScrapeConfigs, monitors and rules of the platform itself. */
export const partOf = { "app.kubernetes.io/part-of": "gpu-observability" } as const;

/** The labels that a selector may use: they never change while the workload lives, so a version is not among them. */
export function selectorLabels(identity: WorkloadIdentity): Record<string, string> {
  return {
    "app.kubernetes.io/name": identity.name,
    "app.kubernetes.io/instance": identity.instance,
  };
}

/** The labels of every object of a workload: Kubernetes' recommended set. */
export function commonLabels(identity: WorkloadIdentity): Record<string, string> {
  return {
    ...selectorLabels(identity),
    "app.kubernetes.io/component": identity.component,
    ...partOf,
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/**
 * Annotation of a Secret without any: its reader takes configuration only from a Secret. Reviews and plans may show it.
 */
export const CONFIGURATION_ONLY = { "gpu-observability/content": "configuration" } as const;

/** Selects namespaces by the values of one label. */
export const namespacesWith = (label: string, values: readonly string[]) => ({
  matchExpressions: [{ key: label, operator: "In" as const, values: [...values] }],
});
