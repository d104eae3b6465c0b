import { domainRules } from "../../components/gpu/rules/domains";
import { faultRules } from "../../components/gpu/rules/faults";
import { memoryErrorRules } from "../../components/gpu/rules/memoryErrors";
import { xidRules } from "../../components/gpu/rules/xid";
import { xidWorkloadRules } from "../../components/gpu/rules/xidWorkloads";
import { type Card, card, exporterUp } from "./gpuCardFixtures";
import { boot, context, cordoned, energy, event, held, knownNode, proveStory, withBase, xid } from "./gpuFaultInput";
import type { Input } from "./promtool";

const health = context();
const rules = withBase([
  ...xidRules(health),
  ...memoryErrorRules(health),
  ...faultRules(),
  ...xidWorkloadRules(health),
  ...domainRules(),
]);

/** What a healthy GPU shows, until the minute when its series end. */
const healthy = (of: Card = {}, minutes = 90): Input => ({
  ...energy(`1000+9x${minutes} stale`, of),
  [card("DCGM_EXP_XID_ERRORS_COUNT", of)]: `0x${minutes} stale`,
  [card("DCGM_FI_DEV_GPU_RECOVERY_ACTION", of)]: `0x${minutes} stale`,
  [card("DCGM_FI_DEV_ROW_REMAP_FAILURE", of)]: `0x${minutes} stale`,
  [card("DCGM_FI_DEV_ROW_REMAP_PENDING", of)]: `0x${minutes} stale`,
  [card("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", of)]: `0x${minutes} stale`,
  [card("DCGM_EXP_GPU_HEALTH_STATUS", of, 'health_watch="ALL", health_error_code="DCGM_FR_OK"')]: `0x${minutes} stale`,
});

describe("rules: GPUs, how faults go", () => {
  proveStory(
    rules,
    "a card falls off the bus, the exporter fails for two minutes, the node is cordoned, booted and put back",
    {
      ...healthy({ gpu: 1 }, 200),
      ...energy("1000+9x12 stale"),
      ...xid(79, "_x10 1x2 stale"),
      // DCGM says so too.
      [card("DCGM_EXP_GPU_HEALTH_STATUS", {}, 'health_watch="ALL", health_error_code="DCGM_FR_FALLEN_OFF_BUS"')]:
        "_x10 20x2 stale",
      [card("DCGM_FI_DEV_GPU_RECOVERY_ACTION")]: "0x9 2x2 stale",
      ...exporterUp("n1", "rack1", "1x12 0x1 1x200"),
      ...cordoned("0x39 1x29 0x100"),
      ...boot("-3600x49 3000x100"),
    },
    [
      { at: "9m", firing: {} },
      { at: "11m", firing: { GpuFallenOffBus: 1 } },
      { at: "15m", firing: { GpuFallenOffBus: 1 } },
      { at: "39m", firing: { GpuFallenOffBus: 1 } },
      { at: "40m", firing: {} },
      { at: "70m", firing: {} },
      { at: "120m", firing: {} },
    ],
  );
  proveStory(
    rules,
    "a sticky fault that repeats is one page, and a second node fault is not counted",
    { ...healthy(), ...xid(119, "_x10 1x4 _x8 1x4 2x4 stale"), ...exporterUp(), ...knownNode() },
    [
      { at: "11m", firing: { GpuGspError: 1 } },
      { at: "20m", firing: { GpuGspError: 1 } },
      { at: "60m", firing: { GpuGspError: 1 } },
    ],
  );
  proveStory(
    rules,
    "an uncorrectable error: the row is marked, the node drained and the GPU reset",
    {
      ...energy("1000+9x49 stale _x9 5+9x90"),
      [card("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL")]: "0x9 1x39 stale _x9 0x90",
      [card("DCGM_FI_DEV_ROW_REMAP_PENDING")]: "0x9 1x39 stale _x9 0x90",
      [card("DCGM_EXP_GPU_HEALTH_STATUS", {}, 'health_watch="MEM", health_error_code="DCGM_FR_VOLATILE_DBE_DETECTED"')]:
        "_x10 20x39 stale",
      ...event(48, 10),
      ...event(63, 10),
      ...exporterUp(),
      ...knownNode(),
    },
    [
      { at: "11m", firing: { GpuUncorrectableEcc: 1 } },
      { at: "26m", firing: { GpuUncorrectableEcc: 1, GpuRowRemapPending: 1 } },
      { at: "62m", firing: {} },
      { at: "130m", firing: {} },
    ],
  );
  proveStory(
    rules,
    "an exporter whose values stand still while it answers: an old XID is told once",
    {
      ...healthy(),
      ...held("job", "100x10 stale"),
      ...held("next", "_x13 100x80"),
      ...xid(31, "_x10 1x80"),
      ...exporterUp(),
    },
    [
      { at: "10m", firing: { GpuApplicationXid: 1 } },
      { at: "30m", firing: {} },
      { at: "80m", firing: {} },
    ],
  );
  proveStory(
    rules,
    "an exporter that restarts changes nothing, neither of a fault nor without one",
    {
      ...energy("1000+9x20 stale _x1 1198+9x60"),
      ...xid(62, "_x10 1x2 stale"),
      ...healthy({ gpu: 1 }),
      ...exporterUp("n1", "rack1", "1x20 0x1 1x60"),
    },
    [
      { at: "11m", firing: { GpuFatalXid: 1 } },
      { at: "22m", firing: { GpuFatalXid: 1 } },
      { at: "50m", firing: { GpuFatalXid: 1 } },
    ],
  );
  proveStory(
    rules,
    "a driver that is loaded again on all nodes of a rack, some cordoned and some not",
    Object.assign(
      {},
      ...["n1", "n2", "n3"].map((node, index) => ({
        ...energy("9000000+9x19 stale _x9 5+9x60", { node }),
        [card("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", { node })]: "3x19 stale _x9 0x60",
        [card("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", { node })]: "90000x19 stale _x9 0x60",
        ...exporterUp(node, "rack1", "1x19 0x8 1x60"),
        ...(index === 0 ? knownNode(node) : cordoned("0x18 1x12 0x60", node)),
      })),
    ),
    ["10m", "25m", "31m", "35m", "60m"].map((at) => ({ at, firing: {} })),
  );
  proveStory(
    rules,
    "GPUs that are shared, and MIG: faults of the card are told once, and nobody is accused",
    {
      ...event(95, 10),
      ...event(13, 10, { gpu: 1 }),
      ...held("a", "100x60", { gpu: 1 }, "1"),
      ...held("b", "100x60", { gpu: 1 }, "2"),
      ...exporterUp(),
    },
    [{ at: "12m", firing: { GpuUncontainedEcc: 1 } }],
  );
  proveStory(
    rules,
    "a rack fails: every node has its page, and the rack one that silences them",
    Object.assign({}, ...["n1", "n2", "n3", "n4"].map((node) => ({ ...event(79, 10, { node }), ...exporterUp(node) }))),
    [{ at: "14m", firing: { GpuFallenOffBus: 4, GpuDomainFaults: 1 } }],
  );
});
