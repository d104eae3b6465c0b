import { addWorkloads } from "./everyday";
import type { FaultClass } from "./faultClass";
import { faultsOfCards } from "./faultsOfCards";
import { faultsOfNodes } from "./faultsOfNodes";
import { faultsOfWork } from "./faultsOfWork";
import { addHealthyNoise } from "./healthy";
import { choices, inject, zones } from "./inject";
import { Random } from "./random";
import type { Trace } from "./trace";

export const faultClasses: readonly FaultClass[] = [...faultsOfCards, ...faultsOfNodes, ...faultsOfWork];

const MOST_IN_A_TRACE = 5;
/** Traces in which nothing is wrong. */
const HEALTHY = 3;

interface Plan {
  free: Set<string>;
  faults: { kind: FaultClass; at: string }[];
}

/** Spreads the faults over as few traces as have place for them, each in a part of the fleet of its own. */
function plans(random: Random): Plan[] {
  const found: Plan[] = [];
  const all = random.shuffled(faultClasses);
  // What takes a whole rack finds a place first.
  const ordered = [...all.filter(({ on }) => on === "rack"), ...all.filter(({ on }) => on !== "rack")];
  for (const kind of ordered) {
    const plan = found.find((candidate) => place(candidate, kind, random)) ?? newPlan();
    if (!plan.faults.some((fault) => fault.kind === kind)) place(plan, kind, random);
  }
  return found;

  function newPlan(): Plan {
    const plan = { free: new Set(Object.keys(zones)), faults: [] };
    found.push(plan);
    return plan;
  }
}

/** Whether there was a place for it. No trace has the same fault twice. */
function place({ free, faults }: Plan, kind: FaultClass, random: Random): boolean {
  if (faults.length === MOST_IN_A_TRACE || faults.some((fault) => fault.kind === kind)) return false;
  const possible = choices(kind).filter((choice) => choice.zones.every((zone) => free.has(zone)));
  if (possible.length === 0) return false;
  const { at, zones: taken } = random.one(possible);
  for (const zone of taken) free.delete(zone);
  faults.push({ kind, at });
  return true;
}

/** The traces of a seed: in some each kind of fault once, in others nothing is wrong. */
export function traces(seed: number): Trace[] {
  const withFaults = plans(new Random(seed)).map(({ free, faults }, number): Trace => {
    const quiet = new Set(
      Object.keys(zones)
        .filter((zone) => !free.has(zone))
        .flatMap((zone) => zones[zone] ?? []),
    );
    return {
      name: `${seed}.${number + 1}`,
      seed: seed * 1_000 + number,
      compose(scene) {
        addWorkloads(scene);
        addHealthyNoise(scene, quiet);
        for (const { kind, at } of faults) inject(kind, at, scene);
      },
    };
  });
  const healthy = Array.from(
    { length: HEALTHY },
    (_, number): Trace => ({
      name: `${seed}.healthy ${number + 1}`,
      seed: seed * 1_000 + 500 + number,
      compose(scene) {
        addWorkloads(scene);
        addHealthyNoise(scene, new Set());
      },
    }),
  );
  return [...withFaults, ...healthy];
}
