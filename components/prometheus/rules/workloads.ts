import type { RuleGroup } from "./rule";
import { batchGroups } from "./workloadBatch";
import { controllerGroups } from "./workloadControllers";
import { podGroups } from "./workloadPods";
import { usageGroups } from "./workloadUsage";

/**
 * Rules about what runs in the cluster. Most of it belongs to teams, so nothing here wakes anybody.
 *
 * Left out on purpose: the overcommitment of CPU and memory, since nodes are added on demand, and the throttling of
 * containers without GPUs, which for most of them costs nothing that somebody would notice.
 */
export const workloadRules = (): RuleGroup[] => [...podGroups, ...controllerGroups, ...batchGroups, ...usageGroups];
