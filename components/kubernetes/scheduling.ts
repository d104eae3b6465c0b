/**
 * Keeps the replicas that `matchLabels` selects on different nodes and in different zones. `required`: a replica stays
 * Pending rather than share a node or crowd a zone; otherwise it is a preference, for clusters with fewer nodes than
 * replicas.
 */
export function spreadOverZonesAndNodes(matchLabels: Record<string, string>, required: boolean) {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: required ? ("DoNotSchedule" as const) : ("ScheduleAnyway" as const),
    labelSelector: { matchLabels },
  }));
}
