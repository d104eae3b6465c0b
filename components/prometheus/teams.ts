import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels } from "../kubernetes/labels";

/** What a namespace may have beyond, or below, what every team's namespace may have. */
export interface TeamNamespace {
  /** The name of the namespace, which must exist. */
  name: string;
  /** Samples that one scrape may bring. Default: that of all teams. */
  sampleLimit?: number;
  /** Objects of each kind (ServiceMonitor, PodMonitor, Probe, PrometheusRule). Default: that of all teams. */
  objectLimit?: number;
}

/** Arguments of {@link TeamLimits}. */
export interface TeamLimitsArgs {
  /** Labels of the namespaces whose monitors and rules Prometheus picks up. */
  namespaceLabels: { [label: string]: string };
  /** Namespaces that carry the labels too and are not limited: the platform's own. */
  exemptNamespaces: string[];
  /** Samples that one scrape of a team's monitor may bring: Prometheus' own default for monitors that say nothing. */
  sampleLimit: number;
  /** Targets that one monitor may have: Prometheus' own default for monitors that say nothing. */
  targetLimit: number;
  /** Labels that a sample may have: Prometheus' own default for monitors that say nothing. */
  labelLimit: number;
  /** Namespaces with limits of their own, and with a limit for the number of their objects. Default: none. */
  namespaces?: TeamNamespace[];
  /** Objects of each kind in a named namespace that says nothing itself. Default: 50. */
  objectLimit?: number;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
}

const GROUP = "monitoring.coreos.com";
const MONITORS = ["servicemonitors", "podmonitors", "probes"];

/**
 * Limits for what teams bring: the API server refuses monitors that ask for more, with the limit in its answer (needs
 * Kubernetes 1.30 or newer), and a quota limits how many objects a named namespace has. What is there already when the limits
 * come is not refused until it is changed.
 *
 * ```typescript
 * new TeamLimits("team-limits", {
 *   namespaceLabels: { "gpu-observability/monitoring": "enabled" },
 *   exemptNamespaces: ["monitoring"],
 *   sampleLimit: 20_000, targetLimit: 1_000, labelLimit: 60,
 *   namespaces: [{ name: "research", sampleLimit: 50_000 }],
 * }, { provider });
 * ```
 */
export class TeamLimits extends pulumi.ComponentResource {
  constructor(name: string, args: TeamLimitsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:TeamLimits", name, {}, opts);
    const policyName = `${args.clusterScopedPrefix ?? "gpu-observability"}-${name}`;
    const labels = commonLabels({ name: "team-limits", instance: name, component: "metrics" });
    const policy = new k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
      policyName,
      { metadata: { name: policyName, labels }, spec: policySpec(args) },
      { parent: this },
    );
    new k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
      policyName,
      {
        metadata: { name: policyName, labels },
        spec: { policyName: policy.metadata.name, validationActions: ["Deny"] },
      },
      { parent: this },
    );
    for (const namespace of args.namespaces ?? []) {
      const limit = String(namespace.objectLimit ?? args.objectLimit ?? 50);
      new k8s.core.v1.ResourceQuota(
        `${name}-${namespace.name}`,
        {
          metadata: { name, namespace: namespace.name, labels },
          spec: {
            hard: Object.fromEntries([...MONITORS, "prometheusrules"].map((kind) => [`count/${kind}.${GROUP}`, limit])),
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

function policySpec(args: TeamLimitsArgs): k8s.types.input.admissionregistration.v1.ValidatingAdmissionPolicySpec {
  const named = Object.fromEntries(
    (args.namespaces ?? []).flatMap(({ name, sampleLimit }) =>
      sampleLimit === undefined ? [] : [[name, sampleLimit]],
    ),
  );
  const namespace = "namespaceObject.metadata.name";
  return {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [
        { apiGroups: [GROUP], apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources: MONITORS },
      ],
      namespaceSelector: {
        matchLabels: args.namespaceLabels,
        matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: args.exemptNamespaces }],
      },
    },
    variables: [
      { name: "named", expression: celMap(named) },
      {
        name: "samples",
        expression: `${namespace} in variables.named ? variables.named[${namespace}] : ${args.sampleLimit}`,
      },
    ],
    validations: [
      atMost("sampleLimit", "variables.samples"),
      atMost("targetLimit", String(args.targetLimit)),
      atMost("labelLimit", String(args.labelLimit)),
      {
        // It would send Prometheus' own token to the team's target.
        expression: "!has(object.spec.scrapeClass)",
        message: "spec.scrapeClass is the platform's own: remove it",
      },
    ],
  };
}

/** An empty map has no type of its own in CEL. */
const celMap = (entries: Record<string, number>) =>
  Object.keys(entries).length === 0
    ? "{'': 0}"
    : `{${Object.entries(entries)
        .map(([key, value]) => `'${key}': ${value}`)
        .join(", ")}}`;

/** Zero would mean: no limit. */
const atMost = (field: string, limit: string) => ({
  expression: `!has(object.spec.${field}) || (object.spec.${field} > 0 && object.spec.${field} <= ${limit})`,
  messageExpression: `'spec.${field} is ' + string(object.spec.${field}) + ', and this namespace may have 1 to ' + string(${limit}) + ': lower it, remove it, or ask the platform team for more (setting teams.namespaces)'`,
});
