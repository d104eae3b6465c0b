import { fleetRules } from "../../components/gpu/rules/fleet";
import { lifecycleRules } from "../../components/gpu/rules/lifecycle";
import { ownerRules } from "../../components/gpu/rules/owners";
import { xidEventRules } from "../../components/gpu/rules/xidEvents";
import { isAlertingRule, type RuleGroup } from "../../components/prometheus/rules/rule";
import { object } from "./nodeFixtures";
import type { Input } from "./promtool";

const H100 = "NVIDIA H100 80GB HBM3";

/** Where series of GPUs are from. */
export interface Place {
  node?: string;
  region?: string;
  domain?: string;
  model?: string;
}

const placed = ({ node = "n1", region = "r1", domain = "rack-1" }: Place) =>
  `cluster="c1", region="${region}", failure_domain="${domain}", job="dcgm-exporter", instance="${node}", node="${node}"`;

/** A series of one GPU, as the exporter's are stored; labels as in PromQL, without braces. */
export const gpu = (metric: string, index: number, place: Place = {}, labels = "") =>
  `${metric}{${placed(place)}, gpu="${index}", UUID="GPU-${place.node ?? "n1"}-${index}", modelName="${place.model ?? H100}"${labels && `, ${labels}`}}`;

/** The same values for the first GPUs of a node. */
export const gpus = (metric: string, values: string, count: number, place: Place = {}): Input =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [gpu(metric, index, place), values]));

/** GPUs that are there. */
export const seen = (values: string, count: number, place: Place = {}) =>
  gpus("DCGM_FI_DEV_GPU_TEMP", values, count, place);

/** Whether the exporter of a node answers. */
export const up = (values: string, place: Place = {}): Input => ({ [`up{${placed(place)}}`]: values });

/** The labels of an alert on a node. */
export const onNode = ({ node = "n1", region = "r1", domain = "rack-1" }: Place = {}) => ({
  cluster: "c1",
  region,
  failure_domain: domain,
  node,
});

/** The labels of a sample of a node, and more of its own. */
export const sampleOf = (place: Place = {}, labels: Record<string, string> = {}) =>
  `{${Object.entries({ ...onNode(place), ...labels })
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`;

export const ofModel = (place: Place = {}) => sampleOf(place, { modelName: place.model ?? H100 });

/** What a node has of a resource. */
export const capacity = (values: string, node = "n1", resource = "nvidia_com_gpu"): Input => ({
  [object("kube_node_status_capacity", `resource="${resource}", unit="integer"`, node)]: values,
});
export const allocatable = (values: string, node = "n1", resource = "nvidia_com_gpu"): Input => ({
  [object("kube_node_status_allocatable", `resource="${resource}", unit="integer"`, node)]: values,
});

/** The object of a node that joined long ago: ready or not, cordoned or not. */
export const kubeNode = (
  node = "n1",
  { ready = "1x2000", cordoned = "0x2000", created = "-9000x2000" } = {},
): Input => ({
  [object("kube_node_info", "", node)]: "1x2000",
  [object("kube_node_created", "", node)]: created,
  [object("kube_node_status_condition", 'condition="Ready", status="true"', node)]: ready,
  [object("kube_node_spec_unschedulable", "", node)]: cordoned,
});

/** A pod, on a node or on none, that asks for GPUs. */
export const pod = (
  name: string,
  { node = "n1", gpus: asked = 1, phase = "Running", resource = "nvidia_com_gpu", values = "x2000" } = {},
): Input => ({
  [object("kube_pod_info", `namespace="ml", pod="${name}"`, node)]: `1${values}`,
  [object("kube_pod_status_phase", `namespace="ml", pod="${name}", phase="${phase}"`, "")]: `1${values}`,
  [object(
    "kube_pod_container_resource_requests",
    `namespace="ml", pod="${name}", container="train", resource="${resource}"`,
    node,
  )]: `${asked}${values}`,
});

/** A node of a cluster with GPUs, and how its exporter does; without values there is none. */
export const watched = (node: string, values?: string, state: Parameters<typeof kubeNode>[1] = {}): Input => ({
  ...kubeNode(node, state),
  ...capacity("8x2000", node),
  ...(values === undefined ? {} : up(values, { node })),
});

/** Nodes that are well. */
export const others = (count: number, values = "1x200"): Input =>
  Object.assign({}, ...Array.from({ length: count }, (_, index) => watched(`w${index}`, values)));

const RECORDED = /\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b/g;

/**
 * A rule with all that it is built on, as one group in order: promtool evaluates groups in any order, and an alert could come
 * before the series that it uses.
 */
export function withRecorded(groups: readonly RuleGroup[], name: string): RuleGroup[] {
  const base = [...lifecycleRules(), ...ownerRules(), ...xidEventRules(), ...fleetRules()];
  const all = [...new Map([...base, ...groups].map((group) => [group.name, group])).values()].flatMap(
    ({ rules }) => rules,
  );
  const nameOf = (rule: (typeof all)[number]) => (isAlertingRule(rule) ? rule.alert : rule.record);
  const wanted = new Set([name]);
  for (const found of wanted) {
    for (const rule of all.filter((candidate) => nameOf(candidate) === found)) {
      for (const used of rule.expr.match(RECORDED) ?? []) wanted.add(used);
    }
  }
  return [
    {
      name: "rules",
      scope: "shard",
      rules: [
        ...all.filter((rule) => !isAlertingRule(rule) && wanted.has(nameOf(rule))),
        ...all.filter((rule) => isAlertingRule(rule) && nameOf(rule) === name),
      ],
    },
  ];
}

/** A rule by itself: what it is built on comes as input. */
export const alone = (groups: readonly RuleGroup[], name: string): RuleGroup[] => [
  {
    name: "rules",
    scope: "shard",
    rules: groups
      .flatMap(({ rules }) => rules)
      .filter((rule) => (isAlertingRule(rule) ? rule.alert : rule.record) === name),
  },
];
