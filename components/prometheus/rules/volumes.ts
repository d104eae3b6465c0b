import { jobs } from "../jobs";
import { claimsOfPods, objects, onPod, pendingClaims, podsWithoutNode } from "./objects";
import type { RuleGroup } from "./rule";

const CLAIM = "namespace, persistentvolumeclaim";
const onClaim = `on (cluster, ${CLAIM})`;

const stat = (name: string, range = "") => `kubelet_volume_stats_${name}{job="${jobs.kubelet}", service=""}${range}`;
/** A file system that many nodes mount has the same numbers on each. */
const least = (expr: string) => `min by (cluster, ${CLAIM}) (${expr})`;

/** The free part. Nothing comes of a file system without inodes of its own, such as EFS: 0 / 0 is no number. */
const free = (available: string, capacity: string) => least(`${stat(available)} / ${stat(capacity)}`);

/** Whether nothing is left after so many seconds, if it goes on as within the range. */
const exhausted = (available: string, range: string, seconds: number) =>
  `${least(`${stat(available)} + ${seconds} * deriv(${stat(available, range)})`)} <= 0`;

/** Claims that nobody can write to, by their modes or by the pods that use them: they may be as full as they like. */
const modes = (matcher: string) => objects("kube_persistentvolumeclaim_access_mode", CLAIM, `access_mode${matcher}`);
const readOnly =
  `(${modes('="ReadOnlyMany"')} unless ${modes('!="ReadOnlyMany"')}` +
  ` or min by (cluster, ${CLAIM}) (${objects("kube_pod_spec_volumes_persistentvolumeclaims_readonly", `${CLAIM}, pod, volume`)}) == 1)`;

const HOUR = 3_600;
const DAYS = 24 * HOUR;

/** Runs out within four days, a weekend and a day to act; or has almost run out, however slowly [judgement]. */
const runsOut = (available: string, capacity: string) =>
  `(${free(available, capacity)} < 0.15 and ${exhausted(available, "[6h]", 4 * DAYS)} or ${free(available, capacity)} < 0.03) unless ${onClaim} ${readOnly}`;

const fillingRules: RuleGroup["rules"] = [
  {
    alert: "KubePersistentVolumeFillingUp",
    expr: runsOut("available_bytes", "capacity_bytes"),
    for: "1h",
    severity: "warning",
    summary: "The volume of claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} fills up.",
    description:
      "The volume of claim {{ $labels.persistentvolumeclaim }} in namespace {{ $labels.namespace }} has {{ $value | humanizePercentage }} of its space left; that is less than 3 %, or will be nothing within four days.",
  },
  {
    alert: "KubePersistentVolumeAlmostFull",
    // Only if it is full or will be within hours: a cache may be kept almost full on purpose.
    expr: `${free("available_bytes", "capacity_bytes")} < 0.03 and ${exhausted("available_bytes", "[1h]", 4 * HOUR)} unless ${onClaim} ${readOnly}`,
    for: "5m",
    severity: "critical",
    summary:
      "The volume of claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is full or will be within hours.",
    description:
      "The volume of claim {{ $labels.persistentvolumeclaim }} in namespace {{ $labels.namespace }} has {{ $value | humanizePercentage }} of its space left, and at its present rate nothing within four hours: writes to it fail then, checkpoints among them.",
  },
  {
    alert: "KubePersistentVolumeInodesFillingUp",
    expr: runsOut("inodes_free", "inodes"),
    for: "1h",
    severity: "warning",
    summary: "The volume of claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has too many files.",
    description:
      "The volume of claim {{ $labels.persistentvolumeclaim }} in namespace {{ $labels.namespace }} has {{ $value | humanizePercentage }} of its inodes left; that is less than 3 %, or will be nothing within four days. Then no file can be created, however much space there is.",
  },
];

const claimRules: RuleGroup["rules"] = [
  {
    alert: "KubePersistentVolumeErrors",
    expr: `${objects("kube_persistentvolume_status_phase", "persistentvolume, phase", 'phase=~"Failed|Pending"')} == 1`,
    for: "15m",
    severity: "warning",
    summary: "Volume {{ $labels.persistentvolume }} is {{ $labels.phase }}.",
    description:
      "Volume {{ $labels.persistentvolume }} has been in phase {{ $labels.phase }} for 15 minutes: it could not be made, or not be recycled after its claim was deleted, and may cost money for nothing.",
  },
  {
    alert: "KubePersistentVolumeClaimPending",
    // Most classes make a volume only for a pod that has a node in view; claims without one rest. Pods that wait for GPUs,
    // in a queue or as a part of a Job do not count.
    expr: `${pendingClaims} and ${onClaim} (${claimsOfPods} and ${onPod} ${podsWithoutNode})`,
    for: "15m",
    severity: "warning",
    summary: "A pod waits for the volume of claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }}.",
    description:
      "Claim {{ $labels.persistentvolumeclaim }} in namespace {{ $labels.namespace }} has had no volume for 15 minutes, and a pod that uses it has no node: the volume cannot be made, or no node suits the pod.",
  },
  {
    alert: "KubePersistentVolumeClaimLost",
    expr: `${objects("kube_persistentvolumeclaim_status_phase", CLAIM, 'phase="Lost"')} == 1`,
    for: "5m",
    severity: "warning",
    summary: "Claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has lost its volume.",
    description:
      "The volume to which claim {{ $labels.persistentvolumeclaim }} in namespace {{ $labels.namespace }} was bound does not exist any more; what was on it may be gone.",
  },
];

/**
 * Rules about persistent volumes. Each shard looks at the volumes that its nodes have mounted: if several have one, they
 * say the same with the same labels.
 */
export const volumeRules = (): RuleGroup[] => [
  { name: "volume-space", scope: "shard", rules: fillingRules },
  { name: "volume-claims", scope: "shard", rules: claimRules },
];
