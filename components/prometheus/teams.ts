import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels } from "../kubernetes/labels";
import { KUBERNETES_SCRAPE_CLASS } from "./prometheusSpec";
import { EVALUATOR } from "./rules/evaluator";

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
  /** The label of the namespaces of teams. */
  namespaceLabel: string;
  /** Its value there. */
  namespaceLabelValue: string;
  /** Samples that one scrape of a team's monitor may bring: Prometheus' own default for monitors that say nothing. */
  sampleLimit: number;
  /** Targets that one monitor may have: Prometheus' own default for monitors that say nothing. */
  targetLimit: number;
  /** Labels that a sample may have: Prometheus' own default for monitors that say nothing. */
  labelLimit: number;
  /** Characters that the value of a label may have: Prometheus' own default for monitors that say nothing. */
  labelValueLengthLimit: number;
  /** The shortest interval of a scrape. Default: `10s`. */
  minimumInterval?: string;
  /** Namespaces with limits of their own, and with a limit for the number of their objects. Default: none. */
  namespaces?: TeamNamespace[];
  /** Objects of each kind in a named namespace that says nothing itself. Default: 50. */
  objectLimit?: number;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
}

const GROUP = "monitoring.coreos.com";
const MONITORS = ["servicemonitors", "podmonitors", "probes"];
const RULES = "prometheusrules";

/**
 * Limits for what teams bring: the API server refuses monitors that ask for more or reach beyond their namespace, and says
 * why (needs Kubernetes 1.30 or newer); a quota limits how many objects a named namespace has. They hold for what is made
 * or changed after the namespace has its label: give it the label before anybody may write there. That no monitor names
 * Prometheus' own scrape class, which would send it Prometheus' token, holds in every namespace.
 *
 * They are for carelessness. Who may write EndpointSlices in a namespace can point a Service, and so a monitor, anywhere.
 *
 * ```typescript
 * new TeamLimits("team-limits", {
 *   namespaceLabel: "gpu-observability/monitoring", namespaceLabelValue: "enabled",
 *   sampleLimit: 20_000, targetLimit: 1_000, labelLimit: 60, labelValueLengthLimit: 2_048,
 *   namespaces: [{ name: "research", sampleLimit: 50_000 }],
 * }, { provider });
 * ```
 */
