import { jobs } from "../../prometheus/jobs";
import { nodeExporter } from "../../prometheus/rules/nodeSeries";
import type { AlertingRule, RuleGroup } from "../../prometheus/rules/rule";
import { inService, ON_NODE } from "./expressions";
import { placedAmong } from "./fleetCapacity";
import { inDomain } from "./thermal";

const BY_PORT = "cluster, node, device, port";
const ON_PORT = `on (${BY_PORT})`;

/** The labels that say where the node is, which only the GPU exporter's targets have. */
const withPlace = (expr: string) => placedAmong(`(${expr})`, `up{${nodeExporter}}`);

const port = (metric: string, over = "") => `node_infiniband_${metric}{${nodeExporter}}${over}`;
const perMinute = (metric: string) => `60 * max by (${BY_PORT}) (rate(${port(metric, "[15m]")}))`;

/** States of a port: 1 down, 2 initialised, 3 armed, 4 active. */
const state = `max by (${BY_PORT}) (${port("state_id")})`;

/** The name of the series with the last moment at which each port was active; ports that never were have none. */
const LAST_ACTIVE = "node_port:infiniband_active:timestamp";
// Judgement, a month: a port that has been down for longer is not meant to be used.
const UNUSED_SECONDS = 30 * 86_400;
// An hour, so that a restart of Prometheus or of the node forgets nothing. A node that is not watched any more has no ports.
const lastActive =
  `timestamp(${state} == 4) or ${ON_PORT} (max by (${BY_PORT}) (last_over_time(${LAST_ACTIVE}[1h]))` +
  ` > time() - ${UNUSED_SECONDS} and ${ON_NODE} up{${nodeExporter}})`;

const wentDown = `${state} < 4 and ${ON_PORT} ${LAST_ACTIVE}`;
const PORTS_DOWN = "node:infiniband_ports_down:count";

const manyOf = (metric: string, error: string, eachMinute: number) =>
  `label_replace(${perMinute(metric)} > ${eachMinute}, "error", "${error}", "", "")`;

// Judgement, all three: single errors are normal and mean nothing; those that go on for a quarter of an hour are a bad link.
const portErrors = [
  manyOf("port_errors_received_total", "damaged packets", 1),
  manyOf("link_error_recovery_total", "link recoveries", 1),
  manyOf("port_discards_transmitted_total", "packets that could not be sent", 60),
].join(" or ");

// Switches and cards count in units of their own, so that only ports of one node can be compared.
const waits = `max by (${BY_PORT}) (rate(${port("port_transmit_wait_total", "[15m]")}))`;
const sends = `max by (${BY_PORT}) (rate(${port("port_data_transmitted_bytes_total", "[15m]")}))`;
// Judgement: ten times the median of at least four ports, and 100 MB/s sent.
const congested =
  `${waits} / on (cluster, node) group_left () (quantile by (cluster, node) (0.5, ${waits}) > 0` +
  ` and count by (cluster, node) (${waits}) > 3) > 10 and ${ON_PORT} ${sends} > 1e8`;

const efa = (metric: string, over = "") => `node_amazonefa_${metric}{job="${jobs.efaExporter}"}${over}`;

/** Every one of them ends a transfer or delays it; names of the EFA driver's counters. */
const EFA_ERRORS = [
  "retrans_timeout_events",
  "unresponsive_remote_events",
  "impaired_remote_conn_events",
  "rdma_read_wr_err",
  "rdma_write_wr_err",
  "rx_drops",
];
// Judgement: 10 each minute over a node's devices. A peer that ends or starts makes a few.
const efaErrors = EFA_ERRORS.map(
  (error) =>
    `label_replace(60 * sum by (cluster, node) (rate(${efa(error, "[10m]")})) > 10, "error", "${error}", "", "")`,
).join(" or ");

interface DevicesOf {
  alert: string;
  /** What people call the devices. */
  kind: string;
  /** The name of the series with the largest number that a node has had. */
  most: string;
  /** A series of each device. */
  series: string;
  exporter: string;
}

/** Devices that a node has had and has no more. It forgets what it knows of a node that was away for an hour. */
function lostDevices({ alert, kind, most, series, exporter }: DevicesOf): RuleGroup["rules"] {
  const now = `count by (cluster, node) (group by (cluster, node, device) (${series}))`;
  const up = `group by (cluster, node) (${exporter} == 1)`;
  const before = `(last_over_time(${most}[1h]) and ${up})`;
  const lost: AlertingRule = {
    alert,
    expr: inService(withPlace(`${most} - (${now} or 0 * ${most}) > 0 and ${ON_NODE} ${up}`)),
    for: "10m",
    severity: "warning",
    owner: "platform",
    action: "drain-node",
    summary: `Node {{ $labels.node }} has lost ${kind} devices.`,
    description: `Node {{ $labels.node }} has {{ $value }} ${kind} devices fewer than it has had. Jobs over several nodes run slower on it, or do not start.`,
  };
  return [{ record: most, expr: `${now} > ${before} or ${before} or ${now}` }, lost];
}

