import type { RuleGroup } from "../../prometheus/rules/rule";
import { xidCodes } from "../xid";
import { BY_DOMAIN, BY_NODE, exporterUp, inService, ON_NODE } from "./expressions";
import { latchedCodes } from "./xidAlert";

const IN_DOMAIN = 'failure_domain!=""';

const nodes = (expr: string) => `group by (${BY_NODE}) (${expr})`;

/** How many nodes of which domain fail together. */
const TOGETHER = "failure_domain:gpu_fault_nodes:count";

const fatal = latchedCodes(xidCodes({ fatal: true }), IN_DOMAIN);
const faulty = inService(nodes(fatal));
/** Since half an hour at most [judgement]: old faults that nobody has mended, also those that repeat, have nothing in common. */
const newlyFaulty = `(${inService(nodes(`${fatal} > time() - 1800`))} unless ${ON_NODE} ${fatal} offset 30m)`;

const exporters = exporterUp.replace("}", `, ${IN_DOMAIN}}`);

/** A GPU that is lost may silence its whole node, before any XID is seen. Five minutes [judgement]: a scrape that fails is none. */
const dark = inService(
  `${nodes(exporters)} and ${ON_NODE} max by (cluster, node) (max_over_time(${exporters}[5m])) == 0 and ${ON_NODE} ${exporters} offset 5m`,
);

const ofDomains = (affected: string) => `count by (${BY_DOMAIN}) (${affected})`;
const all = ofDomains(nodes(exporters));

// Three nodes and three of ten [judgement]: chance does not do that. Two must have reported it, since nodes go dark for other
// reasons too.
const began =
  `(${ofDomains(`${newlyFaulty} or ${ON_NODE} ${dark}`)} >= 0.3 * ${all}) > 2` +
  ` and on (${BY_DOMAIN}) ${ofDomains(newlyFaulty)} > 1`;

/** What began together goes on until it is mended: else its nodes would page one by one. */
const goesOn =
  `${ofDomains(`${faulty} or ${ON_NODE} ${dark}`)} > 2 and on (${BY_DOMAIN}) (${faulty})` +
  ` and on (${BY_DOMAIN}) last_over_time(${TOGETHER}[15m])`;

/**
 * Where many nodes of a failure domain have broken GPUs at once. That exporters alone, power, heat or the nodes themselves
 * fail there, other alerts say.
 */
export const domainRules = (): RuleGroup[] => [
  {
    name: "gpu-domains",
    scope: "global",
    rules: [
      { record: TOGETHER, expr: `${began} or ${goesOn}` },
      {
        alert: "GpuDomainFaults",
        expr: TOGETHER,
        for: "2m",
        keepFiringFor: "15m",
        severity: "critical",
        owner: "platform",
        action: "none",
        summary: "GPUs fail all over {{ $labels.failure_domain }}.",
        description:
          "{{ $value }} nodes of failure domain {{ $labels.failure_domain }}, at least three of ten, have GPUs that failed within half an hour, or went dark with them. Look for what they share: power, cooling, NVLink switches, a driver that was rolled out.",
      },
    ],
  },
];
