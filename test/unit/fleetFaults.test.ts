import assert from "node:assert/strict";
import { faultKinds } from "../../tools/fleet/faults";
import { counters, differences, NODES, START, TestFleet } from "./fleetHarness";

describe("faults of the simulated GPU fleet", () => {
  const fleet = new TestFleet();
  beforeEach(() => fleet.start());
  afterEach(() => fleet.stop());

  const of = (gpu: number, values: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${name}/gpu-node-1/${gpu}`, value]));
  const watches = ["PCIE", "NVLINK", "PMU", "MCU", "MEM", "SM", "INFOROM", "THERMAL", "POWER", "DRIVER", "ALL"];
  const all = Object.fromEntries(
    Object.keys(counters)
      .filter((name) => !/XID_ERRORS$|NVSWITCH|NVLINK_(CRC|REPLAY|RECOVERY|COUNT)/.test(name))
      .flatMap((name) => (name === "DCGM_EXP_GPU_HEALTH_STATUS" ? watches.map((watch) => `${name}[${watch}]`) : [name]))
      .map((id) => [id, "gone"]),
  );
  const everyGpu = (values: Record<string, unknown>) =>
    Object.assign({}, ...[0, 1, 2, 3].map((gpu) => of(gpu, values)));
  // There is no series of the last XID before the first; another test looks at its value.
  const seen = () => ({ DCGM_FI_DEV_XID_ERRORS: "new", DCGM_EXP_XID_ERRORS_COUNT: 1 });
  const immediate: Record<string, Record<string, unknown>> = {
    "xid?node=gpu-node-1&gpu=2": of(2, seen()),
    "xid?node=gpu-node-1&gpu=2&code=94": of(2, seen()),
    "xid?node=gpu-node-1": everyGpu(seen()),
    "dbe?node=gpu-node-1&gpu=0": of(0, { DCGM_FI_DEV_ECC_DBE_VOL_TOTAL: 1 }),
    "storm?node=gpu-node-1&gpu=0": of(0, { DCGM_FI_DEV_ECC_SBE_VOL_TOTAL: 1 }),
    "remap?node=gpu-node-1&gpu=0": of(0, {
      DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS: 512,
      DCGM_FI_DEV_ROW_REMAP_FAILURE: 1,
      DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_NONE: 1,
      DCGM_FI_DEV_GPU_RECOVERY_ACTION: 1,
      "DCGM_EXP_GPU_HEALTH_STATUS[MEM]": 20,
    }),
    "thermal?node=gpu-node-1&gpu=3": of(3, {
      DCGM_FI_DEV_SM_CLOCK: 345,
      DCGM_FI_DEV_MEMORY_TEMP: 102,
      DCGM_FI_DEV_GPU_TEMP: 94,
      DCGM_FI_DEV_GPU_TEMP_LIMIT: -7,
      DCGM_FI_DEV_CLOCK_THROTTLE_REASONS: 72,
    }),
    "brake?node=gpu-node-1&gpu=3": of(3, {
      DCGM_FI_DEV_SM_CLOCK: 345,
      DCGM_FI_DEV_CLOCK_THROTTLE_REASONS: 136,
    }),
    "nvlink?node=gpu-node-1&gpu=1": of(1, { DCGM_FI_DEV_NVLINK_ERROR_DL_RECOVERY: 1 }),
    "lost?node=gpu-node-1&gpu=1": of(1, all),
    "frozen?node=gpu-node-1&gpu=1": {},
    "down?node=gpu-node-1": everyGpu(all),
  };
  for (const [fault, expected] of Object.entries(immediate)) {
    it(`the fault ${fault} changes exactly what it says, and clearing it undoes that`, async () => {
      const before = await fleet.scrapeAll();
      assert.equal((await fleet.ask(`/faults/${fault}`, "PUT")).status, 200);
      assert.deepEqual(differences(before, await fleet.scrapeAll()), expected);
      const clear = `/faults/${fault.replace(/&code=.*/, "")}`;
      assert.deepEqual(await fleet.askJson(clear, "DELETE"), { status: 200, body: { removed: 1 } });
      assert.deepEqual(differences(before, await fleet.scrapeAll()), {});
    });
  }

  it("an XID carries its code and the exporter's text as labels", async () => {
    await fleet.ask("/faults/xid?node=gpu-node-1&gpu=2", "PUT");
    const labels = (await fleet.scrapeAll()).get("DCGM_FI_DEV_XID_ERRORS/gpu-node-1/2")?.labels;
    assert.deepEqual([labels?.err_code, labels?.err_msg], ["79", "GPU has fallen off the bus"]);
  });

  it("a node that is down answers 500, the others answer", async () => {
    await fleet.ask("/faults/down?node=gpu-node-1", "PUT");
    const statuses = await Promise.all(NODES.map(async (node) => (await fleet.ask(`/nodes/${node}/metrics`)).status));
    assert.deepEqual(statuses, [200, 500, 200]);
  });

  it("frozen values stay as they were when the fault came, also when it is repeated; other GPUs go on", async () => {
    const before = await fleet.scrapeAll();
    await fleet.ask("/faults/frozen?node=gpu-node-1&gpu=1", "PUT");
    fleet.now += 3_600_000;
    await fleet.ask("/faults/frozen?node=gpu-node-1&gpu=1", "PUT");
    const changed = Object.keys(differences(before, await fleet.scrapeAll()));
    assert.deepEqual(
      changed.filter((id) => id.endsWith("/gpu-node-1/1")),
      [],
    );
    const energy = changed.filter((id) => id.startsWith("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION/"));
    assert.equal(energy.length, 11);
  });

  it("errors that come go on, one a minute", async () => {
    await fleet.ask("/faults/dbe?node=gpu-node-1&gpu=1", "PUT");
    fleet.now += 180_000;
    assert.equal((await fleet.scrapeAll()).get("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL/gpu-node-1/1")?.value, 4);
  });

  it("a hang looks as it does on a real H100: all of the time, no work, little power", async () => {
    await fleet.ask("/faults/hang?node=gpu-node-1&gpu=1", "PUT");
    const samples = await fleet.scrapeAll();
    const of = (name: string) => samples.get(`DCGM_FI_${name}/gpu-node-1/1`)?.value;
    assert.deepEqual(["DEV_GPU_UTIL", "PROF_PIPE_TENSOR_ACTIVE", "PROF_DRAM_ACTIVE"].map(of), [100, 0, 0]);
    assert.ok((of("DEV_POWER_USAGE") ?? 700) < 140);
  });

  it("a node that is not mapped has no pods on its series, the others have", async () => {
    await fleet.ask("/faults/unmapped?node=gpu-node-1", "PUT");
    const samples = await fleet.scrapeAll();
    const pods = NODES.map((node) => samples.get(`DCGM_FI_DEV_FB_USED/${node}/0`)?.labels.pod);
    assert.deepEqual(pods, ["train-0-0", undefined, "train-1-0"]);
  });

  it("the fault of one GPU counts before that of its node", async () => {
    await fleet.ask("/faults/xid?node=gpu-node-1&code=48", "PUT");
    await fleet.ask("/faults/xid?node=gpu-node-1&gpu=2&code=94", "PUT");
    const samples = await fleet.scrapeAll();
    const codes = [0, 1, 2, 3].map((gpu) => samples.get(`DCGM_FI_DEV_XID_ERRORS/gpu-node-1/${gpu}`)?.value);
    assert.deepEqual(codes, [48, 48, 94, 48]);
  });

  it("lists its faults and clears them by GPU, by node, by kind, and all at once", async () => {
    const faults = [
      "xid?node=gpu-node-0&gpu=0",
      "xid?node=gpu-node-0&gpu=1",
      "xid?node=gpu-node-1&gpu=0",
      "remap?node=gpu-node-1",
      "down?node=gpu-node-2",
    ];
    for (const fault of faults) await fleet.ask(`/faults/${fault}`, "PUT");
    const since = START / 1000;
    assert.deepEqual((await fleet.askJson("/faults")).body, [
      { kind: "xid", node: "gpu-node-0", gpu: 0, code: 79, since },
      { kind: "xid", node: "gpu-node-0", gpu: 1, code: 79, since },
      { kind: "xid", node: "gpu-node-1", gpu: 0, code: 79, since },
      { kind: "remap", node: "gpu-node-1", since },
      { kind: "down", node: "gpu-node-2", since },
    ]);
    const removed = async (path: string) => (await fleet.askJson(path, "DELETE")).body;
    assert.deepEqual(await removed("/faults/xid?node=gpu-node-1&gpu=3"), { removed: 0 });
    assert.deepEqual(await removed("/faults/xid?node=gpu-node-0&gpu=1"), { removed: 1 });
    assert.deepEqual(await removed("/faults/xid?node=gpu-node-0"), { removed: 1 });
    assert.deepEqual(await removed("/faults/xid"), { removed: 1 });
    assert.deepEqual(await removed("/faults"), { removed: 2 });
    assert.deepEqual((await fleet.askJson("/faults")).body, []);
  });

  const refused: [method: string, path: string, status: number, error: string, allowed?: unknown][] = [
    ["PUT", "/faults/fire?node=gpu-node-0", 400, "unknown fault 'fire'", Object.keys(faultKinds)],
    ["PUT", "/faults/xid", 400, "node is missing", NODES],
    ["PUT", "/faults/xid?node=other", 400, "node 'other' does not exist", NODES],
    ["PUT", "/faults/xid?node=gpu-node-0&gpu=4", 400, "gpu '4' does not exist", [0, 1, 2, 3]],
    ["PUT", "/faults/xid?node=gpu-node-0&gpu=1e0", 400, "gpu '1e0' does not exist", [0, 1, 2, 3]],
    [
      "PUT",
      "/faults/xid?node=gpu-node-0&code=1",
      400,
      "code '1' does not exist",
      [13, 31, 43, 45, 48, 63, 64, 74, 79, 92, 94, 95, 119, 120, 154],
    ],
    ["PUT", "/faults/remap?node=gpu-node-0&code=79", 400, "'remap' takes no parameter 'code'", ["node", "gpu"]],
    ["PUT", "/faults/down?node=gpu-node-0&gpu=1", 400, "'down' takes no parameter 'gpu'", ["node"]],
    ["DELETE", "/faults/xid?gpu=1", 400, "gpu needs its node", ["node"]],
    ["DELETE", "/faults/fire", 400, "unknown fault 'fire'", Object.keys(faultKinds)],
    ["POST", "/faults", 405, "POST is not possible here", ["GET", "DELETE"]],
    ["GET", "/faults/xid", 405, "GET is not possible here", ["PUT", "DELETE"]],
    ["GET", "/nodes/other/metrics", 404, "node 'other' does not exist", NODES],
    ["GET", "/nodes/gpu-node-0", 404, "nothing at /nodes/gpu-node-0; GET / says what there is"],
    ["GET", "/nodes/%", 400, "not a valid URL", []],
  ];
  for (const [method, path, status, error, allowed] of refused) {
    it(`refuses ${method} ${path}: ${error}`, async () => {
      assert.deepEqual(await fleet.askJson(path, method), { status, body: { error, ...(allowed ? { allowed } : {}) } });
      assert.deepEqual((await fleet.askJson("/faults")).body, []);
    });
  }
});
