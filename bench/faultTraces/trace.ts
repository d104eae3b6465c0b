import { Fleet, MINUTES } from "./fleet";
import { tellObjects } from "./objects";
import { Random } from "./random";
import { scrape } from "./scrapes";
import { type Input, Samples } from "./series";
import type { Workload } from "./workloads";

/** What happens in a trace, minute by minute; it says what is so in this minute. */
export type Actor = (minute: number) => void;

/** A fault that was put into a trace, and what should be said of it. */
export interface Fault {
  /** The name of its class. */
  name: string;
  /** Any of these alerts tells of it. */
  expected: readonly string[];
  /** So many minutes after it began. */
  within: number;
  /** Alerts that may come with it and are no false alarms. */
  companions: readonly string[];
  /** When it began and ended, in minutes. */
  from: number;
  until: number;
  nodes: readonly string[];
  /** Empty: all of the nodes'. */
  uuids: readonly string[];
  /** `namespace/name`, those that it is a fault of, and those that it hit. */
  workloads: Set<string>;
  rack: string | undefined;
}

/** What is in a trace besides healthy GPUs. */
export interface Scene {
  fleet: Fleet;
  workloads: Workload[];
  /** Before the workloads in each minute. */
  actors: Actor[];
  faults: Fault[];
}

export interface Trace {
  name: string;
  seed: number;
  compose(scene: Scene): void;
}

export interface PlayedTrace {
  name: string;
  input: Input;
  faults: Fault[];
}

/** What a trace has at its beginning, and what will happen. */
export function sceneOf({ seed, compose }: Trace): Scene {
  const scene: Scene = { fleet: new Fleet(new Random(seed)), workloads: [], actors: [], faults: [] };
  compose(scene);
  return scene;
}

/** Plays a trace from its first minute. */
export function play(trace: Trace, minutes = MINUTES): PlayedTrace {
  const scene = sceneOf(trace);
  const { fleet, workloads, actors, faults } = scene;
  const samples = new Samples(minutes);
  for (let minute = 0; minute < minutes; minute += 1) {
    fleet.begin();
    for (const actor of actors) actor(minute);
    for (const workload of workloads) workload.claim();
    for (const workload of workloads) workload.step(minute);
    for (const fault of faults) noteHit(fault, scene, minute);
    scrape(fleet, minute, samples);
    tellObjects(fleet, workloads, minute, samples);
  }
  return { name: trace.name, input: samples.input(), faults };
}

/** Whose work a fault of hardware ended or held up. */
function noteHit(fault: Fault, { fleet }: Scene, minute: number): void {
  if (minute < fault.from || minute > fault.until) return;
  for (const { node, uuid, now } of fleet.cards) {
    const isHit = fault.nodes.includes(node.name) && (fault.uuids.length === 0 || fault.uuids.includes(uuid));
    if (isHit && now.holder) fault.workloads.add(`${now.holder.namespace}/${now.holder.workload}`);
  }
}
