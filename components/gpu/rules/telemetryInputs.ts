import { jobs } from "../../prometheus/jobs";
import { nodeExporter } from "../../prometheus/rules/nodeSeries";
import { objectSeries } from "../../prometheus/rules/objects";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { exporterUp, ON_NODE } from "./expressions";
import { ofNode } from "./fleetRecorded";

/** What rules about GPUs join with, by its name, and on how many nodes of a cluster it is missing. */
const missing: Record<string, string> = {
  // With dynamic resource allocation there is none.
  kube_node_status_capacity:
    `count by (cluster) (${ofNode.visible} and ${ON_NODE} ${objectSeries("kube_node_info")})` +
    ` unless on (cluster) ${ofNode.capacity} unless on (cluster) ${objectSeries("kube_pod_resourceclaim_info")}`,
  // Where node-exporter does not answer, another alert says so.
  node_boot_time_seconds: `count by (cluster) (up{${nodeExporter}} == 1 and ${ON_NODE} ${exporterUp} unless ${ON_NODE} node_boot_time_seconds{job="${jobs.nodeExporter}"})`,
  // A fleet that has none is not looked at by domains.
  failure_domain: `count by (cluster) (${ofNode.visible}{failure_domain=""}) and on (cluster) ${ofNode.visible}{failure_domain!=""}`,
};

/** What other sources have to say, so that rules about GPUs work. */
export const joinInputs = (): RuleGroup => ({
  name: "gpu-join-inputs",
  scope: "global",
  rules: [
    {
      alert: "GpuJoinInputMissing",
      expr: Object.entries(missing)
        .map(([input, nodes]) => `label_replace(${nodes}, "input", "${input}", "", "")`)
        .join(" or "),
      for: "1h",
      severity: "info",
      owner: "platform",
      summary: "Rules about GPUs lack {{ $labels.input }}.",
      description:
        "For an hour {{ $labels.input }} has been missing for {{ $value }} nodes with GPUs. Rules that join with it cannot fire for them, or do not end, or sum them up in no failure domain.",
    },
  ],
});
