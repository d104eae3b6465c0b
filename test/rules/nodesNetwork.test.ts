import { nodeRules } from "../../components/prometheus/rules/nodes";
import { exporter, proveOfNodes } from "./nodeFixtures";
import type { AlertProof, Input } from "./promtool";

const n1 = { cluster: "c1", node: "n1" };
const ens32 = { ...n1, device: "ens32" };

/** What a card counts, and how many packets it has in all. */
const card = (direction: string, what: string, bad: string, packets = "0+60000x60", device = "ens32"): Input => ({
  [exporter(`node_network_${direction}_${what}_total`, `device="${device}"`)]: bad,
  [exporter(`node_network_${direction}_packets_total`, `device="${device}"`)]: packets,
});

const changes = (values: string, device = "ens32"): Input => ({
  [exporter("node_network_carrier_changes_total", `device="${device}"`)]: values,
});

const up = (values: string, device = "ens32"): Input => ({
  [exporter("node_network_up", `device="${device}"`)]: values,
  [exporter("node_network_info", `device="${device}", adminstate="up", operstate="up"`)]: "1x120",
});

const allowance = (name: string, values: string): Input => ({
  [exporter(`node_ethtool_${name}_allowance_exceeded`, 'device="ens32"')]: values,
});

const connections = (entries: number, limit: number): Input => ({
  [exporter("node_nf_conntrack_entries")]: `${entries}x60`,
  [exporter("node_nf_conntrack_entries_limit")]: `${limit}x60`,
});

