import assert from "node:assert/strict";
import { workloadRecordedRules } from "../../components/gpu/rules/workloadsRecorded";
import { gpus, podOf, profiling, type Values, withRecorded } from "./gpuWorkloadsInput";
import { object } from "./objectInput";
import { type Input, proveRecord } from "./promtool";

const values = (state: {
  util?: number;
  engine: number;
  tensor: number;
  dram: number;
  used: number;
  free: number;
}): Values => ({
  ...(state.util === undefined ? {} : { DCGM_FI_DEV_GPU_UTIL: `${state.util}x60` }),
  DCGM_FI_PROF_GR_ENGINE_ACTIVE: `${state.engine}x60`,
  DCGM_FI_PROF_PIPE_TENSOR_ACTIVE: `${state.tensor}x60`,
  DCGM_FI_PROF_DRAM_ACTIVE: `${state.dram}x60`,
  DCGM_FI_DEV_FB_USED: `${state.used}x60`,
  DCGM_FI_DEV_FB_FREE: `${state.free}x60`,
});

const card = (watts: number): Values => ({
  DCGM_FI_DEV_POWER_USAGE: `${watts}x60`,
  DCGM_FI_DEV_ENFORCED_POWER_LIMIT: "700x60",
  DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION: `0+${watts * 60_000}x60`,
});

const work = { util: 100, engine: 0.9, tensor: 0.6, dram: 0.25, used: 60_000, free: 20_000 };
const train = { pod: "train-0" };
const nobody = {};

/** A job on two nodes, a server that nobody asks, and a card that two pods share by MIG. */
const input: Input = {
  ...gpus([0], train, { ...values(work), ...card(600) }),
  ...gpus([1], train, { ...values({ ...work, util: 80, engine: 0.7, tensor: 0.4 }), ...card(500) }),
  ...gpus([2], train, { ...values({ ...work, engine: 1, tensor: 0, dram: 0 }), ...card(120) }),
  ...gpus([0], { node: "n2", pod: "train-1" }, { ...values(work), ...card(600) }),
  ...podOf({ pod: "train-0", node: "n1" }),
  ...podOf({ pod: "train-1", node: "n2" }),
  ...gpus(
    [3],
    { pod: "chat-x-1" },
    { ...values({ util: 0, engine: 0.00006, tensor: 0, dram: 0.000006, used: 40_000, free: 40_000 }), ...card(117) },
  ),
  ...podOf({ pod: "chat-x-1", node: "n1", kind: "ReplicaSet", workload: "chat-x" }),
  [object(
    "kube_replicaset_owner",
    'cluster="c1", namespace="ml", replicaset="chat-x", owner_kind="Deployment", owner_name="chat", owner_is_controller="true"',
  )]: "1x60",
  ...gpus([4], { pod: "a", instance: 1 }, values({ engine: 0.5, tensor: 0.1, dram: 0.3, used: 5_000, free: 5_000 })),
  ...gpus([4], { pod: "b", instance: 2 }, values({ engine: 0, tensor: 0, dram: 0, used: 0, free: 10_000 })),
  ...gpus([4, 5], nobody, card(200)),
  ...podOf({ pod: "a", node: "n1", workload: "a", namespace: "ml" }),
  ...podOf({ pod: "b", node: "n1", workload: "b", namespace: "ml" }),
  ...gpus([5], nobody, values({ ...work, util: 0, used: 0 })),
};

const job = 'cluster="c1", namespace="ml", workload_kind="Job"';
const on = (node: string, labels: string) => `{node="${node}", modelName="H100", ${labels}}`;
const trains = `${job}, workload="train"`;
const chat = 'cluster="c1", namespace="ml", workload_kind="Deployment", workload="chat"';
const a = `${job}, workload="a"`;
const b = `${job}, workload="b"`;
const MIB = 1024 ** 2;

type Five = [number, number, number, number, number];

