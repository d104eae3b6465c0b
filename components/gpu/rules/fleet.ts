import type { RuleGroup } from "../../prometheus/rules/rule";
import { fleetCapacityRules } from "./fleetCapacity";
import { fleetRecordedRules } from "./fleetRecorded";
import { fleetTotalsRules } from "./fleetTotals";

/** What is recorded of the fleet, from the GPU up to the cluster. */
export const fleetRules = (): RuleGroup[] => [...fleetRecordedRules(), ...fleetCapacityRules(), ...fleetTotalsRules()];
