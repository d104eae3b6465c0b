import assert from "node:assert/strict";
import { needsProfiling, type Profile, profiles, signals, signalsOf } from "../../components/gpu/signals";
import { counterFile } from "../../components/gpu/signals/counterFile";
import { INFO_METRIC, signalRelabelings } from "../../components/gpu/signals/relabelings";
import { relabel } from "../../components/prometheus/scrape/relabeling";

/** A series as dcgm-exporter 4.8 has it, of a GPU that a pod holds. */
const exported = (metric: string, labels: Record<string, string> = {}) => ({
  __name__: metric,
  gpu: "0",
  UUID: "GPU-1",
  pci_bus_id: "00000000:1B:00.0",
  device: "nvidia0",
  modelName: "NVIDIA H100 80GB HBM3",
  hostname: "n1",
  DCGM_FI_DRIVER_VERSION: "580.1",
  DCGM_FI_DEV_VBIOS_VERSION: "96.0",
  namespace: "ml",
  pod: "train-0",
  container: "main",
  ...labels,
});

const identity = { gpu: "0", UUID: "GPU-1", modelName: "NVIDIA H100 80GB HBM3" };
const holder = { namespace: "ml", pod: "train-0", container: "main" };

const stored = (series: Record<string, string>, profile: Profile = "profiling", sharedGpus = false) =>
  relabel(signalRelabelings({ profile, sharedGpus }), series);

describe("the catalogue of GPU signals", () => {
  it("has each metric once, and each other name once", () => {
    const names = signals.flatMap(({ metric, otherName }) => [metric, ...(otherName ? [otherName.name] : [])]);
    assert.deepEqual(names, [...new Set(names)]);
  });

  it("keeps what the profile health has of a healthy GPU within 45 series, and each profile adds to the one before", () => {
    const series = profiles.map((profile) =>
      signalsOf(profile).reduce((sum, { seriesPerGpu }) => sum + seriesPerGpu, 0),
    );
    assert.ok((series[1] ?? 0) <= 45, `${series[1]} series`);
    assert.deepEqual(
      series,
      [...series].sort((a, b) => a - b),
    );
    assert.equal(new Set(series).size, profiles.length);
  });

  it("needs hardware counters, and so SYS_ADMIN, for the profile profiling alone", () => {
    assert.deepEqual(profiles.map(needsProfiling), [false, false, true]);
  });

  it("becomes a counter file of three columns in which no help has a comma of its own", () => {
    for (const profile of profiles) {
      const rows = counterFile(profile).trimEnd().split("\n");
      assert.equal(rows.length, signalsOf(profile).length + 2);
      for (const row of rows) assert.match(row, /^DCGM_[A-Z0-9_]+, (gauge|counter|label), [^,]+$/);
    }
  });
});

describe("what is stored of dcgm-exporter's series", () => {
  it("of the card: which one it is, and neither who holds it nor what software it has", () => {
    assert.deepEqual(stored(exported("DCGM_FI_DEV_POWER_USAGE")), { __name__: "DCGM_FI_DEV_POWER_USAGE", ...identity });
  });

  it("of work: also the pod that holds the GPU, and the instance", () => {
    const instance = { GPU_I_ID: "3", GPU_I_PROFILE: "1g.10gb" };
    assert.deepEqual(stored(exported("DCGM_FI_DEV_FB_USED", instance)), {
      __name__: "DCGM_FI_DEV_FB_USED",
      ...identity,
      ...holder,
      ...instance,
    });
  });

  it("of the card's temperature: also driver, VBIOS and address, and on no other series", () => {
    assert.deepEqual(stored(exported(INFO_METRIC, { err_code: "31", err_msg: "text" })), {
      __name__: INFO_METRIC,
      ...identity,
      driver_version: "580.1",
      vbios_version: "96.0",
      pci_address: "00000000:1B:00.0",
    });
    const others = signals.filter(({ metric }) => metric !== INFO_METRIC);
    for (const { metric } of others) {
      const labels = Object.keys(stored(exported(metric)) ?? assert.fail(metric));
      assert.ok(!labels.some((label) => /driver|vbios|pci|DCGM/.test(label)), `${metric} has ${labels}`);
    }
  });

  it("the same whether the exporter says Hostname or hostname", () => {
    const { hostname, ...rest } = exported("DCGM_FI_DEV_GPU_TEMP");
    assert.deepEqual(stored({ ...rest, Hostname: hostname }), stored({ ...rest, hostname }));
  });

  it("under the names of other releases, where the unit is the same, as under its own", () => {
    const foreign = (series: Record<string, string>) =>
      relabel(signalRelabelings({ profile: "profiling", sharedGpus: false, foreignCounterFile: true }), series);
    for (const { metric, otherName } of signals.filter(({ otherName }) => otherName?.factor === 1)) {
      assert.deepEqual(foreign(exported(otherName?.name ?? "")), stored(exported(metric)));
    }
    // Joules are no millijoules: better nothing than a thousandth.
    assert.equal(foreign(exported("DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL")), undefined);
  });

  it("nothing that is not in the catalogue, or not in the profile", () => {
    assert.equal(stored(exported("DCGM_FI_DEV_ENC_UTIL")), undefined);
    assert.equal(stored(exported("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"), "health"), undefined);
    assert.equal(stored(exported("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL"), "essential"), undefined);
  });

  it("five of the eleven health watches", () => {
    const watches = ["PCIE", "NVLINK", "PMU", "MCU", "MEM", "SM", "INFOROM", "THERMAL", "POWER", "DRIVER", "ALL"];
    const kept = watches.filter((health_watch) =>
      stored(exported("DCGM_EXP_GPU_HEALTH_STATUS", { health_watch, health_error_severity: "NONE" })),
    );
    assert.deepEqual(kept, ["PCIE", "NVLINK", "MEM", "INFOROM", "ALL"]);
  });

  it("the card of a GPU that MIG divides once, and its work for the card and for each instance", () => {
    const copies = [{}, { GPU_I_ID: "3" }, { GPU_I_ID: "4" }];
    const series = (metric: string) => copies.map((labels) => stored(exported(metric, labels))).filter(Boolean);
    assert.equal(series("DCGM_FI_DEV_GPU_TEMP").length, 1);
    assert.equal(series("DCGM_FI_DEV_FB_USED").length, 3);
  });

  it("no pod at all where pods share GPUs: which of them the exporter names is chance", () => {
    const shared = (pod: string) => stored(exported("DCGM_FI_DEV_FB_USED", { pod, vgpu: "1" }), "profiling", true);
    assert.deepEqual(shared("a"), { __name__: "DCGM_FI_DEV_FB_USED", ...identity });
    assert.deepEqual(shared("a"), shared("b"));
  });

  it("without labels that change with every restart, or that repeat others", () => {
    const claims = { dra_claim_name: "c", dra_pool_name: "p", pod_uid: "u", hpc_job: "7", window_size_in_ms: "300000" };
    assert.deepEqual(stored(exported("DCGM_EXP_XID_ERRORS_COUNT", { ...claims, xid: "79" })), {
      __name__: "DCGM_EXP_XID_ERRORS_COUNT",
      ...identity,
      xid: "79",
    });
  });

  it("no two series of one GPU as one: Prometheus would keep either", () => {
    for (const profile of profiles) {
      const all = signals.map(({ metric }) => JSON.stringify(stored(exported(metric), profile)));
      const kept = all.filter((series) => series !== undefined);
      assert.equal(new Set(kept).size, kept.length);
    }
  });
});
