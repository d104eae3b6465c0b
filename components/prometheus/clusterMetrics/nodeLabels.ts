import type { Relabeling } from "../../kubernetes/serviceMonitor";

/**
 * Gives a target of a node the node's name as `node` and `instance`, which stay the same when pods and addresses change, and
 * keeps everything of one node on one shard of Prometheus. Other labels of the node are copied to no series: GPU nodes carry
 * dozens, and each would be on every one.
 */
export const onNode = (source: string): Relabeling[] => [
  { sourceLabels: [source], targetLabel: "node", action: "replace" },
  { sourceLabels: [source], targetLabel: "instance", action: "replace" },
  { sourceLabels: [source], targetLabel: "__tmp_hash", action: "replace" },
];
