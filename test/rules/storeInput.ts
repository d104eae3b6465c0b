import { isAlertingRule, type RuleGroup } from "../../components/prometheus/rules/rule";
import { type AlertProof, type Input, proveAlert } from "./promtool";

/** The platform's namespace in fixtures. */
export const monitoring = { namespace: "monitoring" };

/** One series of the platform's namespace, unless its labels say another. */
export const series = (metric: string, labels: Record<string, string>, values: string): Input => ({
  [`${metric}{${Object.entries({ ...monitoring, ...labels })
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`]: values,
});

/** What kube-state-metrics says of a workload: how many pods it should have, and how many are ready. */
export function workload(kind: "deployment" | "statefulset", name: string, wanted: string, ready: string): Input {
  const labels = { job: "kube-state-metrics", [kind]: name };
  const metric = kind === "deployment" ? "kube_deployment_spec_replicas" : "kube_statefulset_replicas";
  return {
    ...series(metric, labels, wanted),
    ...series(`kube_${kind}_status_replicas_ready`, labels, ready),
  };
}

/** The labels of an alert about a workload. */
export const ofWorkload = (kind: "deployment" | "statefulset", name: string) => ({
  ...monitoring,
  [kind]: name,
  workload: name,
});

/** Declares the test of one alert, without the others: windows are up to a day long here. */
export function proveAlone(groups: readonly RuleGroup[], alert: string, proof: AlertProof): void {
  const alone = groups.map((group) => ({
    ...group,
    rules: group.rules.filter((rule) => isAlertingRule(rule) && rule.alert === alert),
  }));
  proveAlert(
    alone.filter(({ rules }) => rules.length > 0),
    alert,
    proof,
  );
}
