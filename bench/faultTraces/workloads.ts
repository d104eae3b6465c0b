import { type Card, GPUS_PER_NODE, type Holder, type Node } from "./fleet";
import type { Work } from "./work";

/** A pod with GPUs; failed ones stay. */
export interface Pod {
  name: string;
  namespace: string;
  owner: { kind: string; name: string };
  /** Which of the workload's. */
  index: number;
  asks: number;
  /** Undefined: none was found yet. */
  node: Node | undefined;
  phase: "Pending" | "Running" | "Failed";
  /** In seconds. */
  created: number;
  /** The minute; only if it runs. */
  started: number;
  /** Of its container, in place. */
  restarts: number;
  cards: Card[];
}

/** What a card of a workload does at a moment; `minute` counts from when it was started last. */
export type Course = (minute: number, rank: number) => { work: Work; load?: number; memoryMib?: number };

export interface WorkloadSpec {
  name: string;
  namespace: string;
  /** Pods of a Job wait for each other, and fail together; those of a Deployment do not. */
  kind: "Job" | "Deployment";
  cards: readonly Card[];
  start: number;
  end: number;
  course: Course;
}

/** How long the others wait for a rank that is gone until they give up: PyTorch's default for NCCL. */
const COLLECTIVE_TIMEOUT = 10;
/** From the container's start to the first kernel: data, model, compilation. */
const START_MINUTES = 3;
/** Between two starts of a container that fails [judgement]. */
const BACK_OFF_MINUTES = 5;

/** A workload with its pods over time: it is started, loses GPUs, fails, and is started again where there is place. */
export class Workload {
  readonly spec: WorkloadSpec;
  readonly pods: Pod[] = [];
  /** What faults of the workload itself make of its course. */
  override: Course | undefined;
  /** It ends by its own error a few minutes after each start. */
  crashes = false;
  private attempt = 0;
  private hitAt: number | undefined;
  private waitUntil = 0;

  constructor(spec: WorkloadSpec) {
    this.spec = spec;
  }

  get key(): string {
    return `${this.spec.namespace}/${this.spec.name}`;
  }

  get running(): Pod[] {
    return this.pods.filter(({ phase }) => phase === "Running");
  }

  /** Ends what runs, as a deletion or an error; `Failed` pods stay as they are. */
  stop(pods: readonly Pod[], outcome: "deleted" | "failed"): void {
    for (const pod of pods) {
      for (const { now } of pod.cards) if (now.holder?.pod === pod.name) now.holder = undefined;
      if (outcome === "failed") pod.phase = "Failed";
      else this.pods.splice(this.pods.indexOf(pod), 1);
    }
  }

  /** Says who holds what, before anybody looks for free GPUs. */
  claim(): void {
    for (const pod of this.running) for (const card of pod.cards) card.now.holder = this.holderOf(pod);
  }

  step(minute: number): void {
    const { start, end, kind } = this.spec;
    if (minute < start) return;
    if (minute >= end) {
      this.stop([...this.running, ...this.pods.filter(({ phase }) => phase === "Pending")], "deleted");
      return;
    }
    if (kind === "Job") this.stepTogether(minute);
    else this.stepEach(minute);
    for (const pod of this.running) for (const card of pod.cards) this.use(card, pod, minute);
  }

  private groups(): Card[][] {
    if (this.spec.kind === "Deployment") return this.spec.cards.map((card) => [card]);
    const nodes = [...new Set(this.spec.cards.map(({ node }) => node))];
    return nodes.map((node) => this.spec.cards.filter((card) => card.node === node));
  }

  private stepTogether(minute: number): void {
    const { running } = this;
    const isHit = running.some((pod) => isBroken(pod) || pod.node?.now.running === false);
    if (running.some(isEvicted)) {
      this.stop(running.filter(isReachable), "deleted");
      this.again(minute, 1);
    } else if (this.hitAt !== undefined || isHit) {
      this.hitAt ??= minute;
      const alone = this.spec.cards.length === 1;
      if (alone || minute - this.hitAt >= COLLECTIVE_TIMEOUT) {
        this.stop(running.filter(isReachable), "failed");
        this.again(minute, 2);
      }
    } else if (this.crashes && running.length > 0 && this.age(minute) > START_MINUTES + 2) {
      this.stop(running, "failed");
      this.again(minute, 1);
    }
    this.schedule(minute);
  }

