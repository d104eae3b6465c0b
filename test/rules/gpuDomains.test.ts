import { domainRules } from "../../components/gpu/rules/domains";
import { exporterUp } from "./gpuCardFixtures";
import { cordoned, knownNode, once, withBase } from "./gpuFaultInput";
import { type Input, proveAlert } from "./promtool";

const rules = withBase(domainRules());

const merged = (inputs: readonly Input[]): Input => Object.assign({}, ...inputs);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Nodes of a rack whose exporters answer. */
const nodes = (from: number, to: number, domain = "rack1", at = "1x90") =>
  merged(numbers(from, to).map((node) => exporterUp(`n${node}`, domain, at)));
const faults = (from: number, to: number, domain = "rack1") =>
  merged(numbers(from, to).map((node) => once(79, { node: `n${node}`, domain })));

describe("rules: GPUs, failure domains", () => {
  proveAlert(rules, "GpuDomainFaults", {
    // One node goes dark before its XID is seen.
    input: {
      ...nodes(1, 9),
      ...faults(1, 2),
      ...nodes(10, 10, "rack1", "1x10 0x60"),
      ...nodes(11, 20, "rack2"),
      ...faults(11, 12, "rack2"),
    },
    quiet: "12m",
    fires: {
      at: "14m",
      alerts: [
        {
          labels: { cluster: "c1", region: "r1", failure_domain: "rack1" },
          summary: "GPUs fail all over rack1.",
          description:
            "3 nodes of failure domain rack1, at least three of ten, have GPUs that failed, or went dark at the same time. Look for what they share: power, cooling, NVLink switches, a driver that was rolled out.",
        },
      ],
    },
    silent: [
      { why: "three of eleven", input: { ...nodes(1, 11), ...faults(1, 3) } },
      { why: "two of two", input: { ...nodes(1, 2), ...faults(1, 2) } },
      { why: "exporters alone", input: { ...nodes(1, 5), ...nodes(6, 10, "rack1", "1x10 0x60") } },
      { why: "nodes of which nobody knows what they share", input: { ...nodes(1, 5, ""), ...faults(1, 5, "") } },
      {
        why: "nodes in different clusters' racks",
        input: { ...nodes(1, 4, "a"), ...nodes(5, 8, "b"), ...faults(4, 5, "a"), ...faults(5, 6, "b") },
      },
      {
        why: "nodes that are upgraded",
        input: {
          ...nodes(1, 5),
          ...faults(1, 3),
          ...merged(numbers(1, 3).map((node) => cordoned("1x90", `n${node}`))),
        },
      },
      {
        why: "a driver that is loaded again on three nodes, cordoned one after another",
        input: {
          ...nodes(1, 5),
          ...merged(
            numbers(6, 8).map((node) => ({
              ...exporterUp(`n${node}`, "rack1", "1x20 0x10 1x60"),
              ...knownNode(`n${node}`),
            })),
          ),
        },
      },
    ].map((silent) => ({ ...silent, until: "40m" })),
  });
});
