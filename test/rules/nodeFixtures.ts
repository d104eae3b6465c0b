import { isAlertingRule, type RuleGroup } from "../../components/prometheus/rules/rule";
import { type AlertProof, type Input, proveAlert } from "./promtool";

/**
 * Some of the rules as one group: promtool evaluates each rule for each minute, and groups in any order, so that an alert may
 * come before the series that it uses.
 */
const only = (groups: readonly RuleGroup[], ...names: string[]): RuleGroup[] => [
  {
    name: "rules",
    scope: "shard",
    rules: groups
      .flatMap(({ rules }) => rules)
      .filter((rule) => names.includes(isAlertingRule(rule) ? rule.alert : rule.record)),
  },
];

/** A series of node `n1` in cluster `c1`, or of another node, as a job of nodes has it. */
const seriesOf =
  (job: string) =>
  (metric: string, labels = "", node = "n1") =>
    `${metric}{cluster="c1", job="${job}", instance="${node}", node="${node}"${labels && `, ${labels}`}}`;

export const exporter = seriesOf("node-exporter");
export const kubelet = seriesOf("kubelet");

/** A series about node `n1`, or another, as kube-state-metrics has it. */
export const object = (metric: string, labels = "", node = "n1") =>
  `${metric}{cluster="c1", job="kube-state-metrics", instance="10.0.0.9:8080", node="${node}"${labels && `, ${labels}`}}`;

/** The same series of a Service with the same name in a team's namespace. */
export const impostor = (input: Input): Input =>
  Object.fromEntries(
    Object.entries(input).map(([series, values]) => [
      series.includes("namespace=") ? series : series.replace("{", '{namespace="team", '),
      values,
    ]),
  );

/**
 * Declares the test of an alert about nodes, together with the recorded series that it uses. The series with which it fires
 * must not count when a team's Service has them.
 */
export function proveOfNodes(groups: readonly RuleGroup[], alert: string, proof: AlertProof, ...recorded: string[]) {
  const ofOthers = { why: "a Service of this name in another namespace", input: impostor(proof.input) };
  proveAlert(only(groups, alert, ...recorded), alert, { ...proof, silent: [...proof.silent, ofOthers] });
}
