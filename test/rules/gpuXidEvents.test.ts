import {
  ENERGY_OF_FAULTY,
  GPU_RESET,
  XID_EVENTS,
  XID_LATCHED,
  xidEventRules,
} from "../../components/gpu/rules/xidEvents";
import { asOne, card, exporterUp } from "./gpuCardFixtures";
import { boot, energy, event, knownNode, once, xid } from "./gpuFaultInput";
import { proveRecord } from "./promtool";

const rules = asOne(xidEventRules());

const place = 'cluster="c1", region="r1", failure_domain="rack1", node="n1"';
const of = (code: number, gpu = 0) =>
  `{${place}, UUID="GPU-n1-${gpu}", gpu="${gpu}", modelName="NVIDIA H100 80GB HBM3", xid="${code}"}`;
const onGpu = '{cluster="c1", node="n1", UUID="GPU-n1-0"}';

describe("rules: GPUs, XIDs as events", () => {
  proveRecord(rules, XID_EVENTS, {
    input: {
      ...xid(79, "_x10 1x4 0x10"),
      ...xid(13, "2x20"),
      // Two exporters of one GPU.
      ...{ [card("DCGM_EXP_XID_ERRORS_COUNT", {}, 'xid="13", pod="second"')]: "3x20" },
      // A GPU without XIDs.
      [card("DCGM_EXP_XID_ERRORS_COUNT", { gpu: 1 })]: "0x20",
    },
    at: "10m",
    samples: { [of(79)]: 1, [of(13)]: 3 },
  });
  proveRecord(rules, GPU_RESET, {
    // The exporter is away for twenty minutes; on the other GPU nothing had happened.
    input: {
      ...once(48),
      ...energy("1000+9x14 stale _x19 5+9x20"),
      ...energy("1000+9x14 stale _x19 5+9x20", { gpu: 1 }),
      ...exporterUp(),
    },
    at: "35m",
    samples: { [onGpu]: 35 * 60 },
  });
  proveRecord(rules, GPU_RESET, {
    input: { ...once(48), ...energy("1000+9x14 stale _x19 5+9x20"), ...exporterUp() },
    at: "36m",
    samples: {},
  });
  proveRecord(rules, ENERGY_OF_FAULTY, {
    input: { ...once(48), ...energy("1000+10x60"), ...energy("1000+10x60", { gpu: 1 }), ...exporterUp() },
    at: "20m",
    samples: { [onGpu]: 1200 },
  });

  const latched = (at: string, input: Parameters<typeof proveRecord>[2]["input"], samples: Record<string, number>) =>
    proveRecord(rules, XID_LATCHED, { input, at, samples });
  const seenLast = 14 * 60;

  describe("are latched", () => {
    // The card takes its series along, and the exporter answers with errors for a while.
    latched(
      "60m",
      { ...once(79), ...energy("1000+9x9 stale"), ...exporterUp("n1", "rack1", "1x9 0x5 1x60") },
      {
        [of(79)]: seenLast,
      },
    );
    // The exporter is gone, and Kubernetes knows the node.
    latched("60m", { ...once(79), ...exporterUp("n1", "rack1", "1x14 stale"), ...knownNode() }, { [of(79)]: seenLast });
    // A later XID, a repeat of the first on another GPU, and a reboot long ago.
    latched(
      "60m",
      { ...once(79), ...event(31, 30), ...event(79, 40, { gpu: 1 }), ...exporterUp(), ...boot("-3600x60") },
      { [of(79)]: seenLast, [of(31)]: 34 * 60, [of(79, 1)]: 44 * 60 },
    );
    // Repeats.
    latched("60m", { ...xid(48, "_x10 1x4 _x9 1x4 2x4 1x4 stale"), ...exporterUp() }, { [of(48)]: 38 * 60 });
    // The exporter forgets what it counted, and the energy goes on.
    latched(
      "60m",
      { ...once(48), ...energy("1000+9x11 stale _x1 1200+9x60"), ...exporterUp() },
      { [of(48)]: seenLast },
    );
    // The reset came before: it failed again four minutes later.
    latched(
      "60m",
      { ...xid(48, "_x10 1x4 stale _x14 1x4 stale"), ...energy("1000+9x14 stale _x9 5+9x60"), ...exporterUp() },
      { [of(48)]: 34 * 60 },
    );
    // The boot came before: another GPU failed a quarter of an hour later.
    latched(
      "60m",
      { ...once(79), ...event(79, 40, { gpu: 1 }), ...exporterUp(), ...boot(`-3600x19 ${20 * 60}x60`) },
      { [of(79, 1)]: 44 * 60 },
    );
  });

  describe("end", () => {
    for (const at of ["26m", "60m", "100m"]) {
      latched(at, { ...once(79), ...exporterUp(), ...boot(`-3600x24 ${24 * 60}x100`) }, {});
      latched(at, { ...once(48), ...energy("1000+9x14 stale _x9 5+9x100"), ...exporterUp() }, {});
    }
    // The exporter was away for hours.
    latched(
      "200m",
      { ...once(48), ...energy("1000+9x14 stale _x150 5+9x100"), ...exporterUp("n1", "rack1", "1x300") },
      {},
    );
    // The node is gone.
    latched("60m", { ...once(79), ...exporterUp("n1", "rack1", "1x20 stale"), ...knownNode("n1", "1x20 stale") }, {});
  });
});
