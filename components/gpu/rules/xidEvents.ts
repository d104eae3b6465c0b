import { jobs } from "../../prometheus/jobs";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { BY_GPU, BY_NODE, exporterUp, ON_GPU, ON_NODE, signal } from "./expressions";
import { ALLOCATION } from "./owners";

/** The name of the series for each XID that a GPU reported within the last minutes; healthy GPUs have none. */
export const XID_EVENTS = "node_gpu_xid:dcgm_xid_events:max";

/** The same until the node is booted again or the GPU reset; its value is the moment of the last event. */
export const XID_LATCHED = "node_gpu_xid:dcgm_xid_seen:latched";

/** How long the exporter counts an event, its default; and so how far back the allocation before it is. */
export const XID_WINDOW_MINUTES = 5;

const events = signal("DCGM_EXP_XID_ERRORS_COUNT", 'xid!=""');
const boot = `max by (cluster, node) (node_boot_time_seconds{job="${jobs.nodeExporter}"})`;
const energy = signal("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION");
const before = `last_over_time(${XID_LATCHED}[1h])`;

/** A week: what nobody acted on in that time is another alert's matter. */
const FORGOTTEN_SECONDS = 7 * 86_400;

/**
 * XIDs as events. Its code is a label of the count, so that repeats are seen; the sticky last code of
 * DCGM_FI_DEV_XID_ERRORS shows neither repeats nor what a later code covers. A card that falls off the bus takes its own
 * series along, so events are held until there is a reason to believe that the GPU works again.
 */
export const xidEventRules = (): RuleGroup[] => [
  {
    name: "gpu-xid-events",
    scope: "shard",
    rules: [
      { record: XID_EVENTS, expr: `max by (${BY_GPU}, xid) (${events}) > 0` },
      {
        record: XID_LATCHED,
        expr:
          `max by (${BY_GPU}, xid) (timestamp(${events} > 0))` +
          ` or ((${before} > time() - ${FORGOTTEN_SECONDS})` +
          // The node was booted after the event.
          ` unless ${ON_NODE} (${before} < ${ON_NODE} group_left () ${boot})` +
          // The GPU was reset, or its driver loaded again: the energy begins anew.
          ` unless ${ON_GPU} (resets(${energy}[10m]) > 0)` +
          // Neither its exporter nor the node itself is there any more.
          ` and ${ON_NODE} (${exporterUp} or kube_node_info{job="${jobs.kubeStateMetrics}", service=""}))`,
      },
    ],
  },
];

/** Events of these codes that are not over yet. */
export const latched = (codes: string) => `${XID_LATCHED}{xid=~"${codes}"}`;

/**
 * Events of these codes with the pod and workload that held the GPU before them: whoever holds it now may have come after.
 * Nothing for GPUs that nobody held.
 */
export const eventsOfWorkloads = (codes: string) =>
  `${XID_EVENTS}{xid=~"${codes}"} * ${ON_GPU} group_right (xid) max by (${BY_NODE}, UUID, gpu, namespace, pod, workload) (${ALLOCATION} offset ${XID_WINDOW_MINUTES + 1}m)`;
