/** What is known of a model and no metric says. */
export interface GpuModel {
  /** What the label `modelName` is, as a regular expression: NVML's product name. */
  name: string;
  /** GPU temperature in °C above which the driver lowers clocks: NVIDIA's "GPU Max Operating Temp". */
  maxCelsius: number;
  /** The same of the memory. Default: the model has no sensor there, or the figure is not known. */
  memoryMaxCelsius?: number;
  /** Highest SM clock in MHz. Default: not known, and clocks are only compared with those of other GPUs. */
  maxSmMhz?: number;
  /**
   * The PCIe link that it has in every server. Default: servers differ, as with cards: EC2 gives some models 8 lanes.
   */
  pcie?: PcieLink;
  /** Whether it is on boards with NVSwitches that a fabric manager of the same node starts. Default: false. */
  nvSwitch?: true;
}

/** A PCIe link. */
export interface PcieLink {
  generation: number;
  lanes: number;
}

// Temperatures of H100 and H200 SXM are measured (bench/realGpu/h100.json and nvidia-smi of an H200, driver 580), those of A100,
// V100 and T4 are from published output of nvidia-smi. All others: judgement, after their nearest relative. Clocks: H100 measured,
// A100 and V100 by NVIDIA's white papers, T4 by its product brief, H200 by judgement, having the H100's chip.
/** The models that rules know; they do without on others. */
export const gpuModels: readonly GpuModel[] = [
  {
    // Not "NVL" and "PCIe", which are cards. GB200, GB300: the rack's NVSwitch trays run the fabric manager, the node does not.
    name: "NVIDIA H100 80GB HBM3|NVIDIA H(20|200|800)",
    maxCelsius: 87,
    memoryMaxCelsius: 95,
    maxSmMhz: 1980,
    pcie: { generation: 5, lanes: 16 },
    nvSwitch: true,
  },
  { name: "NVIDIA H(100|800) PCIe|NVIDIA H(100|200) NVL", maxCelsius: 87, memoryMaxCelsius: 95 },
  {
    // judgement: PCIe 5 is what HGX boards give both; a B300's own interface could do 6.
    name: "NVIDIA B(200|300).*",
    maxCelsius: 87,
    memoryMaxCelsius: 95,
    pcie: { generation: 5, lanes: 16 },
    nvSwitch: true,
  },
  { name: "NVIDIA GB(200|300).*", maxCelsius: 87, memoryMaxCelsius: 95 },
  {
    name: "NVIDIA A[18]00-SXM.*",
    maxCelsius: 85,
    memoryMaxCelsius: 95,
    maxSmMhz: 1410,
    pcie: { generation: 4, lanes: 16 },
  },
  { name: "NVIDIA A[18]00.*PCI[Ee].*", maxCelsius: 85, memoryMaxCelsius: 95, maxSmMhz: 1410 },
  { name: "(NVIDIA )?(Tesla )?V100-SXM.*", maxCelsius: 83, memoryMaxCelsius: 85, maxSmMhz: 1530 },
  { name: "(NVIDIA )?(Tesla )?T4", maxCelsius: 85, maxSmMhz: 1590 },
  { name: "NVIDIA (A10|A10G|A30|A40|L4|L40|L40S)", maxCelsius: 85 },
];

type Fact = Exclude<keyof GpuModel, "name">;

/** A fact, and the matcher of the models that it holds for. */
export interface OfModels<Value> {
  value: Value;
  matcher: string;
}

/** A fact with the models that it holds for, each value once; models without it are not there. */
export function byFact<Name extends Fact>(fact: Name): OfModels<NonNullable<GpuModel[Name]>>[] {
  const names = new Map<string, string[]>();
  const values = new Map<string, NonNullable<GpuModel[Name]>>();
  for (const model of gpuModels) {
    const value = model[fact];
    if (value === undefined) continue;
    const key = JSON.stringify(value);
    values.set(key, value as NonNullable<GpuModel[Name]>);
    names.set(key, [...(names.get(key) ?? []), model.name]);
  }
  return [...values].map(([key, value]) => ({ value, matcher: modelsNamed(names.get(key) ?? []) }));
}

/** The models without a fact, also those that are not known at all. */
export const withoutFact = (fact: Fact) =>
  `modelName!~"${gpuModels
    .filter((model) => model[fact] !== undefined)
    .map(({ name }) => name)
    .join("|")}"`;

const modelsNamed = (names: readonly string[]) => `modelName=~"${names.join("|")}"`;