describe("rules: nodes, network", () => {
  const prove = (alert: string, proof: AlertProof) => proveOfNodes(nodeRules(), alert, proof);

  for (const [alert, direction] of [
    ["NodeNetworkReceiveErrs", "receive"],
    ["NodeNetworkTransmitErrs", "transmit"],
  ] as const) {
    const errors = (bad: string, packets?: string, device?: string) => card(direction, "errs", bad, packets, device);
    prove(alert, {
      input: errors("0+72x60"),
      quiet: "38m",
      fires: {
        at: "39m",
        alerts: [
          {
            labels: ens32,
            summary: `Interface ens32 of node n1 has ${direction} errors.`,
            description: `0.12% of the packets that interface ens32 of node n1 ${direction}s are damaged: a card, a cable or a driver fails. Collectives run at the pace of the slowest link.`,
          },
        ],
      },
      silent: [
        { why: "one in 1200", input: errors("0+90x60", "0+108000x60") },
        { why: "an idle card with one error a minute", input: errors("0+1x60", "0+10x60") },
        { why: "a pod's interface", input: errors("0+120x60", "0+60000x60", "eni0a1b2c3d4e5") },
        { why: "for fifteen minutes", input: errors("0+120x15 1800x60") },
      ],
    });
  }

  prove("NodeNetworkDrops", {
    input: { ...card("receive", "drop", "0+720x60"), ...card("transmit", "drop", "0+780x60") },
    quiet: "37m",
    fires: {
      at: "39m",
      alerts: [
        {
          labels: { ...ens32, direction: "receive" },
          summary: "Interface ens32 of node n1 drops packets.",
          description:
            "Interface ens32 of node n1 drops 1.2% of its packets (direction: receive): the node does not keep up with them, and connections slow down.",
        },
        {
          labels: { ...ens32, direction: "transmit" },
          summary: "Interface ens32 of node n1 drops packets.",
          description:
            "Interface ens32 of node n1 drops 1.3% of its packets (direction: transmit): the node does not keep up with them, and connections slow down.",
        },
      ],
    },
    silent: [
      {
        why: "one in 120",
        input: {
          ...card("receive", "drop", "0+1000x60", "0+120000x60"),
          ...card("transmit", "drop", "0+1000x60", "0+120000x60"),
        },
      },
      {
        why: "an idle card that drops what it does not know",
        input: {
          ...card("receive", "drop", "0+480x60", "0+600x60"),
          ...card("transmit", "drop", "0+480x60", "0+600x60"),
        },
      },
      { why: "a bridge", input: card("receive", "drop", "0+1200x60", "0+60000x60", "docker0") },
      { why: "errors, which are the other alerts'", input: card("receive", "errs", "0+1200x60") },
      { why: "for fifteen minutes", input: card("receive", "drop", "0+1200x15 18000x60") },
    ],
  });

  prove("NodeNetworkInterfaceFlapping", {
    input: changes("2x9 3 4x8 5 6x8 7x60"),
    quiet: "29m",
    fires: {
      at: "30m",
      alerts: [
        {
          labels: ens32,
          summary: "Interface ens32 of node n1 loses its link again and again.",
          description:
            "The link of interface ens32 of node n1 went or came back 5 times within an hour: a cable, a transceiver or a switch port fails. Each time collectives that use it hang or die.",
        },
      ],
    },
    silent: [
      { why: "lost and found twice", input: changes("2x9 3 4x8 5 6x100"), until: "90m" },
      { why: "once an hour", input: changes("2x9 3 4x60 5 6x60 7 8x60"), until: "180m" },
      { why: "a reboot", input: changes("20x20 2x60") },
      { why: "pods come and go", input: changes("0+2x60", "veth1a2b") },
    ],
  });

  const wentDown: AlertProof = {
    input: up("1x20 0x100"),
    quiet: "25m",
    fires: {
      at: "26m",
      alerts: [
        {
          labels: ens32,
          summary: "Interface ens32 of node n1 went down.",
          description:
            "Interface ens32 of node n1 was up and has no link any more, although nobody switched it off. Jobs over several nodes run slower or not at all on this one.",
        },
      ],
    },
    silent: [
      { why: "down for three minutes", input: up("1x27 0x3 1x90") },
      { why: "taken away", input: up("1x28 0x1 stale") },
      {
        why: "somebody switched it off",
        input: {
          [exporter("node_network_up", 'device="ens32"')]: "1x20 0x100",
          [exporter("node_network_info", 'device="ens32", adminstate="up", operstate="up"')]: "1x20 stale",
          [exporter("node_network_info", 'device="ens32", adminstate="down", operstate="down"')]: "_x21 1x100",
        },
      },
      { why: "a pod's interface", input: up("1x20 0x100", "eni0a1b2c3d4e5") },
    ],
  };
  prove("NodeNetworkInterfaceDown", wentDown);

  // It lasts for more than an hour, and ends when the link is back.
  prove("NodeNetworkInterfaceDown", {
    ...wentDown,
    fires: { ...wentDown.fires, at: "90m" },
    silent: [
      { why: "up again when it is looked at", input: up("1x20 0x7 1x90") },
      { why: "never had a cable", input: up("0x120") },
      { why: "a new node whose second card has none", input: up("_x30 0x90") },
      {
        why: "another alert about a card without a cable",
        input: {
          ...up("0x120"),
          'ALERTS{alertname="Other", alertstate="firing", cluster="c1", node="n1", device="ens32"}': "1x120",
        },
      },
    ],
  });

  prove("NodeNetworkAllowanceExceeded", {
    input: {
      ...allowance("conntrack", "0+72x60"),
      ...allowance("linklocal", "0+72x60"),
      ...allowance("pps", "0+72x60"),
    },
    quiet: "23m",
    fires: {
      at: "24m",
      alerts: ["conntrack", "linklocal", "pps"].map((name) => ({
        labels: { ...ens32, allowance: name },
        summary: `EC2 drops packets of node n1 (${name}).`,
        description: `EC2 drops packets of interface ens32 of node n1 (1.2 per second), because they are over the ${name} allowance of its instance type. Nothing on the node itself shows it but timeouts.`,
      })),
    },
    silent: [
      { why: "a data set is copied", input: allowance("bw_in", "0+60000x60") },
      {
        why: "now and then one",
        input: {
          ...allowance("conntrack", "0+48x60"),
          ...allowance("linklocal", "0+48x60"),
          ...allowance("pps", "0+48x60"),
        },
      },
      { why: "a burst of ten minutes", input: allowance("pps", "0+120x3 360x60") },
    ],
  });

  prove("NodeHighNumberConntrackEntriesUsed", {
    input: connections(85, 100),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: n1,
          summary: "The connection table of node n1 is almost full.",
          description:
            "85% of the connections that the kernel of node n1 can track are in use. When all are, it drops new ones, of every pod on the node.",
        },
      ],
    },
    silent: [
      { why: "a few less", input: connections(79, 100) },
      { why: "no limit", input: connections(85, 0) },
    ],
  });
});
