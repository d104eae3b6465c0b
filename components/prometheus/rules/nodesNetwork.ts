import { byDevice, byNode, nodeExporter } from "./nodeSeries";
import { physical } from "./nodesRecorded";
import type { AlertingRule, RuleGroup } from "./rule";

type Direction = "receive" | "transmit";

const ofCard = (direction: Direction, what: string) =>
  `sum ${byDevice} (rate(node_network_${direction}_${what}_total{${physical}}[10m]))`;

// 1 in 1000 [judgement]: RDMA and TCP both slow down long before. A card that does nothing has no share worth telling.
const errors = (direction: Direction): AlertingRule => ({
  alert: direction === "receive" ? "NodeNetworkReceiveErrs" : "NodeNetworkTransmitErrs",
  expr: `${ofCard(direction, "errs")} / ${ofCard(direction, "packets")} > 0.001 and ${ofCard(direction, "errs")} > 1`,
  for: "30m",
  severity: "warning",
  summary: `Interface {{ $labels.device }} of node {{ $labels.node }} has ${direction} errors.`,
  description: `{{ $value | humanizePercentage }} of the packets that interface {{ $labels.device }} of node {{ $labels.node }} ${direction}s are damaged: a card, a cable or a driver fails. Collectives run at the pace of the slowest link.`,
});

const drops = (direction: Direction) =>
  `label_replace(${ofCard(direction, "drop")} / ${ofCard(direction, "packets")} > 0.01 and ${ofCard(direction, "drop")} > 10, "direction", "${direction}", "", "")`;

// What EC2 cuts off above what the instance type may have. Not bandwidth: whoever copies a data set uses all that there is.
const overAllowance = (allowance: "conntrack" | "linklocal" | "pps") =>
  `label_replace(sum ${byDevice} (rate(node_ethtool_${allowance}_allowance_exceeded{${nodeExporter}}[10m])) > 1, "allowance", "${allowance}", "", "")`;

/** Is down while it is meant to be up, and was up a quarter of an hour ago, or when this alert began. */
const wentDown =
  `max ${byDevice} (node_network_up{${physical}}) == 0` +
  ` unless on (cluster, node, device) node_network_info{${physical}, adminstate="down"}` +
  ` and on (cluster, node, device) (max ${byDevice} (node_network_up{${physical}} offset 15m) == 1 or ALERTS{alertname="NodeNetworkInterfaceDown"})`;

export const nodeNetworkGroups: RuleGroup[] = [
  {
    name: "node-network",
    scope: "shard",
    rules: [
      errors("receive"),
      errors("transmit"),
      {
        alert: "NodeNetworkDrops",
        expr: `${drops("receive")} or ${drops("transmit")}`,
        for: "30m",
        severity: "warning",
        summary: "Interface {{ $labels.device }} of node {{ $labels.node }} drops packets.",
        description:
          "Interface {{ $labels.device }} of node {{ $labels.node }} drops {{ $value | humanizePercentage }} of its packets (direction: {{ $labels.direction }}): the node does not keep up with them, and connections slow down.",
      },
      {
        alert: "NodeNetworkInterfaceFlapping",
        // Lost and found count one each: the third loss within an hour is the fifth change. increase() is rarely whole.
        expr: `sum ${byDevice} (increase(node_network_carrier_changes_total{${physical}}[1h])) > 4.5`,
        severity: "warning",
        summary: "Interface {{ $labels.device }} of node {{ $labels.node }} loses its link again and again.",
        description:
          'The link of interface {{ $labels.device }} of node {{ $labels.node }} went or came back {{ printf "%.0f" $value }} times within an hour: a cable, a transceiver or a switch port fails. Each time collectives that use it hang or die.',
      },
      {
        alert: "NodeNetworkInterfaceDown",
        expr: wentDown,
        for: "5m",
        severity: "warning",
        summary: "Interface {{ $labels.device }} of node {{ $labels.node }} went down.",
        description:
          "Interface {{ $labels.device }} of node {{ $labels.node }} was up and has no link any more, although nobody switched it off. Jobs over several nodes run slower or not at all on this one.",
      },
      {
        alert: "NodeNetworkAllowanceExceeded",
        expr: [overAllowance("conntrack"), overAllowance("linklocal"), overAllowance("pps")].join(" or "),
        for: "15m",
        severity: "warning",
        summary: "EC2 drops packets of node {{ $labels.node }} ({{ $labels.allowance }}).",
        description:
          'EC2 drops packets of interface {{ $labels.device }} of node {{ $labels.node }} ({{ printf "%.1f" $value }} per second), because they are over the {{ $labels.allowance }} allowance of its instance type. Nothing on the node itself shows it but timeouts.',
      },
      {
        alert: "NodeHighNumberConntrackEntriesUsed",
        expr: `max ${byNode} (node_nf_conntrack_entries{${nodeExporter}} / (node_nf_conntrack_entries_limit{${nodeExporter}} > 0)) > 0.8`,
        for: "10m",
        severity: "warning",
        summary: "The connection table of node {{ $labels.node }} is almost full.",
        description:
          "{{ $value | humanizePercentage }} of the connections that the kernel of node {{ $labels.node }} can track are in use. When all are, it drops new ones, of every pod on the node.",
      },
    ],
  },
];
