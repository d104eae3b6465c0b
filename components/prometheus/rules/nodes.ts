import { nodeFilesystemGroups } from "./nodesFilesystem";
import { nodeNetworkGroups } from "./nodesNetwork";
import { nodeRecordedGroups } from "./nodesRecorded";
import { nodeResourceGroups } from "./nodesResources";
import { nodeSystemGroups } from "./nodesSystem";
import type { RuleGroup } from "./rule";

/** Rules about what node-exporter sees of each node. */
export const nodeRules = (): RuleGroup[] => [
  ...nodeRecordedGroups,
  ...nodeFilesystemGroups,
  ...nodeResourceGroups,
  ...nodeNetworkGroups,
  ...nodeSystemGroups,
];