  private stepEach(minute: number): void {
    for (const pod of this.running) {
      if (isEvicted(pod)) this.stop([pod], "deleted");
      else if (isBroken(pod) && minute - pod.started >= BACK_OFF_MINUTES) {
        pod.restarts += 1;
        pod.started = minute;
      }
    }
    this.schedule(minute);
  }

  private again(minute: number, pause: number): void {
    this.hitAt = undefined;
    this.waitUntil = minute + pause;
  }

  /** Makes the pods that are missing, and starts those that find a place. */
  private schedule(minute: number): void {
    if (minute < this.waitUntil || this.hitAt !== undefined) return;
    const groups = this.groups();
    for (const [index, cards] of groups.entries()) {
      const here = this.pods.find((pod) => pod.phase !== "Failed" && pod.index === index);
      const pod = here ?? this.create(index, cards, minute);
      const node = cards[0]?.node;
      const given = pod.phase === "Pending" && node !== undefined ? offered(node, cards) : undefined;
      if (given === undefined) continue;
      Object.assign(pod, { phase: "Running", node, started: minute, cards: given });
      for (const card of given) card.now.holder = this.holderOf(pod);
    }
  }

  private create(index: number, cards: Card[], minute: number): Pod {
    this.attempt += 1;
    const { name, namespace, kind } = this.spec;
    const pod: Pod = {
      name: `${name}-${index}-${this.attempt}`,
      namespace,
      owner: kind === "Job" ? { kind, name } : { kind: "ReplicaSet", name: `${name}-5d9f7c` },
      index,
      asks: cards.length,
      node: undefined,
      phase: "Pending",
      created: minute * 60,
      started: minute,
      restarts: 0,
      cards,
    };
    this.pods.push(pod);
    return pod;
  }

  private holderOf(pod: Pod): Holder {
    return { namespace: pod.namespace, pod: pod.name, workload: this.spec.name };
  }

  /** Since the last of its pods was started, in minutes. */
  private age(minute: number): number {
    return minute - Math.max(...this.running.map(({ started }) => started));
  }

  private use(card: Card, pod: Pod, minute: number): void {
    const { course, kind } = this.spec;
    const age = kind === "Job" ? this.age(minute) : minute - pod.started;
    const rank = pod.index * GPUS_PER_NODE + pod.cards.indexOf(card);
    const complete = kind === "Deployment" || this.running.length === this.groups().length;
    if (this.hitAt !== undefined) Object.assign(card.now, { work: "wait", memoryMib: 60_000 });
    else if (!complete || age < START_MINUTES) Object.assign(card.now, { work: "held", memoryMib: 1_500 });
    else Object.assign(card.now, (this.override ?? course)(age, rank));
  }
}

const isEvicted = ({ node }: Pod) => node?.now.drained === true && node.now.ready;
const isBroken = ({ cards }: Pod) => cards.some(({ now }) => now.dead || now.absent);
/** Pods on a node whose kubelet does not answer stay as they were. */
const isReachable = ({ node }: Pod) => node?.now.ready !== false;

/** The cards that the device plugin gives to a pod: those that were meant for it, or others if they are broken. */
function offered(node: Node, cards: readonly Card[]): Card[] | undefined {
  const { now } = node;
  if (!now.exists || !now.running || !now.ready || now.cordoned || now.offersNothing) return undefined;
  const free = node.cards.filter((card) => !card.now.unhealthy && !card.now.absent && card.now.holder === undefined);
  const meant = free.filter((card) => cards.includes(card));
  const others = free.filter((card) => !cards.includes(card));
  const given = [...meant, ...others].slice(0, cards.length);
  return given.length === cards.length ? given : undefined;
}
