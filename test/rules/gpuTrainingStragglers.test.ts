import assert from "node:assert/strict";
import { lifecycleRules } from "../../components/gpu/rules/lifecycle";
import { stragglerRules } from "../../components/gpu/rules/trainingStragglers";
import { failedScrapes, KUBE_STATE_METRICS, outages } from "./failedScrapes";
import { gpuLabels, gpus, job, measured, podOf, profiling, type Values, withRecorded } from "./gpuWorkloadsInput";
import { node } from "./objectInput";
import { type AlertProof, type Input, proveAlert, proveRecord } from "./promtool";

const train = { namespace: "ml", workload: "train", workload_kind: "Job" };

const busy = (mhz: number, util = 99): Values => ({
  ...measured(["matrix products", 600]),
  DCGM_FI_DEV_SM_CLOCK: `${mhz}x600`,
  DCGM_FI_DEV_GPU_UTIL: `${util}x600`,
});

/** As healthy ones differ at their power limit. */
const usual = (gpu: number) => 1350 + 5 * gpu;

/** Nobody knows who holds it for a few minutes. */
const restart: Values = { DCGM_FI_DEV_FB_USED: "60000x16 stale _x5 60000x300" };

/** A job of which rank 5 of n1 is another one. */
const withRank5 = (rank: Values, others: (gpu: number) => Values = (gpu) => busy(usual(gpu)), kind = "Job"): Input =>
  job(["n1"], (_, gpu) => (gpu === 5 ? rank : others(gpu)), { kind });

