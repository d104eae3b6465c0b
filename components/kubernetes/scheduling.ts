/** How replicas are kept apart. */
export interface Spread {
  /** Labels of the pods that must not meet. */
  matchLabels: Record<string, string>;
  /** How many of them there are. */
  replicas: number;
  /**
   * Whether a replica rather stays Pending than share a node with another, or crowd a zone. Otherwise it is a
   * preference, for clusters with fewer nodes than replicas.
   */
  required: boolean;
}

/**
 * Keeps replicas on different nodes and spreads them over the zones. Nodes whose taints the pods do not tolerate do not
 * count: a zone of GPU nodes alone is no place for a replica, and counted as an empty one it would leave the others
 * Pending. Nodes need the label `topology.kubernetes.io/zone`, which clouds set; without it, required replicas stay
 * Pending.
 */
export function spreadOverZonesAndNodes({ matchLabels, replicas, required }: Spread) {
  const common = {
    maxSkew: 1,
    whenUnsatisfiable: required ? ("DoNotSchedule" as const) : ("ScheduleAnyway" as const),
    nodeTaintsPolicy: "Honor" as const,
    labelSelector: { matchLabels },
  };
  return [
    { ...common, topologyKey: "topology.kubernetes.io/zone" },
    {
      ...common,
      topologyKey: "kubernetes.io/hostname",
      // With fewer nodes than this the skew is counted from zero: a node with one replica takes no second.
      ...(required && replicas > 1 ? { minDomains: replicas } : {}),
    },
  ];
}
