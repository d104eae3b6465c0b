import { at, fleetTotalsRules, type Level, levels } from "../../components/gpu/rules/fleetTotals";
import { alone, ofModel, sampleOf } from "./gpuFleetInput";
import { type Input, proveRecord } from "./promtool";

const rules = fleetTotalsRules();

describe("rules: the GPU fleet, above the node", () => {
  const A100 = "NVIDIA A100-SXM4-80GB";
  const nodes = [
    { node: "n1", domain: "rack-1", gpus: 8, value: 10 },
    { node: "n2", domain: "rack-2", gpus: 8, value: 20 },
    { node: "n3", domain: "rack-2", gpus: 2, value: 90, model: A100 },
  ];
  const series = (name: string, value: (node: (typeof nodes)[number]) => number): Input =>
    Object.fromEntries(nodes.map((node) => [`${name}${ofModel(node)}`, `${value(node)}x10`]));
  const visible = series("node:gpu_visible:count", (node) => node.gpus);
  const labels: Record<Level, string[]> = {
    cluster: ['{cluster="c1"}'],
    cluster_model: ['{cluster="c1", modelName="NVIDIA H100 80GB HBM3"}', `{cluster="c1", modelName="${A100}"}`],
    cluster_domain: [
      '{cluster="c1", region="r1", failure_domain="rack-1"}',
      '{cluster="c1", region="r1", failure_domain="rack-2"}',
    ],
  };
  const proveLevels = (name: string, input: Input, values: Record<Level, number[]>) => {
    for (const level of Object.keys(levels) as Level[]) {
      const record = at(level, name);
      const samples = Object.fromEntries(
        labels[level].map((label, index) => [label, values[level][index] ?? Number.NaN]),
      );
      proveRecord(alone(rules, record), record, { input, at: "5m", samples });
    }
  };

  for (const what of [
    "gpu_healthy:count",
    "gpu_power_watts:sum",
    "gpu_energy_joules:rate5m",
    "gpu_memory_used_bytes:sum",
    "gpu_memory_total_bytes:sum",
  ]) {
    const sums = { cluster: [120], cluster_model: [30, 90], cluster_domain: [10, 110] };
    proveLevels(
      `node:${what}`,
      series(`node:${what}`, ({ value }) => value),
      sums,
    );
  }
  proveLevels("node:gpu_visible:count", visible, { cluster: [18], cluster_model: [16, 2], cluster_domain: [8, 10] });
  proveLevels(
    "node:gpu_temp_celsius:max",
    series("node:gpu_temp_celsius:max", ({ value }) => value),
    { cluster: [90], cluster_model: [20, 90], cluster_domain: [10, 90] },
  );

  for (const what of ["gpu_util", "gpu_engine_active", "gpu_sm_active", "gpu_tensor_active", "gpu_dram_active"]) {
    const name = `node:${what}:avg`;
    proveLevels(
      name,
      // A node that does not know it, as where hardware counters are missing, counts for nothing.
      {
        ...visible,
        [`node:gpu_visible:count${ofModel({ node: "n4", domain: "rack-1" })}`]: "8x10",
        ...series(name, ({ value }) => value),
      },
      {
        cluster: [(8 * 10 + 8 * 20 + 2 * 90) / 18],
        cluster_model: [15, 90],
        cluster_domain: [10, (8 * 20 + 2 * 90) / 10],
      },
    );
  }

  const whole = (name: string, values: number[], resource = "nvidia_com_gpu"): Input =>
    Object.fromEntries(
      nodes.map((node, index) => [`${name}${sampleOf(node, { resource })}`, `${values[index] ?? 0}x10`]),
    );
  for (const what of ["capacity", "allocatable", "requested", "free"]) {
    const name = `node:gpu_${what}:sum`;
    const withResource = (label: string) => label.replace("}", ', resource="nvidia_com_gpu"}');
    for (const [level, values] of [
      ["cluster", [13]],
      ["cluster_model", [12, 1]],
      ["cluster_domain", [8, 5]],
    ] as const) {
      const record = at(level, name);
      proveRecord(alone(rules, record), record, {
        // The third has two models, as after a repair: it counts once.
        input: {
          ...visible,
          ...whole(name, [8, 4, 1]),
          ...(level === "cluster_model"
            ? { [`${name}{cluster="c1", node="n9", resource="nvidia_com_gpu"}`]: "5x10" }
            : {}),
        },
        at: "5m",
        samples: {
          ...Object.fromEntries(labels[level].map((label, index) => [withResource(label), values[index] ?? 0])),
          ...(level === "cluster_model" ? { '{cluster="c1", resource="nvidia_com_gpu"}': 5 } : {}),
        },
      });
    }
  }

  const cluster = '{cluster="c1"}';
  proveRecord(alone(rules, "cluster:gpu_out_of_service:count"), "cluster:gpu_out_of_service:count", {
    input: {
      ...visible,
      'node:gpu_visible:count{cluster="c2", node="n1"}': "8x10",
      'node:gpu_out_of_service:bool{cluster="c1", node="n3"}': "1x10",
      'node:gpu_out_of_service:bool{cluster="c1", node="n1"}': "0x10",
    },
    at: "5m",
    samples: { [cluster]: 2, '{cluster="c2"}': 0 },
  });

  const placesOf = (free: number[], all: number[]): Input => ({
    ...whole("node:gpu_free:sum", free),
    ...whole("node:gpu_capacity:sum", all),
    ...whole("node:gpu_free:sum", [14, 14, 14], "nvidia_com_mig_1g_10gb"),
    ...whole("node:gpu_capacity:sum", [14, 14, 14], "nvidia_com_mig_1g_10gb"),
  });
  const ofOthers = (input: Input): Input =>
    Object.fromEntries(Object.entries(input).map(([name, values]) => [name.replace("c1", "c2"), values]));
  // Of c1, one is whole, one has three free, and one has lost its device plugin. Of c2, nothing is free.
  const places = { ...placesOf([8, 3, 0], [8, 8, 0]), ...ofOthers(placesOf([0, 0, 0], [8, 8, 2])) };
  proveRecord(alone(rules, "cluster:gpu_largest_free:max"), "cluster:gpu_largest_free:max", {
    input: places,
    at: "5m",
    samples: {
      '{cluster="c1", resource="nvidia_com_gpu"}': 8,
      '{cluster="c2", resource="nvidia_com_gpu"}': 0,
      '{cluster="c1", resource="nvidia_com_mig_1g_10gb"}': 14,
      '{cluster="c2", resource="nvidia_com_mig_1g_10gb"}': 14,
    },
  });
  proveRecord(alone(rules, "cluster:gpu_free_whole_nodes:count"), "cluster:gpu_free_whole_nodes:count", {
    input: places,
    at: "5m",
    samples: { [cluster]: 1, '{cluster="c2"}': 0 },
  });
  proveRecord(alone(rules, "cluster:gpu_fragmentation:ratio"), "cluster:gpu_fragmentation:ratio", {
    input: places,
    at: "5m",
    samples: { [cluster]: 1 - 8 / 11, '{cluster="c2"}': 0 },
  });
});
