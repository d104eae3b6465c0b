import { telemetryRules } from "../../components/gpu/rules/telemetry";
import { failedScrapes } from "./failedScrapes";
import { gpu, gpus, kubeNode, onNode, others, sampleOf, seen, up, watched, withRecorded } from "./gpuFleetInput";
import { type AlertProof, proveAlert, proveRecord } from "./promtool";

const context = { namespace: "monitoring", profile: "profiling", scrapeSeconds: 60, podsKnown: true } as const;
const rules = telemetryRules(context);
const prove = (alert: string, proof: AlertProof) => proveAlert(withRecorded(rules, alert), alert, proof);
const record = (name: string, proof: Parameters<typeof proveRecord>[2]) =>
  proveRecord(withRecorded(rules, name), name, proof);

const ENERGY = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION";

describe("rules: GPU telemetry, what exporters say", () => {
  const frozen = { ...up("1x200"), ...gpus(ENERGY, "0+70000x20 1400000x200", 8) };
  // Its first sample after a restart.
  const back = { ...up("_x40 1x20", { node: "n3" }), ...gpus(ENERGY, "_x40 5+70000x20", 8, { node: "n3" }) };
  record("node:gpu_frozen:count", {
    input: { ...frozen, ...up("1x200", { node: "n2" }), ...gpus(ENERGY, "0+70000x200", 8, { node: "n2" }), ...back },
    at: "40m",
    samples: { [sampleOf()]: 8 },
  });
  // Every 5 minutes, from which two samples in 10 minutes tell nothing.
  proveRecord(
    withRecorded(telemetryRules({ ...context, scrapeSeconds: 300 }), "node:gpu_frozen:count"),
    "node:gpu_frozen:count",
    {
      input: {
        ...frozen,
        ...up("1x200", { node: "n2" }),
        ...gpus(ENERGY, "_x46 5 _x4 5", 8, { node: "n2" }),
      },
      at: "55m",
      samples: { [sampleOf()]: 8 },
    },
  );
  const repeats = {
    labels: onNode(),
    summary: "The dcgm-exporter of node n1 repeats old values.",
    description:
      "The energy that 8 GPUs of node n1 have used stands still, although the exporter answers. It rises on idle GPUs too, so all that is said of these GPUs is old, and alerts on them cannot fire.",
  };
  prove("GpuValuesFrozen", {
    input: { ...others(20), ...frozen },
    quiet: "33m",
    fires: { at: "35m", alerts: [repeats] },
    silent: [
      { why: "idle GPUs", input: { ...up("1x200"), ...gpus(ENERGY, "0+4200000x200", 8) } },
      { why: "a driver that is loaded again", input: { ...up("1x200"), ...gpus(ENERGY, "0+70000x20 0+70000x60", 8) } },
      {
        why: "the exporter restarts, with one sample each time",
        input: { ...up("1 0x8 1 0x8 1 0x8 1 0x8 1"), ...gpus(ENERGY, "5 stale _x7 5 stale _x7 5 stale _x7 5", 8) },
      },
      { why: "it does not answer", input: { ...up("0x200"), ...gpus(ENERGY, "9x200", 8) } },
      { why: "in maintenance", input: { ...frozen, ...kubeNode("n1", { cordoned: "1x200" }) } },
      { why: "a model without the counter", input: { ...up("1x200"), ...seen("40x200", 8) } },
      {
        why: "all nodes: one alert says it",
        input: {
          ...others(3),
          ...watched("n1", "1x200"),
          ...watched("n2", "1x200"),
          ...gpus(ENERGY, "9000x200", 2),
          ...seen("40x200", 2),
          ...gpus(ENERGY, "9000x200", 2, { node: "n2" }),
          ...seen("40x200", 2, { node: "n2" }),
        },
      },
    ],
  });

  prove("GpuValuesFrozen", {
    input: failedScrapes({ ...others(20), ...frozen }, [32], 'instance="n1"'),
    quiet: "33m",
    fires: { at: "34m", alerts: [repeats] },
    silent: [
      {
        why: "the counter rises now and then",
        input: {
          ...others(20),
          ...up("1x200"),
          ...gpus(ENERGY, Array.from({ length: 15 }, (_, index) => `${index}x${index === 0 ? 2 : 12}`).join(" "), 8),
        },
        until: "150m",
      },
      {
        why: "a minute later it does not answer any more",
        input: { ...others(20), ...up("1x35 0x100"), ...gpus(ENERGY, "0+70000x26 1820000x8 stale", 8) },
      },
    ],
  });

  const temperature = (index: number, values: string) => ({ [gpu("DCGM_FI_DEV_GPU_TEMP", index)]: values });
  const gaps = Array.from({ length: 40 }, () => "40 40 _").join(" ");
  prove("GpuSamplesPatchy", {
    input: { ...up("1x200"), ...temperature(0, "40x200"), ...temperature(1, gaps) },
    quiet: "44m",
    fires: {
      at: "46m",
      alerts: [
        {
          labels: onNode(),
          summary: "The dcgm-exporter of node n1 leaves GPUs out.",
          description:
            "A GPU of node n1 is in only 66.67% of the scrapes of the last 30 minutes that succeeded. Averages and alerts over such gaps are wrong, or do not come at all.",
        },
      ],
    },
    silent: [
      { why: "a node that has just joined", input: { ...up("_x20 1x100"), ...temperature(0, "_x20 40x100") } },
      {
        why: "an exporter that does not answer now and then",
        input: {
          ...up(Array.from({ length: 40 }, () => "1 1 0").join(" ")),
          ...temperature(0, gaps),
        },
      },
      {
        why: "a GPU that is lost",
        input: { ...up("1x200"), ...temperature(0, "40x200"), ...temperature(1, "40x64 stale") },
        until: "110m",
      },
      {
        why: "a GPU that is reset",
        input: {
          ...up("1x200"),
          ...temperature(0, "40x50 _x12 40x100"),
          [gpu(ENERGY, 0)]: "900000+70000x50 _x12 0+70000x100",
        },
        until: "110m",
      },
      {
        why: "a GPU that comes later",
        input: { ...up("1x200"), ...temperature(0, "40x200"), ...temperature(1, "_x50 40x100") },
        until: "110m",
      },
    ],
  });
});
