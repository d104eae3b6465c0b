import type { RuleGroup } from "../../prometheus/rules/rule";
import { application, containedEcc, xidCodes, xidPattern } from "../xid";
import type { GpuRuleContext } from "./context";
import { BY_GPU, inService, ON_GPU } from "./expressions";
import { ALLOCATION } from "./owners";
import { byAction, GPU, latchedCodes } from "./xidAlert";
import { freshEvents } from "./xidEvents";

/** The name of the series for each XID of a program, with the workload that held the GPU; its value is the moment. */
export const WORKLOAD_XID = "node_gpu_workload_xid:dcgm_xid_seen:timestamp";

const WORKLOAD = "namespace, workload, workload_kind";

/**
 * Who held a GPU two minutes before a fresh event was reported: whoever holds it now may have come after, and a program that ended
 * was there then. One that fails in its first two minutes is not named [judgement].
 */
export const BEFORE_EVENT = `${ALLOCATION} offset 2m`;

const holders = `group by (cluster, node, UUID, ${WORKLOAD}) (${BEFORE_EVENT})`;

/** Of GPUs that several hold, by MIG, nobody knows whose program it was. */
const holder = `(${holders} unless ${ON_GPU} count by (cluster, node, UUID) (${holders}) > 1)`;

const lately = (codes: string, range: string) => `last_over_time(${WORKLOAD_XID}{xid=~"${codes}"}[${range}])`;

const perWorkload = byAction(
  application,
  (codes) =>
    `count by (cluster, ${WORKLOAD}, xid) (group by (cluster, node, UUID, ${WORKLOAD}, xid) (${lately(codes, "15m")}))`,
);

/** By namespace: the workloads of one team share their programs, and a program that is bad has an error in each of them. */
const namespacesOfCard = `count by (${BY_GPU}) (group by (${BY_GPU}, namespace) (last_over_time(${WORKLOAD_XID}[1d])))`;

/** XIDs that programs cause, for those whose programs they are; and cards on which everybody's programs have them. */
export const xidWorkloadRules = ({ podsKnown }: GpuRuleContext): RuleGroup[] =>
  podsKnown
    ? [
        {
          name: "gpu-xid-of-workloads",
          scope: "shard",
          rules: [
            {
              record: WORKLOAD_XID,
              // On broken hardware every program fails.
              expr:
                `timestamp(${freshEvents(xidPattern(application))} unless ${ON_GPU} ${latchedCodes([...xidCodes({ fatal: true }), ...containedEcc])})` +
                ` * ${ON_GPU} group_left (${WORKLOAD}) ${holder}`,
            },
          ],
        },
        {
          name: "gpu-xid-workloads",
          // A workload's GPUs may be on nodes of several shards.
          scope: "global",
          rules: [
            {
              alert: "GpuApplicationXid",
              ...perWorkload,
              severity: "info",
              owner: "workload",
              summary:
                "A program of {{ $labels.workload_kind }} {{ $labels.namespace }}/{{ $labels.workload }} failed on a GPU (XID {{ $labels.xid }}).",
              description:
                "{{ $value }} GPUs that {{ $labels.workload_kind }} {{ $labels.workload }} in namespace {{ $labels.namespace }} held reported XID {{ $labels.xid }} within 15 minutes: by NVIDIA's table an error of the program, such as an access to an illegal address. The GPUs are healthy.",
            },
            {
              alert: "GpuApplicationXidConcentrated",
              // Three cards or more [judgement]: then programs are bad, not cards.
              expr: inService(
                `${namespacesOfCard} >= 3 unless on (cluster) count by (cluster) (${namespacesOfCard} >= 3) > 2`,
              ),
              severity: "warning",
              owner: "platform",
              action: "drain-node",
              summary: "Programs of several namespaces fail on GPU {{ $labels.gpu }} of node {{ $labels.node }}.",
              description: `Programs of {{ $value }} namespaces had errors within a day on ${GPU}, by their XIDs their own. What follows a card is the card's fault.`,
            },
          ],
        },
      ]
    : [];
