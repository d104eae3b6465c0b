import { domainRules } from "../../components/gpu/rules/domains";
import { exporterUp } from "./gpuCardFixtures";
import { cordoned, event, knownNode, once, proveStory, withBase, xid } from "./gpuFaultInput";
import { type Input, proveAlert, proveRecord } from "./promtool";

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
    quiet: "16m",
    fires: {
      at: "17m",
      alerts: [
        {
          labels: { cluster: "c1", region: "r1", failure_domain: "rack1" },
          summary: "GPUs fail all over rack1.",
          description:
            "3 nodes of failure domain rack1, at least three of ten, have GPUs that failed within half an hour, or went dark with them. Look for what they share: power, cooling, NVLink switches, a driver that was rolled out.",
        },
      ],
    },
    silent: [
      { why: "three of eleven", input: { ...nodes(1, 11), ...faults(1, 3) } },
      { why: "two of two", input: { ...nodes(1, 2), ...faults(1, 2) } },
      {
        why: "two, and a scrape that fails",
        input: { ...nodes(1, 9), ...faults(1, 2), ...nodes(10, 10, "rack1", "1x10 0x3 1x60") },
      },
      {
        why: "one fault, and exporters that fail",
        input: { ...nodes(1, 5), ...faults(1, 1), ...nodes(6, 10, "rack1", "1x10 0x60") },
      },
      {
        why: "an old fault, and exporters that fail",
        input: { ...nodes(1, 5), ...faults(1, 1), ...nodes(6, 10, "rack1", "1x50 0x60") },
        until: "70m",
      },
      {
        why: "two, and an exporter that is there for a moment and never answers",
        input: { ...nodes(1, 9), ...faults(1, 2), ...nodes(10, 10, "rack1", "_x10 0x3 stale") },
      },
      {
        why: "faults one after another that nobody mends, also when none was known for a moment",
        input: {
          ...nodes(1, 5, "rack1", "1x99 stale _x8 1x60"),
          ...merged([1, 2, 3, 4].map((node) => event(79, node * 25 - 20, { node: `n${node}` }))),
        },
        until: "140m",
      },
      {
        why: "old faults that repeat",
        input: {
          ...nodes(1, 5),
          ...xid(119, "_x5 1x4 stale _x29 1x80", { node: "n1" }),
          ...xid(119, "_x20 1x100", { node: "n2" }),
          ...event(79, 60, { node: "n3" }),
        },
        until: "80m",
      },
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
    ].map((silent) => ({ until: "40m", ...silent })),
  });
  proveRecord(rules, "failure_domain:gpu_fault_nodes:count", {
    input: { ...nodes(1, 10), ...faults(1, 4), ...nodes(11, 20, "rack2"), ...faults(11, 12, "rack2") },
    at: "12m",
    samples: { '{cluster="c1", region="r1", failure_domain="rack1"}': 4 },
  });
  proveStory(
    rules,
    "GpuDomainFaults goes on until somebody is at the nodes",
    {
      ...nodes(1, 10, "rack1", "1x200"),
      ...faults(1, 4),
      ...merged(numbers(1, 2).map((node) => cordoned("0x119 1x60", `n${node}`))),
    },
    [
      { at: "14m", firing: { GpuDomainFaults: 1 } },
      { at: "100m", firing: { GpuDomainFaults: 1 } },
      { at: "140m", firing: {} },
    ],
  );
});
