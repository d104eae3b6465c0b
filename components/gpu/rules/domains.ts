import type { RuleGroup } from "../../prometheus/rules/rule";
import { xidCodes } from "../xid";
import { BY_DOMAIN, BY_NODE, exporterUp, inService, ON_NODE } from "./expressions";
import { latchedCodes } from "./xidAlert";

const IN_DOMAIN = 'failure_domain!=""';

const nodes = (expr: string) => `group by (${BY_NODE}) (${expr})`;

const faulty = inService(nodes(latchedCodes(xidCodes({ fatal: true }), IN_DOMAIN)));
const exporters = exporterUp.replace("}", `, ${IN_DOMAIN}}`);

/** A GPU that is lost may silence its whole node, before any XID is seen. */
const dark = inService(nodes(`${exporters} == 0`));

const affected = `count by (${BY_DOMAIN}) (${faulty} or ${ON_NODE} ${dark})`;
const all = `count by (${BY_DOMAIN}) (${nodes(exporters)})`;

/**
 * Where many nodes of a failure domain have broken GPUs at once. That exporters alone, power, heat or the nodes themselves
 * fail there, other alerts say.
 */
export const domainRules = (): RuleGroup[] => [
  {
    name: "gpu-domains",
    scope: "global",
    rules: [
      {
        alert: "GpuDomainFaults",
        // Three nodes and three of ten [judgement]: chance does not do that.
        expr: `(${affected} >= 0.3 * ${all}) > 2 and on (${BY_DOMAIN}) (${faulty})`,
        for: "2m",
        keepFiringFor: "15m",
        severity: "critical",
        owner: "platform",
        action: "none",
        summary: "GPUs fail all over {{ $labels.failure_domain }}.",
        description:
          "{{ $value }} nodes of failure domain {{ $labels.failure_domain }}, at least three of ten, have GPUs that failed, or went dark at the same time. Look for what they share: power, cooling, NVLink switches, a driver that was rolled out.",
      },
    ],
  },
];