describe("rules: GPUs of workloads", () => {
  const groups = withRecorded(profiling, []);
  const onNodes = (record: string, [n1, n2, ...others]: Five | [number, number, number]) =>
    proveRecord(groups, record, {
      input,
      at: "20m",
      samples: {
        [on("n1", trains)]: n1,
        [on("n2", trains)]: n2,
        ...Object.fromEntries(others.map((value, index) => [on("n1", [chat, a, b][index] ?? ""), value])),
      },
    });

  onNodes("node_workload:gpu_allocated:count", [3, 1, 1, 1, 1]);
  onNodes("node_workload:gpu_idle:count", [0, 0, 1, 0, 1]);
  onNodes("node_workload:gpu_waiting:count", [1, 0, 0, 0, 0]);
  // Instances have none.
  onNodes("node_workload:gpu_util:sum", [280, 100, 0]);
  // The card's 200 W are shared.
  onNodes("node_workload:gpu_power_watts:sum", [1220, 600, 117, 100, 100]);
  onNodes("node_workload:gpu_memory_used_bytes:sum", [180_000 * MIB, 60_000 * MIB, 40_000 * MIB, 5_000 * MIB, 0]);
  onNodes("node_workload:gpu_memory_total_bytes:sum", [
    240_000 * MIB,
    80_000 * MIB,
    80_000 * MIB,
    10_000 * MIB,
    10_000 * MIB,
  ]);
  onNodes("node_workload:gpu_engine_active:sum", [2.6, 0.9, 0.00006, 0.5, 0]);
  onNodes("node_workload:gpu_tensor_active:sum", [1, 0.6, 0, 0.1, 0]);
  onNodes("node_workload:gpu_tensor_active:min", [0, 0.6, 0, 0.1, 0]);
  onNodes("node_workload:gpu_dram_active:sum", [0.5, 0.25, 0.000006, 0.3, 0]);

  const ofWorkloads = (record: string, [ofTrain, ...others]: number[]) =>
    proveRecord(groups, record, {
      input,
      at: "20m",
      samples: {
        [`{${trains}}`]: ofTrain ?? Number.NaN,
        ...Object.fromEntries(others.map((value, index) => [`{${[chat, a, b][index]}}`, value])),
      },
    });

  ofWorkloads("namespace_workload:gpu_allocated:count", [4, 1, 1, 1]);
  ofWorkloads("namespace_workload:gpu_util:avg", [95, 0]);
  ofWorkloads("namespace_workload:gpu_power_watts:sum", [1820, 117, 100, 100]);
  ofWorkloads("namespace_workload:gpu_memory_used:ratio", [0.75, 0.5, 0.5, 0]);
  ofWorkloads("namespace_workload:gpu_engine_active:avg", [0.875, 0.00006, 0.5, 0]);
  ofWorkloads("namespace_workload:gpu_tensor_active:avg", [0.4, 0, 0.1, 0]);
  ofWorkloads("namespace_workload:gpu_tensor_active:min", [0, 0, 0.1, 0]);
  ofWorkloads("namespace_workload:gpu_dram_active:avg", [0.1875, 0.000006, 0.3, 0]);

  const namespace = '{cluster="c1", namespace="ml"}';
  const ofNamespace = (record: string, value: number) =>
    proveRecord(groups, record, { input, at: "20m", samples: { [namespace]: value } });

  ofNamespace("namespace:gpu_allocated:count", 7);
  ofNamespace("namespace:gpu_idle:count", 2);
  ofNamespace("namespace:gpu_energy_joules:rate5m", 2137);
  proveRecord(groups, "node_namespace:gpu_energy_joules:rate5m", {
    input,
    at: "20m",
    samples: {
      '{cluster="c1", namespace="ml", node="n1"}': 1537,
      '{cluster="c1", namespace="ml", node="n2"}': 600,
    },
  });

  it("tells the states by utilisation and power where hardware counters are not read", () => {
    const expressions = workloadRecordedRules({ ...profiling, profile: "health" }).flatMap(({ rules }) =>
      rules.filter((rule) => "record" in rule && /idle|waiting/.test(rule.record)).map(({ expr }) => expr),
    );
    assert.equal(expressions.length, 3);
    for (const expr of expressions) assert.doesNotMatch(expr, /_PROF_/);
  });

  it("says nothing where pods share GPUs", () =>
    assert.deepEqual(workloadRecordedRules({ ...profiling, podsKnown: false }), []));
});
