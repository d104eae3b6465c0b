import type { FaultClass, Target } from "./faultClass";
import { MINUTES } from "./fleet";
import { maintenance, reboot } from "./healthy";
import type { Scene } from "./trace";
import type { Workload } from "./workloads";

/** Nodes that are used for the same, or together. One fault at a time is put into each. */
export const zones: Readonly<Record<string, readonly string[]>> = {
  pretrain: ["n1", "n2"],
  serving: ["n3"],
  lab: ["n4"],
  finetune: ["n5"],
  rest: ["n6"],
};

const RACKS: Readonly<Record<string, readonly string[]>> = {
  "rack-1": ["pretrain", "serving"],
  "rack-2": ["lab", "finetune", "rest"],
};

/** Where a class can be put: each choice with the zones that it takes. */
export function choices({ on, where }: FaultClass): { at: string; zones: readonly string[] }[] {
  if (on === "rack") return Object.entries(RACKS).map(([at, taken]) => ({ at, zones: taken }));
  if (on === "workload") {
    return (where ?? []).map((at) => ({ at, zones: [at.includes("lab") ? "lab" : (at.split("/")[1] ?? "")] }));
  }
  return Object.entries(zones).flatMap(([zone, nodes]) =>
    nodes.filter((node) => where?.includes(node) ?? true).map((at) => ({ at, zones: [zone] })),
  );
}

/** Of the slots of small jobs, the one that runs at a moment and the one that follows. */
function workloadsAt(workloads: readonly Workload[], at: string, minute: number): Workload[] {
  const matching = workloads.filter(({ key }) => key === at || key.startsWith(`${at}-`));
  const index = matching.findIndex(({ spec }) => spec.start + 5 <= minute && spec.end > minute + 2);
  return index < 0 ? matching.slice(0, 2) : matching.slice(index, index + 2);
}

/** Puts a fault into a scene. */
export function inject(kind: FaultClass, at: string, scene: Scene): void {
  const { fleet, workloads, actors, faults } = scene;
  const { random } = fleet;
  const ofWork = kind.on === "workload";
  const nodes = fleet.nodes.filter(({ name, rack }) => !ofWork && (name === at || rack === at));
  const all = nodes.flatMap(({ cards }) => cards);
  // The first four of each node are in use.
  const cards = kind.on === "card" ? [random.one(all.slice(0, 4))] : all;
  const latest = MINUTES - 10 - Math.max(kind.within + 5, kind.lasts ?? 0, kind.repaired ? 70 : 0);
  let from = random.whole(35, Math.max(40, latest));
  const target: Target = { nodes, cards, workloads: ofWork ? workloadsAt(workloads, at, from) : [] };
  const [workload] = target.workloads;
  if (workload && (workload.spec.start + 5 > from || workload.spec.end < from + 2)) from = workload.spec.start + 5;
  let until = Math.min(MINUTES, from + (kind.lasts ?? MINUTES));
  const repaired = kind.repaired === true && random.chance(0.6);
  const [node] = nodes;
  if (repaired && node) {
    const begins = from + random.whole(20, 40);
    until = begins + 14;
    actors.push(maintenance(node, begins, 27, reboot(node, begins + 8)));
  }
  actors.push((minute) => {
    if (minute >= from && minute < until) kind.strike(target, minute, minute - from);
  });
  faults.push({
    name: kind.name,
    expected: kind.expected,
    within: kind.within,
    companions: kind.companions ?? [],
    from,
    until,
    nodes: nodes.map(({ name }) => name),
    uuids: kind.on === "card" ? cards.map(({ uuid }) => uuid) : [],
    workloads: new Set(workload ? [workload.key] : []),
    rack: kind.on === "rack" ? at : undefined,
  });
}
