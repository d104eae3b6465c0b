import { interconnectRules } from "../../components/gpu/rules/interconnect";
import { asOne, exporterUp, outOfService } from "./gpuCardFixtures";
import { answers, onPort, ports } from "./gpuInterconnectInput";
import { exporter, impostor } from "./nodeFixtures";
import { type Input, proveAlert, proveRecord } from "./promtool";

const rules = asOne(interconnectRules());

describe("rules: InfiniBand ports that go down", () => {
  const wentDown = { ...answers(), ...ports("state_id", { mlx5_0: "4x20 1x60", mlx5_1: "4x90" }) };
  const wentDownAndAway = ports("state_id", { mlx5_0: "4x5 stale _x90 1x60" });
  /** What was recorded before the beginning: the moment, in seconds. */
  const lastActive = (at: number): Input => ({
    'node_port:infiniband_active:timestamp{cluster="c1", node="n1", device="mlx5_0", port="1"}': `${at}`,
  });
  const down = {
    labels: onPort("mlx5_0"),
    summary: "InfiniBand port mlx5_0/1 of node n1 went down.",
    description:
      "Port 1 of InfiniBand device mlx5_0 of node n1 was active and is in state 1 (1 down, 2 initialised, 3 armed). Jobs over several nodes hang or fail there.",
  };
  proveAlert(rules, "InfinibandPortDown", {
    input: wentDown,
    quiet: "25m",
    fires: { at: "26m", alerts: [down] },
    silent: [
      { why: "a port without a cable", input: { ...answers(), ...ports("state_id", { mlx5_0: "1x90" }) } },
      {
        why: "the subnet manager looks again",
        input: { ...answers(), ...ports("state_id", { mlx5_0: "4x6 2x3 4x60" }) },
      },
      { why: "the node is cordoned", input: { ...wentDown, ...outOfService }, until: "40m" },
      { why: "a Service of this name in another namespace", input: impostor(wentDown), until: "40m" },
      {
        why: "a port that was unplugged more than a month ago",
        input: { ...answers(), ...lastActive(-31 * 86_400), ...ports("state_id", { mlx5_0: "1x90" }) },
      },
      { why: "the node boots", input: { ...answers("0x90"), ...ports("state_id", { mlx5_0: "_x10 1x3 2x3 4x60" }) } },
    ],
  });
  describe("after maintenance in which nobody mended it, with a namesake of the node", () => {
    proveAlert(rules, "InfinibandPortDown", {
      input: {
        ...wentDown,
        ...exporterUp("n1", "rack2", "0x200"),
        'node:gpu_out_of_service:bool{cluster="c1", node="n1"}': "0x24 1x30 0x200",
      },
      quiet: "59m",
      fires: { at: "61m", alerts: [down] },
      silent: [{ why: "still in maintenance", input: { ...wentDown, ...outOfService } }],
    });
  });
  describe("after a restart of Prometheus", () => {
    proveAlert(rules, "InfinibandPortDown", {
      input: { ...answers(), ...lastActive(-29 * 86_400), ...ports("state_id", { mlx5_0: "_x50 1x60" }) },
      quiet: "54m",
      fires: { at: "56m", alerts: [down] },
      silent: [
        { why: "nothing is known of before", input: { ...answers(), ...ports("state_id", { mlx5_0: "_x50 1x60" }) } },
        {
          why: "the node was not watched meanwhile",
          input: { ...answers("1x5 stale _x90 1x60"), ...wentDownAndAway },
          until: "150m",
        },
      ],
    });
  });
  describe("an hour later, of a node without GPUs", () => {
    proveAlert(rules, "InfinibandPortDown", {
      input: { [exporter("up")]: "1x90", ...ports("state_id", { mlx5_0: "4x20 2x70" }) },
      fires: {
        at: "80m",
        alerts: [
          {
            ...down,
            labels: { cluster: "c1", node: "n1", device: "mlx5_0", port: "1" },
            description: down.description.replace("state 1", "state 2"),
          },
        ],
      },
      silent: [{ why: "it works again", input: { ...answers(), ...ports("state_id", { mlx5_0: "4x6 1x2 4x90" }) } }],
    });
  });

  proveRecord(rules, "node_port:infiniband_active:timestamp", {
    input: {
      ...answers(),
      ...ports("state_id", { mlx5_0: "4x90", mlx5_1: "4x20 1x60", mlx5_2: "4x20 stale", mlx5_3: "2x90" }),
      [exporter("up", "", "gone")]: "1x20 stale",
      ...ports("state_id", { mlx5_0: "4x20 stale" }, "gone"),
    },
    at: "80m",
    samples: Object.fromEntries(
      Object.entries({ mlx5_0: 4_800, mlx5_1: 1_200, mlx5_2: 1_200 }).map(([device, at]) => [
        `{cluster="c1", node="n1", device="${device}", port="1"}`,
        at,
      ]),
    ),
  });
  proveRecord(rules, "node:infiniband_ports_down:count", {
    input: { ...answers(), ...ports("state_id", { mlx5_0: "4x2 1x60", mlx5_1: "4x2 2x60", mlx5_2: "4x60" }) },
    at: "16m",
    samples: { '{cluster="c1", region="r1", failure_domain="rack1", node="n1"}': 2 },
  });
  const rack = (values: Record<string, string>, domain = "rack1"): Input =>
    Object.assign(
      {},
      ...Object.entries(values).map(([node, at]) => ({
        ...ports("state_id", { mlx5_0: at, mlx5_1: "4x90" }, node),
        ...exporterUp(node, domain),
        [exporter("up", "", node)]: "1x200",
      })),
    );
  proveAlert(rules, "InfinibandPortsDownInDomain", {
    input: rack({ n1: "4x20 1x60", n2: "4x20 1x60", n3: "4x21 1x60", n4: "4x90" }),
    quiet: "26m",
    fires: {
      at: "27m",
      alerts: [
        {
          labels: { cluster: "c1", region: "r1", failure_domain: "rack1" },
          summary: "InfiniBand ports all over rack1 went down.",
          description:
            "3 nodes of failure domain rack1, at least half of it, have InfiniBand ports that were active and are not any more: a switch or the subnet manager fails.",
        },
      ],
    },
    silent: [
      { why: "two nodes", input: rack({ n1: "4x10 1x60", n2: "4x10 1x60", n3: "4x90" }), until: "40m" },
      { why: "ports without cables", input: rack({ n1: "1x60", n2: "1x60", n3: "1x60" }) },
      {
        why: "nobody says where they are",
        input: rack({ n1: "4x5 1x60", n2: "4x5 1x60", n3: "4x5 1x60" }, ""),
        until: "40m",
      },
    ],
  });
});
