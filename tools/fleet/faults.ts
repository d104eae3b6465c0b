import { type GpuCondition, xidMessages } from "./metrics";

/** A request that cannot be done; becomes an HTTP 400 that names what would be. */
export class RequestError extends Error {
  readonly allowed: readonly (string | number)[];

  constructor(message: string, allowed: readonly (string | number)[]) {
    super(message);
    this.allowed = allowed;
  }
}

/** The kinds of fault and what each changes, at the addressed GPU only. */
export const faultKinds = {
  xid: "an XID with `code` (default 79) is the last one and is counted",
  dbe: "double-bit errors come, one a minute",
  storm: "single-bit errors come, a hundred a second",
  remap: "rows cannot be replaced any more, and the driver wants a reset",
  thermal: "the GPU is over its limit, and slowed down by its hardware",
  brake: "the power is held back from outside, and clocks fall",
  nvlink: "NVLink recovers again and again, one time a minute",
  hang: "every kernel waits: 100 % used, no work, a sixth of the power",
  lost: "the GPU's series vanish",
  frozen: "the GPU's values stay as they are",
  unmapped: "which pods hold the node's GPUs is not known; takes no `gpu`",
  down: "the node's scrapes answer 500; takes no `gpu`",
} as const;

export type FaultKind = keyof typeof faultKinds;

export interface Fault {
  kind: FaultKind;
  node: string;
  /** Without it, every GPU of the node. */
  gpu?: number;
  /** The code of an `xid`. */
  code?: number;
  /** When it was switched on, in seconds since 1970. */
  since: number;
}

export interface FaultLimits {
  nodes: readonly string[];
  gpusPerNode: number;
  nvlink: boolean;
}

/** Names for a message: all, or the first and the last of very many. */
export function abbreviate(names: readonly string[]): readonly string[] {
  return names.length <= 16 ? names : [names[0] ?? "", "…", names.at(-1) ?? ""];
}

const kinds = Object.keys(faultKinds) as FaultKind[];
const ofNodes: readonly FaultKind[] = ["down", "unmapped"];
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

function parseKind(text: string): FaultKind {
  const kind = kinds.find((known) => known === text);
  if (kind === undefined) throw new RequestError(`unknown fault '${text}'`, kinds);
  return kind;
}

function parseNumber(query: URLSearchParams, name: string, allowed: readonly number[]): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!allowed.includes(number)) throw new RequestError(`${name} '${text}' does not exist`, allowed);
  return number;
}

function parseAddress(kind: FaultKind, query: URLSearchParams, limits: FaultLimits, extra: readonly string[]) {
  const parameters = ["node", ...(ofNodes.includes(kind) ? [] : ["gpu"]), ...extra];
  for (const name of query.keys()) {
    if (!parameters.includes(name)) throw new RequestError(`'${kind}' takes no parameter '${name}'`, parameters);
  }
  const node = query.get("node");
  if (node !== null && !limits.nodes.includes(node))
    throw new RequestError(`node '${node}' does not exist`, abbreviate(limits.nodes));
  const gpu = parseNumber(query, "gpu", range(limits.gpusPerNode));
  if (node === null && gpu !== undefined) throw new RequestError("gpu needs its node", ["node"]);
  return { node, gpu };
}

/** The faults that are switched on. */
export class Faults {
  private readonly limits: FaultLimits;
  private readonly active = new Map<string, Fault>();

  constructor(limits: FaultLimits) {
    this.limits = limits;
  }

  list(): Fault[] {
    return [...this.active.values()];
  }

  /** Switches one on; again with another code, it changes the code. */
  set(kindText: string, query: URLSearchParams, now: number): Fault {
    const kind = parseKind(kindText);
    const { node, gpu } = parseAddress(kind, query, this.limits, kind === "xid" ? ["code"] : []);
    if (node === null) throw new RequestError("node is missing", abbreviate(this.limits.nodes));
    if (kind === "nvlink" && !this.limits.nvlink) {
      throw new RequestError(
        "this GPU model has no NVLink",
        kinds.filter((other) => other !== "nvlink"),
      );
    }
    const codes = Object.keys(xidMessages).map(Number);
    const code = kind === "xid" ? (parseNumber(query, "code", codes) ?? 79) : undefined;
    const key = JSON.stringify([kind, node, gpu]);
    const fault: Fault = {
      kind,
      node,
      ...(gpu === undefined ? {} : { gpu }),
      ...(code === undefined ? {} : { code }),
      // Repeated, it goes on: frozen values must not jump.
      since: this.active.get(key)?.since ?? now,
    };
    this.active.set(key, fault);
    return fault;
  }

  /** Switches off those of a kind, of a node or GPU where the query names one; without a kind, all. Returns how many. */
  clear(kindText: string | undefined, query: URLSearchParams): number {
    if (kindText === undefined) {
      const count = this.active.size;
      this.active.clear();
      return count;
    }
    const kind = parseKind(kindText);
    const { node, gpu } = parseAddress(kind, query, this.limits, []);
    const matches = [...this.active].filter(
      ([, fault]) =>
        fault.kind === kind && (node === null || fault.node === node) && (gpu === undefined || fault.gpu === gpu),
    );
    for (const [key] of matches) this.active.delete(key);
    return matches.length;
  }

  /** Whether a fault of a whole node is switched on there. */
  has(kind: "down" | "unmapped", node: string): boolean {
    return this.list().some((fault) => fault.kind === kind && fault.node === node);
  }

  /** What a scrape at `now` shows of a GPU; `undefined` when it is lost. */
  view(node: string, gpu: number, now: number): { time: number; condition: GpuCondition } | undefined {
    const own = this.list().filter((fault) => fault.node === node && (fault.gpu === undefined || fault.gpu === gpu));
    // The fault of this GPU counts before one of its whole node.
    const find = (kind: FaultKind) =>
      own
        .filter((fault) => fault.kind === kind)
        .sort((a, b) => Number(b.gpu !== undefined) - Number(a.gpu !== undefined))[0];
    if (find("lost")) return undefined;
    const sinceOf = { eccErrorsSince: "dbe", eccStormSince: "storm", nvlinkErrorsSince: "nvlink" } as const;
    const started = Object.entries(sinceOf).flatMap(([name, kind]) => {
      const since = find(kind)?.since;
      return since === undefined ? [] : [[name, since]];
    });
    const xid = find("xid")?.code;
    return {
      time: find("frozen")?.since ?? now,
      condition: {
        ...(xid === undefined ? {} : { xid }),
        ...Object.fromEntries(started),
        rowRemapFailed: find("remap") !== undefined,
        overheated: find("thermal") !== undefined,
        powerBrake: find("brake") !== undefined,
        hung: find("hang") !== undefined,
      },
    };
  }
}
