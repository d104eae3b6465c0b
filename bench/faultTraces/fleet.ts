import type { Random } from "./random";
import { POWER_LIMIT_WATTS, type Reading, type Work } from "./work";

/** How long a trace is, in minutes, with a sample of everything in each. */
export const MINUTES = 180;
export const GPUS_PER_NODE = 8;
export const CLUSTER = "c1";
export const REGION = "r1";
export const MODEL = "NVIDIA H100 80GB HBM3";

/** Before the trace began, in seconds: promtool's time begins at 0. */
export const LONG_AGO = -900_000;

/** A pod that holds GPUs. */
export interface Holder {
  namespace: string;
  pod: string;
  /** The workload's, not the pod's. */
  workload: string;
}

/** What is so of a GPU in this minute, and in the next one only if somebody says so again. */
export interface CardNow {
  holder: Holder | undefined;
  work: Work;
  load: number;
  memoryMib: number | undefined;
  /** Programs on it fail. */
  dead: boolean;
  /** The exporter does not know it. */
  absent: boolean;
  /** The exporter leaves it out of this scrape. */
  skipped: boolean;
  /** The device plugin does not give it to pods. */
  unhealthy: boolean;
  reasons: number;
  maxMhz: number | undefined;
  celsius: number | undefined;
  memoryCelsius: number | undefined;
  powerLimit: number;
  lanes: number;
  fabric: number;
  recovery: number;
  health: { watch: string; code: string; status: number }[];
  remapFailed: boolean;
  remapPending: boolean;
}

const healthyCard = (): CardNow => ({
  holder: undefined,
  work: "idle",
  load: 1,
  memoryMib: undefined,
  dead: false,
  absent: false,
  skipped: false,
  unhealthy: false,
  reasons: 0,
  maxMhz: undefined,
  celsius: undefined,
  memoryCelsius: undefined,
  powerLimit: POWER_LIMIT_WATTS,
  lanes: 16,
  fabric: 3,
  recovery: 0,
  health: [],
  remapFailed: false,
  remapPending: false,
});

/** A GPU. */
export interface Card {
  node: Node;
  /** The label `gpu`; it may change when the driver is loaded. */
  index: number;
  uuid: string;
  /** How much hotter it gets than others, from -1 to 1: its place in the air. */
  heat: number;
  /** Since the driver was loaded. */
  counters: { energy: number; dbe: number; sbe: number; recoveries: number; replays: number; crc: number };
  pcieReplays: number;
  remappedRows: number;
  xids: { code: number; minute: number }[];
  lastXid: number | undefined;
  /** What the exporter said last, which a frozen one repeats. */
  shown: { series: string; value: number }[];
  reading: Reading | undefined;
  now: CardNow;
}

/** What is so of a node in this minute. */
export interface NodeNow {
  exists: boolean;
  /** Its kernel, and so node-exporter and the kubelet. */
  running: boolean;
  ready: boolean;
  cordoned: boolean;
  /** Nothing but DaemonSets may run there. */
  drained: boolean;
  /** `absent`: there is no pod of it, so no target. */
  exporter: "answers" | "fails" | "absent";
  podsKnown: boolean;
  profiling: boolean;
  frozen: boolean;
  portsDown: number;
  fatalSxid: number;
  nonFatalSxid: number;
  /** Of a new node: its device plugin has not started. */
  offersNothing: boolean;
}

const healthyNode = (): NodeNow => ({
  exists: true,
  running: true,
  ready: true,
  cordoned: false,
  drained: false,
  exporter: "answers",
  podsKnown: true,
  profiling: true,
  frozen: false,
  portsDown: 0,
  fatalSxid: 0,
  nonFatalSxid: 0,
  offersNothing: false,
});

export interface Node {
  name: string;
  rack: string;
  created: number;
  booted: number;
  driver: string;
  cards: Card[];
  linkDowns: number;
  now: NodeNow;
}

const newCounters = () => ({ energy: 0, dbe: 0, sbe: 0, recoveries: 0, replays: 0, crc: 0 });

/** Six nodes with eight GPUs each, in two racks. */
export class Fleet {
  readonly nodes: Node[];
  readonly random: Random;
  /** Nobody knows of objects in this minute. */
  objectsKnown = true;
  objectsFrom = "10.0.0.7:8080";

  constructor(random: Random) {
    this.random = random;
    this.nodes = Array.from({ length: 6 }, (_, number) => {
      const node: Node = {
        name: `n${number + 1}`,
        rack: number < 3 ? "rack-1" : "rack-2",
        created: LONG_AGO,
        booted: LONG_AGO,
        driver: "580.159.04",
        cards: [],
        linkDowns: 0,
        now: healthyNode(),
      };
      node.cards = Array.from({ length: GPUS_PER_NODE }, (_, index) => ({
        node,
        index,
        uuid: `GPU-${node.name}-${index}`,
        heat: random.between(-1, 1),
        counters: { ...newCounters(), energy: random.between(1e10, 1e12), sbe: random.whole(0, 3) },
        pcieReplays: random.whole(0, 40),
        remappedRows: random.chance(0.1) ? random.whole(1, 3) : 0,
        xids: [],
        lastXid: undefined,
        shown: [],
        reading: undefined,
        now: healthyCard(),
      }));
      return node;
    });
  }

  get cards(): Card[] {
    return this.nodes.flatMap(({ cards }) => cards);
  }

  node(name: string): Node {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }

  /** Forgets what was so in the minute before. */
  begin(): void {
    this.objectsKnown = true;
    for (const node of this.nodes) {
      node.now = healthyNode();
      for (const card of node.cards) card.now = healthyCard();
    }
  }
}

/** An XID, which the driver tells and the exporter counts. */
export function reportXid(card: Card, code: number, minute: number): void {
  card.xids.push({ code, minute });
  card.lastXid = code;
}

/** What a reset of the GPU, or a driver that is loaded again, does to it. */
export function reset(card: Card): void {
  card.counters = newCounters();
  card.lastXid = undefined;
}

/** What an exporter that starts does not know any more. */
export const forgetXids = (node: Node): void => {
  for (const card of node.cards) card.xids = [];
};

/** What a boot does; `shift`: the driver numbers the GPUs in another order. */
export function boot(node: Node, minute: number, shift = false): void {
  node.booted = minute * 60;
  forgetXids(node);
  for (const card of node.cards) {
    reset(card);
    if (shift) card.index = (card.index + 1) % GPUS_PER_NODE;
  }
}