describe("rules: ranks that hold up their jobs", () => {
  const groups = [...lifecycleRules(), ...withRecorded(profiling, stragglerRules(profiling))];
  const prove = (alert: string, proof: AlertProof) => proveAlert(groups, alert, proof);

  const slow = {
    labels: { ...gpuLabels(5), ...train },
    summary: "GPU 5 of node n1 holds up ml/train.",
    description:
      "GPU 5 of node n1, which Job train in namespace ml holds, has had clocks 16 % below those of the job's other GPUs for 15 minutes. The others wait for it at each step, so the whole job runs at its pace.",
  };
  prove("GpuJobStraggler", {
    // The exporter restarts.
    input: withRank5({ ...busy(1150), ...restart }, (gpu) => ({ ...busy(usual(gpu)), ...restart })),
    quiet: "14m",
    fires: {
      at: "20m",
      alerts: [slow],
    },
    silent: [
      { why: "all are the same", input: withRank5(busy(1360), () => busy(1360)) },
      { why: "15 MHz below those that are the same", input: withRank5(busy(1345), () => busy(1360)) },
      { why: "one is faster", input: withRank5(busy(1980)) },
      { why: "their clocks are far apart", input: withRank5(busy(1100), (gpu) => busy(1100 + 110 * gpu)) },
      { why: "an idle one lowers its clocks", input: withRank5(busy(345, 0)) },
      { why: "replicas of a server", input: withRank5(busy(1150), undefined, "StatefulSet") },
      {
        why: "seven ranks",
        input: Object.fromEntries(
          Object.entries(withRank5(busy(1150))).filter(([series]) => !series.includes('gpu="0"')),
        ),
      },
      {
        why: "another model",
        input: {
          ...job(["n1"], (_, gpu) => busy(usual(gpu))),
          ...gpus([0], { node: "n2", pod: "train-n2", model: "A100" }, busy(1100)),
          ...podOf({ pod: "train-n2", node: "n2" }),
        },
      },
      {
        why: "for ten minutes",
        input: withRank5({ ...busy(1350), DCGM_FI_DEV_SM_CLOCK: "1350x20 1100x10 1350x300" }),
        until: "90m",
      },
    ],
  });

  const starved = {
    labels: { ...gpuLabels(5), ...train },
    summary: "GPU 5 of node n1 gets its work late, and ml/train waits.",
    description:
      "GPU 5 of node n1, which Job train in namespace ml holds, has had a utilisation 30 points below that of the job's other GPUs for 15 minutes: what feeds it is slow. The others wait for it at each step, so the whole job runs at its pace.",
  };
  const late = withRank5(busy(1980, 70), () => busy(1980, 100));
  prove("GpuJobRankStarved", {
    input: late,
    quiet: "14m",
    fires: {
      at: "20m",
      alerts: [starved],
    },
    silent: [
      { why: "a little below", input: withRank5(busy(1980, 92), () => busy(1980, 100)) },
      { why: "it takes no part", input: withRank5(busy(1980, 0), () => busy(1980, 100)) },
      { why: "the others do not wait either", input: withRank5(busy(1980, 60), () => busy(1980, 85)) },
      { why: "all are fed badly", input: withRank5(busy(1980, 50), (gpu) => busy(1980, 100 - 7 * gpu)) },
      { why: "replicas of a server", input: withRank5(busy(1980, 70), () => busy(1980, 100), "Deployment") },
    ],
  });

  const slower = withRank5(busy(1150));
  for (const [alert, input, firing] of [
    ["GpuJobStraggler", slower, slow],
    ["GpuJobRankStarved", late, starved],
  ] as const) {
    prove(alert, {
      // The first scrape that fails leaves no rank, the second one no job that they are of.
      input: failedScrapes(failedScrapes(input, [5]), [10], KUBE_STATE_METRICS),
      quiet: "14m",
      fires: { at: "15m", alerts: [firing] },
      silent: [
        { why: "its exporter is away again and again", input: failedScrapes(input, outages), until: "70m" },
        { why: "kube-state-metrics is", input: failedScrapes(input, outages, KUBE_STATE_METRICS), until: "70m" },
      ],
    });
  }

  const held = (workload: string, minutes: string, gpu = 5): Input => ({
    [`ALERTS{alertname="GpuJobStraggler", alertstate="firing", severity="warning", owner="workload", ${Object.entries({
      ...gpuLabels(gpu),
      ...train,
      workload,
    })
      .map(([label, value]) => `${label}="${value}"`)
      .join(", ")}}`]: minutes,
  });
  prove("GpuStragglerRecurring", {
    input: {
      ...held("train-1", "1x20 stale"),
      ...held("train-2", "_x60 1x20 stale"),
      ...node("n1", { cluster: "c1" }),
    },
    quiet: "59m",
    fires: {
      at: "120m",
      alerts: [
        {
          labels: gpuLabels(5),
          summary: "GPU 5 of node n1 has held up several jobs.",
          description:
            "GPU 5 (H100) of node n1 has been slower than its peers in 2 jobs within a day: it is the card or its place, not the jobs.",
        },
      ],
    },
    silent: [
      { why: "the same job twice", input: held("train-1", "1x20 stale _x200 1x20 stale") },
      { why: "two cards", input: { ...held("train-1", "1x20"), ...held("train-2", "1x20", 6) } },
      {
        why: "it does not fire yet",
        input: Object.fromEntries(
          Object.entries({ ...held("train-1", "1x20"), ...held("train-2", "1x20") }).map(([series, at]) => [
            series.replace("firing", "pending"),
            at,
          ]),
        ),
      },
      {
        why: "somebody is at it",
        input: {
          ...held("train-1", "_x5 1x20"),
          ...held("train-2", "_x5 1x20"),
          ...node("n1", { cluster: "c1", cordoned: true }),
          'up{job="dcgm-exporter", cluster="c1", node="n1", instance="n1"}': "1x600",
        },
        until: "100m",
      },
    ],
  });

  const recorded = (record: string, samples: Record<string, number>) =>
    proveRecord(groups, record, {
      input: withRank5(busy(1150, 90), (gpu) => busy(1300 + 10 * gpu, gpu === 0 ? 50 : 100 - gpu)),
      at: "20m",
      samples,
    });
  const ranks = (values: Record<number, number>) =>
    Object.fromEntries(
      Object.entries(values).map(([gpu, value]) => [
        `{${Object.entries({ ...gpuLabels(Number(gpu)), ...train })
          .map(([label, of]) => `${label}="${of}"`)
          .join(", ")}}`,
        value,
      ]),
    );
  const model = '{cluster="c1", namespace="ml", workload="train", workload_kind="Job", modelName="H100"}';
  recorded("node_gpu_workload:gpu_util:avg10m", ranks({ 0: 50, 1: 99, 2: 98, 3: 97, 4: 96, 5: 90, 6: 94, 7: 93 }));
  recorded(
    "node_gpu_workload:gpu_sm_clock_mhz:avg10m",
    ranks({ 1: 1310, 2: 1320, 3: 1330, 4: 1340, 5: 1150, 6: 1360, 7: 1370 }),
  );
  recorded("namespace_workload_model:gpu_sm_clock_mhz:median", { [model]: 1330 });
  // Of 20, 10, 0, 10, 180, 30, 40.
  recorded("namespace_workload_model:gpu_sm_clock_mhz:mad", { [model]: 20 });
  recorded("namespace_workload_model:gpu_util:median", { [model]: 95 });
  // Of 45, 4, 3, 2, 1, 5, 1, 2.
  recorded("namespace_workload_model:gpu_util:mad", { [model]: 2.5 });

  it("says nothing where pods share GPUs", () =>
    assert.deepEqual(stragglerRules({ ...profiling, podsKnown: false }), []));
});
