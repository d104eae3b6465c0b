import { jobs } from "../../prometheus/jobs";
import { nodeExporter } from "../../prometheus/rules/nodeSeries";
import type { RuleGroup } from "../../prometheus/rules/rule";
import { BY_GPU, exporterUp, ON_GPU, ON_NODE, signal } from "./expressions";

/** The name of the series for each XID that a GPU reported within the last minutes; healthy GPUs have none. */
export const XID_EVENTS = "node_gpu_xid:dcgm_xid_events:max";

/** The same until the node is booted again or the GPU reset; its value is the last moment at which the event was counted. */
export const XID_LATCHED = "node_gpu_xid:dcgm_xid_seen:latched";

/** The name of the series with the moment at which a GPU with XIDs was reset; only at that moment. */
export const GPU_RESET = "node_gpu:gpu_reset:timestamp";

/** The name of the series with the energy of GPUs with XIDs, in mJ, by which resets are told. */
export const ENERGY_OF_FAULTY = "node_gpu:gpu_faulty_energy_millijoules:max";

/** How long the exporter counts an event, its default. */
export const XID_WINDOW_MINUTES = 5;

const ON_XID = "on (cluster, node, UUID, xid)";

const events = signal("DCGM_EXP_XID_ERRORS_COUNT", 'xid!=""');
const boot = `max by (cluster, node) (node_boot_time_seconds{${nodeExporter}})`;
const energy = `max by (cluster, node, UUID) (${signal("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")})`;

// An hour, so that an evaluator that restarts forgets nothing. What ends a latch must hold for as long, because ranges go on
// showing what has ended; and it must be later than the event, or it would also end what came after.
const before = `last_over_time(${XID_LATCHED}[1h])`;
const reset = `max by (cluster, node, UUID) (max_over_time(${GPU_RESET}[2h]))`;

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
        // With a reset, or a driver that is loaded again, the energy begins anew. A day: so long may the exporter be away for it.
        record: GPU_RESET,
        expr: `timestamp(${energy} < ${ON_GPU} last_over_time(${ENERGY_OF_FAULTY}[1d]))`,
      },
      {
        record: XID_LATCHED,
        expr:
          `max by (${BY_GPU}, xid) (timestamp(${events} > 0))` +
          ` or ${ON_XID} ((${before} > time() - ${FORGOTTEN_SECONDS})` +
          ` unless ${ON_XID} (${before} < ${ON_NODE} group_left () ${boot})` +
          ` unless ${ON_XID} (${before} < ${ON_GPU} group_left () ${reset})` +
          // Neither its exporter nor the node itself is there any more.
          ` and ${ON_NODE} (${exporterUp} or kube_node_info{job="${jobs.kubeStateMetrics}", service=""}))`,
      },
      { record: ENERGY_OF_FAULTY, expr: `${energy} and ${ON_GPU} ${before}` },
    ],
  },
];

/** Events of these codes that are not over yet. */
export const latched = (codes: string, matchers = "") =>
  `${XID_LATCHED}{xid=~"${codes}"${matchers === "" ? "" : `, ${matchers}`}}`;

/**
 * Events of these codes in the minute after they were reported, and again with each repeat. That a series was away for three
 * minutes makes no event: the exporter did not answer, and still counts the old one.
 */
export function freshEvents(codes: string): string {
  const counted = `${XID_EVENTS}{xid=~"${codes}"}`;
  const already = `max by (cluster, node, UUID, xid) (last_over_time(${counted}[3m] offset 1m))`;
  return `(${counted} unless ${ON_XID} (${counted} <= ${ON_XID} ${already}))`;
}
