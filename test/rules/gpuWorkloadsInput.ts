import measurements from "../../bench/realGpu/h100.json";
import type { GpuRuleContext } from "../../components/gpu/rules/context";
import { ownerRules } from "../../components/gpu/rules/owners";
import { workloadRecordedRules } from "../../components/gpu/rules/workloadsRecorded";
import { type SignalName, signals } from "../../components/gpu/signals";
import type { RuleGroup } from "../../components/prometheus/rules/rule";
import { object, objectOf } from "./objectInput";
import type { Input } from "./promtool";

/** What rules are made of unless a test says otherwise. */
export const profiling: GpuRuleContext = {
  namespace: "monitoring",
  profile: "profiling",
  scrapeSeconds: 60,
  podsKnown: true,
};

/** Rules with those that record what they ask for. */
export const withRecorded = (context: GpuRuleContext, rules: readonly RuleGroup[]): RuleGroup[] => [
  ...ownerRules(),
  ...workloadRecordedRules(context),
  ...rules,
];

/** Series of a GPU by the names of their metrics. */
export type Values = Partial<Record<SignalName, string>>;

export type Scenario = keyof typeof measurements.scenarios;

const MEASURED: [SignalName, keyof (typeof measurements.scenarios)["idle"]][] = [
  ["DCGM_FI_DEV_GPU_UTIL", "gpu_util"],
  ["DCGM_FI_PROF_GR_ENGINE_ACTIVE", "graphics_engine_active"],
  ["DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "tensor_active"],
  ["DCGM_FI_PROF_DRAM_ACTIVE", "dram_active"],
  ["DCGM_FI_DEV_POWER_USAGE", "power_watts"],
  ["DCGM_FI_DEV_SM_CLOCK", "sm_mhz"],
  ["DCGM_FI_DEV_FB_USED", "memory_used_mib"],
];

/** What a real H100 showed, for so many minutes each. */
export function measured(...parts: [Scenario, number][]): Values {
  const sequence = (of: (scenario: Scenario) => number) =>
    parts.map(([scenario, minutes]) => `${of(scenario).toFixed(6)}x${minutes - 1}`).join(" ");
  const median = (scenario: Scenario, quantity: (typeof MEASURED)[number][1]) => {
    const found = measurements.scenarios[scenario][quantity];
    return typeof found === "number" ? found : found.median;
  };
  const { memory_total_mib: memory, power_limit_watts: limit } = measurements.constants;
  return {
    ...Object.fromEntries(
      MEASURED.map(([metric, quantity]) => [metric, sequence((scenario) => median(scenario, quantity))]),
    ),
    DCGM_FI_DEV_FB_FREE: sequence((scenario) => memory - median(scenario, "memory_used_mib")),
    DCGM_FI_DEV_ENFORCED_POWER_LIMIT: sequence(() => limit),
  };
}

/** Where a GPU is, and who holds it; nobody if there is no pod. */
export interface Holding {
  node?: string;
  namespace?: string;
  pod?: string;
  model?: string;
  /** Of MIG: series of the instance, beside those of the card. */
  instance?: number;
}

const isOfWork = (metric: string) => signals.find((signal) => signal.metric === metric)?.subject === "work";

/** The labels of a GPU; without quotes and braces they are those of an alert. */
export const gpuLabels = (gpu: number, { node = "n1", model = "H100" }: Holding = {}) => ({
  cluster: "c1",
  node,
  UUID: `GPU-${node}-${gpu}`,
  gpu: `${gpu}`,
  modelName: model,
});

const braces = (labels: Record<string, string | number>) =>
  Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(", ");

/** Series of GPUs as they are stored: those of the card without its pod. */
export const gpus = (numbers: readonly number[], holding: Holding, values: Values): Input =>
  Object.fromEntries(
    numbers.flatMap((gpu) =>
      Object.entries(values).map(([metric, at]) => {
        const { namespace = "ml", pod, instance } = holding;
        const work = {
          ...(pod === undefined ? {} : { namespace, pod, container: "main" }),
          ...(instance === undefined ? {} : { GPU_I_ID: instance }),
        };
        const labels = { job: "dcgm-exporter", ...gpuLabels(gpu, holding), ...(isOfWork(metric) ? work : {}) };
        return [`${metric}{${braces(labels)}}`, at];
      }),
    ),
  );

/** A pod of a workload, as the platform's kube-state-metrics tells of it. */
export interface PodOf {
  pod: string;
  namespace?: string;
  kind?: string;
  workload?: string;
  /** Default: it has none yet. */
  node?: string;
  gpus?: number;
  resource?: string;
  /** By phase, over time. Default: running. */
  phases?: Record<string, string>;
  /** How long it is there. Default: for as long as tests take. */
  values?: string;
  created?: string;
}

export function podOf({
  pod,
  namespace = "ml",
  kind = "Job",
  workload = "train",
  node = "",
  gpus: wanted = 8,
  resource = "nvidia_com_gpu",
  phases,
  values = "1x600",
  created = "0x600",
}: PodOf): Input {
  const labels = `cluster="c1", namespace="${namespace}", pod="${pod}"`;
  return {
    [object("kube_pod_owner", `${labels}, owner_kind="${kind}", owner_name="${workload}", owner_is_controller="true"`)]:
      values,
    [object(
      "kube_pod_container_resource_requests",
      `${labels}, container="main", node="${node}", resource="${resource}"`,
    )]: values.replaceAll(/\b1(?=x|\b)/g, `${wanted}`),
    ...objectOf("pod", labels)({ info: values, created }),
    ...Object.fromEntries(
      Object.entries(phases ?? { Running: values }).map(([phase, at]) => [
        object("kube_pod_status_phase", `${labels}, phase="${phase}"`),
        at,
      ]),
    ),
  };
}

/** A pod on each node, with all eight GPUs. */
export const job = (
  nodes: readonly string[],
  values: (node: string, gpu: number) => Values,
  of: Partial<PodOf> = {},
): Input =>
  Object.assign(
    {},
    ...nodes.flatMap((node) => [
      podOf({ ...of, pod: `train-${node}`, node }),
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((gpu) => gpus([gpu], { node, pod: `train-${node}` }, values(node, gpu))),
      { [`up{job="dcgm-exporter", cluster="c1", node="${node}", instance="${node}"}`]: "1x600" },
    ]),
  );