export const interconnectRules = (): RuleGroup[] => [
  {
    name: "gpu-infiniband",
    scope: "shard",
    rules: [
      ...lostDevices({
        alert: "InfinibandDevicesLost",
        kind: "InfiniBand",
        most: "node:infiniband_devices:max",
        series: port("state_id"),
        exporter: `up{${nodeExporter}}`,
      }),
      { record: LAST_ACTIVE, expr: lastActive },
      { record: PORTS_DOWN, expr: withPlace(`count by (cluster, node) (${wentDown})`) },
      {
        alert: "InfinibandPortDown",
        expr: inService(withPlace(wentDown)),
        for: "5m",
        // A warning: jobs that it stops have alerts. Where many go, InfinibandPortsDownInDomain wakes somebody.
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary: "InfiniBand port {{ $labels.device }}/{{ $labels.port }} of node {{ $labels.node }} went down.",
        description:
          "Port {{ $labels.port }} of InfiniBand device {{ $labels.device }} of node {{ $labels.node }} was active and is in state {{ $value }} (1 down, 2 initialised, 3 armed). Jobs over several nodes hang or fail there.",
      },
      {
        alert: "InfinibandLinkFlapping",
        // 1.5: at least two, for increase() is rarely whole. Azure takes a node out of service at 5 within a day.
        expr: inService(withPlace(`max by (${BY_PORT}) (increase(${port("link_downed_total", "[1h]")})) > 1.5`)),
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary:
          "InfiniBand port {{ $labels.device }}/{{ $labels.port }} of node {{ $labels.node }} loses its link again and again.",
        description:
          'Port {{ $labels.port }} of InfiniBand device {{ $labels.device }} of node {{ $labels.node }} lost its link {{ printf "%.0f" $value }} times within an hour: a cable, a transceiver or a switch port fails. Each time jobs that use it hang or die.',
      },
      {
        alert: "InfinibandErrors",
        expr: inService(withPlace(portErrors)),
        for: "15m",
        severity: "warning",
        owner: "platform",
        action: "check-links",
        summary:
          "InfiniBand port {{ $labels.device }}/{{ $labels.port }} of node {{ $labels.node }} has errors ({{ $labels.error }}).",
        description:
          'Port {{ $labels.port }} of InfiniBand device {{ $labels.device }} of node {{ $labels.node }} has {{ printf "%.0f" $value }} errors each minute ({{ $labels.error }}). Collectives run at the pace of the slowest link.',
      },
      {
        alert: "InfinibandCongestion",
        expr: inService(withPlace(congested)),
        for: "30m",
        severity: "info",
        owner: "platform",
        action: "none",
        summary:
          "InfiniBand port {{ $labels.device }}/{{ $labels.port }} of node {{ $labels.node }} waits much longer than the others.",
        description:
          'Port {{ $labels.port }} of InfiniBand device {{ $labels.device }} of node {{ $labels.node }} has data and may not send it {{ printf "%.0f" $value }} times as long as the median port of the node: its rail is congested, or a link on the way is slow.',
      },
    ],
  },
  {
    name: "gpu-efa",
    scope: "shard",
    rules: [
      ...lostDevices({
        alert: "EfaDevicesLost",
        kind: "EFA",
        most: "node:efa_devices:max",
        series: efa("tx_bytes"),
        exporter: `up{job="${jobs.efaExporter}"}`,
      }),
      {
        alert: "EfaTransportErrors",
        expr: inService(withPlace(efaErrors)),
        for: "10m",
        severity: "warning",
        owner: "platform",
        action: "none",
        summary: "EFA devices of node {{ $labels.node }} have errors ({{ $labels.error }}).",
        description:
          'The EFA devices of node {{ $labels.node }} count {{ printf "%.0f" $value }} {{ $labels.error }} each minute. Before a job hangs they are the cause, afterwards the effect of peers that are gone.',
      },
    ],
  },
  {
    name: "gpu-infiniband-domains",
    scope: "global",
    rules: [
      {
        alert: "InfinibandPortsDownInDomain",
        expr: inDomain(`${PORTS_DOWN}{failure_domain!=""}`),
        for: "5m",
        severity: "critical",
        owner: "platform",
        action: "check-links",
        summary: "InfiniBand ports all over {{ $labels.failure_domain }} went down.",
        description:
          "{{ $value }} nodes of failure domain {{ $labels.failure_domain }}, at least half of it, have InfiniBand ports that were active and are not any more: a switch or the subnet manager fails.",
      },
    ],
  },
];
