import type { Input } from "./promtool";

/** A series of the platform's kube-state-metrics; labels as in PromQL, without braces. */
export const object = (metric: string, labels: string) =>
  `${metric}{job="kube-state-metrics", instance="10.0.0.7:8080", ${labels}}`;

/** The same after kube-state-metrics has moved. */
export const movedObject = (metric: string, labels: string) =>
  `${metric}{job="kube-state-metrics", instance="10.0.0.8:8080", ${labels}}`;

/** Series as they come from a team that scrapes a kube-state-metrics, or another Service, of the same name. */
export const fromTeam = (input: Input): Input =>
  Object.fromEntries(
    Object.entries(input).map(([series, values]) => [
      series.replace(/job="([^"]+)"/, 'job="$1", service="$1", endpoint="http"'),
      values,
    ]),
  );

/** A node's state: ready or not, in service or cordoned. */
export const node = (name: string, { ready = true, cordoned = false, cluster = "" } = {}): Input => {
  const labels = `node="${name}", cluster="${cluster}"`;
  return {
    [object("kube_node_info", labels)]: "1x200",
    [object("kube_node_status_condition", `${labels}, condition="Ready", status="true"`)]: `${ready ? 1 : 0}x200`,
    [object("kube_node_status_condition", `${labels}, condition="DiskPressure", status="true"`)]:
      `${ready ? 0 : 1}x200`,
    [object("kube_node_status_condition", `${labels}, condition="Ready", status="unknown"`)]: `${ready ? 0 : 1}x200`,
    [object("kube_node_spec_unschedulable", labels)]: `${cordoned ? 1 : 0}x200`,
  };
};

/** Series `kube_KIND_NAME` of an object. */
export const objectOf =
  (kind: string, labels: string) =>
  (values: Record<string, string>): Input =>
    Object.fromEntries(Object.entries(values).map(([name, at]) => [object(`kube_${kind}_${name}`, labels), at]));
