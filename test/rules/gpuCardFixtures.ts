import type { RuleGroup } from "../../components/prometheus/rules/rule";
import type { Input } from "./promtool";

/** Which GPU of which node; `domain` is the failure domain. */
export interface Card {
  gpu?: number;
  node?: string;
  domain?: string;
  model?: string;
}

const place = (node: string, domain: string) => `cluster="c1", region="r1", failure_domain="${domain}", node="${node}"`;

/** A series of the exporter about a GPU. */
export function card(
  metric: string,
  { gpu = 0, node = "n1", domain = "rack1", model = "NVIDIA H100 80GB HBM3" }: Card = {},
  labels = "",
): string {
  return `${metric}{job="dcgm-exporter", instance="${node}", ${place(node, domain)}, UUID="GPU-${node}-${gpu}", gpu="${gpu}", modelName="${model}"${labels && `, ${labels}`}}`;
}

/** The labels of an alert about a node. */
export const nodeLabels = (node = "n1", domain = "rack1") => ({
  cluster: "c1",
  region: "r1",
  failure_domain: domain,
  node,
});

/** The labels of an alert about a GPU. */
export const cardLabels = ({ gpu = 0, node = "n1", domain = "rack1", model = "NVIDIA H100 80GB HBM3" }: Card = {}) => ({
  ...nodeLabels(node, domain),
  UUID: `GPU-${node}-${gpu}`,
  gpu: `${gpu}`,
  modelName: model,
});

/** Whether the exporter of a node answers. */
export const exporterUp = (node = "n1", domain = "rack1", at = "1x200"): Input => ({
  [`up{job="dcgm-exporter", instance="${node}", ${place(node, domain)}}`]: at,
});

/** A metric of several GPUs of node `n1`: how it goes with each. */
export const cards = (metric: string, values: readonly string[], of: Card = {}, labels = ""): Input =>
  Object.fromEntries(values.map((at, gpu) => [card(metric, { ...of, gpu }, labels), at]));

/** Node `n1` is cordoned. */
export const outOfService: Input = { 'node:gpu_out_of_service:bool{cluster="c1", node="n1"}': "1x200" };

/** Another node is. */
export const otherOutOfService: Input = {
  'node:gpu_out_of_service:bool{cluster="c1", node="n2"}': "1x200",
  'node:gpu_out_of_service:bool{cluster="c1", node="n1"}': "0x200",
};

/** What a driver that is loaded again does to every series of the exporter. */
export const gap = (before: string, after: string) => `${before} stale _x5 ${after}`;

/** All rules as one group: promtool evaluates groups in any order, and alerts use what other groups record. */
export const asOne = (groups: readonly RuleGroup[]): RuleGroup[] => [
  { name: "rules", scope: "shard", rules: groups.flatMap(({ rules }) => rules) },
];
