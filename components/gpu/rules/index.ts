import { isAlertingRule, type RuleGroup } from "../../prometheus/rules/rule";
import { signalsOf } from "../signals";
import type { GpuRuleContext, WorkloadRuleContext } from "./context";
import { countRules } from "./counts";
import { domainRules } from "./domains";
import { efficiencyRules } from "./efficiency";
import { faultRules } from "./faults";
import { fleetRules } from "./fleet";
import { inferenceRules } from "./inference";
import { interconnectRules } from "./interconnect";
import { lifecycleRules } from "./lifecycle";
import { memoryErrorRules } from "./memoryErrors";
import { gpuNodeRules } from "./nodes";
import { nvlinkRules } from "./nvlink";
import { ownerRules } from "./owners";
import { pcieRules } from "./pcie";
import { powerRules } from "./power";
import { queueRules } from "./queue";
import { schedulingRules } from "./scheduling";
import { sloRules } from "./slo";
import { storageRules } from "./storage";
import { telemetryRules } from "./telemetry";
import { thermalRules } from "./thermal";
import { trainingRules } from "./training";
import { stragglerRules } from "./trainingStragglers";
import { workloadRecordedRules } from "./workloadsRecorded";
import { xidRules } from "./xid";
import { xidEventRules } from "./xidEvents";
import { xidWorkloadRules } from "./xidWorkloads";

export type { GpuRuleContext, WorkloadRuleContext } from "./context";

/** The group that needs an EFA exporter. */
const EFA_GROUP = "gpu-efa";

type Context = GpuRuleContext & WorkloadRuleContext;

/** What the rules about GPUs and what uses them are about; each area is a PrometheusRule. */
const areas: Record<string, (context: Context) => RuleGroup[]> = {
  "gpu-base": () => [...lifecycleRules(), ...ownerRules(), ...xidEventRules()],
  "gpu-faults": (context) => [...faultRules(), ...memoryErrorRules(context), ...domainRules()],
  "gpu-xid": (context) => [...xidRules(context), ...xidWorkloadRules(context)],
  "gpu-thermal-power": (context) => [...thermalRules(), ...powerRules(context)],
  "gpu-links": (context) => [
    ...nvlinkRules(context),
    ...pcieRules(context),
    ...interconnectRules().filter(({ name }) => context.efa || name !== EFA_GROUP),
  ],
  "gpu-telemetry": (context) => [...telemetryRules(context), ...countRules(context)],
  "gpu-nodes": (context) => [...gpuNodeRules(context), ...schedulingRules()],
  "gpu-fleet": () => fleetRules(),
  "gpu-workloads": (context) => workloadRecordedRules(context),
  "gpu-efficiency": (context) => efficiencyRules(context),
  "gpu-training": (context) => [...trainingRules(context), ...stragglerRules(context)],
  "gpu-inference": (context) => (context.inference ? [...inferenceRules(context), ...sloRules(context.slos)] : []),
  "gpu-queue": (context) => (context.kueue ? queueRules() : []),
  "gpu-storage": (context) => storageRules(context),
};

/** The rules that the profile has the metrics for, by what they are about. */
export function gpuRuleAreas(context: Context): Record<string, RuleGroup[]> {
  const all = Object.fromEntries(Object.entries(areas).map(([area, rules]) => [area, rules(context)]));
  const kept = Object.entries(withoutUncollected(all, context)).filter(([, groups]) => groups.length > 0);
  return Object.fromEntries(kept);
}

const METRIC = /\bDCGM_(?:FI|EXP)_\w+/g;
const RECORDED = /\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b/g;

/**
 * Leaves out rules that ask for a metric that the profile does not collect, and those that ask for what such a rule would have
 * recorded: they could never fire, and look as if they could.
 */
function withoutUncollected(
  all: Record<string, RuleGroup[]>,
  { profile }: GpuRuleContext,
): Record<string, RuleGroup[]> {
  const collected = new Set(signalsOf(profile).map(({ metric }) => metric));
  const missing = new Set<string>();
  const isPossible = ({ expr }: { expr: string }) =>
    (expr.match(METRIC) ?? []).every((metric) => collected.has(metric)) &&
    (expr.match(RECORDED) ?? []).every((name) => !missing.has(name));
  let kept = all;
  for (let before = -1; before !== missing.size; ) {
    before = missing.size;
    kept = mapGroups(kept, (group) => {
      for (const rule of group.rules) if (!isAlertingRule(rule) && !isPossible(rule)) missing.add(rule.record);
      return { ...group, rules: group.rules.filter(isPossible) };
    });
  }
  return kept;
}

const mapGroups = (all: Record<string, RuleGroup[]>, change: (group: RuleGroup) => RuleGroup) =>
  Object.fromEntries(
    Object.entries(all).map(([area, groups]) => [area, groups.map(change).filter(({ rules }) => rules.length > 0)]),
  );
