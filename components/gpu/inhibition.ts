/** One of Alertmanager's inhibition rules. */
export interface InhibitionRule {
  source_matchers: string[];
  target_matchers: string[];
  equal: string[];
}

/** The alert that tells a workload's owner that hardware under it is at fault. */
export const WORKLOAD_HIT = "GpuWorkloadHitByHardware";

/** The alert for many nodes of one failure domain at once. */
export const DOMAIN_FAULTS = "GpuDomainFaults";

/** What a job does whose hardware failed. Servers of models are not among it: one replica of many may be hit. */
const FOLLOWS_FROM_HIT = [
  "GpuJobHung",
  "GpuJobRankMissing",
  "GpuJobRankStarved",
  "GpuJobStraggler",
  "GpuJobRestartStorm",
  "GpuWorkloadPodsFailed",
  "GpuWorkloadIdle",
  "GpuWorkloadMemoryParked",
];

/** What GpuDomainFaults says of many nodes at once. Other faults of a node there stay news. */
const ROLLED_UP_BY_DOMAIN = [
  "GpuFallenOffBus",
  "GpuFatalXid",
  "GpuGspError",
  "GpuNvlinkFault",
  "GpuRecoveryActionRequired",
  "GpuCountMismatch",
  "GpuExporterDown",
  "GpuNodeDarkWithWork",
];

/** What is hot of a card before it is slowed down, which then says the same. */
const HOT_CARDS = "GpuTemperatureNearLimit|GpuMemoryTemperatureHigh";

const SLOWED_BY_HEAT = "GpuHardwareThermalSlowdown|GpuSoftwareThermalSlowdown";

/** Alerts about many nodes of a failure domain, and what they say the same of one node. */
const ROLLED_UP: Readonly<Record<string, string>> = {
  GpuThermalSlowdownInDomain: `${SLOWED_BY_HEAT}|${HOT_CARDS}`,
  GpuPowerBrakeInDomain: "GpuPowerBrake",
  GpuFabricFailedInDomain: "GpuFabricFailed",
  InfinibandPortsDownInDomain: "InfinibandPortDown",
};

/**
 * Which alerts about GPUs are no news beside others. A label that is missing on both sides counts as equal, so each label
 * that must be equal is required on both.
 */
export const gpuInhibitions: InhibitionRule[] = [
  {
    // A job does not need to be told that it hangs when its card fell off the bus.
    source_matchers: [`alertname="${WORKLOAD_HIT}"`, 'namespace!=""', 'workload!=""', 'workload_kind!=""'],
    target_matchers: [
      `alertname=~"${FOLLOWS_FROM_HIT.join("|")}"`,
      'namespace!=""',
      'workload!=""',
      'workload_kind!=""',
    ],
    equal: ["cluster", "namespace", "workload", "workload_kind"],
  },
  {
    // A rack is one page, not one for each of its nodes.
    source_matchers: [`alertname="${DOMAIN_FAULTS}"`, 'failure_domain!=""'],
    target_matchers: [`alertname=~"${ROLLED_UP_BY_DOMAIN.join("|")}"`, 'failure_domain!=""', 'node!=""'],
    equal: ["cluster", "failure_domain"],
  },
  ...Object.entries(ROLLED_UP).map(([domain, ofNodes]) => ({
    source_matchers: [`alertname="${domain}"`, 'failure_domain!=""'],
    target_matchers: [`alertname=~"${ofNodes}"`, 'failure_domain!=""'],
    equal: ["cluster", "failure_domain"],
  })),
  {
    // A node that is too hot is one message, not one for each of its cards.
    source_matchers: [`alertname=~"${SLOWED_BY_HEAT}"`, 'node!=""'],
    target_matchers: [`alertname=~"${HOT_CARDS}"`, 'node!=""'],
    equal: ["cluster", "node"],
  },
  {
    // Of one card only the worst.
    source_matchers: ['severity="critical"', 'owner="platform"', 'UUID!=""'],
    target_matchers: ['severity=~"warning|info"', 'owner="platform"', 'UUID!=""'],
    equal: ["cluster", "node", "UUID"],
  },
];
