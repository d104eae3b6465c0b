import { type FaultClass, OF_BROKEN_CARD, OF_WORK, type Target } from "./faultClass";
import { type NodeNow, reportXid } from "./fleet";
import { MAX_SM_MHZ } from "./work";

/** For each node of the target. */
const nodes =
  (change: (now: NodeNow, minute: number, since: number) => void): FaultClass["strike"] =>
  (target: Target, minute, since) => {
    for (const { now } of target.nodes) change(now, minute, since);
  };

const slowCards =
  (reasons: number, more: { celsius?: number; memoryCelsius?: number } = {}): FaultClass["strike"] =>
  ({ cards }) => {
    for (const { now } of cards) Object.assign(now, { reasons, maxMhz: 0.35 * MAX_SM_MHZ, ...more });
  };

const HOT = { celsius: 90, memoryCelsius: 90 };
const WITH_HEAT = ["GpuTemperatureNearLimit", "GpuMemoryTemperatureHigh"];
/** Nodes that always have work on all of their GPUs, or nearly. */
const USED = ["n1", "n2", "n3", "n5"];

const powerAndHeat: FaultClass[] = [
  {
    name: "power brake of a node",
    on: "node",
    expected: ["GpuPowerBrake"],
    within: 15,
    companions: ["GpuJobStraggler"],
    lasts: 40,
    strike: slowCards(8 + 128),
  },
  {
    name: "power brake of a rack",
    on: "rack",
    expected: ["GpuPowerBrakeInDomain"],
    within: 15,
    companions: ["GpuPowerBrake", "GpuJobStraggler"],
    lasts: 40,
    strike: slowCards(8 + 128),
  },
  {
    name: "fans of a node fail",
    on: "node",
    expected: ["GpuHardwareThermalSlowdown"],
    within: 15,
    companions: [...WITH_HEAT, "GpuJobStraggler", "GpuSoftwareThermalSlowdown"],
    lasts: 40,
    strike: slowCards(8 + 64, HOT),
  },
  {
    name: "cooling of a rack fails",
    on: "rack",
    expected: ["GpuThermalSlowdownInDomain"],
    within: 15,
    companions: [...WITH_HEAT, "GpuHardwareThermalSlowdown", "GpuSoftwareThermalSlowdown", "GpuJobStraggler"],
    lasts: 40,
    strike: slowCards(8 + 64, HOT),
  },
];

/** Two nodes of six are many: then one alert speaks for them. */
const MANY = ["GpuFleetBlind"];

const telemetry: FaultClass[] = [
  {
    name: "the exporter does not answer",
    on: "node",
    expected: ["GpuExporterDown", ...MANY],
    within: 15,
    lasts: 60,
    strike: nodes((now) => Object.assign(now, { exporter: "fails" })),
  },
  {
    name: "there is no exporter",
    on: "node",
    expected: ["GpuExporterMissing", ...MANY],
    within: 25,
    lasts: 60,
    strike: nodes((now) => Object.assign(now, { exporter: "absent" })),
  },
  {
    name: "most exporters do not answer",
    on: "rack",
    expected: ["GpuFleetBlind"],
    within: 20,
    companions: ["GpuExporterDown"],
    lasts: 60,
    strike: nodes((now) => Object.assign(now, { exporter: "fails" })),
  },
  {
    name: "the exporter repeats old values",
    on: "node",
    expected: ["GpuValuesFrozen", ...MANY],
    within: 25,
    lasts: 60,
    strike: nodes((now) => Object.assign(now, { frozen: true })),
  },
  {
    name: "the exporter leaves GPUs out",
    on: "node",
    expected: ["GpuSamplesPatchy"],
    within: 60,
    lasts: 90,
    strike: ({ cards }, minute) => {
      cards.forEach(({ now }, index) => {
        // 40 % of the scrapes, each card in others.
        now.skipped = index > 0 && (minute * 7 + index * 3) % 5 < 2;
      });
    },
  },
  {
    name: "the exporter knows no pods",
    on: "node",
    expected: ["GpuPodMappingLost"],
    within: 25,
    lasts: 60,
    where: USED,
    strike: nodes((now) => Object.assign(now, { podsKnown: false })),
  },
  {
    name: "hardware counters are missing",
    on: "node",
    expected: ["GpuProfilingMissing"],
    within: 50,
    lasts: 100,
    strike: nodes((now) => Object.assign(now, { profiling: false })),
  },
];

const whole: FaultClass[] = [
  {
    name: "a node is not ready",
    on: "node",
    expected: ["GpuNodeNotReady"],
    within: 10,
    companions: [...OF_WORK, "GpuExporterDown"],
    where: USED,
    lasts: 40,
    strike: nodes((now) => Object.assign(now, { ready: false, running: false, exporter: "fails" })),
  },
  {
    name: "a rack is not ready",
    on: "rack",
    expected: ["GpuDomainNotReady"],
    within: 10,
    companions: [...OF_WORK, "GpuExporterDown", "GpuNodeNotReady"],
    lasts: 40,
    strike: nodes((now) => Object.assign(now, { ready: false, running: false, exporter: "fails" })),
  },
  {
    name: "GPUs fail all over a rack",
    on: "rack",
    expected: ["GpuDomainFaults"],
    within: 10,
    companions: [...OF_BROKEN_CARD, "GpuFallenOffBus", "GpuExporterDown", "GpuCountMismatch", "GpuCountBelowHistory"],
    lasts: 90,
    strike: (target, minute, since) => {
      target.nodes.forEach(({ cards: [card], now }, number) => {
        if (!card || since < number) return;
        if (since === number) reportXid(card, 79, minute);
        else card.now.absent = true;
        if (since === number + 1) now.exporter = "fails";
        Object.assign(card.now, { dead: true, unhealthy: true });
      });
    },
  },
  {
    name: "an NVSwitch fails",
    on: "node",
    expected: ["GpuNvswitchFatal"],
    within: 5,
    companions: [...OF_WORK],
    repaired: true,
    strike: ({ nodes: [node], cards }) => {
      if (node) node.now.fatalSxid = 20034;
      for (const { now } of cards) now.dead = true;
    },
  },
  {
    name: "an NVSwitch has errors",
    on: "node",
    expected: ["GpuNvswitchErrors"],
    within: 5,
    lasts: 100,
    strike: nodes((now) => Object.assign(now, { nonFatalSxid: 11012 })),
  },
  {
    name: "the NVLink fabric failed",
    on: "node",
    expected: ["GpuFabricFailed"],
    within: 10,
    companions: OF_BROKEN_CARD,
    repaired: true,
    strike: ({ cards }) => {
      for (const { now } of cards) Object.assign(now, { fabric: 4, dead: true });
    },
  },
  {
    name: "an InfiniBand port goes down",
    on: "node",
    expected: ["InfinibandPortDown"],
    within: 10,
    lasts: 40,
    strike: ({ nodes: [node] }, _minute, since) => {
      if (!node) return;
      node.now.portsDown = 1;
      if (since === 0) node.linkDowns += 1;
    },
  },
  {
    name: "the device plugin gives GPUs to nobody",
    on: "card",
    expected: ["GpuUnallocatable"],
    within: 25,
    lasts: 60,
    strike: ({ cards }) => {
      for (const { now } of cards) now.unhealthy = true;
    },
  },
];

/** Faults of nodes, of racks, and of what is known of them. */
export const faultsOfNodes: readonly FaultClass[] = [...powerAndHeat, ...telemetry, ...whole];
