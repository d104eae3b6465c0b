import assert from "node:assert/strict";
import { counters, differences, NODES, START, TestFleet } from "./fleetHarness";

describe("faults of the simulated GPU fleet", () => {
  const fleet = new TestFleet();
  beforeEach(() => fleet.start());
  afterEach(() => fleet.stop());

  const of = (gpu: number, values: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${name}/gpu-node-1/${gpu}`, value]));
  const all = Object.fromEntries(Object.keys(counters).map((name) => [name, "gone"]));
  const immediate: Record<string, Record<string, unknown>> = {
    "xid?node=gpu-node-1&gpu=2": of(2, { DCGM_FI_DEV_XID_ERRORS: 79 }),
    "xid?node=gpu-node-1&gpu=2&code=94": of(2, { DCGM_FI_DEV_XID_ERRORS: 94 }),
    "xid?node=gpu-node-1": Object.assign({}, ...[0, 1, 2, 3].map((gpu) => of(gpu, { DCGM_FI_DEV_XID_ERRORS: 79 }))),
    "ecc?node=gpu-node-1&gpu=0": of(0, {
      DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS: 512,
      DCGM_FI_DEV_ROW_REMAP_FAILURE: 1,
    }),
    "thermal?node=gpu-node-1&gpu=3": of(3, {
      DCGM_FI_DEV_SM_CLOCK: 345,
      DCGM_FI_DEV_MEMORY_TEMP: 102,
      DCGM_FI_DEV_GPU_TEMP: 94,
    }),
    "lost?node=gpu-node-1&gpu=1": of(1, all),
    "nvlink?node=gpu-node-1&gpu=1": {},
    "frozen?node=gpu-node-1&gpu=1": {},
    "down?node=gpu-node-1": Object.assign({}, ...[0, 1, 2, 3].map((gpu) => of(gpu, all))),
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

  it("a broken NVLink stops that GPU's traffic and nothing else", async () => {
    const before = await fleet.scrapeAll();
    await fleet.ask("/faults/nvlink?node=gpu-node-1&gpu=1", "PUT");
    fleet.now += 60_000;
    const changed = Object.keys(differences(before, await fleet.scrapeAll()));
    const nvlink = changed.filter((id) => id.startsWith("DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL/"));
    assert.equal(nvlink.length, 11);
    assert.ok(!nvlink.includes("DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL/gpu-node-1/1"));
    assert.ok(changed.includes("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION/gpu-node-1/1"));
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
      "ecc?node=gpu-node-1",
      "down?node=gpu-node-2",
    ];
    for (const fault of faults) await fleet.ask(`/faults/${fault}`, "PUT");
    const since = START / 1000;
    assert.deepEqual((await fleet.askJson("/faults")).body, [
      { kind: "xid", node: "gpu-node-0", gpu: 0, code: 79, since },
      { kind: "xid", node: "gpu-node-0", gpu: 1, code: 79, since },
      { kind: "xid", node: "gpu-node-1", gpu: 0, code: 79, since },
      { kind: "ecc", node: "gpu-node-1", since },
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
    [
      "PUT",
      "/faults/fire?node=gpu-node-0",
      400,
      "unknown fault 'fire'",
      ["xid", "ecc", "thermal", "nvlink", "lost", "frozen", "down"],
    ],
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
    ["PUT", "/faults/ecc?node=gpu-node-0&code=79", 400, "'ecc' takes no parameter 'code'", ["node", "gpu"]],
    ["PUT", "/faults/down?node=gpu-node-0&gpu=1", 400, "'down' takes no parameter 'gpu'", ["node"]],
    ["DELETE", "/faults/xid?gpu=1", 400, "gpu needs its node", ["node"]],
    [
      "DELETE",
      "/faults/fire",
      400,
      "unknown fault 'fire'",
      ["xid", "ecc", "thermal", "nvlink", "lost", "frozen", "down"],
    ],
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
