import { objectSeries } from "../../prometheus/rules/objects";
import type { AlertingRule, RuleGroup } from "../../prometheus/rules/rule";
import type { GpuRuleContext } from "./context";
import { LOST_GPUS } from "./counts";
import { BY_GPU, BY_NODE, exporterUp, gap, inService, ON_GPU, ON_NODE, signal } from "./expressions";
import { heldBy } from "./fleetCapacity";
import { ofNode } from "./fleetRecorded";
import { ALLOCATION } from "./owners";
import { joinInputs } from "./telemetryInputs";
import { unlessFleetBlind, unwatchedNodes } from "./telemetryNodes";

const FROZEN_MINUTES = 10;
// Two may be equal by chance; this many say that the counter stands still.
const FROZEN_SAMPLES = 3;
const up = `${ON_NODE} ${exporterUp} == 1`;

/** GPUs whose energy stands still, which never happens to a running one: an idle H100 takes 70 W (bench/realGpu). */
function frozen(context: GpuRuleContext): string {
  const { scrapeSeconds } = context;
  // So long that half of the samples are enough to tell: an exporter that has just come back has fewer.
  const minutes = Math.max(FROZEN_MINUTES, Math.ceil((2 * FROZEN_SAMPLES * scrapeSeconds) / 60));
  const samples = Math.ceil((minutes * 60) / scrapeSeconds / 2);
  const energy = `${signal("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")}[${minutes}m]`;
  return (
    `count by (${BY_NODE}) (max by (${BY_GPU}) (changes(${energy}) == 0 and count_over_time(${energy}) >= ${samples}))` +
    // Else each failed scrape starts the `for` of the alert anew.
    ` and ${ON_NODE} max_over_time(${exporterUp}[${gap(context)}]) == 1`
  );
}

const temperature = signal("DCGM_FI_DEV_GPU_TEMP");

/** The share of successful scrapes that had a GPU: a new node, and an outage of the exporter, count as nothing missing. */
const sampled =
  `count_over_time(${temperature}[30m]) / ${ON_NODE} group_left () max by (cluster, node) (sum_over_time(${exporterUp}[30m]))` +
  // There before and there again: one that is lost, or came late, is no gap.
  ` and count_over_time(${temperature}[10m]) and count_over_time(${temperature}[10m] offset 30m)` +
  ` unless ${ON_GPU} resets(${signal("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")}[40m]) > 0`;

/** GPUs and instances of running pods, by node. */
const requested = `sum by (cluster, node) (${heldBy("Running")})`;
const mapped = `count by (cluster, node) (group by (cluster, node, UUID, GPU_I_ID) (${ALLOCATION}))`;

// Of GPUs that are left out of a scrape, nobody knows the holder either.
const leftOut = `(sum by (cluster, node) (${ofNode.visible}) < ${ON_NODE} sum by (cluster, node) (${ofNode.seen}))`;

/** Nodes where more GPUs are held than the exporter knows holders of. */
export const unmapped = `(${requested} - ${ON_NODE} (${mapped} or ${ON_NODE} 0 * ${requested}) > 0)`;

const podMapping: AlertingRule = {
  alert: "GpuPodMappingLost",
  expr: `${inService(`${unmapped} and ${up}`)} unless ${ON_NODE} ${LOST_GPUS} unless ${ON_NODE} ${leftOut}`,
  // Longer than the exporter needs to see a new pod, and a pod to start.
  for: "15m",
  severity: "warning",
  owner: "platform",
  summary: "Who holds GPUs of node {{ $labels.node }} is not known.",
  description:
    "Running pods on node {{ $labels.node }} hold {{ $value }} GPUs or instances more than its dcgm-exporter names pods for: their use is nobody's, and alerts on workloads do not see them.",
};

const ofContainer = "on (cluster, namespace, pod, container)";
const exporters = 'container=~"(nvidia-)?dcgm-exporter"';
const killed = `count by (cluster, namespace) (group by (cluster, namespace, pod) (increase(${objectSeries("kube_pod_container_status_restarts_total", exporters)}[6h]) > 2.5 and ${ofContainer} ${objectSeries("kube_pod_container_status_last_terminated_reason", `${exporters}, reason="OOMKilled"`)} == 1))`;

// Missing for the whole time on each node, so that a fleet in which some node always starts is not one that lacks it.
const unprofiled =
  `${inService(`${ofNode.visible} and ${ofNode.visible} offset 30m`)}` +
  ` unless ${ON_NODE} count_over_time(${ofNode.engineActive}[30m])`;

/** Rules about whether what is said of GPUs is there, true, and known whose it is. */
export const telemetryRules = (context: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-telemetry",
    scope: "shard",
    rules: [
      { record: ofNode.frozen, expr: frozen(context) },
      {
        alert: "GpuSamplesPatchy",
        expr: inService(`min by (${BY_NODE}) (${sampled}) < 0.8`),
        for: "15m",
        severity: "warning",
        owner: "platform",
        summary: "The dcgm-exporter of node {{ $labels.node }} leaves GPUs out.",
        description:
          "A GPU of node {{ $labels.node }} is in only {{ $value | humanizePercentage }} of the scrapes of the last 30 minutes that succeeded. Averages and alerts over such gaps are wrong, or do not come at all.",
      },
      ...(context.podsKnown ? [podMapping] : []),
      {
        alert: "GpuExporterOutOfMemory",
        // 2.5: at least three times, for increase() makes a little more of two.
        expr: killed,
        severity: "warning",
        owner: "platform",
        summary: "Exporters of GPUs in namespace {{ $labels.namespace }} are killed for their memory again and again.",
        description:
          "{{ $value }} dcgm-exporters in namespace {{ $labels.namespace }} were started three times or more within six hours, and were killed for their memory (OOMKilled). Each time XIDs of the last minutes are forgotten, and a kill in the middle of a call can hang the driver.",
      },
    ],
  },
  unwatchedNodes(),
  {
    name: "gpu-telemetry-fleet",
    scope: "global",
    rules: [
      {
        alert: "GpuValuesFrozen",
        expr: unlessFleetBlind(inService(`${ofNode.frozen} > 0`)),
        for: "5m",
        severity: "warning",
        owner: "platform",
        summary: "The dcgm-exporter of node {{ $labels.node }} repeats old values.",
        description:
          "The energy that {{ $value }} GPUs of node {{ $labels.node }} have used stands still, although the exporter answers. It rises on idle GPUs too, so all that is said of these GPUs is old, and alerts on them cannot fire.",
      },
      {
        alert: "GpuProfilingMissing",
        expr: `count by (cluster, modelName) (${unprofiled})`,
        for: "5m",
        severity: "warning",
        owner: "platform",
        summary: "Hardware counters of {{ $labels.modelName }} are missing.",
        description:
          "{{ $value }} nodes with {{ $labels.modelName }} have reported their GPUs, but no hardware counters (DCGM_FI_PROF_…), for 30 minutes, although the profile has them. How well these GPUs are used is unknown.",
      },
    ],
  },
  joinInputs(),
];
