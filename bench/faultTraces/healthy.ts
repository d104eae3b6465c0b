import { boot, MINUTES, type Node, reportXid, reset } from "./fleet";
import type { Actor, Scene } from "./trace";

/** Out of service for a while, as people and controllers do it: cordoned, drained, worked at, given back. */
export function maintenance(node: Node, from: number, minutes: number, work: Actor): Actor {
  return (minute) => {
    if (minute < from || minute >= from + minutes) return;
    node.now.cordoned = true;
    if (minute >= from + 3) node.now.drained = true;
    if (minute >= from + 5 && minute < from + minutes - 4) work(minute);
  };
}

/** A boot that takes six minutes; the exporter answers two minutes after the kubelet. */
export function reboot(node: Node, at: number, shift = false): Actor {
  return (minute) => {
    const since = minute - at;
    if (since < 0 || since > 8) return;
    if (since < 6) Object.assign(node.now, { running: false, ready: false, exporter: "fails" });
    else node.now.exporter = "absent";
    if (since === 6) boot(node, minute, shift);
  };
}

/** A new driver: pods of the exporter and of the device plugin wait until it is loaded. */
export function newDriver(node: Node, at: number, driver: string): Actor {
  return (minute) => {
    const since = minute - at;
    if (since < 0 || since > 8) return;
    Object.assign(node.now, { exporter: "absent" });
    if (since !== 6) return;
    node.driver = driver;
    for (const card of node.cards) reset(card);
  };
}

const exporterGone = (node: Node, at: number, minutes: number): Actor => {
  return (minute) => {
    if (minute >= at && minute < at + minutes) node.now.exporter = "absent";
  };
};

/** Errors that links and memory correct in the life of a healthy card. */
function addSingleErrors({ fleet, actors }: Scene): void {
  const { random } = fleet;
  actors.push(() => {
    for (const card of fleet.cards) {
      if (random.chance(1 / 180)) card.pcieReplays += 1;
      if (random.chance(1 / 1000)) card.counters.sbe += random.whole(1, 4);
      if (random.chance(1 / 5000)) card.counters.replays += 1;
      if (random.chance(1 / 100)) card.counters.crc += random.whole(1, 50);
    }
  });
}

/** The removal that every end of a program may report. */
function addRemovedPrograms({ fleet, workloads, actors }: Scene): void {
  const { random } = fleet;
  actors.push((minute) => {
    for (const { spec, running } of workloads) {
      if (minute !== spec.end || !random.chance(0.3)) continue;
      for (const card of running.flatMap(({ cards }) => cards)) reportXid(card, 45, minute);
    }
  });
}

/** Readings at the edge that mean nothing: a hot minute, a slow sample. */
function addBlips({ fleet, actors }: Scene): void {
  const { random } = fleet;
  for (let count = 0; count < 3; count += 1) {
    const card = random.one(fleet.cards);
    const at = random.whole(10, MINUTES - 10);
    const [reason, length] = random.one([
      [32, 4],
      [8 + 64, 1],
      [8, 1],
    ] as const);
    actors.push((minute) => {
      if (minute >= at && minute < at + length) card.now.reasons |= reason;
    });
  }
}

function addFailedScrapes({ fleet, actors }: Scene): void {
  const { random } = fleet;
  for (let count = 0; count < 6; count += 1) {
    const node = random.one(fleet.nodes);
    const at = random.whole(5, MINUTES - 5);
    actors.push((minute) => {
      if (minute === at && node.now.exporter === "answers") node.now.exporter = "fails";
    });
  }
}

/** kube-state-metrics starts again on another node. */
function addMovedObjects({ fleet, actors }: Scene): void {
  const at = fleet.random.whole(20, 160);
  actors.push((minute) => {
    if (minute === at) fleet.objectsKnown = false;
    if (minute === at + 1) fleet.objectsFrom = "10.0.0.8:8080";
  });
}

/** A node that joins: the kubelet first, then the driver, the device plugin and the exporter. */
function addNewNode({ fleet, actors }: Scene, name: string): void {
  const node = fleet.node(name);
  const at = fleet.random.whole(20, 60);
  node.created = at * 60;
  node.booted = at * 60;
  actors.push((minute) => {
    if (minute < at) Object.assign(node.now, { exists: false, ready: false });
    else if (minute < at + 6) Object.assign(node.now, { exporter: "absent", offersNothing: true });
    else if (minute < at + 8) Object.assign(node.now, { offersNothing: true });
  });
}

/** A node that somebody repairs already: what is wrong there is no news. */
function addSickNodeOutOfService({ fleet, actors }: Scene, name: string): void {
  const node = fleet.node(name);
  const at = fleet.random.whole(10, 60);
  actors.push((minute) => {
    Object.assign(node.now, { cordoned: true, drained: true });
    const [card, other] = node.cards;
    if (!card || !other || minute < at) return;
    if (minute === at) reportXid(card, 79, minute);
    else card.now.absent = true;
    card.now.dead = true;
    other.now.remapPending = true;
    if (minute > at && minute < at + 20) node.now.exporter = "fails";
  });
}

/** What happens on a healthy fleet; `quiet` nodes are left alone by whoever works at nodes. */
export function addHealthyNoise(scene: Scene, quiet: ReadonlySet<string>): void {
  const { fleet, actors } = scene;
  const { random } = fleet;
  const free = random.shuffled(fleet.nodes.filter(({ name }) => !quiet.has(name)));
  const onFree = (probability: number, add: (node: Node) => void) => {
    const node = random.chance(probability) ? free.pop() : undefined;
    if (node) add(node);
  };
  addSingleErrors(scene);
  addRemovedPrograms(scene);
  addBlips(scene);
  addFailedScrapes(scene);
  addMovedObjects(scene);
  // Only n6: what else runs there is small.
  const n6 = free.findIndex(({ name }) => name === "n6");
  if (n6 >= 0 && random.chance(0.5)) {
    free.splice(n6, 1);
    if (random.chance(0.5)) addNewNode(scene, "n6");
    else addSickNodeOutOfService(scene, "n6");
  }
  onFree(0.6, (node) => {
    const at = random.whole(20, 130);
    actors.push(maintenance(node, at, 25, reboot(node, at + 8, random.chance(0.5))));
  });
  onFree(0.4, (node) => {
    const at = random.whole(20, 130);
    actors.push(maintenance(node, at, 25, newDriver(node, at + 8, "580.200.01")));
  });
  onFree(0.4, (node) => {
    // Somebody looks at it with Nsight.
    const at = random.whole(20, 130);
    actors.push((minute) => {
      if (minute >= at && minute < at + 15) node.now.profiling = false;
    });
  });
  if (random.chance(0.4)) {
    const at = random.whole(20, 140);
    fleet.nodes.forEach((node, number) => {
      actors.push(exporterGone(node, at + 2 * number, 2));
    });
  } else {
    for (let count = 0; count < 3; count += 1) {
      actors.push(exporterGone(random.one(fleet.nodes), random.whole(10, 165), random.whole(1, 2)));
    }
  }
}
