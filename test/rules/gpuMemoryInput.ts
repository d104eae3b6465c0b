import { memoryErrorRules } from "../../components/gpu/rules/memoryErrors";
import type { SignalName } from "../../components/gpu/signals";
import { type Card, card, exporterUp } from "./gpuCardFixtures";
import { context, cordoned, energy, event, once, withBase } from "./gpuFaultInput";
import type { Input } from "./promtool";

/** The rules about memory, with those that they build on. */
export const rules = withBase(memoryErrorRules(context()));

/** Those of the lowest profile. */
export const essential = withBase(
  memoryErrorRules(context("essential")).map((group) => ({
    ...group,
    rules: group.rules.filter(({ expr }) => !/SRM|UNREPAIRABLE/.test(expr)),
  })),
);

/** How texts name the GPU. */
export const H100 = "GPU 0 (GPU-n1-0, NVIDIA H100 80GB HBM3) of node n1";

/** The exporter of its node answers. */
export const up = exporterUp();

/** A signal of a GPU. */
export const of = (metric: SignalName, at: string, card0: Card = {}): Input => ({ [card(metric, card0)]: at });

/** Nothing must fire for a node that somebody is at, nor when the fault is over. */
export const over = (code: number) => [
  { why: "a node that is cordoned", input: { ...once(code), ...up, ...cordoned() } },
  {
    why: "a reset soon after",
    input: { ...event(code, 1), ...up, ...energy("1000+9x5 stale _x2 5+9x60") },
  },
];
