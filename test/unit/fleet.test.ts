import assert from "node:assert/strict";
import { faultKinds } from "../../tools/fleet/faults";
import { gpuModels } from "../../tools/fleet/gpu";
import { counters, differences, idOf, NODES, parse, TestFleet } from "./fleetHarness";

describe("the simulated GPU fleet", () => {
  const fleet = new TestFleet();
  beforeEach(() => fleet.start());
  afterEach(() => fleet.stop());

  it("exposes exactly what the counter file asks for, each once per GPU, and every health watch", async () => {
    const { types, samples } = parse(await (await fleet.ask("/nodes/gpu-node-1/metrics")).text());
    // What a healthy H100 does not have: an XID, errors of switches, NVLink's counters of other generations.
    const absent = /XID_ERRORS$|NVSWITCH|NVLINK_(CRC|REPLAY|RECOVERY|COUNT)/;
    const present = Object.entries(counters).filter(([name]) => !absent.test(name));
    assert.deepEqual(types, Object.fromEntries(present));
    const ids = samples.map(idOf).filter((id) => !id.includes("["));
    const single = present.map(([name]) => name).filter((name) => name !== "DCGM_EXP_GPU_HEALTH_STATUS");
    assert.deepEqual(
      ids,
      single.flatMap((name) => [0, 1, 2, 3].map((gpu) => `${name}/gpu-node-1/${gpu}`)),
    );
    assert.equal(samples.length - ids.length, 4 * 11);
  });

  it("leaves out what a GPU without HBM and NVLink does not have, and refuses the NVLink fault there", async () => {
    await fleet.stop();
    await fleet.start(gpuModels.find((model) => model.name === "NVIDIA L40S"));
    const { types } = parse(await (await fleet.ask("/nodes/gpu-node-0/metrics")).text());
    const missing = Object.keys(counters).filter((name) => !(name in types));
    assert.deepEqual(
      missing,
      Object.keys(counters).filter((name) => /MEMORY_TEMP|NVLINK|NVSWITCH|FABRIC|XID_ERRORS$/.test(name)),
    );
    const { status, body } = await fleet.askJson("/faults/nvlink?node=gpu-node-0", "PUT");
    assert.equal(status, 400);
    assert.deepEqual(body, {
      error: "this GPU model has no NVLink",
      allowed: Object.keys(faultKinds).filter((kind) => kind !== "nvlink"),
    });
  });

  it("labels series as the exporter does", async () => {
    const samples = await fleet.scrapeAll();
    const { UUID, ...labels } = samples.get("DCGM_FI_DEV_GPU_TEMP/gpu-node-0/1")?.labels ?? {};
    assert.match(UUID ?? "", /^GPU-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    const common = {
      gpu: "1",
      pci_bus_id: "00000000:43:00.0",
      device: "nvidia1",
      modelName: "NVIDIA H100 80GB HBM3",
      hostname: "gpu-node-0",
      DCGM_FI_DRIVER_VERSION: "580.95.05",
      DCGM_FI_DEV_VBIOS_VERSION: "96.00.A5.00.01",
      namespace: "ml-training",
      pod: "train-0-0",
      container: "trainer",
    };
    assert.deepEqual(labels, common);
    const xid = samples.get("DCGM_EXP_XID_ERRORS_COUNT/gpu-node-0/1");
    assert.deepEqual(xid?.labels, { ...common, UUID, window_size_in_ms: "300000" });
    assert.equal(new Set([...samples.values()].map((sample) => sample.labels.UUID)).size, 12);
  });

  it("gives the same values at the same time, also after a restart, and plausible ones at any time", async () => {
    const before = await fleet.scrapeAll();
    await fleet.stop();
    await fleet.start();
    assert.deepEqual(await fleet.scrapeAll(), before);
    for (const { name, value } of before.values()) {
      if (name.endsWith("_ACTIVE")) assert.ok(value >= 0 && value <= 1, name);
      if (name.endsWith("_UTIL")) assert.ok(value >= 0 && value <= 100, name);
      if (name.endsWith("POWER_USAGE")) assert.ok(value >= 75 && value <= 700, name);
      if (/^DCGM_FI_DEV_(GPU|MEMORY)_TEMP$/.test(name)) assert.ok(value >= 28 && value < 90, name);
    }
    const total = (sample: string) =>
      ["FREE", "USED"].reduce((sum, part) => sum + (before.get(`DCGM_FI_DEV_FB_${part}${sample}`)?.value ?? 0), 0);
    assert.equal(total("/gpu-node-2/3"), 81559 - 551);
  });

  it("lets counters grow with the gauges that they integrate, and changes values smoothly", async () => {
    const id = (name: string) => `DCGM_FI_DEV_${name}/gpu-node-0/0`;
    const before = await fleet.scrapeAll();
    fleet.now += 1000;
    const after = await fleet.scrapeAll();
    const joules =
      ((after.get(id("TOTAL_ENERGY_CONSUMPTION"))?.value ?? 0) -
        (before.get(id("TOTAL_ENERGY_CONSUMPTION"))?.value ?? 0)) /
      1000;
    const [from = 0, to = 0] = [before, after].map((scrape) => scrape.get(id("POWER_USAGE"))?.value);
    assert.ok(Math.abs(to - from) < 5, `${from} W, then ${to} W`);
    assert.ok(joules > Math.min(from, to) - 1 && joules < Math.max(from, to) + 1, `${joules} J at ${from} to ${to} W`);
    for (const [name, type] of Object.entries(counters)) {
      if (type === "counter")
        assert.ok((after.get(`${name}/gpu-node-0/0`)?.value ?? 0) >= (before.get(`${name}/gpu-node-0/0`)?.value ?? 0));
    }
    fleet.now += 3_600_000;
    const changed = new Set(Object.keys(differences(after, await fleet.scrapeAll())).map((key) => key.split("/")[0]));
    assert.ok(changed.has("DCGM_FI_DEV_GPU_TEMP") && changed.has("DCGM_FI_DEV_GPU_UTIL"));
  });

  it("is one target per node for HTTP service discovery, at the address that was asked", async () => {
    const target = (node: string, index: number) => ({
      targets: [fleet.address],
      labels: {
        ...{ __metrics_path__: `/nodes/${node}/metrics`, __tmp_hash: node, instance: node, node },
        ...{ region: "simulated", failure_domain: `rack-${Math.floor(index / 2)}` },
      },
    });
    assert.deepEqual(await fleet.askJson("/targets"), { status: 200, body: NODES.map(target) });
  });

  it("is healthy, and explains itself", async () => {
    assert.equal(await (await fleet.ask("/healthz")).text(), "ok\n");
    const help = await (await fleet.ask("/")).text();
    for (const kind of Object.keys(faultKinds)) assert.match(help, new RegExp(`^  ${kind} `, "m"));
  });
});