export class TeamLimits extends pulumi.ComponentResource {
  constructor(name: string, args: TeamLimitsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:TeamLimits", name, {}, opts);
    const prefix = `${args.clusterScopedPrefix ?? "gpu-observability"}-${name}`;
    const labels = commonLabels({ name: "team-limits", instance: name, component: "metrics" });
    const policies = { [prefix]: limitsPolicy(args), [`${prefix}-token`]: tokenPolicy() };
    for (const [policyName, spec] of Object.entries(policies)) {
      const metadata = { name: policyName, labels };
      const policy = new k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
        policyName,
        { metadata, spec },
        { parent: this },
      );
      new k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
        policyName,
        { metadata, spec: { policyName: policy.metadata.name, validationActions: ["Deny"] } },
        { parent: this },
      );
    }
    for (const namespace of args.namespaces ?? []) {
      const limit = String(namespace.objectLimit ?? args.objectLimit ?? 50);
      new k8s.core.v1.ResourceQuota(
        `${name}-${namespace.name}`,
        {
          metadata: { name: prefix, namespace: namespace.name, labels },
          spec: {
            hard: Object.fromEntries([...MONITORS, RULES].map((kind) => [`count/${kind}.${GROUP}`, limit])),
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

type PolicySpec = k8s.types.input.admissionregistration.v1.ValidatingAdmissionPolicySpec;

const matching = (resources: string[]) => ({
  resourceRules: [{ apiGroups: [GROUP], apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources }],
});

/** In every namespace: the class is the platform's own, whoever looks at the monitor later. */
function tokenPolicy(): PolicySpec {
  return {
    failurePolicy: "Fail",
    matchConstraints: matching(MONITORS),
    validations: [
      {
        expression: `!has(object.spec.scrapeClass) || object.spec.scrapeClass != '${KUBERNETES_SCRAPE_CLASS}'`,
        message: `spec.scrapeClass ${KUBERNETES_SCRAPE_CLASS} is the platform's own: remove it`,
      },
    ],
  };
}

const NAMESPACE = "namespaceObject.metadata.name";
/** Lists of the kinds that have them, in one: what a monitor scrapes, and what it makes of labels. */
const ENDPOINTS =
  "has(object.spec.endpoints) ? object.spec.endpoints : has(object.spec.podMetricsEndpoints) ? object.spec.podMetricsEndpoints : []";
const PROBE_STEPS =
  "has(object.spec.targets) && has(object.spec.targets.staticConfig) && has(object.spec.targets.staticConfig.relabelingConfigs) ? object.spec.targets.staticConfig.relabelingConfigs : []";
/** Whether a step of relabelling leaves the address alone: also by a name that is put together from others. */
const KEEPS_ADDRESS =
  "!(has(s.targetLabel) && (s.targetLabel.startsWith('__address__') || s.targetLabel.contains('$'))) && !(has(s.action) && s.action.lowerAscii() == 'labelmap')";

function limitsPolicy(args: TeamLimitsArgs): PolicySpec {
  const named = Object.fromEntries(
    (args.namespaces ?? []).flatMap(({ name, sampleLimit }) =>
      sampleLimit === undefined ? [] : [[name, sampleLimit]],
    ),
  );
  const interval = args.minimumInterval ?? "10s";
  return {
    failurePolicy: "Fail",
    matchConstraints: {
      ...matching([...MONITORS, RULES]),
      namespaceSelector: { matchLabels: { [args.namespaceLabel]: args.namespaceLabelValue } },
    },
    variables: [
      { name: "named", expression: celMap(named) },
      {
        name: "samples",
        expression: `${NAMESPACE} in variables.named ? variables.named[${NAMESPACE}] : ${args.sampleLimit}`,
      },
      { name: "endpoints", expression: ENDPOINTS },
      { name: "probeSteps", expression: PROBE_STEPS },
    ],
    validations: [
      atMost("sampleLimit", "variables.samples"),
      atMost("targetLimit", String(args.targetLimit)),
      atMost("labelLimit", String(args.labelLimit)),
      atMost("labelValueLengthLimit", String(args.labelValueLengthLimit)),
      atMost("labelNameLengthLimit", String(args.labelValueLengthLimit)),
      atMost("keepDroppedTargets", "100"),
      {
        expression: "!has(object.spec.bodySizeLimit)",
        message: "spec.bodySizeLimit is the platform's to set: remove it",
      },
      {
        // CEL's durations end at hours; Prometheus' longer ones are long enough.
        expression: `variables.endpoints.all(e, !has(e.interval) || e.interval.matches('^[0-9]+[dwy]') || duration(e.interval) >= duration('${interval}')) && (!has(object.spec.interval) || object.spec.interval.matches('^[0-9]+[dwy]') || duration(object.spec.interval) >= duration('${interval}'))`,
        message: `an interval must be at least ${interval}`,
      },
      {
        expression: `variables.endpoints.all(e, !has(e.relabelings) || e.relabelings.all(s, ${KEEPS_ADDRESS})) && variables.probeSteps.all(s, ${KEEPS_ADDRESS})`,
        message:
          "relabelings must leave __address__ alone, and labelmap is not allowed: a monitor scrapes its own namespace",
      },
      {
        expression:
          "variables.endpoints.all(e, !has(e.proxyUrl)) && !(has(object.spec.prober) && has(object.spec.prober.proxyUrl))",
        message: "proxyUrl is not allowed: a monitor scrapes its own namespace",
      },
      {
        expression: `!has(object.spec.prober) || object.spec.prober.url.matches('^[a-z0-9.-]+[.]' + ${NAMESPACE} + '[.]svc([.]cluster[.]local)?(:[0-9]+)?$')`,
        messageExpression: `'spec.prober.url must be a Service of this namespace: NAME.' + ${NAMESPACE} + '.svc:PORT'`,
      },
      {
        expression: `!(has(object.metadata.labels) && '${EVALUATOR}' in object.metadata.labels)`,
        message: `the label ${EVALUATOR} is the platform's own: remove it, or nobody may evaluate the rules`,
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
