/** The label that tells the replicas of one shard apart; queriers and alert routing ignore it. */
export const REPLICA_LABEL = "prometheus_replica";
