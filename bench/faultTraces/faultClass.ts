import type { Card, Node } from "./fleet";
import type { Workload } from "./workloads";

/** What a fault is of; the same card, node or workload in all minutes. */
export interface Target {
  nodes: readonly Node[];
  /** Of a fault of one card that one, else all of the nodes. */
  cards: readonly Card[];
  workloads: readonly Workload[];
}

/** A kind of fault. */
export interface FaultClass {
  name: string;
  on: "card" | "node" | "rack" | "workload";
  /** Any of them tells of it. */
  expected: readonly string[];
  /** In minutes: when somebody should know of it [judgement]. */
  within: number;
  /** What it may bring along besides, without being wrong. */
  companions?: readonly string[];
  /** Names of nodes, or of workloads, that it may meet. */
  where?: readonly string[];
  /** Minutes after which it ends by itself. Default: when somebody repairs it, or never. */
  lasts?: number;
  /** Whether a node is taken out of service and booted for it. Default: false. */
  repaired?: true;
  /** What it does; `since` counts minutes from its beginning. */
  strike(target: Target, minute: number, since: number): void;
}

/** What follows for the work on GPUs that fail. */
export const OF_WORK = [
  "GpuWorkloadHitByHardware",
  "GpuJobHung",
  "GpuJobRankMissing",
  "GpuJobRestartStorm",
  "GpuWorkloadPodsFailed",
  "GpuPodsPending",
] as const;

/** What the device plugin, DCGM and the driver say besides. */
export const OF_BROKEN_CARD = [
  ...OF_WORK,
  "GpuUnallocatable",
  "GpuRecoveryActionRequired",
  "GpuHealthCheckFailed",
  "GpuNodeFaultsRepeated",
] as const;
