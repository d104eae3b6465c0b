import { copyLabel, objects } from "../objects";

/** The labels that tell one process of a store from another. */
export const PROCESS = "cluster, namespace, pod";

/** Series of the platform's own jobs; `job` is a regular expression. */
export const ofJobs = (job: string, namespace: string) => `job=~"${job}", namespace="${namespace}"`;

/** How long processes have been running, in seconds. */
export const age = (selector: string) => `time() - process_start_time_seconds{${selector}}`;

/** The same vector with a label that says which of several steps it is about. */
export const asStep = (step: string, expr: string) => `label_replace(${expr}, "step", "${step}", "", "")`;

/** The share of a rate in another one, in percent. */
export const percent = (part: string, all: string) => `100 * ${part} / ${all}`;

/** What kube-state-metrics says of workloads whose names match a regular expression, with the name as `workload` too. */
const workloads = (namespace: string, names: string, kind: string, metric: string) =>
  copyLabel(
    objects(`kube_${kind}_${metric}`, `namespace, ${kind}`, `namespace="${namespace}", ${kind}=~"${names}"`),
    kind,
    "workload",
  );

/** Those of the StatefulSets that should have pods, and have none that is ready. */
export const statefulSetsNoneReady = (namespace: string, names: string): string =>
  `(${workloads(namespace, names, "statefulset", "status_replicas_ready")} == 0` +
  ` and ${workloads(namespace, names, "statefulset", "replicas")} > 0)`;

/** The same of Deployments and StatefulSets. */
export const noneReady = (namespace: string, names: string): string =>
  `(${workloads(namespace, names, "deployment", "status_replicas_ready")} == 0` +
  ` and ${workloads(namespace, names, "deployment", "spec_replicas")} > 0)` +
  ` or ${statefulSetsNoneReady(namespace, names)}`;
