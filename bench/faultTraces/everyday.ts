import type { Card, Fleet } from "./fleet";
import { MINUTES } from "./fleet";
import type { Random } from "./random";
import type { Scene } from "./trace";
import { type Course, Workload } from "./workloads";

/** Every so often a job writes a checkpoint, or evaluates on one rank while the others wait. */
function training(random: Random): Course {
  const checkpoint = random.whole(25, 45);
  const evaluation = random.chance(0.5) ? random.whole(50, 80) : Number.POSITIVE_INFINITY;
  const mean = random.between(0.55, 0.95);
  const stages = random.chance(0.4) ? random.between(0.01, 0.05) : 0;
  const stall = random.whole(20, 150);
  const loads = Array.from({ length: MINUTES }, () => random.between(-0.08, 0.05));
  return (minute, rank) => {
    const memoryMib = 62_000;
    if (minute % checkpoint > checkpoint - 3) return { work: "held", memoryMib };
    if (minute > evaluation && minute % evaluation < 8) return { work: rank === 0 ? "serve" : "wait", memoryMib };
    if (minute >= stall && minute < stall + 4) return { work: "starved", memoryMib };
    const load = Math.min(1, mean + (loads[minute] ?? 0) - stages * (rank % 2));
    return { work: "train", load, memoryMib };
  };
}

/** Requests come in waves, with quiet minutes between them. */
function serving(random: Random): Course {
  const period = random.whole(20, 70);
  const quiet = random.between(0, 0.3);
  return (minute) => ({
    work: (minute % period) / period < quiet ? "held" : "serve",
    memoryMib: 70_000,
  });
}

const course = (random: Random): Course => {
  const work = random.one(["train", "copy", "starved", "held"] as const);
  const load = random.between(0.3, 1);
  return () => ({ work, load, memoryMib: work === "held" ? 20_000 : 40_000 });
};

const cardsOf = (fleet: Fleet, node: string, from = 0, to = 8): Card[] => fleet.node(node).cards.slice(from, to);

/** What the fleet is used for: large and small jobs, servers of a model, and GPUs that nobody has. */
export function addWorkloads({ fleet, workloads, actors }: Scene): void {
  const { random } = fleet;
  const add = (workload: Workload) => workloads.push(workload);
  add(
    new Workload({
      name: "pretrain",
      namespace: "ml",
      kind: "Job",
      cards: [...cardsOf(fleet, "n1"), ...cardsOf(fleet, "n2")],
      start: 0,
      end: random.chance(0.3) ? random.whole(130, 175) : MINUTES,
      course: training(random),
    }),
  );
  const server = new Workload({
    name: "chat",
    namespace: "serving",
    kind: "Deployment",
    cards: cardsOf(fleet, "n3", 0, 6),
    start: 0,
    end: MINUTES,
    course: serving(random),
  });
  add(server);
  const rollout = random.whole(20, 150);
  // One pod after the other.
  actors.push((minute) => {
    const step = minute - rollout;
    if (step < 0 || step % 3 !== 0 || step / 3 >= 6) return;
    server.stop(
      server.running.filter(({ index }) => index === step / 3),
      "deleted",
    );
  });
  for (let slot = 0; slot < 4; slot += 1) addSmallJobs(slot);
  add(
    new Workload({
      name: "finetune",
      namespace: "ml",
      kind: "Job",
      cards: cardsOf(fleet, "n5"),
      start: random.whole(0, 30),
      end: MINUTES,
      course: training(random),
    }),
  );
  add(
    new Workload({
      name: "embed",
      namespace: "batch",
      kind: "Job",
      cards: cardsOf(fleet, "n6", 0, 4),
      start: random.whole(0, 10),
      end: random.chance(0.5) ? random.whole(90, 170) : MINUTES,
      course: () => ({ work: "copy", memoryMib: 30_000 }),
    }),
  );

  function addSmallJobs(slot: number): void {
    let minute = random.whole(0, 15);
    for (let number = 0; minute < MINUTES; number += 1) {
      const end = minute + random.whole(15, 60);
      const cards = cardsOf(fleet, "n4", 2 * slot, 2 * slot + 2);
      const spec = { namespace: "lab", kind: "Job" as const, cards, start: minute, end, course: course(random) };
      add(new Workload({ ...spec, name: `try-${slot}-${number}` }));
      minute = end + random.whole(1, 15);
    }
  }
}
