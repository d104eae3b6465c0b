import type { RuleGroup } from "../../prometheus/rules/rule";
import type { GpuRuleContext } from "./context";
import { IDLE_ENGINE, IDLE_UTIL, nodeWorkload, ofWorkload, sumsOfWorkload } from "./workloadsRecorded";

const ALLOCATED = ofWorkload("gpu_allocated:count");
const MEMORY = ofWorkload("gpu_memory_used:ratio");

const overHour = (what: string) => `avg_over_time(${ofWorkload(what)}[1h])`;

/** For an hour on average: a few requests, or a start of an hour, are use enough. */
const idle = ({ profile }: GpuRuleContext) =>
  profile === "profiling"
    ? `${overHour("gpu_engine_active:avg")} < ${IDLE_ENGINE}`
    : `${overHour("gpu_util:avg")} < ${IDLE_UTIL}`;

/** A loaded model [judgement]. Measured on an H100, a program that only starts CUDA holds 1.2 %. */
const loaded = `${overHour("gpu_memory_used:ratio")} > 0.5`;

/** GPUs that say they are busy, and do not compute: that they wait for each other is another alert's matter. */
const waitingMostly = `${sumsOfWorkload(nodeWorkload("gpu_waiting:count"))} > 0.5 * ${ALLOCATED}`;

/** In each of three hours: memory that is filled by a model or a cache grows in steps, or once [judgement]. */
const growing = [0, 1, 2]
  .map((hour) => `${MEMORY}${hour === 0 ? "" : ` offset ${hour}h`} - ${MEMORY} offset ${hour + 1}h > 0.01`)
  .join(" and ");

const namespaceOverHour = (what: string) => `avg_over_time(namespace:${what}[1h])`;

/** Who holds GPUs and does not use them. All are context, for those who pay for the GPUs: nothing is broken. */
export const efficiencyRules = (context: GpuRuleContext): RuleGroup[] =>
  context.podsKnown
    ? [
        { name: "gpu-efficiency", scope: "global", rules: ofWorkloads(context) },
        { name: "gpu-efficiency-namespaces", scope: "global", rules: ofNamespaces },
      ]
    : [];

const ofWorkloads = (context: GpuRuleContext): RuleGroup["rules"] => [
  {
    alert: "GpuWorkloadIdle",
    expr: `${ALLOCATED} and ${idle(context)} unless ${loaded}`,
    for: "1h",
    severity: "info",
    owner: "workload",
    summary:
      "{{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} holds GPUs and does not use them.",
    description:
      "{{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} has held {{ $value }} GPUs for at least an hour, computed nothing and kept hardly anything in their memory.",
  },
  {
    alert: "GpuWorkloadMemoryParked",
    expr: `${ALLOCATED} and ${idle(context)} and ${loaded}`,
    // A server of models may have quiet hours.
    for: "2h",
    severity: "info",
    owner: "workload",
    summary:
      "{{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} keeps GPUs' memory filled and computes nothing.",
    description:
      "{{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} has filled more than half of the memory of {{ $value }} GPUs and has computed nothing for two hours: a model that nobody asks, or a program that stopped.",
  },
  {
    alert: "GpuWorkloadLowTensorUse",
    // Memory too: measured on an H100, a decoder has its tensor cores active for 0.007 of the time and its memory for 0.29,
    // and that is how it works. Utilisation of 80 %, 0.05 and 0.1 are judgements.
    expr:
      `${ALLOCATED} and ${overHour("gpu_util:avg")} >= 80` +
      ` and ${overHour("gpu_tensor_active:avg")} < 0.05` +
      ` and ${overHour("gpu_dram_active:avg")} < 0.1` +
      ` unless ${waitingMostly}`,
    for: "1h",
    severity: "info",
    owner: "workload",
    summary:
      "{{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} keeps GPUs busy with little of what they can do.",
    description:
      "The {{ $value }} GPUs of {{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} have run kernels all the time for an hour, and hardly used tensor cores or memory: small kernels, or arithmetic that tensor cores cannot do.",
  },
  {
    alert: "GpuWorkloadMemoryGrowing",
    // That memory is full says nothing: frameworks take it in advance.
    expr: `100 * ${MEMORY} > 90 and ${growing}`,
    for: "15m",
    severity: "info",
    owner: "workload",
    summary:
      "{{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} takes more and more GPU memory.",
    description:
      '{{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} uses {{ printf "%.0f" $value }} % of the memory of its GPUs, and this has grown for three hours. When it is full, it ends with an error of CUDA.',
  },
];

const ofNamespaces: RuleGroup["rules"] = [
  {
    alert: "GpuNamespaceIdle",
    // As many as a node of eight has: less is not worth a word. Half of them, for half a working day [judgement].
    expr:
      `100 * ${namespaceOverHour("gpu_idle:count")} / ${namespaceOverHour("gpu_allocated:count")} > 50` +
      ` and ${namespaceOverHour("gpu_allocated:count")} >= 8`,
    for: "4h",
    severity: "info",
    owner: "workload",
    summary: "Most GPUs that namespace {{ $labels.namespace }} holds are idle.",
    description:
      '{{ printf "%.0f" $value }} % of the GPUs that namespace {{ $labels.namespace }} holds compute nothing, for more than four hours. Others may wait for them.',
  },
];
