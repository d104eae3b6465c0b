import { type FaultClass, OF_BROKEN_CARD, OF_WORK, type Target } from "./faultClass";
import { type Card, reportXid } from "./fleet";
import { MAX_SM_MHZ } from "./work";

const TRAINING = ["n1", "n2", "n5"];

/** For each card of the target. */
const each =
  (change: (card: Card, minute: number, since: number) => void): FaultClass["strike"] =>
  ({ cards }: Target, minute, since) => {
    for (const card of cards) change(card, minute, since);
  };

/** An XID after which programs on the card fail. */
function fatal(
  code: number,
  expected: readonly string[],
  more: (card: Card, since: number, minute: number) => void = () => {},
): FaultClass {
  return {
    name: `XID ${code}`,
    on: "card",
    expected,
    within: 5,
    companions: OF_BROKEN_CARD,
    repaired: true,
    strike: each((card, minute, since) => {
      if (since === 0) reportXid(card, code, minute);
      Object.assign(card.now, { dead: true, unhealthy: true });
      more(card, since, minute);
    }),
  };
}

const failing = (watch: string, code: string) => ({ watch, code, status: 20 });

const memory: FaultClass[] = [
  fatal(48, ["GpuUncorrectableEcc"], (card, since) => {
    if (since === 0) card.counters.dbe += 1;
    card.now.recovery = 1;
    if (since > 0) card.now.health.push(failing("MEM", "DCGM_FR_VOLATILE_DBE_DETECTED"));
  }),
  // If the exporter forgets the XID, the counter tells of it.
  fatal(95, ["GpuUncontainedEcc", "GpuUncorrectableEcc"], (card, since) => {
    if (since === 0) card.counters.dbe += 1;
    card.now.recovery = 1;
  }),
  {
    name: "double-bit errors without an XID",
    on: "card",
    expected: ["GpuUncorrectableEcc"],
    within: 5,
    companions: OF_BROKEN_CARD,
    repaired: true,
    strike: each((card, _minute, since) => {
      if (since % 20 === 0) card.counters.dbe += 1;
      if (since > 0) card.now.health.push(failing("MEM", "DCGM_FR_VOLATILE_DBE_DETECTED"));
    }),
  },
  {
    name: "XID 94",
    on: "card",
    expected: ["GpuContainedEcc"],
    within: 5,
    companions: [...OF_WORK, "GpuRowRemapPending"],
    lasts: 120,
    strike: each((card, minute, since) => {
      if (since === 0) {
        reportXid(card, 94, minute);
        reportXid(card, 63, minute);
      }
      if (since < 2) card.now.dead = true;
      card.now.remapPending = true;
    }),
  },
  {
    name: "storm of single-bit errors",
    on: "card",
    expected: ["GpuSingleBitEccStorm"],
    within: 30,
    lasts: 60,
    strike: each((card) => {
      card.counters.sbe += 80;
    }),
  },
  {
    name: "row remapping failed",
    on: "card",
    expected: ["GpuRowRemapFailure"],
    within: 5,
    companions: OF_BROKEN_CARD,
    repaired: true,
    strike: each((card, minute, since) => {
      if (since === 0) reportXid(card, 64, minute);
      Object.assign(card.now, { remapFailed: true, dead: true, unhealthy: true, recovery: 1 });
      card.now.health.push(failing("MEM", "DCGM_FR_ROW_REMAP_FAILURE"));
    }),
  },
  {
    name: "row remapping pending",
    on: "card",
    expected: ["GpuRowRemapPending"],
    within: 20,
    lasts: 70,
    strike: each((card, minute, since) => {
      if (since === 0) reportXid(card, 63, minute);
      card.now.remapPending = true;
      card.now.health.push({ watch: "MEM", code: "DCGM_FR_PENDING_ROW_REMAP", status: 10 });
    }),
  },
];

const lost: FaultClass[] = [
  {
    name: "XID 79, the card vanishes",
    on: "card",
    expected: ["GpuFallenOffBus"],
    within: 5,
    companions: [...OF_BROKEN_CARD, "GpuExporterDown", "GpuCountMismatch", "GpuCountBelowHistory"],
    repaired: true,
    strike: each((card, minute, since) => {
      if (since === 0) reportXid(card, 79, minute);
      else card.now.absent = true;
      if (since === 1 || since === 2) card.node.now.exporter = "fails";
      Object.assign(card.now, { dead: true, unhealthy: true });
    }),
  },
  {
    name: "a card vanishes without an XID",
    on: "card",
    expected: ["GpuCountMismatch", "GpuCountBelowHistory"],
    within: 20,
    companions: [...OF_BROKEN_CARD, "GpuExporterDown", "GpuFallenOffBus"],
    repaired: true,
    strike: each((card, _minute, since) => {
      if (since < 2) card.node.now.exporter = "fails";
      Object.assign(card.now, { dead: true, absent: true });
    }),
  },
];

