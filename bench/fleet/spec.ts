import { gpuScrape } from "../../components/gpu/gpuTarget";
import type { Profile } from "../../components/gpu/signals";
import { labelFields } from "../../components/gpu/signals/counterFile";
import { signalRelabelings } from "../../components/gpu/signals/relabelings";
import type { Relabeling } from "../../components/kubernetes/serviceMonitor";
import { jobs } from "../../components/prometheus/jobs";
import type { RecordingRule } from "../../components/prometheus/rules/rule";
import { gpuModels } from "../../tools/fleet/gpu";
import { chartShapes, type Shape, shapesOf } from "./shapes";

/** As on an HGX H100. */
export const GPUS_PER_NODE = 8;

/** How often exporters are scraped and rules evaluated, in seconds: the platform's default, for both contestants. */
export const INTERVAL_SECONDS = 30;

/** Pods that a GPU gets in a day: a new one every six hours. */
export const PLACEMENTS_PER_DAY = 4;

/** A step of relabelling in the notation of Prometheus' configuration; what is left out has Prometheus' default. */
export interface RelabelStep {
  source_labels?: string[];
  regex?: string;
  target_label?: string;
  replacement?: string;
  action?: string;
}

/** How the GPUs of a fleet are exported and scraped. */
export interface Exporter {
  job: string;
  honorLabels: boolean;
  relabelings: RelabelStep[];
  metricRelabelings: RelabelStep[];
  /** That the exporter adds to every series. */
  labels: Record<string, string>;
  metrics: Shape[];
}

/** What the program in go/ is told; spec.go has the same fields. */
export interface FleetSpec {
  nodes: number;
  gpusPerNode: number;
  intervalSeconds: number;
  placementsPerDay: number;
  /** How many of eight blocks of nodes have each model. */
  models: { name: string; eighths: number }[];
  exporter: Exporter;
  /** Whether kube-state-metrics and node-exporter are scraped too, as far as rules about GPUs ask. */
  objects: boolean;
  /** The only metrics that are written; empty: all. */
  only: string[];
  /** Recorded while the past is written, in this order. */
  rules: RecordingRule[];
}

/** The operator's notation as Prometheus' own. */
export const relabelStep = ({ sourceLabels, regex, targetLabel, replacement, action }: Relabeling): RelabelStep => ({
  ...(sourceLabels === undefined ? {} : { source_labels: sourceLabels }),
  ...(regex === undefined ? {} : { regex }),
  ...(targetLabel === undefined ? {} : { target_label: targetLabel }),
  ...(replacement === undefined ? {} : { replacement }),
  ...(action === undefined ? {} : { action }),
});

const VERSIONS = ["580.95.05", "96.00.A5.00.01"];
const versionLabels = (fields: readonly string[]) =>
  Object.fromEntries(fields.map((field, index) => [field, VERSIONS[index] ?? ""]));

/** Our exporter, counter file and relabelling. */
export function ourExporter(profile: Profile): Exporter {
  const scrape = gpuScrape({ profile, sharedGpus: false, interval: `${INTERVAL_SECONDS}s` });
  return {
    job: jobs.dcgmExporter,
    honorLabels: scrape.honorLabels ?? false,
    relabelings: (scrape.relabelings ?? []).map(relabelStep),
    metricRelabelings: signalRelabelings({ profile, sharedGpus: false }).map(relabelStep),
    labels: versionLabels(labelFields),
    metrics: shapesOf(profile),
  };
}

/** dcgm-exporter's default counters, scraped as the ServiceMonitors of the public charts say. */
export const chartExporter = (): Exporter => ({
  job: "nvidia-dcgm-exporter",
  honorLabels: false,
  relabelings: [],
  metricRelabelings: [],
  labels: versionLabels(["DCGM_FI_DRIVER_VERSION"]),
  metrics: chartShapes(),
});

/** A fleet of which three quarters have the first model. */
export function fleetSpec(gpus: number, exporter: Exporter): FleetSpec {
  const [first, second] = gpuModels;
  return {
    nodes: Math.ceil(gpus / GPUS_PER_NODE),
    gpusPerNode: GPUS_PER_NODE,
    intervalSeconds: INTERVAL_SECONDS,
    placementsPerDay: PLACEMENTS_PER_DAY,
    models: [
      { name: first?.name ?? "", eighths: 6 },
      { name: second?.name ?? "", eighths: 2 },
    ],
    exporter,
    objects: false,
    only: [],
    rules: [],
  };
}
