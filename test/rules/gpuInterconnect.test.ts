import { interconnectRules } from "../../components/gpu/rules/interconnect";
import { asOne, nodeLabels, outOfService } from "./gpuCardFixtures";
import { answers, onPort, ports } from "./gpuInterconnectInput";
import { type Input, proveAlert, proveRecord } from "./promtool";

const rules = asOne(interconnectRules());

const efa = (metric: string, values: Record<string, string>): Input =>
  Object.fromEntries(
    Object.entries(values).map(([device, at]) => [
      `node_amazonefa_${metric}{cluster="c1", job="efa-exporter", instance="n1", node="n1", device="${device}", port="1"}`,
      at,
    ]),
  );

const efaAnswers = (at = "1x200"): Input => ({
  ...answers(),
  'up{cluster="c1", job="efa-exporter", instance="n1", node="n1"}': at,
});

const four = (at: string) => ({ mlx5_0: at, mlx5_1: at, mlx5_2: at, mlx5_3: at });

describe("rules: InfiniBand", () => {
  proveRecord(rules, "node:infiniband_devices:max", {
    input: {
      ...answers(),
      ...ports("state_id", { mlx5_0: "4x90", mlx5_1: "4x3", mlx5_2: "_x5 4x3", mlx5_3: "_x8 4x2" }),
    },
    at: "70m",
    samples: { '{cluster="c1", node="n1"}': 3 },
  });
  const lost = (count: number, kind: string) => ({
    labels: nodeLabels(),
    summary: `Node n1 has lost ${kind} devices.`,
    description: `Node n1 has ${count} ${kind} devices fewer than it has had. Jobs over several nodes run slower on it, or do not start.`,
  });
  const reboot = (kind: "some" | "all") =>
    ports("state_id", { mlx5_0: kind === "some" ? "4x90" : "4x10", mlx5_1: "4x10", mlx5_2: "4x10" });
  proveAlert(rules, "InfinibandDevicesLost", {
    input: { ...answers(), ...reboot("some") },
    quiet: "24m",
    fires: { at: "26m", alerts: [lost(2, "InfiniBand")] },
    silent: [
      { why: "as many as ever", input: { ...answers(), ...ports("state_id", { mlx5_0: "4x90", mlx5_1: "1x90" }) } },
      { why: "the exporter is away", input: { ...answers("1x10 0x90"), ...reboot("all") }, until: "60m" },
      { why: "none at all", input: answers() },
      { why: "the node is cordoned", input: { ...answers(), ...reboot("some"), ...outOfService }, until: "60m" },
      {
        why: "the node comes back as another one after two hours",
        input: {
          ...answers("1x10 0x120 1x60"),
          ...ports("state_id", { mlx5_0: "4x10 _x121 4x60", mlx5_1: "4x10" }),
        },
        until: "180m",
      },
    ],
  });
  describe("all of them", () => {
    proveAlert(rules, "InfinibandDevicesLost", {
      input: { ...answers(), ...reboot("all") },
      fires: { at: "80m", alerts: [lost(3, "InfiniBand")] },
      silent: [{ why: "a node without any", input: answers() }],
    });
  });

  proveAlert(rules, "InfinibandLinkFlapping", {
    input: { ...answers(), ...ports("link_downed_total", { mlx5_0: "3x20 4x20 5x60", mlx5_1: "3x20 4x90" }) },
    quiet: "41m",
    fires: {
      at: "42m",
      alerts: [
        {
          labels: onPort("mlx5_0"),
          summary: "InfiniBand port mlx5_0/1 of node n1 loses its link again and again.",
          description:
            "Port 1 of InfiniBand device mlx5_0 of node n1 lost its link 2 times within an hour: a cable, a transceiver or a switch port fails. Each time jobs that use it hang or die.",
        },
      ],
    },
    silent: [
      { why: "once", input: { ...answers(), ...ports("link_downed_total", { mlx5_0: "3x20 4x90" }) }, until: "60m" },
      { why: "the node boots", input: { ...answers(), ...ports("link_downed_total", { mlx5_0: "30x20 _x5 0x60" }) } },
      {
        why: "the node is cordoned",
        input: { ...answers(), ...outOfService, ...ports("link_downed_total", { mlx5_0: "3x20 9x60" }) },
      },
    ],
  });

  const errors = (device: string, error: string, value: number) => ({
    labels: { ...onPort(device), error },
    summary: `InfiniBand port ${device}/1 of node n1 has errors (${error}).`,
    description: `Port 1 of InfiniBand device ${device} of node n1 has ${value} errors each minute (${error}). Collectives run at the pace of the slowest link.`,
  });
  proveAlert(rules, "InfinibandErrors", {
    input: {
      ...answers(),
      ...ports("port_errors_received_total", { mlx5_0: "0+2x60", mlx5_1: "0+1x60" }),
      ...ports("link_error_recovery_total", { mlx5_0: "0x60", mlx5_1: "0+2x60" }),
      ...ports("port_discards_transmitted_total", { mlx5_0: "0+50x60", mlx5_2: "0+90x60" }),
    },
    quiet: "21m",
    fires: {
      at: "31m",
      alerts: [
        errors("mlx5_0", "damaged packets", 2),
        errors("mlx5_1", "link recoveries", 2),
        errors("mlx5_2", "packets that could not be sent", 90),
      ],
    },
    silent: [
      {
        why: "many, when the link came up",
        input: { ...answers(), ...ports("port_errors_received_total", { mlx5_0: "0x10 900x60" }) },
        until: "50m",
      },
      {
        why: "the node is cordoned",
        input: { ...answers(), ...outOfService, ...ports("port_errors_received_total", { mlx5_0: "0+9x60" }) },
      },
    ],
  });

  const waiting = (first: string, others: string, sent: string): Input => ({
    ...answers(),
    ...ports("port_transmit_wait_total", { ...four(others), mlx5_0: first }),
    ...ports("port_data_transmitted_bytes_total", four(sent)),
  });
  proveAlert(rules, "InfinibandCongestion", {
    input: waiting("0+12000x90", "0+1000x90", "0+12e9x90"),
    quiet: "30m",
    fires: {
      at: "48m",
      alerts: [
        {
          labels: onPort("mlx5_0"),
          summary: "InfiniBand port mlx5_0/1 of node n1 waits much longer than the others.",
          description:
            "Port 1 of InfiniBand device mlx5_0 of node n1 has data and may not send it 12 times as long as the median port of the node: its rail is congested, or a link on the way is slow.",
        },
      ],
    },
    silent: [
      { why: "all wait", input: waiting("0+90000x90", "0+80000x90", "0+12e9x90") },
      { why: "it sends little", input: waiting("0+12000x90", "0+1000x90", "0+1e9x90") },
      { why: "nobody waits", input: waiting("0x90", "0x90", "0+12e9x90") },
      { why: "the node is cordoned", input: { ...waiting("0+12000x90", "0+1000x90", "0+12e9x90"), ...outOfService } },
    ],
  });

  proveRecord(rules, "node:efa_devices:max", {
    input: { ...efaAnswers(), ...efa("tx_bytes", { rdmap0s6: "1x90", rdmap1s6: "1x10" }) },
    at: "80m",
    samples: { '{cluster="c1", node="n1"}': 2 },
  });
  proveAlert(rules, "EfaDevicesLost", {
    input: { ...efaAnswers(), ...efa("tx_bytes", { rdmap0s6: "1x90", rdmap1s6: "1x10" }) },
    quiet: "24m",
    fires: { at: "26m", alerts: [lost(1, "EFA")] },
    silent: [
      { why: "no EFA", input: efaAnswers() },
      {
        why: "the exporter is away",
        input: { ...efaAnswers("1x10 0x90"), ...efa("tx_bytes", { rdmap0s6: "1x10" }) },
        until: "60m",
      },
    ],
  });

  const efaErrors = (error: string, value: number) => ({
    labels: { ...nodeLabels(), error },
    summary: `EFA devices of node n1 have errors (${error}).`,
    description: `The EFA devices of node n1 count ${value} ${error} each minute. Before a job hangs they are the cause, afterwards the effect of peers that are gone.`,
  });
  proveAlert(rules, "EfaTransportErrors", {
    input: {
      ...efaAnswers(),
      ...efa("retrans_timeout_events", { rdmap0s6: "0+8x60", rdmap1s6: "0+8x60" }),
      ...efa("rdma_read_wr_err", { rdmap0s6: "0+6x60" }),
      ...efa("unresponsive_remote_events", { rdmap0s6: "0+20x60" }),
      ...efa("impaired_remote_conn_events", { rdmap0s6: "0+20x60" }),
      ...efa("rdma_write_wr_err", { rdmap0s6: "0+20x60" }),
      ...efa("rx_drops", { rdmap0s6: "0+20x60" }),
    },
    quiet: "13m",
    fires: {
      at: "21m",
      alerts: [
        efaErrors("retrans_timeout_events", 16),
        efaErrors("unresponsive_remote_events", 20),
        efaErrors("impaired_remote_conn_events", 20),
        efaErrors("rdma_write_wr_err", 20),
        efaErrors("rx_drops", 20),
      ],
    },
    silent: [
      { why: "a peer that ends", input: { ...efaAnswers(), ...efa("rx_drops", { rdmap0s6: "0x12 90x60" }) } },
      {
        why: "the node is cordoned",
        input: { ...efaAnswers(), ...outOfService, ...efa("rx_drops", { rdmap0s6: "0+90x60" }) },
      },
    ],
  });
});
