import type { FaultClass } from "./faultClass";
import { reportXid } from "./fleet";

const SLOTS = ["lab/try-0", "lab/try-1", "lab/try-2", "lab/try-3"];

/** Faults of what runs on healthy GPUs. */
export const faultsOfWork: readonly FaultClass[] = [
  {
    name: "a job hangs",
    on: "workload",
    expected: ["GpuJobHung"],
    within: 25,
    where: ["ml/pretrain", "ml/finetune"],
    lasts: 45,
    strike: ({ workloads: [workload] }, _minute, since) => {
      if (workload) workload.override = since === 44 ? undefined : () => ({ work: "wait", memoryMib: 62_000 });
    },
  },
  {
    name: "a job hangs, whose first rank is idle",
    on: "workload",
    expected: ["GpuJobHung"],
    within: 25,
    where: ["ml/pretrain", "ml/finetune"],
    lasts: 45,
    strike: ({ workloads: [workload] }, _minute, since) => {
      if (!workload) return;
      const hung = (_age: number, rank: number) => ({ work: rank === 0 ? "held" : "wait", memoryMib: 62_000 }) as const;
      workload.override = since === 44 ? undefined : hung;
    },
  },
  {
    name: "a rank gets its data late",
    on: "workload",
    expected: ["GpuJobRankStarved"],
    within: 45,
    companions: ["GpuJobStraggler"],
    where: ["ml/pretrain", "ml/finetune"],
    lasts: 70,
    strike: ({ workloads: [workload] }, minute, since) => {
      if (!workload) return;
      const course = workload.spec.course;
      workload.override =
        since === 69
          ? undefined
          : (age, rank) => {
              // A sample in three finds it without work.
              const usual = course(age, rank);
              if (rank !== 3 || usual.work !== "train") return usual;
              return minute % 3 === 0 ? { ...usual, work: "held" } : usual;
            };
    },
  },
  {
    name: "a job crashes after each start",
    on: "workload",
    expected: ["GpuJobRestartStorm"],
    within: 60,
    companions: ["GpuWorkloadPodsFailed"],
    where: ["ml/finetune", "ml/pretrain"],
    strike: ({ workloads: [workload] }) => {
      if (workload) workload.crashes = true;
    },
  },
  ...[13, 43].map(
    (code): FaultClass => ({
      name: `a program's own XID ${code}`,
      on: "workload",
      expected: ["GpuApplicationXid"],
      within: 5,
      companions: ["GpuWorkloadPodsFailed"],
      where: SLOTS,
      lasts: 20,
      strike: ({ workloads: [workload] }, minute, since) => {
        const [pod] = workload?.running ?? [];
        if (since > 0 || !pod?.cards[0]) return;
        reportXid(pod.cards[0], code, minute);
        workload?.stop([pod], "failed");
      },
    }),
  ),
  {
    name: "a program's own XID 31, and another tenant after it",
    on: "workload",
    expected: ["GpuApplicationXid"],
    within: 5,
    companions: ["GpuWorkloadPodsFailed"],
    where: SLOTS,
    lasts: 20,
    strike: ({ workloads: [workload, next] }, minute, since) => {
      if (!workload || since > 1) return;
      const [card] = workload.spec.cards;
      if (since === 0 && card) reportXid(card, 31, minute);
      if (since === 0) return;
      workload.spec.end = minute;
      if (next) next.spec.start = minute + 1;
    },
  },
];
