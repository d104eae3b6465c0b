import { createHash } from "node:crypto";

/** What distinguishes one GPU model from another in the exporter's output. */
export interface GpuModel {
  /** As NVML reports it, in the label `modelName`. */
  name: string;
  generation: "ampere" | "hopper" | "ada" | "blackwell";
  idleWatts: number;
  maxWatts: number;
  smClockMhz: number;
  memoryClockMhz: number;
  framebufferMib: number;
  /** Held by driver and firmware. */
  reservedMib: number;
  /** HBM reports its temperature; GDDR does not, and the exporter leaves the metric out. */
  memoryTemperature: boolean;
  pcieGeneration: number;
  /** MB/s over all links at full load; without NVLink the exporter leaves the metric out. */
  nvlinkMegabytesPerSecond: number | undefined;
}

/** Clocks, power limits and memory sizes are those of NVIDIA's data sheets; reserved memory and idle power are typical. */
export const gpuModels: readonly GpuModel[] = [
  {
    name: "NVIDIA H100 80GB HBM3",
    generation: "hopper",
    idleWatts: 75,
    maxWatts: 700,
    smClockMhz: 1980,
    memoryClockMhz: 2619,
    framebufferMib: 81559,
    reservedMib: 551,
    memoryTemperature: true,
    pcieGeneration: 5,
    nvlinkMegabytesPerSecond: 300_000,
  },
  {
    name: "NVIDIA A100-SXM4-80GB",
    generation: "ampere",
    idleWatts: 60,
    maxWatts: 400,
    smClockMhz: 1410,
    memoryClockMhz: 1593,
    framebufferMib: 81920,
    reservedMib: 595,
    memoryTemperature: true,
    pcieGeneration: 4,
    nvlinkMegabytesPerSecond: 200_000,
  },
  {
    name: "NVIDIA L40S",
    generation: "ada",
    idleWatts: 35,
    maxWatts: 350,
    smClockMhz: 2520,
    memoryClockMhz: 9001,
    framebufferMib: 46068,
    reservedMib: 609,
    memoryTemperature: false,
    pcieGeneration: 4,
    nvlinkMegabytesPerSecond: undefined,
  },
];

/** One GPU of the fleet; everything about it follows from its node's name and its index. */
export interface Gpu {
  index: number;
  uuid: string;
  pciBusId: string;
  model: GpuModel;
  load: Wave;
  /** From 0 to 1, one for each property that differs from GPU to GPU and stays. */
  random: { heat: number; memory: number; replays: number; remaps: number };
}

/** A load from 0 to 1: a mean and two sines, so that its integral, which the counters need, has a closed form. */
export interface Wave {
  mean: number;
  parts: { amplitude: number; periodSeconds: number; phase: number }[];
}

/** Counters start here, as if the whole fleet had booted then: they depend on the clock alone and survive a restart. */
const BOOT_SECONDS = Date.UTC(2026, 0, 1) / 1000;

/** Bus numbers of the eight GPUs of an HGX board. */
const BUS_NUMBERS = ["1B", "43", "52", "61", "9D", "C3", "D1", "DF"];

/** Numbers from 0 to 1 that only depend on the text. */
function seededNumbers(text: string): (index: number) => number {
  const digest = createHash("sha256").update(text).digest();
  return (index) => digest.readUInt32BE(index * 4) / 2 ** 32;
}

/** The GPU at `index` of `node`. The GPUs of a node share a job, so their load moves together; one node in eight idles. */
export function createGpu(node: string, index: number, model: GpuModel): Gpu {
  const ofNode = seededNumbers(node);
  const ofGpu = seededNumbers(`${node}/${index}`);
  const hex = createHash("sha256").update(`uuid/${node}/${index}`).digest("hex");
  const uuid = /^(.{8})(.{4})(.{4})(.{4})(.{12})/.exec(hex)?.slice(1).join("-");
  const mean = ofNode(0) < 1 / 8 ? 0.02 : 0.55 + 0.25 * ofNode(1);
  const bus = BUS_NUMBERS[index] ?? (0xe0 + index - BUS_NUMBERS.length).toString(16).toUpperCase();
  return {
    index,
    uuid: `GPU-${uuid}`,
    pciBusId: `00000000:${bus}:00.0`,
    model,
    load: {
      mean,
      parts: [
        { amplitude: 0.14 * mean, periodSeconds: 600 + 600 * ofNode(2), phase: 2 * Math.PI * ofNode(3) },
        { amplitude: 0.06 * mean, periodSeconds: 60 + 60 * ofGpu(0), phase: 2 * Math.PI * ofGpu(1) },
      ],
    },
    random: { heat: ofGpu(2), memory: ofNode(4), replays: ofGpu(3), remaps: ofGpu(4) },
  };
}

/** The load at a time in seconds since 1970. */
export function loadAt(wave: Wave, seconds: number): number {
  return wave.parts.reduce(
    (sum, part) => sum + part.amplitude * Math.sin((2 * Math.PI * seconds) / part.periodSeconds + part.phase),
    wave.mean,
  );
}

/** The integral of the load over the time from the boot until then, in seconds; it never falls. */
export function loadSeconds(wave: Wave, seconds: number): number {
  const antiderivative = (time: number) =>
    wave.parts.reduce((sum, part) => {
      const omega = (2 * Math.PI) / part.periodSeconds;
      return sum - (part.amplitude / omega) * Math.cos(omega * time + part.phase);
    }, wave.mean * time);
  return Math.max(0, antiderivative(seconds) - antiderivative(BOOT_SECONDS));
}

/** Seconds from the boot until then. */
export function uptimeSeconds(seconds: number): number {
  return Math.max(0, seconds - BOOT_SECONDS);
}