const firmware: FaultClass[] = [
  fatal(119, ["GpuGspError"], (card, since, minute) => {
    // Each call that nobody answers is one more.
    if (since > 0 && since % 7 === 0) reportXid(card, 119, minute);
    card.now.recovery = 1;
  }),
  fatal(62, ["GpuFatalXid"]),
  {
    name: "the driver asks for a reset, without an XID",
    on: "card",
    expected: ["GpuRecoveryActionRequired"],
    within: 5,
    companions: OF_BROKEN_CARD,
    repaired: true,
    strike: each(({ now }) => Object.assign(now, { recovery: 1, dead: true })),
  },
  {
    name: "XID 74, and the driver asks for a reset",
    on: "card",
    expected: ["GpuNvlinkFault", "GpuRecoveryActionRequired"],
    within: 10,
    companions: [...OF_BROKEN_CARD, "GpuNvlinkXid", "GpuNvlinkRecoveries"],
    repaired: true,
    strike: each((card, minute, since) => {
      if (since === 0) reportXid(card, 74, minute);
      Object.assign(card.now, { dead: true, recovery: since > 0 ? 1 : 0 });
    }),
  },
  {
    name: "XID 74 alone",
    on: "card",
    // The table calls it fatal on Hopper, with or without what the driver asks for.
    expected: ["GpuNvlinkFault"],
    within: 5,
    lasts: 30,
    strike: each((card, minute, since) => {
      if (since === 0) reportXid(card, 74, minute);
    }),
  },
];

const links: FaultClass[] = [
  {
    name: "NVLink recovers again and again",
    on: "card",
    expected: ["GpuNvlinkRecoveries"],
    within: 5,
    companions: ["GpuNvlinkErrors"],
    lasts: 30,
    strike: each((card, _minute, since) => {
      if (since % 5 === 0) card.counters.recoveries += 1;
      card.counters.crc += 400;
    }),
  },
  {
    name: "NVLink replays",
    on: "card",
    expected: ["GpuNvlinkErrors"],
    within: 25,
    lasts: 45,
    strike: each((card) => {
      card.counters.replays += 20;
    }),
  },
  {
    name: "PCIe replays",
    on: "card",
    expected: ["GpuPcieReplays"],
    within: 35,
    lasts: 60,
    strike: each((card) => {
      card.pcieReplays += 25;
    }),
  },
  {
    name: "PCIe with half of its lanes",
    on: "card",
    expected: ["GpuPcieLinkDegraded"],
    within: 40,
    where: TRAINING,
    strike: each(({ now }) => Object.assign(now, { lanes: 8 })),
  },
];

const slow: FaultClass[] = [
  {
    name: "clocks locked low",
    on: "card",
    expected: ["GpuJobStraggler", "GpuClocksLow"],
    within: 45,
    companions: ["GpuJobStraggler", "GpuClocksLow", "GpuJobRankStarved"],
    where: TRAINING,
    strike: each(({ now }) => Object.assign(now, { maxMhz: 0.45 * MAX_SM_MHZ, reasons: 2 })),
  },
  {
    name: "power limit lowered",
    on: "card",
    expected: ["GpuPowerLimitLow"],
    within: 20,
    companions: ["GpuJobStraggler", "GpuClocksLow", "GpuJobRankStarved"],
    where: TRAINING,
    strike: each(({ now }) => Object.assign(now, { powerLimit: 400, maxMhz: 0.6 * MAX_SM_MHZ, reasons: 4 })),
  },
  {
    name: "the card slows itself down, without a cause",
    on: "card",
    expected: ["GpuHardwareSlowdown"],
    within: 20,
    companions: ["GpuJobStraggler", "GpuClocksLow", "GpuJobRankStarved"],
    where: TRAINING,
    lasts: 60,
    strike: each(({ now }) => Object.assign(now, { reasons: 8, maxMhz: 0.5 * MAX_SM_MHZ })),
  },
  {
    name: "a cold plate that comes off",
    on: "card",
    expected: ["GpuHardwareThermalSlowdown", "GpuSoftwareThermalSlowdown"],
    within: 20,
    companions: ["GpuTemperatureNearLimit", "GpuTemperatureOutlier", "GpuJobStraggler", "GpuMemoryTemperatureHigh"],
    where: TRAINING,
    lasts: 60,
    strike: each(({ now }) =>
      Object.assign(now, { celsius: 90, memoryCelsius: 94, reasons: 8 + 64, maxMhz: 0.35 * MAX_SM_MHZ }),
    ),
  },
];

/** Faults of single cards. */
export const faultsOfCards: readonly FaultClass[] = [...memory, ...lost, ...firmware, ...links, ...slow];
