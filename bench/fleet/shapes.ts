import { type Profile, signalsOf } from "../../components/gpu/signals";
import { createGpu, gpuModels, type Wave } from "../../tools/fleet/gpu";
import { renderMetrics } from "../../tools/fleet/metrics";

/** A metric by what it shows at no load and at full load, between which the program in go/ finds its values. */
export interface Shape {
  name: string;
  /** Whether it only rises; `idle` and `busy` are then by how much in a second. */
  counter: boolean;
  idle: number;
  busy: number;
  /** On the few GPUs that are broken; 0: the same as on others. */
  sick: number;
  /** Whether it keeps its value while a pod holds the GPU. */
  steady: boolean;
  decimals: number;
  /** The labels of its own, one series for each. */
  variants: Record<string, string>[];
}

interface Line {
  name: string;
  labels: Record<string, string>;
  value: string;
}

/** The samples of a page in the text format. */
export function samplesOf(page: string): Line[] {
  return page.split("\n").flatMap((line) => {
    const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    if (name === undefined || labels === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text] as const);
    return [{ name, labels: Object.fromEntries(pairs), value }];
  });
}

const START = Date.UTC(2026, 5, 1) / 1000;
/** Long enough for the rate of a counter that is printed without decimals. */
const LATER = START + 100_000;

const CONSTANT = (mean: number): Wave => ({ mean, parts: [] });
const CHANGING: Wave = { mean: 0.5, parts: [{ amplitude: 0.3, periodSeconds: 7_000, phase: 0 }] };

/** One GPU of the simulated fleet as its exporter shows it. */
function page(profile: Profile, load: Wave, time: number, broken = false): Line[] {
  const model = gpuModels[0];
  if (model === undefined) throw new Error("there is no model of GPU");
  const gpu = { ...createGpu("gpu-node-0", 0, model), load };
  return samplesOf(
    renderMetrics("gpu-node-0", [{ gpu, time, condition: broken ? { rowRemapFailed: true } : {} }], profile),
  );
}

/** Labels of every series: those that the first metric has, which has none of its own. */
const commonLabels = (lines: readonly Line[]) => new Set(Object.keys(lines[0]?.labels ?? {}));

const own = (labels: Line["labels"], common: ReadonlySet<string>) =>
  Object.fromEntries(Object.entries(labels).filter(([label]) => !common.has(label)));

/** The metrics of a profile, as the exporter of `npm run local` has them. */
export function shapesOf(profile: Profile): Shape[] {
  const types = new Map(signalsOf(profile).map(({ metric, type }) => [metric, type]));
  const idle = page(profile, CONSTANT(0), START);
  const common = commonLabels(idle);
  const valueIn = (lines: Line[], name: string) => Number(lines.find((line) => line.name === name)?.value ?? 0);
  const [idleLater, busy, busyLater, changing, changingLater, broken] = [
    page(profile, CONSTANT(0), LATER),
    page(profile, CONSTANT(1), START),
    page(profile, CONSTANT(1), LATER),
    page(profile, CHANGING, START),
    page(profile, CHANGING, START + 1_750),
    page(profile, CONSTANT(0), START, true),
  ];
  const rate = (from: Line[], to: Line[], name: string) => (valueIn(to, name) - valueIn(from, name)) / (LATER - START);
  return [...new Set(idle.map(({ name }) => name))].map((name) => {
    const series = idle.filter((line) => line.name === name);
    const counts = types.get(name) === "counter" && rate(busy, busyLater, name) > 0;
    const [atIdle, sick] = [valueIn(idle, name), valueIn(broken, name)];
    return {
      name,
      counter: counts,
      idle: counts ? rate(idle, idleLater, name) : atIdle,
      busy: counts ? rate(busy, busyLater, name) : valueIn(busy, name),
      sick: sick === atIdle || counts ? 0 : sick,
      steady: valueIn(changing, name) === valueIn(changingLater, name),
      decimals: series[0]?.value.split(".")[1]?.length ?? 0,
      variants: series.map(({ labels }) => own(labels, common)),
    };
  });
}

const gauge = (name: string, idle: number, busy: number): Shape => ({
  name,
  counter: false,
  idle,
  busy,
  sick: 0,
  steady: idle === busy,
  decimals: 0,
  variants: [{}],
});

/** What the default counter file has and we do not collect; loads are judgement, the number of series is not. */
const THEIRS_ALONE: Shape[] = [
  gauge("DCGM_FI_DEV_MEM_CLOCK", 2619, 2619),
  gauge("DCGM_FI_DEV_MEM_COPY_UTIL", 0, 60),
  gauge("DCGM_FI_DEV_ENC_UTIL", 0, 0),
  gauge("DCGM_FI_DEV_DEC_UTIL", 0, 0),
  gauge("DCGM_FI_DEV_FB_RESERVED", 551, 551),
  gauge("DCGM_FI_DEV_VGPU_LICENSE_STATUS", 0, 0),
  { ...gauge("DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", 0, 300_000), counter: true },
  { ...gauge("DCGM_FI_DEV_XID_ERRORS", 0, 0), variants: [{ err_code: "0", err_msg: "No Error" }] },
];

const BOTH = new Set([
  "DCGM_FI_DEV_SM_CLOCK",
  "DCGM_FI_DEV_MEMORY_TEMP",
  "DCGM_FI_DEV_GPU_TEMP",
  "DCGM_FI_DEV_POWER_USAGE",
  "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
  "DCGM_FI_DEV_PCIE_REPLAY_COUNTER",
  "DCGM_FI_DEV_GPU_UTIL",
  "DCGM_FI_DEV_FB_FREE",
  "DCGM_FI_DEV_FB_USED",
  "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
  "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS",
  "DCGM_FI_DEV_ROW_REMAP_FAILURE",
  "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
  "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
  "DCGM_FI_PROF_DRAM_ACTIVE",
  "DCGM_FI_PROF_PCIE_TX_BYTES",
  "DCGM_FI_PROF_PCIE_RX_BYTES",
]);

/** The 25 metrics of dcgm-exporter's etc/default-counters.csv (tag 4.5.3-4.8.2). */
export const chartShapes = (): Shape[] => [
  ...shapesOf("profiling").filter(({ name }) => BOTH.has(name)),
  ...THEIRS_ALONE,
];
