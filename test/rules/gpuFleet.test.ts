import { fleetRules } from "../../components/gpu/rules/fleet";
import { INFO_METRIC } from "../../components/gpu/signals/relabelings";
import { gpu, gpus, kubeNode, ofModel, sampleOf, seen, up, withRecorded } from "./gpuFleetInput";
import { type Input, proveRecord } from "./promtool";

const rules = fleetRules();
const prove = (record: string, proof: Parameters<typeof proveRecord>[2]) =>
  proveRecord(withRecorded(rules, record), record, proof);

const n1 = ofModel();
const n2 = ofModel({ node: "n2" });

/** A card in seven instances, each with its own series beside those of the card. */
const divided = (metric: string, index: number, ofCard: number | undefined, ofInstances: number[]): Input => ({
  ...(ofCard === undefined ? {} : { [gpu(metric, index, { node: "n2" })]: `${ofCard}x20` }),
  ...Object.fromEntries(
    ofInstances.map((value, instance) => [
      gpu(metric, index, { node: "n2" }, `GPU_I_ID="${instance}", namespace="ml", pod="p-${instance}"`),
      `${value}x20`,
    ]),
  ),
});

describe("rules: the GPU fleet, by node", () => {
  prove("node_gpu:dcgm_info:group", {
    input: {
      [gpu(INFO_METRIC, 0, {}, 'driver_version="580.1", vbios_version="96.0", pci_address="00000000:5B:00.0"')]:
        "40x20",
    },
    at: "10m",
    samples: {
      [sampleOf(
        {},
        {
          gpu: "0",
          UUID: "GPU-n1-0",
          modelName: "NVIDIA H100 80GB HBM3",
          driver_version: "580.1",
          vbios_version: "96.0",
          pci_address: "00000000:5B:00.0",
        },
      )]: 1,
    },
  });

  prove("node:gpu_visible:count", {
    // One is lost, and one is at 0 degrees.
    input: { ...seen("40x20", 7), [gpu("DCGM_FI_DEV_GPU_TEMP", 7)]: "40x5 stale", ...seen("0x20", 1, { node: "n2" }) },
    at: "10m",
    samples: { [n1]: 7, [n2]: 1 },
  });

  prove("node:gpu_visible:count10m", {
    input: {
      ...seen("40x40", 5),
      // Left out at the moment, left out long ago, and lost.
      [gpu("DCGM_FI_DEV_GPU_TEMP", 5)]: "40x28 stale _ 40x10",
      [gpu("DCGM_FI_DEV_GPU_TEMP", 6)]: "40x5 stale _ 40x40",
      [gpu("DCGM_FI_DEV_GPU_TEMP", 7)]: "40x20 stale",
      // Of two models, and one of them as two series.
      ...seen("40x40", 1, { node: "n2" }),
      ...seen("40x40", 1, { node: "n2", model: "L4" }),
      [gpu("DCGM_FI_DEV_GPU_TEMP", 1, { node: "n2", model: "L4" })]: "40x40",
    },
    at: "30m",
    samples: { [sampleOf()]: 7, [sampleOf({ node: "n2" })]: 2 },
  });

  prove("node:gpu_healthy:count", {
    input: {
      ...up("1x40"),
      ...up("1x40", { node: "n2" }),
      ...seen("40x40", 5),
      // 0: its memory cannot be repaired, and it asks for a reset. 1: a reset. 2: a fatal XID that is over. 3: a program's fault.
      [gpu("DCGM_FI_DEV_ROW_REMAP_FAILURE", 0)]: "1x40",
      [gpu("DCGM_FI_DEV_GPU_RECOVERY_ACTION", 0)]: "1x40",
      [gpu("DCGM_FI_DEV_GPU_RECOVERY_ACTION", 1)]: "1x40",
      [gpu("DCGM_EXP_XID_ERRORS_COUNT", 2, {}, 'xid="95"')]: "_x5 1x5 stale",
      [gpu("DCGM_EXP_XID_ERRORS_COUNT", 3, {}, 'xid="31"')]: "1x40",
      [gpu("DCGM_FI_DEV_GPU_RECOVERY_ACTION", 4)]: "0x40",
      // All of another node.
      ...seen("40x40", 1, { node: "n2" }),
      [gpu("DCGM_FI_DEV_ROW_REMAP_FAILURE", 0, { node: "n2" })]: "1x40",
    },
    at: "30m",
    samples: { [n1]: 2, [n2]: 0 },
  });

  prove("node:gpu_expected:max", {
    input: {
      // One is lost, one comes back from maintenance with less, one has got another card, one has moved, one is gone.
      ...up("1x200"),
      ...seen("40x200", 7),
      [gpu("DCGM_FI_DEV_GPU_TEMP", 7)]: "40x5 stale",
      ...kubeNode("n2", { cordoned: "0x20 1x30 0x200" }),
      ...up("1x200", { node: "n2" }),
      ...seen("40x200", 7, { node: "n2" }),
      [gpu("DCGM_FI_DEV_GPU_TEMP", 7, { node: "n2" })]: "40x30 stale",
      ...up("1x200", { node: "n3" }),
      ...seen("40x200", 1, { node: "n3" }),
      [gpu("DCGM_FI_DEV_GPU_TEMP", 1, { node: "n3" })]: "_x20 40x200",
      ...up("1x20 stale", { node: "n4" }),
      ...seen("40x20 stale", 8, { node: "n4" }),
      ...up("_x20 1x200", { node: "n4", domain: "rack-9" }),
      ...seen("_x20 40x200", 4, { node: "n4", domain: "rack-9" }),
      ...up("1x20 stale", { node: "n5" }),
      ...seen("40x20 stale", 8, { node: "n5" }),
    },
    at: "180m",
    samples: {
      [sampleOf()]: 8,
      [sampleOf({ node: "n2" })]: 7,
      [sampleOf({ node: "n3" })]: 2,
      [sampleOf({ node: "n4", domain: "rack-9" })]: 4,
    },
  });

  prove("node:gpu_power_watts:sum", {
    input: {
      ...gpus("DCGM_FI_DEV_POWER_USAGE", "700x20", 2),
      ...gpus("DCGM_FI_DEV_POWER_USAGE", "70x20", 1, { node: "n2" }),
    },
    at: "10m",
    samples: { [n1]: 1400, [n2]: 70 },
  });

  prove("node:gpu_energy_joules:rate5m", {
    // 42 kJ a minute are 700 W; the second driver is loaded again.
    input: {
      ...gpus("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "0+42000000x20", 2),
      [gpu("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 0, { node: "n2" })]: "900000000+4200000x7 0+4200000x9",
    },
    at: "10m",
    samples: { [n1]: 1400, [n2]: 52.5 },
  });

  prove("node:gpu_temp_celsius:max", {
    input: { [gpu("DCGM_FI_DEV_GPU_TEMP", 0)]: "60x20", [gpu("DCGM_FI_DEV_GPU_TEMP", 1)]: "71x20" },
    at: "10m",
    samples: { [n1]: 71 },
  });

  const averages = {
    "node:gpu_util:avg": "DCGM_FI_DEV_GPU_UTIL",
    "node:gpu_engine_active:avg": "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "node:gpu_sm_active:avg": "DCGM_FI_PROF_SM_ACTIVE",
    "node:gpu_tensor_active:avg": "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
    "node:gpu_dram_active:avg": "DCGM_FI_PROF_DRAM_ACTIVE",
  };
  for (const [record, metric] of Object.entries(averages)) {
    prove(record, {
      input: {
        // One in use, one idle.
        [gpu(metric, 0, {}, 'namespace="ml", pod="p", container="c"')]: "0.5x20",
        [gpu(metric, 1)]: "0x20",
        // One of which the card itself is known, one of which only instances are.
        ...divided(metric, 0, 0.25, [1, 1]),
        ...divided(metric, 1, undefined, [0.5, 1]),
      },
      at: "10m",
      samples: { [n1]: 0.25, [n2]: 0.5 },
    });
  }

  const memory: Input = {
    [gpu("DCGM_FI_DEV_FB_USED", 0, {}, 'namespace="ml", pod="p", container="c"')]: "100x20",
    [gpu("DCGM_FI_DEV_FB_FREE", 0, {}, 'namespace="ml", pod="p", container="c"')]: "900x20",
    [gpu("DCGM_FI_DEV_FB_USED", 1)]: "0x20",
    [gpu("DCGM_FI_DEV_FB_FREE", 1)]: "1000x20",
    ...divided("DCGM_FI_DEV_FB_USED", 0, 30, [10, 20]),
    ...divided("DCGM_FI_DEV_FB_FREE", 0, 70, [40, 30]),
    ...divided("DCGM_FI_DEV_FB_USED", 1, undefined, [10, 20]),
    ...divided("DCGM_FI_DEV_FB_FREE", 1, undefined, [40, 30]),
  };
  prove("node:gpu_memory_used_bytes:sum", {
    input: memory,
    at: "10m",
    samples: { [n1]: 100 * 1024 ** 2, [n2]: 60 * 1024 ** 2 },
  });
  // Two compute instances share the memory of a GPU instance, and the exporter tells of each.
  const instance = (gi: number, ci: number) => gpu("DCGM_FI_DEV_FB_USED", 0, {}, `GPU_I_ID="${gi}", GPU_CI_ID="${ci}"`);
  prove("node:gpu_memory_used_bytes:sum", {
    input: { [instance(1, 0)]: "10x20", [instance(1, 1)]: "10x20", [instance(2, 0)]: "5x20" },
    at: "10m",
    samples: { [n1]: 15 * 1024 ** 2 },
  });
  prove("node:gpu_memory_total_bytes:sum", {
    input: memory,
    at: "10m",
    samples: { [n1]: 2000 * 1024 ** 2, [n2]: 200 * 1024 ** 2 },
  });
});
